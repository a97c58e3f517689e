//! Webhooks that the sandbox posts.
use super::{USER, call, code, next, receiver};
use d360_sandbox::Sandbox;
use serde_json::json;
use std::collections::BTreeSet;

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
    // Statuses of a message to the number and of one to the BSUID: both are the same user, whose window is open.
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
    // A failed status contains neither the BSUID nor a contact.
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
    // Blocking the BSUID blocks the number.
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
        // A user without a number has only the BSUID.
        next(&hooks);
        let _ = sandbox.user_sends("US.13491208655302741918", &json!({}));
        let value = next(&hooks).value();
        assert_eq!(value["messages"][0]["from_user_id"], "US.13491208655302741918");
    }
    // A reset restores the settings from the start.
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
        // The signature covers the bytes that were sent.
        let verification = d360::webhook::Verification::app_secret("app-secret").unwrap();
        let mut headers = http::HeaderMap::new();
        headers.insert("x-hub-signature-256", hook.signature.parse().unwrap());
        assert!(verification.verify(&headers, &hook.body).is_ok());
    }
}

#[test]
fn message_ids_have_metas_form_and_url_unsafe_characters() {
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
    assert_eq!(all, ids(1), "the IDs depend only on the seed");
    assert_ne!(all, ids(2));
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    // Each begins with the base64 of the number, as in Meta's examples.
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
fn a_hanging_receiver_does_not_block_others() {
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
    // The silent receiver has one webhook and does not answer. An attempt ends after 5 s.
    next(&taken);
    next(&hooks);
    assert!(sandbox.deliveries().iter().all(|one| one["url"] == json!(url)), "{:?}", sandbox.deliveries());
    // Other webhooks of that receiver do not wait for the end of the retries.
    next(&taken);
    next(&taken);
}
