"""Runs pywa against a sandbox: BASE_URL KEY. Prints a JSON object per row: what, result (ok, theirs, unserved, FAILED), why."""

import http.server
import inspect
import json
import logging
import queue
import sys
import threading
import urllib.request

import httpx
from pywa import WhatsApp, errors, handlers
from pywa.types import (
    Button,
    CallPermissionRequestButton,
    Contact,
    ContactInfoRequestButton,
    FlowButton,
    ProductsSection,
    Section,
    SectionList,
    SectionRow,
    URLButton,
    VoiceCallButton,
)
from pywa.types import templates as t
from pywa.types.callback import ImageCarouselCard

BASE, KEY = sys.argv[1], sys.argv[2]
USER, PHONE_ID, WABA_ID, SECRET = "16505551234", "106540352242922", "102290129340398", "app-secret"
PNG, LINK = b"\x89PNG sandbox", "https://example.org/a.png"

called = set()


def tell(what, result, why=""):
    print(json.dumps({"what": what, "result": result, "why": why}), flush=True)


def control(route, **body):
    data = json.dumps(body).encode()
    request = urllib.request.Request(f"{BASE}/_sandbox/{route}", data=data, method="POST")
    return json.load(urllib.request.urlopen(request))


class Here(httpx.HTTPTransport):
    """Sends requests for Meta's media URLs to the sandbox, which serves the same path."""

    def handle_request(self, request):
        if request.url.host == "lookaside.fbsbx.com":
            request.url = httpx.URL(BASE).copy_with(raw_path=request.url.raw_path)
            request.headers["host"] = httpx.URL(BASE).netloc.decode()
        return super().handle_request(request)


session = httpx.Client(transport=Here())
wa = WhatsApp(
    phone_id=PHONE_ID, token=KEY, session=session, server=None, waba_id=WABA_ID, app_secret=SECRET,
    filter_updates=False, skip_duplicate_updates=False,
)
session.base_url = f"{BASE}/v25.0"


def case(what, run, theirs=None, check=lambda answer: answer is not None, method=None):
    """A call that must succeed.

    `theirs` is a text of a known error of pywa, and its reason. Any other error is ours.
    """
    called.add(method or what.split(":")[0].split(" ")[0])
    try:
        answer = run()
        assert check(answer), f"unexpected answer: {answer!r}"
        tell(what, "ok")
        return answer
    except Exception as error:
        failed(what, error, theirs)
        return None


def failed(what, error, theirs):
    why = f"{type(error).__name__}: {error}".replace("\n", " ")
    own = theirs and theirs[0] in why
    tell(what, "theirs" if own else "FAILED", theirs[1] if own else why)


def refused(what, error, run):
    """A call that the sandbox must refuse, with an error that pywa recognizes."""
    try:
        run()
        tell(what, "FAILED", f"was not refused with {error.__name__}")
    except error:
        tell(what, "ok")
    except Exception as other:
        tell(what, "FAILED", f"{type(other).__name__}: {other}".replace("\n", " "))


refused("error: no open window", errors.ReEngagementMessage, lambda: wa.send_message(USER, "Hi"))
user_id = control("inbound", **{"from": USER})["user_ids"][0]

# Messages.
has_id = lambda sent: sent.id.startswith("wamid.")
sent = case("send_message", lambda: wa.send_message(USER, "Hi", preview_url=True), check=has_id)
message_id = sent.id if sent else "wamid.x"
case("send_message: reply, tracker", lambda: wa.send_message(USER, "Hi", reply_to_message_id=message_id, tracker="t"), check=has_id)
case("send_message: to a user id", lambda: wa.send_message(user_id, "Hi"), check=has_id)
case("send_message: buttons, header, footer", lambda: wa.send_message(USER, "Hi", header="H", footer="F", buttons=[Button(title="A", callback_data="a")]), check=has_id)
case("send_message: list", lambda: wa.send_message(USER, "Hi", buttons=SectionList(button_title="Choose", sections=[Section(title="S", rows=[SectionRow(title="R", callback_data="r", description="d")])])), check=has_id)
case("send_message: URL button", lambda: wa.send_message(USER, "Hi", buttons=URLButton(title="Open", url="https://example.org")), check=has_id)
case("send_message: flow", lambda: wa.send_message(USER, "Hi", buttons=FlowButton(title="Begin", flow_id="1", flow_token="t", flow_action_type="navigate", flow_action_screen="S")), check=has_id)
case("send_message: contact request", lambda: wa.send_message(USER, "Hi", buttons=ContactInfoRequestButton()), check=has_id)
case("send_message: voice call button", lambda: wa.send_message(USER, "Hi", buttons=VoiceCallButton(title="Call")), check=has_id)
case("send_message: call permission", lambda: wa.send_message(USER, "Hi", buttons=CallPermissionRequestButton()), check=has_id)
media = case("upload_media", lambda: wa.upload_media(PNG, mime_type="image/png", filename="a.png"))
media_id = media.id if media else "1"
case("send_image: by id", lambda: wa.send_image(USER, media_id, caption="C", mime_type="image/png"), check=has_id)
case("send_image: link", lambda: wa.send_image(USER, LINK, caption="C"), check=has_id)
case("send_image: bytes, buttons", lambda: wa.send_image(USER, PNG, mime_type="image/png", caption="C", buttons=[Button(title="A", callback_data="a")]), check=has_id)
case("send_video", lambda: wa.send_video(USER, b"video", mime_type="video/mp4", caption="C"), check=has_id)
case("send_document", lambda: wa.send_document(USER, b"%PDF-1.4", mime_type="application/pdf", filename="a.pdf", caption="C"), check=has_id)
case("send_audio", lambda: wa.send_audio(USER, b"audio", mime_type="audio/mpeg"), check=has_id)
case("send_voice", lambda: wa.send_voice(USER, b"OggS", mime_type="audio/ogg"), check=has_id)
case("send_sticker", lambda: wa.send_sticker(USER, b"RIFF", mime_type="image/webp"), check=has_id)
case("send_reaction", lambda: wa.send_reaction(USER, "👍🏽", message_id), check=has_id)
case("remove_reaction", lambda: wa.remove_reaction(USER, message_id), check=has_id)
case("send_location", lambda: wa.send_location(USER, 37.44, -122.16, "Philz Coffee", "101 Forest Ave"), check=has_id)
case("request_location", lambda: wa.request_location(USER, "Where are you?"), check=has_id)
case("request_contact_info", lambda: wa.request_contact_info(USER, "Who are you?"), check=has_id)
card = Contact(
    name=Contact.Name(formatted_name="Barbara Johnson", first_name="Barbara", last_name="Johnson"),
    birthday="1990-01-31", phones=[Contact.Phone(phone="+16505559999", type="WORK", wa_id="16505559999")],
    emails=[Contact.Email(email="barbara@example.com", type="WORK")], urls=[Contact.Url(url="https://www.example.com", type="WORK")],
    addresses=[Contact.Address(street="1 Way", city="Menlo Park", state="CA", zip="94025", country="United States", country_code="US", type="WORK")],
    org=Contact.Org(company="Lucky Shrub", department="Legal", title="Counsel"),
)
case("send_contact", lambda: wa.send_contact(USER, card), check=has_id)
case("send_catalog", lambda: wa.send_catalog(USER, "All", "F", thumbnail_product_sku="1"), check=has_id)
case("send_product", lambda: wa.send_product(USER, "1", "2", "This", "F"), check=has_id)
case("send_products", lambda: wa.send_products(USER, "1", [ProductsSection(title="A", skus=["2", "3"])], "Ours", "These", "F"), check=has_id)
cards = [ImageCarouselCard(body="B", image=LINK, buttons=URLButton(title="Buy", url="https://example.org")) for _ in range(2)]
case("send_carousel", lambda: wa.send_carousel(USER, body="These", cards=cards), check=has_id)
case("mark_message_as_read", lambda: wa.mark_message_as_read(message_id))
case("indicate_typing", lambda: wa.indicate_typing(message_id))

# Files.
url = case("get_media_url", lambda: wa.get_media_url(media_id))
if url:
    case("get_media_bytes", lambda: wa.get_media_bytes(url.url), check=lambda got: got == PNG)
    case("stream_media", lambda: b"".join(wa.stream_media(url.url)), check=lambda got: got == PNG)
    case("download_media", lambda: wa.download_media(url=url.url, path="/dev", filename="null"))
case("delete_media", lambda: wa.delete_media(media_id))

# Templates.
Lang = t.TemplateLanguage
positional = t.Template(name="order_shipped", language=Lang.ENGLISH_US, category=t.TemplateCategory.UTILITY, parameter_format=t.ParamFormat.POSITIONAL, components=[
    t.BodyText("{{1}}, your order {{2}} is on its way", "Ada", "7"),
    t.Buttons(buttons=[t.URLButton(text="Track", url="https://example.org/{{1}}", example="7"), t.QuickReplyButton(text="Stop")]),
])
named = t.Template(name="order_named", language=Lang.ENGLISH_US, category=t.TemplateCategory.UTILITY, parameter_format=t.ParamFormat.NAMED, components=[
    t.HeaderText("Hello {{who}}", who="Ada"), t.BodyText("Your order {{order}} is on its way", order="7"),
])
created = case("create_template", lambda: wa.create_template(positional))
case("create_template: named", lambda: wa.create_template(named))
for name in ["order_shipped", "order_named"]:
    control("templates", name=name, status="APPROVED")
case("get_templates", lambda: list(wa.get_templates()), check=lambda found: len(found) == 3)
if created:
    case("get_template", lambda: wa.get_template(created.id), check=lambda one: one.name == "order_shipped")
body = t.BodyText.params("Ada", "7")
button = t.URLButton.params(url_variable="7", index=0)
case("send_template: positional", lambda: wa.send_template(USER, "order_shipped", Lang.ENGLISH_US, [body, button]), check=has_id)
case("send_template: named", lambda: wa.send_template(USER, "order_named", Lang.ENGLISH_US, [t.HeaderText.params(who="Ada"), t.BodyText.params(order="7")]), check=has_id)
refused("error: number of values", errors.TemplateParamCountMismatch, lambda: wa.send_template(USER, "order_shipped", Lang.ENGLISH_US, [t.BodyText.params("Ada"), button]))
refused("error: language", errors.TemplateNotExists, lambda: wa.send_template(USER, "order_shipped", Lang.GERMAN, [body, button]))
if created:
    case("update_template", lambda: wa.update_template(created.id, new_category=t.TemplateCategory.MARKETING))
case("delete_template", lambda: wa.delete_template("order_shipped"))

# Blocking.
case("block_users", lambda: wa.block_users([USER]), check=lambda result: len(result.added_users) == 1)
case("get_blocked_users", lambda: list(wa.get_blocked_users()), theirs=("KeyError: 'input'", "it reads input, which an item of Meta's list does not have"), check=lambda users: len(users) == 1)
case("unblock_users", lambda: wa.unblock_users([USER]))
case("block_users: by user id", lambda: wa.block_users([user_id]), check=lambda result: len(result.added_users) == 1)
case("unblock_users: by user id", lambda: wa.unblock_users([user_id]))

# Other calls of pywa.
refused("error: a path that the sandbox does not serve", errors.WhatsAppError, wa.get_business_profile)
local = ("add_", "remove_", "on_", "load_", "webhook_", "listen", "wait", "stop", "run", "get_flow_request")
for name, _ in inspect.getmembers(WhatsApp, inspect.isfunction):
    if not name.startswith(("_", *local)) and name not in called:
        tell(name, "unserved")

# Webhooks.
posted = queue.Queue()


class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        posted.put((self.rfile.read(int(self.headers["content-length"])), self.headers.get("x-hub-signature-256")))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
threading.Thread(target=server.serve_forever, daemon=True).start()
control("webhooks", url=f"http://127.0.0.1:{server.server_port}/", app_secret=SECRET)
seen, logged = [], []


class Log(logging.Handler):
    def emit(self, record):
        if record.levelno >= logging.ERROR:
            logged.append(str(record.exc_info[1] if record.exc_info else record.getMessage()))


logging.getLogger("pywa").addHandler(Log())
logging.getLogger("pywa").propagate = False
for name in ["Message", "CallbackButton", "CallbackSelection", "MessageStatus", "PhoneNumberChange", "IdentityChange", "GroupMessageStatuses", "FlowCompletion", "EditedMessage", "DeletedMessage"]:
    handler = getattr(handlers, f"{name}Handler")
    wa.add_handlers(handler(lambda _, update, name=name: seen.append((name, update))))


def webhook(what, expected, check, ask, theirs=None):
    seen.clear()
    logged.clear()
    try:
        ask()
        body, signature = posted.get(timeout=20)
        assert wa.webhook_update_validator(body, signature) is None, "the signature is not taken"
        wa.webhook_update_handler(body)
        assert seen, f"no handler was called: {logged}"
        name, update = seen[0]
        assert name == expected, f"{name} instead of {expected}"
        assert check(update), f"unexpected: {update!r}"
        tell(f"webhook: {what}", "ok")
    except Exception as error:
        failed(f"webhook: {what}", error, theirs)


def inbound(kind, **more):
    return lambda: control("inbound", **{"from": USER, "type": kind, **more})


def from_user(update):
    return update.from_user.wa_id == USER and update.from_user.bsuid == user_id


context = {"from": "15550783881", "id": message_id}
for kind in ["text", "image", "video", "audio", "document", "sticker", "location", "contacts", "reaction", "order", "unsupported", "request_welcome"]:
    webhook(kind, "Message", from_user, inbound(kind))
webhook("text: non-ASCII, escaped", "Message", lambda update: update.text == "äöå 👍🏽", lambda: (control("webhooks", escape_unicode=True), inbound("text", text={"body": "äöå 👍🏽"})(), control("webhooks", escape_unicode=False)))
webhook("interactive: button", "CallbackButton", from_user, inbound("interactive", context=context))
row = {"type": "list_reply", "list_reply": {"id": "r", "title": "R", "description": "d"}}
webhook("interactive: list", "CallbackSelection", from_user, inbound("interactive", interactive=row, context=context))
webhook("button", "CallbackButton", from_user, inbound("button", context=context))
webhook("system: number changed", "PhoneNumberChange", lambda update: update.new_wa_id == "12195555358" and update.new_user_id, inbound("system"))
webhook("text: user without a number", "Message", lambda update: update.from_user.bsuid == "US.13491208655302741918", lambda: control("inbound", **{"from": "US.13491208655302741918", "username": "pablo"}))


def status(update):
    return update.from_user.bsuid == user_id and update.from_user.wa_id == USER


for state in ["sent", "delivered", "read", "played"]:
    control("webhooks", statuses=[state])
    webhook(f"status: {state}", "MessageStatus", status, lambda: wa.send_message(USER, "Hi"))
control("webhooks", statuses=["sent"])
webhook("status: sent to a user id", "MessageStatus", status, lambda: wa.send_message(user_id, "Hi"))
control("not_on_whatsapp", users=["16505550000"])
control("webhooks", hold=True)
control("inbound", **{"from": "16505550000"})
control("webhooks", hold=False)
posted.get(timeout=20)
webhook("status: failed", "MessageStatus", lambda update: update.error is not None, lambda: wa.send_message("16505550000", "Hi"), theirs=("'contacts'", "it reads contacts, which Meta leaves out of failed statuses"))
