//! New message types reach old programs as `unknown`, and notes list how a stored webhook differs on Cloud.
use super::kinds;
use d360::{
    migrate::{NoteKind, Options, webhook},
    model::webhook::{self as events, EventKind},
};
use serde_json::{Value, json};

fn cloud(field: &str, value: Value) -> Value {
    let mut value = value;
    value["metadata"] = json!({ "phone_number_id": "2" });
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": "1", "changes": [{ "field": field, "value": value }] }] })
}

fn message(of: Value) -> Value {
    let mut message = json!({ "from": "16505551234", "id": "wamid.HBgL", "timestamp": "1700000000" });
    message.as_object_mut().unwrap().extend(of.as_object().unwrap().clone());
    message
}

/// Messages that exist on Cloud but not on On-Premise.
fn new_messages() -> Vec<Value> {
    [
        json!({ "type": "request_welcome" }),
        json!({ "type": "edit", "edit": { "original_message_id": "wamid.A", "message": { "type": "text", "text": { "body": "secret" } } } }),
        json!({ "type": "revoke", "revoke": { "original_message_id": "wamid.A" } }),
        json!({ "type": "hologram", "hologram": { "a": [1] } }),
        json!({ "type": "interactive", "interactive": { "type": "nfm_reply", "nfm_reply": { "response_json": "{\"a\":1}", "name": "flow" } } }),
        json!({ "type": "interactive", "interactive": { "type": "call_permission_reply", "call_permission_reply": { "response": "accept" } } }),
        json!({ "type": "interactive", "interactive": { "nfm_reply": { "response_json": "{}" } } }),
        json!({ "type": "system", "system": { "type": "user_changed_user_id", "user_id": "US.2" } }),
        json!({ "hologram": { "a": 1 } }),
    ]
    .map(message)
    .into()
}

const UNKNOWN: [(&str, &str); 2] =
    [("title", "Unknown message type"), ("details", "Message type is not currently supported")];

#[test]
fn new_messages_are_unknown_with_501_and_kept_in_a_note() {
    for new in new_messages() {
        let context = json!({ "from": "15550783881", "id": "wamid.Q" });
        let mut given = new.clone();
        given["context"] = context.clone();
        let hook =
            cloud("messages", json!({ "contacts": [{ "wa_id": "16505551234" }], "messages": [given] }));
        let told = webhook::to_onprem(&hook, &Options::new());
        let flat = &told.value.as_ref().unwrap()[0];
        let mut error = json!({ "code": 501 });
        UNKNOWN.iter().for_each(|(key, text)| error[*key] = json!(text));
        let expected = json!({ "from": "16505551234", "id": "wamid.HBgL", "timestamp": "1700000000", "type": "unknown",
            "context": context, "errors": [error] });
        assert_eq!(flat["messages"], json!([expected]), "{new}");
        let note = told.notes.iter().find(|note| note.original.is_some()).unwrap();
        assert_eq!(
            (note.path.as_str(), note.kind),
            ("entry[0].changes[0].value.messages[0]", NoteKind::Lost)
        );
        assert_eq!(note.original.as_ref(), Some(&given));
        assert_eq!(serde_json::to_value(note).unwrap()["original"], given);
        // Parsed like any On-Premise message.
        let event = events::read(flat.to_string().as_bytes()).unwrap().remove(0);
        let EventKind::Message(read) = event.kind else { panic!("{event:?}") };
        assert_eq!(read.errors[0].code.map(|code| code.0), Some(501));
        // Passed through, the message is complete.
        let passed = webhook::to_onprem(&hook, &Options::new().pass_new_types(true));
        let mut passed_on = passed.value.as_ref().unwrap()[0]["messages"][0].clone();
        if new.get("type").is_none() {
            assert!(passed_on.get("type").is_none());
        }
        passed_on.as_object_mut().unwrap().remove("context");
        assert_eq!(passed_on, new);
        assert!(!passed.loses() && passed.notes.iter().any(|note| note.path.ends_with("messages[0].type")));
    }
}

#[test]
fn types_of_onprem_keep_their_name() {
    for (old, kind) in [
        (
            json!({ "type": "interactive", "interactive": { "type": "button_reply", "button_reply": { "id": "1", "title": "x" } } }),
            "interactive",
        ),
        (
            json!({ "type": "interactive", "interactive": { "list_reply": { "id": "1", "title": "x" } } }),
            "interactive",
        ),
        (json!({ "type": "button", "button": { "text": "x", "payload": "y" } }), "button"),
        (json!({ "type": "reaction", "reaction": { "message_id": "wamid.A", "emoji": "x" } }), "reaction"),
        (json!({ "type": "order", "order": { "catalog_id": "1" } }), "order"),
        (json!({ "type": "system", "system": { "type": "user_changed_number", "wa_id": "1" } }), "system"),
        (json!({ "text": { "body": "no type" } }), "text"),
        (json!({ "audio": { "id": "7", "voice": true } }), "voice"),
    ] {
        let told = webhook::to_onprem(
            &cloud("messages", json!({ "messages": [message(old.clone())] })),
            &Options::new(),
        );
        let flat = &told.value.as_ref().unwrap()[0]["messages"][0];
        assert_eq!((&flat["type"], flat.get("errors")), (&json!(kind), None), "{old}");
        assert!(told.notes.iter().all(|note| note.original.is_none()), "{old}");
    }
    // An unsupported message without an error gets the error of On-Premise.
    let bare = cloud("messages", json!({ "messages": [message(json!({ "type": "unsupported" }))] }));
    let told = webhook::to_onprem(&bare, &Options::new()).value.unwrap();
    assert_eq!(
        (&told[0]["messages"][0]["type"], &told[0]["messages"][0]["errors"][0]["code"]),
        (&json!("unknown"), &json!(501))
    );
}

#[test]
fn calls_by_users_become_unknown_messages() {
    let call = json!({ "id": "wacid.1", "from": "16505551234", "to": "15550783881", "event": "connect", "timestamp": "1",
        "direction": "USER_INITIATED", "session": { "sdp": "v=0" } });
    let mut ours = call.clone();
    (ours["direction"], ours["from"]) = (json!("BUSINESS_INITIATED"), json!("15550783881"));
    let hook = cloud(
        "calls",
        json!({ "contacts": [{ "wa_id": "16505551234" }], "calls": [call, ours],
        "statuses": [{ "id": "wacid.1", "status": "RINGING" }] }),
    );
    let told = webhook::to_onprem(&hook, &Options::new());
    let flat = &told.value.as_ref().unwrap()[0];
    assert_eq!(flat["messages"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&flat["messages"][0]["type"], &flat["messages"][0]["errors"][0]["code"]),
        (&json!("unknown"), &json!(501))
    );
    assert_eq!(
        (&flat["messages"][0]["id"], flat.get("statuses"), flat.get("calls")),
        (&json!("wacid.1"), None, None)
    );
    let originals: Vec<_> = told.notes.iter().filter_map(|note| note.original.as_ref()).collect();
    assert_eq!(originals, [&call, &ours]);
    let passed = webhook::to_onprem(&hook, &Options::new().pass_new_types(true));
    assert_eq!(passed.value.unwrap()[0]["calls"], json!([call]));
    // Each is sent separately.
    assert_eq!(webhook::split(&hook).len(), 3);
    let only_ours = cloud("calls", json!({ "calls": [ours] }));
    assert!(webhook::to_onprem(&only_ours, &Options::new()).value.unwrap().is_empty());
}

#[test]
fn statuses_contain_the_recipient_in_both_places() {
    let statuses = json!([{ "id": "a", "status": "sent", "timestamp": "1", "recipient_id": "16505551234" },
        { "id": "b", "status": "read", "timestamp": "1", "recipient_user_id": "US.1a" }, { "id": "c", "status": "sent", "timestamp": "1" }]);
    let told = webhook::to_onprem(&cloud("messages", json!({ "statuses": statuses })), &Options::new());
    let flat = &told.value.as_ref().unwrap()[0]["statuses"];
    for (at, recipient) in [(0, "16505551234"), (1, "US.1a")] {
        assert_eq!(flat[at]["recipient_id"], recipient);
        assert_eq!(flat[at]["message"], json!({ "recipient_id": recipient }));
    }
    assert_eq!(flat[2].get("message"), None);
    let back = webhook::to_cloud(&told.value.as_ref().unwrap()[0], &Options::new());
    assert_eq!(back.value.unwrap()["entry"][0]["changes"][0]["value"]["statuses"], statuses);
}

#[test]
fn a_stored_webhook_is_translated_with_a_note_for_each_change() {
    use NoteKind::Changed;
    let old = json!({
        "contacts": [{ "wa_id": "16505551234" }], "metadata": { "phone_number_id": "2" },
        "messages": [
            { "from": "16505551234", "id": "D360-HBgL", "timestamp": "1", "type": "voice", "voice": { "id": "d360c10d-0000-8000-8000-000000000007" } },
            { "from": "16505551234", "id": "x", "timestamp": "1", "type": "unknown", "errors": [{ "code": 501, "title": "Unknown message type", "details": "d" }] },
            { "from": "16505551234", "id": "y", "timestamp": "1", "type": "system", "system": { "type": "user_identity_changed", "user": "16505551234" } },
            { "from": "16505551234", "id": "z", "timestamp": "1", "type": "system", "system": { "type": "user_changed_number", "new_wa_id": "16505550000" } },
            { "from": "16505551234", "id": "t", "timestamp": "1", "text": { "body": "Hi" } },
        ],
        "statuses": [
            { "id": "g", "status": "failed", "timestamp": "1", "message": { "recipient_id": "16505551234" },
              "errors": [{ "code": 470, "title": "Re-engagement message", "details": "too late" }] },
            { "id": "h", "status": "failed", "timestamp": "1", "recipient_id": "1", "errors": [{ "code": 1026 }] },
            { "id": "p", "status": "failed", "timestamp": "1", "recipient_id": "1", "type": "payment" },
        ],
    });
    let told = webhook::to_cloud(&old, &Options::new());
    let value = &told.value.as_ref().unwrap()["entry"][0]["changes"][0]["value"];
    assert_eq!(value["statuses"][0]["errors"][0]["code"], 131_047);
    assert_eq!(
        (&value["messages"][4]["type"], &value["statuses"][2]["type"]),
        (&json!("text"), &json!("payment"))
    );
    let notes = kinds(&told);
    for path in [
        "messages[0].id",
        "messages[0].type",
        "messages[0].voice.id",
        "messages[1].type",
        "messages[1].errors[0].code",
        "messages[1].errors[0].details",
        "messages[2].system.type",
        "messages[2].system.user",
        "messages[3].system.new_wa_id",
        "statuses[0]",
        "statuses[0].errors[0].code",
        "statuses[1].errors[0].code",
    ] {
        assert!(notes.contains(&(path, Changed)), "{path}: {notes:?}");
    }
    assert!(notes.contains(&("messages[4].type", NoteKind::Assumed)));
    let code = told.notes.iter().find(|note| note.path == "statuses[0].errors[0].code").unwrap().to_string();
    assert!(code.contains("470") && code.contains("131047"), "{code}");
    assert!(!told.loses());
}

/// The checks of a real old program (vumi-whatsapp) before it answers 200, reimplemented.
fn strict(flat: &Value) -> Result<(), String> {
    let texts = |value: &Value, keys: &[&str]| match keys.iter().find(|key| !value[**key].is_string()) {
        Some(key) => Err(format!("{key} of {value}")),
        None => Ok(()),
    };
    let list = |key: &str| flat[key].as_array().cloned().unwrap_or_default();
    for person in list("contacts") {
        texts(&person, &["wa_id"])?;
        texts(&person["profile"], &["name"])?;
    }
    for message in list("messages") {
        texts(&message, &["from", "id", "timestamp", "type"])?;
        let kind = message["type"].as_str().unwrap_or_default();
        let known = "audio button contacts document image interactive location sticker system text unknown video voice";
        let content = kind == "unknown" || !message[kind].is_null();
        let reply = kind != "interactive"
            || matches!(message[kind]["type"].as_str(), Some("button_reply" | "list_reply"));
        if !known.split(' ').any(|it| it == kind) || !content || !reply {
            return Err(format!("{message}"));
        }
    }
    for status in list("statuses") {
        texts(&status, &["id", "status", "timestamp", "recipient_id"])?;
        texts(&status["message"], &["recipient_id"])?;
        if !matches!(status["status"].as_str(), Some("sent" | "delivered" | "read" | "failed" | "deleted")) {
            return Err(format!("{status}"));
        }
    }
    for error in list("errors") {
        texts(&error, &["title"])?;
    }
    Ok(())
}

#[test]
fn a_strict_old_program_accepts_every_webhook() {
    let sender = json!([{ "user_id": "US.1a" }]);
    let mut hooks: Vec<Value> = new_messages()
        .into_iter()
        .map(|mut new| {
            new.as_object_mut().unwrap().remove("from");
            new["from_user_id"] = json!("US.1a");
            new["timestamp"] = json!(1_700_000_000);
            cloud("messages", json!({ "contacts": sender, "messages": [new] }))
        })
        .collect();
    let reply =
        json!({ "type": "interactive", "interactive": { "list_reply": { "id": "1", "title": "x" } } });
    hooks.push(cloud(
        "messages",
        json!({ "contacts": [{ "wa_id": "16505551234" }], "messages": [message(reply)] }),
    ));
    hooks.push(cloud(
        "messages",
        json!({ "contacts": sender, "statuses": [
        { "id": "a", "status": "played", "timestamp": "1", "recipient_user_id": "US.1a" }] }),
    ));
    hooks.push(cloud(
        "messages",
        json!({ "errors": [{ "code": 987_654 }, { "code": 130_429 }, { "code": 7, "message": "m" }] }),
    ));
    for hook in hooks {
        for flat in webhook::to_onprem(&hook, &Options::new()).value.unwrap() {
            assert_eq!(strict(&flat), Ok(()), "{flat}");
        }
    }
}

/// A null property is treated like an absent one.
#[test]
fn null_members_are_filled_in() {
    let of = |value: Value| {
        webhook::to_onprem(&cloud("messages", value), &Options::new()).value.unwrap().remove(0)
    };
    let status = of(
        json!({ "statuses": [{ "id": "wamid.a", "status": "sent", "timestamp": "1", "recipient_id": "16505551234", "message": null }] }),
    );
    assert_eq!(status["statuses"][0]["message"], json!({ "recipient_id": "16505551234" }));
    let reply = of(
        json!({ "contacts": [{ "wa_id": "16505551234", "profile": null }], "messages": [{ "from": "16505551234", "id": "wamid.b",
        "timestamp": "1", "type": "interactive", "interactive": { "type": null, "list_reply": null, "button_reply": { "id": "1", "title": "Yes" } } }] }),
    );
    assert_eq!(reply["messages"][0]["interactive"]["type"], "button_reply");
    assert!(reply["contacts"][0]["profile"].is_object());
}
