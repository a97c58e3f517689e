//! On-Premise to Cloud and back: results match the documents, and every loss has a note.
use d360::{
    migrate::{Note, NoteKind, Options, Translation, calls, message, webhook},
    model::{
        Message,
        webhook::{self as events, EventKind, Generation},
    },
};
use serde_json::{Map, Value, json};

mod linear;
mod old_calls;
mod properties;
mod words;

const WEBHOOKS: &str = include_str!("data/webhooks.json");

fn kinds<T>(translation: &Translation<T>) -> Vec<(&str, NoteKind)> {
    translation.notes.iter().map(|note| (note.path.as_str(), note.kind)).collect()
}

fn to_cloud(old: &Value) -> Translation<Value> {
    message::to_cloud(old, &Options::new())
}

#[test]
fn every_type_translates_to_cloud() {
    use NoteKind::{Assumed, Changed, Lost};
    let to = ("to", Changed);
    for (old, new, notes) in [
        (
            json!({"type": "text", "text": {"body": "Hi"}, "preview_url": true, "recipient_type": "individual"}),
            json!({"type": "text", "text": {"body": "Hi", "preview_url": true}}),
            vec![to, ("preview_url", Changed)],
        ),
        (
            json!({"text": {"body": "Hi"}}),
            json!({"type": "text", "text": {"body": "Hi"}}),
            vec![to, ("type", Assumed)],
        ),
        (
            json!({"type": "text", "text": {"body": "Hi", "mood": "fine"}, "colour": "red", "render": null}),
            json!({"type": "text", "text": {"body": "Hi"}}),
            vec![to, ("colour", Lost), ("text.mood", Lost)],
        ),
        (
            json!({"type": "image", "image": {"link": "http://example.com/i.jpg", "provider": {"name": "p"}, "caption": "c"}}),
            json!({"type": "image", "image": {"link": "http://example.com/i.jpg", "caption": "c"}}),
            vec![to, ("image.provider", Lost)],
        ),
        (
            json!({"type": "document", "document": {"id": "f043afd0-f0ae-4b9c-ab3d-696fb4c8cd68", "filename": "a.pdf"}}),
            json!({"type": "document", "document": {"id": "f043afd0-f0ae-4b9c-ab3d-696fb4c8cd68", "filename": "a.pdf"}}),
            vec![to, ("document.id", Assumed)],
        ),
        (
            json!({"type": "sticker", "sticker": {"id": "d360c10d-0000-8000-800f-f446be3f8de1"}}),
            json!({"type": "sticker", "sticker": {"id": "4490709327384033"}}),
            vec![to],
        ),
        (
            json!({"type": "voice", "voice": {"id": "7"}}),
            json!({"type": "audio", "audio": {"id": "7", "voice": true}}),
            vec![to, ("type", Changed)],
        ),
        (
            json!({"type": "audio", "audio": {"id": "7"}}),
            json!({"type": "audio", "audio": {"id": "7"}}),
            vec![to],
        ),
        (
            json!({"type": "location", "location": {"latitude": "37.758056", "longitude": -122.425332}}),
            json!({"type": "location", "location": {"latitude": 37.758056, "longitude": -122.425332}}),
            vec![to],
        ),
        (
            json!({"type": "contact", "contacts": [{"name": {"formatted_name": "A", "first_name": "A"}, "ims": []},
                {"name": {"formatted_name": "B", "first_name": "B"}, "ims": [{"service": "AIM", "user_id": "b"}], "pets": 1}]}),
            json!({"type": "contacts", "contacts": [{"name": {"formatted_name": "A", "first_name": "A"}},
                {"name": {"formatted_name": "B", "first_name": "B"}}]}),
            vec![to, ("type", Changed), ("contacts[1].ims", Lost), ("contacts[1].pets", Lost)],
        ),
        (
            json!({"type": "reaction", "reaction": {"message_id": "wamid.x", "emoji": "\u{1f44d}"}}),
            json!({"type": "reaction", "reaction": {"message_id": "wamid.x", "emoji": "\u{1f44d}"}}),
            vec![to],
        ),
        (
            json!({"type": "text", "text": {"body": "x"}, "context": {"message_id": "D360-HBgL"}}),
            json!({"type": "text", "text": {"body": "x"}, "context": {"message_id": "wamid.HBgL"}}),
            vec![to],
        ),
        (
            json!({"type": "text", "text": {"body": "x"}, "context": {"message_id": "gBEGkYiEB1VXAglK1ZEqA1YKPrU"}}),
            json!({"type": "text", "text": {"body": "x"}}),
            vec![to, ("context.message_id", Lost)],
        ),
        (
            json!({"type": "interactive", "interactive": {"type": "button", "body": {"text": " Well? "}, "action": {"buttons": [
                {"type": "reply", "reply": {"id": " 1", "title": "Yes "}}]}}}),
            json!({"type": "interactive", "interactive": {"type": "button", "body": {"text": "Well?"}, "action": {"buttons": [
                {"type": "reply", "reply": {"id": " 1", "title": "Yes"}}]}}}),
            vec![
                to,
                ("interactive.action.buttons[0].reply.title", Changed),
                ("interactive.body.text", Changed),
            ],
        ),
        (
            json!({"type": "template", "ttl": 86400, "template": {"namespace": "n", "name": "t", "language": {"policy": "deterministic", "code": "en"},
                "components": [{"type": "header", "parameters": [{"type": "image", "image": {"link": "https://example.com/i.jpg", "provider": {"name": "p"}}}]},
                    {"type": "body", "parameters": [{"type": "date_time", "date_time": {"fallback_value": "Monday", "day_of_week": 1, "timestamp": 1}}]},
                    {"type": "button", "sub_type": "quick_reply", "parameters": [{"type": "payload", "payload": "yes"}]}]}}),
            json!({"type": "template", "template": {"name": "t", "language": {"code": "en"},
                "components": [{"type": "header", "parameters": [{"type": "image", "image": {"link": "https://example.com/i.jpg"}}]},
                    {"type": "body", "parameters": [{"type": "date_time", "date_time": {"fallback_value": "Monday", "day_of_week": 1}}]},
                    {"type": "button", "sub_type": "quick_reply", "index": "0", "parameters": [{"type": "payload", "payload": "yes"}]}]}}),
            vec![
                to,
                ("template.components[0].parameters[0].image.provider", Lost),
                ("template.namespace", Changed),
                ("template.language.policy", Changed),
                ("template.components[2].index", Changed),
                ("ttl", Lost),
                ("template.components[1].parameters[0].date_time.timestamp", Lost),
            ],
        ),
        (
            json!({"type": "hsm", "hsm": {"namespace": "n", "element_name": "e", "language": {"policy": "fallback", "code": "en_US"}, "localizable_params": [
                {"default": "1234"}, {"default": "$10", "currency": {"currency_code": "USD", "amount_1000": 10_000}},
                {"default": "Monday", "date_time": {"component": {"day_of_week": 1}}}]}}),
            json!({"type": "template", "template": {"name": "e", "language": {"code": "en_US"}, "components": [{"type": "body", "parameters": [
                {"type": "text", "text": "1234"},
                {"type": "currency", "currency": {"fallback_value": "$10", "code": "USD", "amount_1000": 10_000}},
                {"type": "date_time", "date_time": {"fallback_value": "Monday"}}]}]}}),
            vec![
                to,
                ("type", Changed),
                ("hsm.language.policy", Lost),
                ("hsm.namespace", Changed),
                ("hsm.localizable_params[2].date_time", Lost),
            ],
        ),
    ] {
        let (mut old, mut new) = (old, new);
        old["to"] = json!("16505551234");
        new["to"] = json!("+16505551234");
        new["messaging_product"] = json!("whatsapp");
        new["recipient_type"] = json!("individual");
        let translated = to_cloud(&old);
        let mut expected = notes;
        let mut found = kinds(&translated);
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "{old}");
        assert_eq!(translated.value.as_ref(), Some(&new), "{:?}", translated.notes);
        let (message, found) = Message::from_json(new.to_string().as_bytes()).unwrap();
        assert!(!message.validate().refuses(false) && found.errors().next().is_none());
        assert!(translated.notes.iter().all(|note| !note.why.is_empty() && !note.what_to_do.is_empty()));
    }
}

#[test]
fn recipients_translate_to_cloud() {
    let to = |to: Value, kind: &str| {
        let translated =
            to_cloud(&json!({"to": to, "recipient_type": kind, "type": "text", "text": {"body": "x"}}));
        let value = translated.value.unwrap_or_else(|| panic!("{to}: {:?}", translated.notes));
        (value.get("to").cloned(), value.get("recipient").cloned(), value["recipient_type"].clone())
    };
    let number = || Some(json!("+16505551234"));
    for given in [
        json!("16505551234"),
        json!("+16505551234"),
        json!("16505551234@s.whatsapp.net"),
        json!(16_505_551_234_u64),
        json!("0016505551234"),
    ] {
        assert_eq!(to(given.clone(), "individual"), (number(), None, json!("individual")), "{given}");
    }
    assert_eq!(to(json!("US.13491208655302741918"), "individual").1, Some(json!("US.13491208655302741918")));
    assert_eq!(
        to(json!("16505551234-1580000000"), "group"),
        (Some(json!("16505551234-1580000000")), None, json!("group"))
    );
}

#[test]
fn invalid_messages_are_refused_with_their_old_path() {
    for (old, path) in [
        (json!("x"), ""),
        (json!({"type": "text", "text": {"body": "x"}}), "to"),
        (json!({"to": "abc", "type": "text", "text": {"body": "x"}}), "to"),
        (
            json!({"to": "1650555123", "recipient_type": "broadcast", "type": "text", "text": {"body": "x"}}),
            "recipient_type",
        ),
        (json!({"to": "1650555123", "type": "text", "text": {"body": "x".repeat(4097)}}), "text.body"),
        (json!({"to": "1650555123", "type": "text"}), "text"),
        (json!({"to": "1650555123", "type": "image", "image": {}}), "image.id"),
        (json!({"to": "1650555123", "type": "voice", "voice": {"link": "x"}}), "voice.link"),
        (
            json!({"to": "1650555123", "type": "contacts", "contacts": [{"name": {}}]}),
            "contacts[0].name.formatted_name",
        ),
        (
            json!({"to": "1650555123", "type": "reaction", "reaction": {"message_id": "gBEG", "emoji": "\u{1f44d}"}}),
            "reaction.message_id",
        ),
        (
            json!({"to": "1650555123", "type": "hsm", "hsm": {"namespace": "n", "language": {"code": "en"}}}),
            "hsm.element_name",
        ),
        (
            json!({"to": "1650555123", "type": "hsm", "hsm": {"element_name": "e", "language": {"code": "en"}, "localizable_params": [{}]}}),
            "hsm.localizable_params[0].default",
        ),
        (json!({"to": "1650555123", "type": "template", "template": {"name": "t"}}), "template.language"),
        (json!({"to": "1650555123", "type": "stickerpack", "stickerpack": 7}), "type"),
    ] {
        let translated = to_cloud(&old);
        assert!(translated.value.is_none(), "{old}");
        let refused = |note: &&Note| note.kind == NoteKind::Refused;
        assert!(
            translated.notes.iter().filter(refused).any(|note| note.path == path),
            "{old}: {:?}",
            translated.notes
        );
    }
}

/// Returns every difference between two values, by path.
fn differences(a: &Value, b: &Value, path: &str, out: &mut Vec<String>) {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: std::collections::BTreeSet<_> = a.keys().chain(b.keys()).collect();
            for key in keys {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                match (a.get(key), b.get(key)) {
                    (Some(a), Some(b)) => differences(a, b, &path, out),
                    _ => out.push(path),
                }
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (at, (a, b)) in a.iter().zip(b).enumerate() {
                differences(a, b, &format!("{path}[{at}]"), out);
            }
        }
        // 1 and 1.0 are the same number.
        (Value::Number(a), Value::Number(b)) if a.as_f64() == b.as_f64() => {}
        (a, b) if a == b => {}
        _ => out.push(path.to_owned()),
    }
}

/// Returns the differences that no note covers.
fn silent(a: &Value, b: &Value, notes: &[&[Note]]) -> Vec<String> {
    let mut found = Vec::new();
    differences(a, b, "", &mut found);
    // A note at the path itself or above it counts. A note on the whole does not, because it would cover everything.
    let told = |path: &str| {
        notes.iter().flat_map(|notes| notes.iter()).filter(|note| !note.path.is_empty()).any(|note| {
            path.strip_prefix(note.path.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        })
    };
    found.retain(|path| !told(path));
    found
}

#[test]
fn onprem_webhooks_round_trip_through_cloud() {
    let examples: Map<String, Value> = serde_json::from_str(WEBHOOKS).unwrap();
    let options = Options::new().account("1").number("2", "15550783881");
    for (name, old) in examples.iter().filter(|(name, _)| name.starts_with("onprem/")) {
        let cloud = webhook::to_cloud(old, &options);
        let new = cloud.value.as_ref().unwrap_or_else(|| panic!("{name}: {:?}", cloud.notes));
        let read = events::read(new.to_string().as_bytes()).unwrap();
        let before = events::read(old.to_string().as_bytes()).unwrap();
        assert_eq!(read.len(), before.len(), "{name}");
        for (event, before) in read.iter().zip(&before) {
            assert_eq!((event.generation, event.phone_number_id()), (Generation::Cloud, Some("2")), "{name}");
            assert!(!matches!(event.kind, EventKind::Unreadable(_) | EventKind::Other), "{name}: {event:?}");
            assert_eq!(std::mem::discriminant(&event.kind), std::mem::discriminant(&before.kind), "{name}");
        }
        let back = webhook::to_onprem(new, &options);
        let mut again = back.value.clone().unwrap().remove(0);
        again.as_object_mut().unwrap().remove("metadata");
        assert_eq!(
            silent(old, &again, &[&cloud.notes, &below(&back.notes)]),
            Vec::<String>::new(),
            "{name}: {again}"
        );
    }
}

/// Returns the notes of an envelope with paths relative to the value.
fn below(notes: &[Note]) -> Vec<Note> {
    let mut notes = notes.to_vec();
    for note in &mut notes {
        note.path = note.path.strip_prefix("entry[0].changes[0].value.").unwrap_or(&note.path).to_owned();
    }
    notes
}

#[test]
fn cloud_webhooks_translate_to_onprem() {
    let examples: Map<String, Value> = serde_json::from_str(WEBHOOKS).unwrap();
    let one = |name: &str| {
        let translated = webhook::to_onprem(&examples[name], &Options::new());
        (translated.value.unwrap_or_else(|| panic!("{name}")), translated.notes)
    };
    for (name, cloud) in examples.iter().filter(|(name, _)| name.starts_with("cloud/")) {
        let (flat, notes) = one(name);
        if name == "cloud/user_id_update" {
            assert!(flat.is_empty() && notes.iter().any(|note| note.kind == NoteKind::Lost), "{notes:?}");
            continue;
        }
        assert_eq!(flat.len(), 1, "{name}");
        for event in events::read(flat[0].to_string().as_bytes()).unwrap() {
            assert_eq!(event.generation, Generation::OnPremise, "{name}");
            assert!(!matches!(event.kind, EventKind::Unreadable(_)), "{name}: {event:?}");
            if let EventKind::Message(message) = &event.kind {
                assert!(message.from.is_some(), "{name}: an old program looks for from");
            }
        }
        let back = webhook::to_cloud(&flat[0], &Options::new());
        let again = back.value.unwrap();
        let old = &cloud["entry"][0]["changes"][0]["value"];
        let new = &again["entry"][0]["changes"][0]["value"];
        assert_eq!(silent(old, new, &[&below(&notes), &back.notes]), Vec::<String>::new(), "{name}: {again}");
        assert_eq!(
            (&again["entry"][0]["id"], &again["object"]),
            (&cloud["entry"][0]["id"], &cloud["object"])
        );
    }
    let (failed, _) = one("cloud/status_failed");
    assert_eq!(failed[0]["statuses"][0]["errors"][0]["code"], 472);
    let (bsuid, notes) = one("cloud/contacts_shared_vcard");
    assert_eq!(bsuid[0]["messages"][0]["from"], "US.13491208655302741918");
    assert!(
        notes.iter().any(|note| note.path.ends_with("messages[0].from") && note.kind == NoteKind::Changed)
    );
    let (number, _) = one("cloud/system_number_change");
    assert_eq!(number[0]["messages"][0]["system"]["new_wa_id"], "12195555358");
}

#[test]
fn webhook_details_match_the_table() {
    let value = json!({"metadata": {"display_phone_number": "15550783881", "phone_number_id": "2"},
        "contacts": [{"wa_id": "16505551234", "profile": {"name": "A"}, "identity_key_hash": "h"}],
        "messages": [
            {"from": "16505551234", "id": "wamid.HBgL", "timestamp": "1700000000", "type": "audio", "audio": {"id": "7", "mime_type": "audio/ogg", "voice": true}},
            {"from": "16505551234", "id": "wamid.a", "timestamp": "1", "type": "unsupported", "unsupported": {"type": "edit"},
             "errors": [{"code": 131_051, "title": "Unsupported message type", "message": "Unsupported message type", "error_data": {"details": "d"}}]},
            {"from": "16505551234", "id": "wamid.b", "timestamp": "1", "type": "system", "system": {"type": "customer_identity_changed", "identity": "i", "customer": "16505551234"}},
        ],
        "statuses": [{"id": "wamid.c", "status": "played", "timestamp": "1", "recipient_user_id": "US.1a"},
            {"id": "wamid.d", "status": "failed", "timestamp": "1", "recipient_id": "16505551234", "errors": [
                {"code": 131_047, "title": "Re-engagement message", "message": "Re-engagement message", "error_data": {"details": "more than 24 hours"}}]}]});
    let cloud = json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": "messages", "value": value}]}]});
    let translated = webhook::to_onprem(&cloud, &Options::new().old_ids(true));
    let flat = &translated.value.as_ref().unwrap()[0];
    assert_eq!(
        flat["messages"][0],
        json!({"from": "16505551234", "id": "D360-HBgL", "timestamp": "1700000000", "type": "voice",
            "voice": {"id": "d360c10d-0000-8000-8000-000000000007", "mime_type": "audio/ogg"},
            "identity": {"acknowledged": true, "created_timestamp": 1_700_000_000_000_u64, "hash": "h"}})
    );
    assert_eq!(
        (&flat["messages"][1]["type"], &flat["messages"][1]["errors"][0]["code"]),
        (&json!("unknown"), &json!(501))
    );
    assert_eq!(
        flat["messages"][2]["system"],
        json!({"type": "user_identity_changed", "identity": "i", "user": "16505551234"})
    );
    assert_eq!(
        (&flat["statuses"][0]["status"], &flat["statuses"][0]["recipient_id"]),
        (&json!("read"), &json!("US.1a"))
    );
    assert_eq!(
        flat["statuses"][1]["errors"][0],
        json!({"code": 470, "title": "Re-engagement message", "details": "more than 24 hours"})
    );
    assert_eq!(
        flat["metadata"],
        json!({"display_phone_number": "15550783881", "phone_number_id": "2", "waba_id": "1"})
    );
    assert!(!translated.loses(), "{:?}", translated.notes);
    // One by one, each with its own contact.
    let split = webhook::split(&cloud);
    assert_eq!(split.len(), 5);
    let ids: Vec<String> = split
        .iter()
        .flat_map(|one| events::read(one.to_string().as_bytes()).unwrap())
        .map(|event| event.raw()["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids, ["wamid.HBgL", "wamid.a", "wamid.b", "wamid.c", "wamid.d"]);
    for bad in [json!(7), json!({}), json!({"entry": "x"})] {
        let translated = webhook::to_onprem(&bad, &Options::new());
        assert!(translated.value.is_none_or(|all| all.is_empty()), "{bad}");
        assert!(webhook::to_cloud(&bad, &Options::new()).value.is_none_or(|value| value == bad), "{bad}");
    }
}

/// The guide lists every pair of codes and every call.
#[test]
fn the_guide_lists_every_code_and_call() {
    let guide = include_str!("../../crates/d360/docs/migration.md");
    for pair in d360::migrate::errors::PAIRS {
        let row = format!("| {} | {} |", pair.answer, pair.webhook);
        let found =
            guide.lines().any(|line| line.starts_with(&format!("| {} |", pair.cloud)) && line.contains(&row));
        assert!(found, "{pair:?}");
    }
    for call in calls::ALL {
        let method = if call.method == "ANY" { "any" } else { call.method };
        let start = format!("| `{method} {}` | {:?} |", call.path, call.fate).to_lowercase();
        let row = guide.lines().find(|line| line.to_lowercase().starts_with(&start));
        assert!(row.is_some_and(|row| row.contains(call.note)), "{start} {}", call.note);
    }
}
