// Runs whatsapp-api-js against a sandbox: BASE_URL KEY. Prints a JSON object per row, as sandbox_pywa.py does.
import { WhatsAppAPI } from "whatsapp-api-js";
import * as m from "whatsapp-api-js/messages";
import { Rows, receive, TYPES, USER, PHONE_ID, SECRET } from "./sandbox_common.mjs";

const rows = new Rows(process.argv[2]);
const { control } = rows;
const got = [];
const api = new WhatsAppAPI({ token: process.argv[3], appSecret: SECRET, v: "v25.0", ponyfill: { fetch: rows.fetch } });
api.on.message = (args) => got.push(args);
api.on.status = (args) => got.push(args);
const send = (message, to = USER, ...rest) => api.sendMessage(PHONE_ID, to, message, ...rest);
const hasId = (answer) => answer.messages?.[0].id.startsWith("wamid.");
// It resolves with errors too.
const refused = async (what, code, run) => rows.call(what, run, (answer) => answer.error?.code === code);

await refused("error: no open window", 131047, () => send(new m.Text("Hi")));
const userId = (await control("inbound", { from: USER })).user_ids[0];
const link = "https://example.org/a.png";
const sent = await rows.call("sendMessage: text", () => send(new m.Text("Hi", true)), hasId);
const id = sent?.messages?.[0].id ?? "wamid.x";
await rows.call("sendMessage: reply", () => send(new m.Text("Hi"), USER, id, "t"), hasId);
await rows.call("sendMessage: to a user id", () => send(new m.Text("Hi"), { bsuid: userId }), hasId);
await rows.call("broadcastMessage", () => Promise.all(api.broadcastMessage(PHONE_ID, [USER, USER], new m.Text("Hi"), 50, 1)), (all) => all.every(hasId));
const form = new FormData();
form.set("file", new Blob(["png"], { type: "image/png" }), "a.png");
const file = await rows.call("uploadMedia", () => api.uploadMedia(PHONE_ID, form), (answer) => answer.id);
await rows.call("sendMessage: image by id", () => send(new m.Image(file.id, true, "C")), hasId);
const contents = {
  "image link": () => new m.Image(link, false, "C"),
  video: () => new m.Video(link, false, "C"),
  audio: () => new m.Audio(link, false, true),
  document: () => new m.Document(link, false, "C", "a.pdf"),
  sticker: () => new m.Sticker(link),
  reaction: () => new m.Reaction(id, "👍"),
  "reaction with a skin tone": () => new m.Reaction(id, "👍🏽"),
  "reaction removed": () => new m.Reaction(id),
  location: () => new m.Location(-122.16, 37.44, "Philz Coffee", "101 Forest Ave"),
  contacts: () => new m.Contacts([
    new m.Name("Barbara Johnson", "Barbara", "Johnson"), new m.Phone("+16505559999", "WORK", "16505559999"), new m.Email("barbara@example.com", "WORK"),
    new m.Url("https://www.example.com", "WORK"), new m.Organization("Lucky Shrub", "Legal", "Counsel"), new m.Birthday("1990", "01", "31"),
    new m.Address("United States", "US", "CA", "Menlo Park", "1 Way", "94025", "WORK"),
  ]),
  buttons: () => new m.Interactive(new m.ActionButtons(new m.Button("a", "A")), new m.Body("Well?"), new m.Header("H"), new m.Footer("F")),
  "buttons under an image": () => new m.Interactive(new m.ActionButtons(new m.Button("a", "A")), new m.Body("Well?"), new m.Header(new m.Image(file.id, true))),
  list: () => new m.Interactive(new m.ActionList("Choose", new m.ListSection("S", new m.Row("r", "R", "d"))), new m.Body("Well?")),
  catalog: () => new m.Interactive(new m.ActionCatalog(new m.Product("1")), new m.Body("All")),
  product: () => new m.Interactive(new m.ActionProduct(new m.CatalogProduct("2", "1")), new m.Body("This")),
  "product list": () => new m.Interactive(new m.ActionProductList("1", new m.ProductSection("A", new m.Product("2"))), new m.Body("These"), new m.Header("Ours")),
  "cta_url": () => new m.Interactive(new m.ActionCTA("Open", "https://example.org"), new m.Body("Look")),
  flow: () => new m.Interactive(new m.ActionNavigateFlow("t", "1", "Begin", "S"), new m.Body("Begin")),
  "location request": () => new m.Interactive(new m.ActionLocation(), new m.Body("Where?")),
  "call permission": () => new m.Interactive(new m.ActionCallPermission(), new m.Body("May we?")),
  "contact request": () => new m.Interactive(new m.ActionContactRequest(), new m.Body("Who are you?")),
};
const theirs = {
  "reaction with a skin tone": ["must be a single emoji", "its own check takes one emoji of several code points for several"],
  contacts: ["contacts must be a list", "it sends an object with component, where Meta has a list"],
};
for (const [what, make] of Object.entries(contents)) await rows.call(`sendMessage: ${what}`, () => send(make()), hasId, theirs[what]);
const body = (...texts) => new m.BodyComponent(...texts.map((text) => new m.BodyParameter(text)));
const template = (name, ...components) => new m.Template(name, new m.Language("en_US"), ...components);
await rows.call("sendMessage: template", () => send(template("hello_world")), hasId);
await rows.call("sendMessage: template with values", () => send(template("free", new m.HeaderComponent(new m.HeaderParameter(new m.Image(file.id, true))), body("Ada", "7"), new m.URLComponent("7"), new m.PayloadComponent("p"), new m.CopyComponent("SAVE10"))), hasId);
await rows.call("sendMessage: template carousel", () => send(template("free", body("Ada"), new m.CarouselComponent(new m.CarouselCard(new m.Image(link), body("B"), new m.URLComponent("7"))))), hasId);
await refused("error: number of values", 132000, () => send(template("hello_world", body("Ada"))));
await refused("error: language", 132001, () => send(new m.Template("hello_world", "de")));
await rows.call("markAsRead", () => api.markAsRead(PHONE_ID, id, "text"), (answer) => answer.success);
const media = await rows.call("retrieveMedia", () => api.retrieveMedia(file.id), (answer) => answer.url);
await rows.call("fetchMedia", async () => (await api.fetchMedia(media.url)).text(), (bytes) => bytes === "png");
await rows.call("deleteMedia", () => api.deleteMedia(file.id), (answer) => answer.success);
const blocks = (answer) => answer.block_users;
const version = ["Unknown path components", "its path has no version, which the sandbox serves on request alone"];
await rows.call("blockUser: as the sandbox starts", () => api.blockUser(PHONE_ID, USER), blocks, version);
await control("settings", { unversioned: true });
await rows.call("blockUser", () => api.blockUser(PHONE_ID, USER), blocks);
await rows.call("unblockUser", () => api.unblockUser(PHONE_ID, USER), blocks);
await rows.call("blockUser: by user id", () => api.blockUser(PHONE_ID, { bsuid: userId }), blocks);
await rows.call("unblockUser: by user id", () => api.unblockUser(PHONE_ID, { bsuid: userId }), blocks);
await rows.call("get", () => new WhatsAppAPI({ token: "t", appSecret: SECRET, v: "v25.0", webhookVerifyToken: "v" }).get({ "hub.mode": "subscribe", "hub.verify_token": "v", "hub.challenge": "c" }), (answer) => answer === "c");
await refused("error: a path that the sandbox does not serve", 2500, () => api.retrieveQR(PHONE_ID));
for (const name of ["post", "verifyRequestSignature", "getBody", "$$apiFetch$$"]) rows.called.add(name);
rows.called.add("sendMessage");
rows.others({ "": api });

const hooks = await receive(control);
const webhook = (what, ask, check, theirs) =>
  rows.webhook(what, async () => {
    got.length = 0;
    await ask();
    const { body, signature } = await hooks.next();
    await api.post(JSON.parse(body), body, signature);
    if (got.length !== 1 || !check(got[0])) throw new Error(`unexpected: ${JSON.stringify(got.map(({ raw }) => raw))}`);
  }, theirs);
const fromUser = (kind) => ({ message, recipient, contact }) =>
  message.type === kind && recipient.phone === USER && recipient.bsuid === userId && contact.profile.name === "Sheena Nelson";
const nonAscii = [() => control("inbound", { from: USER, type: "text", text: { body: "äöå 👍🏽" } }), ({ message }) => message.text.body === "äöå 👍🏽"];
await webhook("text: non-ASCII, not escaped", ...nonAscii, ["Signature doesn't match", "it escapes what it was sent before it checks the signature, as Meta's page has it"]);
await control("webhooks", { escape_unicode: true });
await webhook("text: non-ASCII, escaped", ...nonAscii);
for (const kind of TYPES) await webhook(kind, () => control("inbound", { from: USER, type: kind }), fromUser(kind));
await webhook("text: user without a number", () => control("inbound", { from: "US.13491208655302741918" }), ({ recipient }) => recipient.bsuid === "US.13491208655302741918");
for (const status of ["sent", "delivered", "read", "played"]) {
  await control("webhooks", { statuses: [status] });
  await webhook(`status: ${status}`, () => send(new m.Text("Hi")), (args) => args.status === status && args.recipient.phone === USER && args.recipient.bsuid === userId);
}
await hooks.failing();
await webhook("status: failed", () => send(new m.Text("Hi"), "16505550000"), ({ status, error }) => status === "failed" && error.code === 131026);
process.exit(0);
