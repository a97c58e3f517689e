// Runs @kapso/whatsapp-cloud-api against a sandbox: BASE_URL KEY. Prints a JSON object per row, as sandbox_pywa.py does.
import { GraphApiError, WhatsAppClient, buildTemplateSendPayload } from "@kapso/whatsapp-cloud-api";
import { normalizeWebhook, verifySignature } from "@kapso/whatsapp-cloud-api/server";
import { Rows, receive, TYPES, USER, PHONE_ID, WABA_ID, SECRET } from "./sandbox_common.mjs";

const rows = new Rows(process.argv[2]);
const { base, control } = rows;
const client = new WhatsAppClient({ accessToken: process.argv[3], baseUrl: base, graphVersion: "v25.0", fetch: rows.fetch });
const { messages, media, templates } = client;
const to = { phoneNumberId: PHONE_ID, to: USER };
const hasId = (answer) => answer.messages[0].id.startsWith("wamid.");
const code = (wanted) => (error) => error instanceof GraphApiError && error.code === wanted;

await rows.refused("error: no open window", code(131047), () => messages.sendText({ ...to, body: "Hi" }));
const userId = (await control("inbound", { from: USER })).user_ids[0];
const link = "https://example.org/a.png";
const sent = await rows.call("messages.sendText", () => messages.sendText({ ...to, body: "Hi", previewUrl: true }), hasId);
const id = sent?.messages[0].id ?? "wamid.x";
await rows.call("messages.sendText: reply", () => messages.sendText({ ...to, body: "Hi", contextMessageId: id, bizOpaqueCallbackData: "t" }), hasId);
await rows.call("messages.sendText: to a user id", () => messages.sendText({ phoneNumberId: PHONE_ID, recipient: userId, body: "Hi" }), hasId);
const file = await rows.call("media.upload", () => media.upload({ phoneNumberId: PHONE_ID, type: "image/png", file: new Blob(["png"], { type: "image/png" }), fileName: "a.png" }), (answer) => answer.id);
await rows.call("messages.sendImage: by id", () => messages.sendImage({ ...to, image: { id: file.id, caption: "C" } }), hasId);
await rows.call("messages.sendImage: link", () => messages.sendImage({ ...to, image: { link } }), hasId);
await rows.call("messages.sendAudio", () => messages.sendAudio({ ...to, audio: { link, voice: true } }), hasId);
await rows.call("messages.sendDocument", () => messages.sendDocument({ ...to, document: { link, filename: "a.pdf", caption: "C" } }), hasId);
await rows.call("messages.sendVideo", () => messages.sendVideo({ ...to, video: { link, caption: "C" } }), hasId);
await rows.call("messages.sendSticker", () => messages.sendSticker({ ...to, sticker: { link } }), hasId);
await rows.call("messages.sendLocation", () => messages.sendLocation({ ...to, location: { latitude: 37.44, longitude: -122.16, name: "Philz", address: "101 Forest Ave" } }), hasId);
const contacts = [{
  name: { formattedName: "Barbara J. Johnson", firstName: "Barbara", lastName: "Johnson" }, birthday: "1990-01-31",
  phones: [{ phone: "+16505559999", type: "WORK", waId: "16505559999" }], emails: [{ email: "barbara@example.com", type: "WORK" }],
  urls: [{ url: "https://www.example.com", type: "WORK" }], org: { company: "Lucky Shrub", department: "Legal", title: "Counsel" },
  addresses: [{ street: "1 Way", city: "Menlo Park", state: "CA", zip: "94025", country: "United States", countryCode: "US", type: "WORK" }],
}];
await rows.call("messages.sendContacts", () => messages.sendContacts({ ...to, contacts }), hasId);
await rows.call("messages.sendReaction", () => messages.sendReaction({ ...to, reaction: { messageId: id, emoji: "👍🏽" } }), hasId);
await rows.call("messages.sendReaction: removed", () => messages.sendReaction({ ...to, reaction: { messageId: id, emoji: "" } }), hasId);
await rows.call("messages.sendInteractiveButtons", () => messages.sendInteractiveButtons({ ...to, bodyText: "Well?", header: { type: "text", text: "H" }, footerText: "F", buttons: [{ id: "a", title: "A" }] }), hasId);
await rows.call("messages.sendInteractiveList", () => messages.sendInteractiveList({ ...to, bodyText: "Well?", buttonText: "Choose", sections: [{ title: "S", rows: [{ id: "r", title: "R", description: "d" }] }] }), hasId);
await rows.call("messages.sendInteractiveProduct", () => messages.sendInteractiveProduct({ ...to, bodyText: "This", catalogId: "1", productRetailerId: "2" }), hasId);
await rows.call("messages.sendInteractiveProductList", () => messages.sendInteractiveProductList({ ...to, bodyText: "These", header: { type: "text", text: "Ours" }, catalogId: "1", sections: [{ title: "A", productItems: [{ productRetailerId: "2" }] }] }), hasId);
await rows.call("messages.sendInteractiveFlow", () => messages.sendInteractiveFlow({ ...to, bodyText: "Begin", parameters: { flowId: "1", flowCta: "Begin", flowToken: "t", flowMessageVersion: "3", flowAction: "navigate", flowActionPayload: { screen: "S" } } }), hasId);
await rows.call("messages.sendInteractiveAddress", () => messages.sendInteractiveAddress({ ...to, bodyText: "Where to?", parameters: { country: "IN" } }), hasId);
await rows.call("messages.sendInteractiveLocationRequest", () => messages.sendInteractiveLocationRequest({ ...to, bodyText: "Where?", parameters: { requestMessage: "Where?" } }), hasId);
await rows.call("messages.sendInteractiveCallPermission", () => messages.sendInteractiveCallPermission({ ...to, bodyText: "May we?", parameters: { phoneNumber: USER } }), hasId);
await rows.call("messages.sendInteractiveCtaUrl", () => messages.sendInteractiveCtaUrl({ ...to, bodyText: "Look", parameters: { displayText: "Open", url: "https://example.org" } }), hasId);
const card = (cardIndex) => ({ cardIndex, header: { type: "image", image: { link } }, bodyText: "B", action: { displayText: "Buy", url: "https://example.org" } });
await rows.call("messages.sendInteractiveCarousel", () => messages.sendInteractiveCarousel({ ...to, bodyText: "These", cards: [card(0), card(1)] }), hasId);
await rows.call("messages.sendInteractiveCatalogMessage", () => messages.sendInteractiveCatalogMessage({ ...to, bodyText: "All", parameters: { thumbnailProductRetailerId: "1" } }), hasId);
await rows.call("messages.sendInteractiveRaw", () => messages.sendInteractiveRaw({ ...to, interactive: { type: "location_request_message", body: { text: "Where?" }, action: { name: "send_location" } } }), hasId);
await rows.call("messages.sendRaw", () => messages.sendRaw({ phoneNumberId: PHONE_ID, payload: { messaging_product: "whatsapp", to: USER, type: "text", text: { body: "Hi" } } }), hasId);
await rows.call("messages.markRead", () => messages.markRead({ phoneNumberId: PHONE_ID, messageId: id, typingIndicator: { type: "text" } }), (answer) => answer.success);

await rows.call("media.get", () => media.get({ mediaId: file.id }), (answer) => answer.url);
await rows.call("media.download", async () => Buffer.from(await media.download({ mediaId: file.id, auth: "always" })).toString(), (bytes) => bytes === "png");
await rows.call("media.delete", () => media.delete({ mediaId: file.id }), (answer) => answer.success);

const businessAccountId = WABA_ID;
const components = [{ type: "BODY", text: "{{1}}, your order {{2}} is on its way", example: { body_text: [["Ada", "7"]] } }];
const created = await rows.call("templates.create", () => templates.create({ businessAccountId, name: "order", language: "en_US", category: "UTILITY", components }), (answer) => answer.id);
const named = [{ type: "BODY", text: "{{who}}, hello", example: { body_text_named_params: [{ param_name: "who", example: "Ada" }] } }];
await rows.call("templates.create: named", () => templates.create({ businessAccountId, name: "named", language: "en_US", category: "UTILITY", parameterFormat: "NAMED", components: named }), (answer) => answer.id);
for (const name of ["order", "named"]) await control("templates", { name, status: "APPROVED" });
await rows.call("templates.list", () => templates.list({ businessAccountId, limit: 10 }), (answer) => answer.data.length === 3);
await rows.call("templates.get", () => templates.get({ businessAccountId, templateId: created.id }), (answer) => answer.name === "order", ["Unknown path components", "it asks below the account, where Meta has /{template_id}"]);
const values = (body) => ({ name: "order", language: { code: "en_US" }, components: [{ type: "body", parameters: body.map((text) => ({ type: "text", text })) }] });
await rows.call("messages.sendTemplate", () => messages.sendTemplate({ ...to, template: values(["Ada", "7"]) }), hasId);
const built = () => buildTemplateSendPayload({ name: "named", language: "en_US", body: [{ type: "text", text: "Ada", parameterName: "who" }] });
await rows.call("messages.sendTemplate: named, built", () => messages.sendTemplate({ ...to, template: built() }), hasId);
await rows.refused("error: number of values", code(132000), () => messages.sendTemplate({ ...to, template: values(["Ada"]) }));
await rows.call("templates.delete", () => templates.delete({ businessAccountId, name: "order" }), (answer) => answer.success);
await rows.refused("error: a path that the sandbox does not serve", code(2500), () => client.phoneNumbers.businessProfile.get({ phoneNumberId: PHONE_ID }));
const local = ["messages.query", "messages.get", "messages.listByConversation"];
rows.others({ messages, media, templates, phoneNumbers: client.phoneNumbers, calls: client.calls, conversations: client.conversations, contacts: client.contacts, flows: client.flows }, local);

const hooks = await receive(control);
const webhook = (what, ask, check, theirs) =>
  rows.webhook(what, async () => {
    await ask();
    const { body, signature } = await hooks.next();
    if (!verifySignature({ appSecret: SECRET, rawBody: body, signatureHeader: signature })) throw new Error("the signature is not taken");
    const got = normalizeWebhook(JSON.parse(body));
    if (!check(got)) throw new Error(`unexpected: ${JSON.stringify(got)}`);
  }, theirs);
const fromUser = (kind) => ({ messages, contacts }) =>
  messages[0].type === kind && messages[0].from === USER && messages[0].fromUserId === userId && contacts[0].userId === userId;
for (const kind of TYPES) await webhook(kind, () => control("inbound", { from: USER, type: kind }), fromUser(kind));
await webhook("text: non-ASCII, escaped", async () => {
  await control("webhooks", { escape_unicode: true });
  await control("inbound", { from: USER, type: "text", text: { body: "äöå 👍🏽" } });
  await control("webhooks", { escape_unicode: false });
}, ({ messages }) => messages[0].text.body === "äöå 👍🏽");
await webhook("text: user without a number", () => control("inbound", { from: "US.13491208655302741918" }), ({ messages }) => messages[0].fromUserId === "US.13491208655302741918");
for (const status of ["sent", "delivered", "read", "played"]) {
  await control("webhooks", { statuses: [status] });
  await webhook(`status: ${status}`, () => messages.sendText({ ...to, body: "Hi" }), ({ statuses, contacts }) =>
    statuses[0].status === status && statuses[0].recipientId === USER && statuses[0].recipientUserId === userId && contacts[0].userId === userId);
}
await hooks.failing();
await webhook("status: failed", () => messages.sendText({ ...to, to: "16505550000", body: "Hi" }), ({ statuses }) => statuses[0].status === "failed" && statuses[0].errors.length === 1);
process.exit(0);
