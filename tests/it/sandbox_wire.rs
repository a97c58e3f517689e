//! The sandbox against the documents, over bare sockets: no client of ours stands between.
use d360_sandbox::{Failure, Sandbox};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::Duration,
};

const USER: &str = "16505551234";
const PHONE_ID: &str = "106540352242922";
/// How long a webhook may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Sends a request with these headers, and reads status and body.
fn exchange(sandbox: &Sandbox, line: &str, headers: &[(&str, &str)], body: &[u8]) -> (u16, Value) {
    let address = sandbox.base_url().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(&address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut head = format!("{line} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        head.push_str(&format!("host: {address}\r\n"));
    }
    headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
    stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let text = String::from_utf8(answer).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap_or_else(|_| json!(body)))
}

fn call(sandbox: &Sandbox, line: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    exchange(sandbox, line, &[("d360-api-key", sandbox.key()), ("content-type", "application/json")], &body)
}

/// Status, code and details of a message that is sent to [`USER`].
fn send(sandbox: &Sandbox, rest: Value) -> (u16, i64, String) {
    let mut message = json!({ "messaging_product": "whatsapp", "to": format!("+{USER}") });
    let Value::Object(rest) = rest else { panic!() };
    rest.into_iter().for_each(|(name, value)| message[name] = value);
    let (status, answer) = call(sandbox, "POST /messages", &message);
    let details = answer["error"]["error_data"]["details"].as_str().unwrap_or_default().to_owned();
    (status, answer["error"]["code"].as_i64().unwrap_or_default(), details)
}

fn code(sandbox: &Sandbox, rest: Value) -> i64 {
    send(sandbox, rest).1
}

fn open() -> Sandbox {
    let sandbox = Sandbox::start().unwrap();
    sandbox.user_writes(USER);
    sandbox
}

/// A webhook as it came: its signature, and the bytes.
#[derive(Debug)]
struct Hook {
    signature: String,
    body: Vec<u8>,
}

impl Hook {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
    fn value(&self) -> Value {
        self.json()["entry"][0]["changes"][0]["value"].clone()
    }
}

/// A receiver; `hang` never answers, but takes what is sent.
fn receiver(hang: bool) -> (String, mpsc::Receiver<Hook>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (queue, hooks) = mpsc::channel();
    std::thread::spawn(move || {
        let mut open = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut length, mut signature) = (0, String::new());
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap_or(0) == 0 || line.trim().is_empty() {
                    break;
                }
                let (name, value) = line.split_once(':').unwrap_or((line.trim(), ""));
                match name.to_ascii_lowercase().as_str() {
                    "content-length" => length = value.trim().parse().unwrap(),
                    "x-hub-signature-256" => signature = value.trim().to_owned(),
                    _ => {}
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            if queue.send(Hook { signature, body }).is_err() {
                return;
            }
            if hang {
                open.push(stream);
            } else {
                let _ =
                    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            }
        }
    });
    (url, hooks)
}

fn next(hooks: &mpsc::Receiver<Hook>) -> Hook {
    hooks.recv_timeout(PATIENCE).unwrap()
}

const TYPES: [&str; 14] = [
    "text",
    "image",
    "video",
    "audio",
    "document",
    "sticker",
    "location",
    "contacts",
    "reaction",
    "interactive",
    "button",
    "order",
    "system",
    "unsupported",
];

#[test]
fn webhooks_name_the_user_id_of_every_user() {
    let sandbox = Sandbox::start().unwrap();
    let (url, hooks) = receiver(false);
    sandbox.webhook(&url, &[]);
    let id = sandbox.user_id(USER);
    let (country, digits) = id.split_once('.').unwrap();
    assert!(country == "US" && digits.len() == 20 && digits.bytes().all(|b| b.is_ascii_digit()), "{id}");
    assert_eq!(sandbox.user_id("+1 650 555 1234"), id);
    assert_ne!(sandbox.user_id("+16505551235"), id);
    for kind in TYPES {
        let _ = sandbox.user_sends(USER, &json!({ "type": kind }));
        let value = next(&hooks).value();
        assert_eq!(value["messages"][0]["from"], USER, "{kind}");
        assert_eq!(value["messages"][0]["from_user_id"], id, "{kind}");
        assert_eq!(value["contacts"][0]["wa_id"], USER, "{kind}");
        assert_eq!(value["contacts"][0]["user_id"], id, "{kind}");
    }
    // Statuses, of a message to the number and of one to the user id: both are the same user, whose window is open.
    sandbox
        .webhooks(|hooks| hooks.statuses = Some(["sent", "delivered", "read"].map(str::to_owned).to_vec()));
    for to in [json!({ "to": USER }), json!({ "recipient": id })] {
        let mut message =
            json!({ "messaging_product": "whatsapp", "type": "text", "text": { "body": "Hi" } });
        to.as_object().unwrap().iter().for_each(|(name, value)| message[name] = value.clone());
        let (status, answer) = call(&sandbox, "POST /messages", &message);
        assert_eq!(status, 200, "{answer}");
        let by_number = message.get("to").is_some();
        assert_eq!(answer["contacts"][0].get("wa_id").is_some(), by_number);
        for told in ["sent", "delivered", "read"] {
            let value = next(&hooks).value();
            assert_eq!(value["statuses"][0]["status"], told);
            assert_eq!(value["statuses"][0]["recipient_id"], USER);
            assert_eq!(value["statuses"][0]["recipient_user_id"], id);
            assert_eq!(value["contacts"][0]["user_id"], id);
            assert_eq!(value["contacts"][0]["wa_id"], USER);
        }
    }
    // A failed one names neither the user id nor a contact.
    sandbox.not_on_whatsapp("+16505550000");
    let _ = sandbox.user_sends("+16505550000", &json!({}));
    next(&hooks);
    let message = json!({ "messaging_product": "whatsapp", "to": "16505550000", "type": "text", "text": { "body": "Hi" } });
    assert_eq!(call(&sandbox, "POST /messages", &message).0, 200);
    let value = next(&hooks).value();
    assert_eq!(value["statuses"][0]["status"], "failed");
    assert!(
        value["statuses"][0].get("recipient_user_id").is_none() && value.get("contacts").is_none(),
        "{value}"
    );
    // Blocking the user id blocks the number.
    let users = json!({ "messaging_product": "whatsapp", "block_users": [{ "user_id": id }] });
    assert_eq!(call(&sandbox, "POST /block_users", &users).0, 200);
    assert_eq!(code(&sandbox, json!({ "type": "text", "text": { "body": "Hi" } })), 130_403);
}

#[test]
fn webhooks_can_have_the_form_before_user_ids() {
    let older = [
        Sandbox::builder().webhooks(|hooks| hooks.user_ids = false).start().unwrap(),
        Sandbox::start().unwrap(),
    ];
    let off = call(&older[1], "POST /_sandbox/webhooks", &json!({ "user_ids": false }));
    assert_eq!(off.0, 200, "{off:?}");
    for sandbox in older {
        let (url, hooks) = receiver(false);
        sandbox.webhook(&url, &[]);
        let _ = sandbox.user_sends(USER, &json!({}));
        let value = next(&hooks).value();
        assert!(value["messages"][0].get("from_user_id").is_none(), "{value}");
        assert!(value["contacts"][0].get("user_id").is_none(), "{value}");
        assert_eq!(code(&sandbox, json!({ "type": "text", "text": { "body": "Hi" } })), 0);
        let value = next(&hooks).value();
        assert!(value.get("contacts").is_none() && value["statuses"][0].get("recipient_user_id").is_none());
        // A user without a number has nothing else.
        next(&hooks);
        let _ = sandbox.user_sends("US.13491208655302741918", &json!({}));
        let value = next(&hooks).value();
        assert_eq!(value["messages"][0]["from_user_id"], "US.13491208655302741918");
    }
    // A reset gives back what the sandbox was started with.
    let sandbox = Sandbox::builder().webhooks(|hooks| hooks.user_ids = false).start().unwrap();
    sandbox.webhooks(|hooks| hooks.user_ids = true);
    assert_eq!(call(&sandbox, "POST /_sandbox/reset", &json!({})).0, 200);
    sandbox.webhooks(|hooks| assert!(!hooks.user_ids));
}

#[test]
fn signed_bodies_can_be_escaped() {
    let sandbox = Sandbox::start().unwrap();
    let (url, hooks) = receiver(false);
    sandbox.webhook(&url, &[]);
    let text = "äöå 👍🏽 \u{2028}\"\\/";
    for escaped in [false, true] {
        sandbox.webhooks(|hooks| {
            hooks.app_secret = Some("app-secret".to_owned());
            hooks.escape_unicode = escaped;
        });
        let _ = sandbox.user_sends(USER, &json!({ "type": "text", "text": { "body": text } }));
        let hook = next(&hooks);
        assert_eq!(hook.value()["messages"][0]["text"]["body"], text);
        let sent = String::from_utf8(hook.body.clone()).unwrap();
        assert_eq!(sent.is_ascii(), escaped);
        assert_eq!(sent.contains("\\u00e4\\u00f6\\u00e5 \\ud83d\\udc4d"), escaped, "{sent}");
        // The signature is over what was sent, whoever checks it.
        let verification = d360::webhook::Verification::app_secret("app-secret").unwrap();
        let mut headers = http::HeaderMap::new();
        headers.insert("x-hub-signature-256", hook.signature.parse().unwrap());
        assert!(verification.verify(&headers, &hook.body).is_ok());
    }
}

#[test]
fn null_is_taken_as_absent() {
    let sandbox = open();
    let message = json!({
        "messaging_product": "whatsapp", "recipient_type": "individual", "to": USER, "type": "text",
        "text": { "body": "Hi", "preview_url": null }, "context": null, "biz_opaque_callback_data": null, "status": null,
        "image": null, "colour": null,
    });
    assert_eq!(call(&sandbox, "POST /messages", &message).0, 200);
    let card = json!([{ "name": { "formatted_name": "A", "suffix": null }, "birthday": null, "phones": [{ "phone": "1", "wa_id": null }] }]);
    assert_eq!(code(&sandbox, json!({ "type": "contacts", "contacts": card })), 0);
    assert_eq!(code(&sandbox, json!({ "type": "text", "text": { "body": null } })), 131_008);
    let image = json!({ "type": "image", "image": { "id": null, "link": "https://example.org/a.png" } });
    assert_eq!(code(&sandbox, image), 0);
    let users =
        json!({ "messaging_product": "whatsapp", "block_users": [{ "user": USER, "user_id": null }] });
    assert_eq!(call(&sandbox, "POST /block_users", &users).0, 200);
    let template = json!({
        "name": "one", "language": "en", "category": "UTILITY", "library_template_name": null, "parameter_format": null,
        "components": [{ "type": "BODY", "text": "Hi" }],
    });
    assert_eq!(call(&sandbox, "POST /message_templates", &template).0, 200);
    let config = json!({ "url": "http://127.0.0.1:9/", "headers": null });
    assert_eq!(call(&sandbox, "POST /v1/configs/webhook", &config).0, 200);
    let onprem = json!({ "to": "16505550001", "type": "text", "text": { "body": "Hi" }, "recipient_type": null, "context": null });
    assert_eq!(call(&sandbox, "POST /v1/messages", &onprem).0, 201);
}

#[test]
fn a_wrong_path_of_graph_is_answered_as_graph_does() {
    let sandbox = open();
    let token = format!("Bearer {}", sandbox.key());
    for authorization in [token.as_str(), "Bearer wrong", ""] {
        for (line, code) in [
            (format!("POST /{PHONE_ID}/messages"), 2500),
            (format!("POST /v25/{PHONE_ID}/messages"), 2500),
            (format!("GET /v25.0/{PHONE_ID}/phone_numbers"), 2500),
            (format!("GET /v25.0/{PHONE_ID}/messages/more"), 2500),
            ("GET /v25.0/me/messages".to_owned(), 2500),
            ("GET /v25.0".to_owned(), 2500),
            (format!("GET /v25.0/{PHONE_ID}/messages"), 100),
            (format!("PUT /v25.0/{PHONE_ID}/block_users"), 100),
        ] {
            let (status, answer) = exchange(&sandbox, &line, &[("authorization", authorization)], b"{}");
            assert_eq!((status, answer["error"]["code"].as_i64()), (400, Some(code)), "{line}: {answer}");
            let error = &answer["error"];
            assert!(error["type"].is_string() && error["fbtrace_id"].is_string(), "{answer}");
            let message = error["message"].as_str().unwrap();
            assert!(!message.contains("key") && !message.contains("token"), "{message}");
        }
    }
    let (_, answer) =
        exchange(&sandbox, &format!("POST /{PHONE_ID}/messages"), &[("authorization", &token)], b"{}");
    assert_eq!(answer["error"]["message"], format!("Unknown path components: /{PHONE_ID}/messages"));
    // Meta serves it as the version of the app's dashboard, and so does the sandbox where it is asked to.
    let line = format!("GET /{PHONE_ID}/block_users");
    assert_eq!(exchange(&sandbox, &line, &[("authorization", &token)], b"").0, 400);
    assert_eq!(call(&sandbox, "POST /_sandbox/settings", &json!({ "unversioned": true })).0, 200);
    assert_eq!(exchange(&sandbox, &line, &[("authorization", &token)], b"").0, 200);
    sandbox.serve_unversioned(false);
    assert_eq!(exchange(&sandbox, &line, &[("authorization", &token)], b"").0, 400);
    // A path that is served and a wrong token is about the token, as before.
    let line = format!("POST /v25.0/{PHONE_ID}/messages");
    assert_eq!(
        exchange(&sandbox, &line, &[("authorization", "Bearer wrong")], b"{}").1["error"]["code"],
        190
    );
    // What was asked for comes first.
    sandbox.fail(Failure::http(503).on("GET", format!("/v25.0/{PHONE_ID}/phone_numbers")));
    let line = format!("GET /v25.0/{PHONE_ID}/phone_numbers");
    assert_eq!(exchange(&sandbox, &line, &[("authorization", &token)], b"").0, 503);
}

#[test]
fn messaging_product_of_an_upload_may_stand_in_the_query() {
    let sandbox = Sandbox::start().unwrap();
    let form = b"--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.png\"\r\ncontent-type: image/png\r\n\r\npng\r\n--x--\r\n";
    let headers = [("d360-api-key", sandbox.key()), ("content-type", "multipart/form-data; boundary=x")];
    let (status, answer) = exchange(&sandbox, "POST /media?messaging_product=whatsapp", &headers, form);
    assert_eq!(status, 200, "{answer}");
    assert!(answer["id"].is_string());
    for query in ["", "?messaging_product=telegram"] {
        let (status, answer) = exchange(&sandbox, &format!("POST /media{query}"), &headers, form);
        assert_eq!((status, answer["error"]["code"].as_i64()), (400, Some(100)));
    }
}

#[test]
fn a_file_has_to_be_uploaded_before_it_is_sent() {
    let sandbox = open();
    let known = sandbox.store_media("image/png", *b"png");
    let header = |id: &str| {
        json!({ "type": "template", "template": { "name": "any", "language": { "code": "en" }, "components": [
            { "type": "header", "parameters": [{ "type": "image", "image": { "id": id } }] },
        ] } })
    };
    let interactive = |id: &str| {
        json!({ "type": "interactive", "interactive": {
            "type": "button", "header": { "type": "image", "image": { "id": id } }, "body": { "text": "Well?" },
            "action": { "buttons": [{ "type": "reply", "reply": { "id": "yes", "title": "Yes" } }] },
        } })
    };
    for kind in ["image", "video", "audio", "document", "sticker"] {
        assert_eq!(code(&sandbox, json!({ "type": kind, kind: { "id": known } })), 0, "{kind}");
        let (status, code, details) =
            send(&sandbox, json!({ "type": kind, kind: { "id": "4490709327384033" } }));
        assert_eq!((status, code), (400, 100));
        assert!(details.starts_with(&format!("Param {kind}['id'] is not a valid")), "{details}");
    }
    for with in [header, interactive] {
        assert_eq!(code(&sandbox, with(&known)), 0);
        assert_eq!(code(&sandbox, with("1")), 100);
    }
    let (.., details) = send(&sandbox, header("1"));
    assert!(details.contains("template['components'][0]['parameters'][0]['image']['id']"), "{details}");
    // One that was deleted is gone.
    assert_eq!(call(&sandbox, &format!("DELETE /{known}"), &Value::Null).0, 200);
    assert_eq!(code(&sandbox, json!({ "type": "image", "image": { "id": known } })), 100);
}

#[test]
fn message_ids_have_metas_form_and_meet_urls() {
    let ids = |seed: u64| -> Vec<String> {
        let sandbox = Sandbox::builder().seed(seed).start().unwrap();
        (0..16)
            .map(|i| match i % 2 {
                0 => sandbox.user_sends(USER, &json!({})),
                _ => {
                    let message = json!({ "messaging_product": "whatsapp", "to": USER, "type": "text", "text": { "body": "Hi" } });
                    let (_, answer) = call(&sandbox, "POST /messages", &message);
                    answer["messages"][0]["id"].as_str().unwrap().to_owned()
                }
            })
            .collect()
    };
    let all = ids(1);
    assert_eq!(all, ids(1), "they follow from the seed");
    assert_ne!(all, ids(2));
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    // The base64 of the number begins each, as in Meta's examples.
    assert!(
        all.iter().all(|id| id.starts_with("wamid.HBgLMTY1MDU1NTEyMzQVAgA") && id.len() < 128),
        "{all:?}"
    );
    for trap in ["=", "+", "/"] {
        let count = all.iter().filter(|id| id.contains(trap)).count();
        assert!((1..all.len()).contains(&count), "{trap} in {count} of {all:?}");
    }
}

#[test]
fn a_receiver_that_hangs_holds_up_no_other() {
    let sandbox = Sandbox::builder().key("one", "15550000001").key("two", "15550000002").start().unwrap();
    let (silent, taken) = receiver(true);
    let (url, hooks) = receiver(false);
    for (key, url) in [("one", &silent), ("two", &url)] {
        let config = json!({ "key": key, "url": url });
        assert_eq!(call(&sandbox, "POST /_sandbox/webhooks", &config).0, 200);
    }
    sandbox.webhooks(|hooks| hooks.hold = true);
    for _ in 0..3 {
        sandbox.user_writes_to("one", USER);
    }
    sandbox.user_writes_to("two", USER);
    sandbox.webhooks(|hooks| hooks.hold = false);
    // The silent receiver has one webhook and answers nothing yet; a try of it ends after 5 s.
    next(&taken);
    next(&hooks);
    assert!(sandbox.deliveries().iter().all(|one| one["url"] == json!(url)), "{:?}", sandbox.deliveries());
    // What else it is sent does not wait for the end of its tries either.
    next(&taken);
    next(&taken);
}

fn template(components: Value) -> Value {
    json!({ "type": "template", "template": { "name": "unknown_here", "language": { "code": "en" }, "components": components } })
}

fn body(parameters: Value) -> Value {
    template(json!([{ "type": "body", "parameters": parameters }]))
}

#[test]
fn values_of_templates_are_judged() {
    let sandbox = Sandbox::start().unwrap();
    let text = |text: &str| json!([{ "type": "text", "text": text }]);
    for fine in ["x", "four    blanks", "ä\u{a0}\u{a0}\u{a0}\u{a0}\u{a0}ö"] {
        assert_eq!(code(&sandbox, body(text(fine))), 0, "{fine:?}");
    }
    for (bad, expected) in [
        ("new\nline", 132_018),
        ("return\r", 132_018),
        ("\ttab", 132_018),
        ("five     blanks", 132_018),
        ("", 131_008),
        ("  ", 131_008),
    ] {
        for kind in ["body", "BODY", "header"] {
            let message = template(json!([{ "type": kind, "parameters": text(bad) }]));
            assert_eq!(code(&sandbox, message), expected, "{kind} {bad:?}");
        }
        let card = json!([{ "card_index": 0, "components": [{ "type": "body", "parameters": text(bad) }] }]);
        assert_eq!(
            code(&sandbox, template(json!([{ "type": "carousel", "cards": card }]))),
            expected,
            "{bad:?}"
        );
    }
    let money = json!([{ "type": "currency", "currency": { "fallback_value": "$\n1", "code": "USD", "amount_1000": 1 } }]);
    assert_eq!(code(&sandbox, body(money)), 132_018);
    // Named and positional.
    let named = json!({ "type": "text", "parameter_name": "name", "text": "Ada" });
    let positional = json!({ "type": "text", "text": "Ada" });
    assert_eq!(code(&sandbox, body(json!([named, named]))), 0);
    assert_eq!(code(&sandbox, body(json!([positional, positional]))), 0);
    assert_eq!(code(&sandbox, body(json!([named, positional]))), 100);
    let both =
        json!([{ "type": "header", "parameters": [positional] }, { "type": "body", "parameters": [named] }]);
    assert_eq!(code(&sandbox, template(both)), 100);
    // Buttons, in any case.
    let button = |sub_type: &str| {
        let text = json!([{ "type": "text", "text": "x" }]);
        template(json!([{ "type": "button", "sub_type": sub_type, "index": "0", "parameters": text }]))
    };
    for known in [
        "url",
        "QUICK_REPLY",
        "Copy_Code",
        "flow",
        "catalog",
        "mpm",
        "order_details",
        "reminder",
        "voice_call",
        "booking_confirmation",
    ] {
        assert_eq!(code(&sandbox, button(known)), 0, "{known}");
    }
    for other in ["otp", "phone_number", "", "URLS", "OTP"] {
        assert_ne!(code(&sandbox, button(other)), 0, "{other}");
    }
    // Components without values.
    for kind in ["footer", "FOOTER", "carousel"] {
        assert_eq!(code(&sandbox, template(json!([{ "type": kind, "parameters": text("x") }]))), 132_000);
    }
    assert!(sandbox.messages().len() < 20);
}

#[test]
fn on_premise_judges_values_of_templates_with_its_own_codes() {
    let sandbox = Sandbox::start().unwrap();
    let send = |message: Value| {
        let mut message = message;
        message["to"] = json!(USER);
        let (status, answer) = call(&sandbox, "POST /v1/messages", &message);
        (status, answer["errors"][0]["code"].as_i64().unwrap_or_default())
    };
    let template = |name: &str, language: &str, texts: &[&str]| {
        let values: Vec<_> = texts.iter().map(|text| json!({ "type": "text", "text": text })).collect();
        json!({ "type": "template", "template": { "namespace": "n", "name": name, "language": { "policy": "deterministic", "code": language },
            "components": [{ "type": "body", "parameters": values }] } })
    };
    assert_eq!(send(template("any", "de", &["Ada"])), (201, 0));
    assert_eq!(send(template("any", "de", &["A\nda"])), (400, 2006));
    assert_eq!(send(template("any", "de", &[""])), (400, 1008));
    assert_eq!(send(template("hello_world", "en_US", &[])), (201, 0));
    assert_eq!(send(template("hello_world", "en_US", &["Ada"])), (400, 2000));
    assert_eq!(send(template("hello_world", "de", &[])), (404, 2001));
    let hsm = |text: &str| {
        json!({ "type": "hsm", "hsm": { "namespace": "n", "element_name": "any", "language": { "policy": "deterministic", "code": "en" },
            "localizable_params": [{ "default": text }] } })
    };
    assert_eq!(send(hsm("Ada")), (201, 0));
    assert_eq!(send(hsm("A     da")), (400, 2006));
}

#[test]
fn a_known_template_fixes_language_number_and_form_of_values() {
    let sandbox = Sandbox::start().unwrap();
    let send = |name: &str, language: &str, components: Value| {
        code(
            &sandbox,
            json!({ "type": "template", "template": { "name": name, "language": { "code": language }, "components": components } }),
        )
    };
    assert_eq!(send("hello_world", "en_US", json!([])), 0);
    assert_eq!(send("hello_world", "de", json!([])), 132_001);
    let one = json!([{ "type": "body", "parameters": [{ "type": "text", "text": "x" }] }]);
    assert_eq!(send("hello_world", "en_US", one.clone()), 132_000);
    let create = |template: Value| call(&sandbox, "POST /message_templates", &template);
    let order = json!({
        "name": "order", "language": "en", "category": "UTILITY",
        "components": [
            { "type": "HEADER", "format": "DOCUMENT" },
            { "type": "BODY", "text": "{{1}}, your order {{2}} is on its way. Thank you, {{1}}!" },
            { "type": "BUTTONS", "buttons": [
                { "type": "QUICK_REPLY", "text": "Stop" },
                { "type": "URL", "text": "Track", "url": "https://example.org/{{1}}" },
            ] },
        ],
    });
    assert_eq!(create(order).0, 200);
    let file = sandbox.store_media("application/pdf", *b"pdf");
    let header =
        json!({ "type": "header", "parameters": [{ "type": "document", "document": { "id": file } }] });
    let texts = |count: usize| {
        let values: Vec<_> = (0..count).map(|i| json!({ "type": "text", "text": format!("{i}") })).collect();
        json!({ "type": "body", "parameters": values })
    };
    let url = json!({ "type": "button", "sub_type": "url", "index": "1", "parameters": [{ "type": "text", "text": "7" }] });
    assert_eq!(send("order", "en", json!([header, texts(2), url])), 132_001, "not approved yet");
    assert!(sandbox.template_status("order", "APPROVED"));
    assert_eq!(send("order", "en", json!([header, texts(2), url])), 0);
    for count in [0, 1, 3] {
        assert_eq!(send("order", "en", json!([header, texts(count), url])), 132_000, "{count}");
    }
    assert_eq!(send("order", "en", json!([texts(2), url])), 132_012, "no header");
    assert_eq!(send("order", "en", json!([header, texts(2)])), 131_008, "no value for the button");
    assert_eq!(send("order", "en", json!([header, url])), 132_000);
    let quick = json!({ "type": "button", "sub_type": "quick_reply", "index": 0, "parameters": [{ "type": "payload", "payload": "p" }] });
    assert_eq!(send("order", "en", json!([header, texts(2), url, quick])), 0);
    // Named placeholders.
    let body = |format: &str, text: &str, name: &str| json!({ "name": name, "language": "en", "category": "UTILITY", "parameter_format": format, "components": [{ "type": "BODY", "text": text }] });
    let named = "Hello {{first_name}}, it is {{day}}";
    assert_eq!(create(body("named", named, "named")).0, 200);
    for (format, text) in [("POSITIONAL", named), ("NAMED", "Hello {{1}}"), ("SOMEHOW", "Hello")] {
        let (status, answer) = create(body(format, text, "other"));
        assert_eq!((status, answer["error"]["code"].as_i64()), (400, Some(100)), "{format} {text}");
    }
    let (_, listed) = call(&sandbox, "GET /message_templates?name=named", &Value::Null);
    assert_eq!(listed["data"][0]["parameter_format"], "NAMED");
    let (_, listed) = call(&sandbox, "GET /message_templates?name=hello_world", &Value::Null);
    assert_eq!(listed["data"][0]["parameter_format"], "POSITIONAL");
    assert!(sandbox.template_status("named", "APPROVED"));
    let values = |names: &[Option<&str>]| {
        let values: Vec<_> = names
            .iter()
            .map(|name| match name {
                Some(name) => json!({ "type": "text", "text": "x", "parameter_name": name }),
                None => json!({ "type": "text", "text": "x" }),
            })
            .collect();
        json!([{ "type": "body", "parameters": values }])
    };
    assert_eq!(send("named", "en", values(&[Some("day"), Some("first_name")])), 0);
    assert_eq!(send("named", "en", values(&[Some("day")])), 132_000);
    assert_eq!(send("named", "en", values(&[None, None])), 100);
    assert_eq!(send("named", "en", values(&[Some("day"), Some("week")])), 132_012);
    assert_eq!(send("named", "en", values(&[Some("day"), Some("day")])), 132_012);
    // An authentication template: the code stands in the body and in the button.
    let code_template = json!({ "name": "code", "language": "en", "category": "AUTHENTICATION", "components": [
        { "type": "BODY", "add_security_recommendation": true }, { "type": "BUTTONS", "buttons": [{ "type": "OTP", "otp_type": "COPY_CODE" }] },
    ] });
    assert_eq!(create(code_template).0, 200);
    assert!(sandbox.template_status("code", "APPROVED"));
    let button = json!({ "type": "button", "sub_type": "url", "index": "0", "parameters": [{ "type": "text", "text": "123456" }] });
    assert_eq!(send("code", "en", json!([texts(1), button])), 0);
    assert_eq!(send("code", "en", json!([button])), 132_000);
    assert_eq!(send("code", "en", json!([texts(1)])), 131_008);
}

#[test]
fn direct_send_needs_no_window() {
    let sandbox = Sandbox::start().unwrap();
    let text = |more: Value| {
        let mut message = json!({ "type": "text", "text": { "body": "Your order 7 is on its way." } });
        more.as_object().unwrap().iter().for_each(|(name, value)| message[name] = value.clone());
        message
    };
    assert_eq!(code(&sandbox, text(json!({}))), 131_047);
    for (category, least, most) in [("utility", 30, 43_200), ("authentication", 30, 900)] {
        assert_eq!(code(&sandbox, text(json!({ "category": category }))), 0);
        for (ttl, expected) in [(least, 0), (most, 0), (least - 1, 100), (most + 1, 100), (-1, 100), (0, 100)]
        {
            let message = text(json!({ "category": category, "ttl_seconds": ttl }));
            assert_eq!(code(&sandbox, message), expected, "{category} {ttl}");
        }
    }
    assert_ne!(code(&sandbox, text(json!({ "category": "utility", "ttl_seconds": "soon" }))), 0);
    assert_eq!(code(&sandbox, text(json!({ "category": "marketing" }))), 100);
    assert_eq!(code(&sandbox, text(json!({ "ttl_seconds": 600 }))), 100, "it goes with a category");
    let buttons = |kind: &str, action: Value| json!({ "type": "interactive", "category": "utility", "interactive": { "type": kind, "body": { "text": "Well?" }, "action": action } });
    let reply = json!({ "buttons": [{ "type": "reply", "reply": { "id": "yes", "title": "Yes" } }] });
    assert_eq!(code(&sandbox, buttons("button", reply)), 0);
    let location = json!({ "name": "send_location" });
    assert_eq!(code(&sandbox, buttons("location_request_message", location)), 100);
    let place =
        json!({ "type": "location", "location": { "latitude": 1, "longitude": 2 }, "category": "utility" });
    assert_eq!(code(&sandbox, place), 100);
    let template = json!({ "type": "template", "template": { "name": "hello_world", "language": { "code": "en_US" } }, "category": "utility" });
    assert_eq!(code(&sandbox, template), 100);
    // To a user id: not for authentication.
    for (category, expected) in [("utility", None), ("authentication", Some(131_062))] {
        let message = json!({ "messaging_product": "whatsapp", "recipient": "US.13491208655302741918", "type": "text", "text": { "body": "x" }, "category": category });
        let (_, answer) = call(&sandbox, "POST /messages", &message);
        assert_eq!(answer["error"]["code"].as_i64(), expected, "{answer}");
    }
    // Access may be blocked, and a blocked user stays so.
    sandbox.fail(Failure::code(139_200).on("POST", "/messages"));
    assert_eq!(code(&sandbox, text(json!({ "category": "utility" }))), 139_200);
    sandbox.block([USER]);
    assert_eq!(code(&sandbox, text(json!({ "category": "utility" }))), 130_403);
}

#[test]
fn direct_send_makes_templates_that_are_metas() {
    let sandbox = Sandbox::start().unwrap();
    let (url, hooks) = receiver(false);
    sandbox.webhook(&url, &[]);
    let text = |body: &str| json!({ "type": "text", "text": { "body": body }, "category": "utility", "ttl_seconds": 60 });
    assert_eq!(code(&sandbox, text("One")), 0);
    assert_eq!(next(&hooks).value()["statuses"][0]["pricing"]["category"], "utility");
    assert_eq!(code(&sandbox, text("One")), 0);
    assert_eq!(code(&sandbox, text("Two")), 0);
    let (_, listed) = call(&sandbox, "GET /message_templates?source=AUTO_GENERATED", &Value::Null);
    let made = listed["data"].as_array().unwrap();
    assert_eq!(made.len(), 2, "{listed}");
    assert_eq!(call(&sandbox, "GET /message_templates", &Value::Null).1["data"].as_array().unwrap().len(), 3);
    let (name, id) = (made[0]["name"].as_str().unwrap(), made[0]["id"].as_str().unwrap());
    let (status, answer) = call(&sandbox, &format!("DELETE /message_templates?name={name}"), &Value::Null);
    assert_eq!((status, answer["error"]["code"].as_i64()), (400, Some(2_388_330)));
    let (status, answer) = call(&sandbox, &format!("POST /{id}"), &json!({ "category": "MARKETING" }));
    assert_eq!((status, answer["error"]["code"].as_i64()), (400, Some(2_388_318)));
    // One of one's own can be changed and waits again.
    let (_, hello) = call(&sandbox, "GET /message_templates?name=hello_world", &Value::Null);
    let id = hello["data"][0]["id"].as_str().unwrap();
    let change = json!({ "components": [{ "type": "BODY", "text": "Welcome {{1}}" }] });
    assert_eq!(call(&sandbox, &format!("POST /{id}"), &change).0, 200);
    let (_, shown) = call(&sandbox, &format!("GET /{id}"), &Value::Null);
    assert_eq!((shown["status"].as_str(), &shown["components"]), (Some("PENDING"), &change["components"]));
}

#[test]
fn a_page_in_a_browser_cannot_use_the_control_routes() {
    let sandbox = Sandbox::start().unwrap();
    let address = sandbox.base_url().trim_start_matches("http://").to_owned();
    let port = address.split_once(':').unwrap().1;
    let ask = |line: &str, headers: &[(&str, &str)]| {
        exchange(&sandbox, line, headers, b"{\"from\": \"+16505551234\"}")
    };
    let own = format!("http://{address}");
    for headers in [
        vec![],
        vec![("host", "localhost")],
        vec![("host", "[::1]:4360")],
        vec![("origin", own.as_str()), ("sec-fetch-site", "same-origin")],
        vec![("sec-fetch-site", "none")],
    ] {
        let (status, answer) = ask("POST /_sandbox/inbound", &headers);
        assert_eq!(status, 200, "{headers:?}: {answer}");
    }
    let (rebound, longer) = (format!("evil.example:{port}"), format!("{address}.evil.example"));
    let (rebound_origin, longer_origin) = (format!("http://{rebound}"), format!("http://{longer}"));
    for headers in [
        vec![("origin", "https://evil.example")],
        vec![("origin", "null")],
        vec![("origin", "http://localhost:1")],
        vec![("origin", longer_origin.as_str())],
        vec![("sec-fetch-site", "cross-site")],
        vec![("host", rebound.as_str())],
        vec![("host", rebound.as_str()), ("origin", rebound_origin.as_str())],
        vec![("host", longer.as_str())],
        vec![("host", "localhost.evil.example")],
        vec![("host", "127.0.0.1.evil.example")],
    ] {
        for line in
            ["POST /_sandbox/inbound", "POST /_sandbox/reset", "GET /_sandbox", "GET /_sandbox/requests"]
        {
            let (status, answer) = ask(line, &headers);
            assert_eq!(status, 403, "{line} {headers:?}: {answer}");
            assert!(answer["error"].is_string());
        }
    }
    // The API itself has its key.
    let key = [("d360-api-key", sandbox.key()), ("origin", "https://evil.example")];
    assert_eq!(exchange(&sandbox, "GET /health_status", &key, b"").0, 200);
}
