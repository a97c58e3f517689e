//! Meta's own examples of requests: each is parsed, validated, serialized and compared by property.
//!
//! `data/meta_message_requests.json` and `meta_template_requests.json` hold the examples of `POST /messages` and of
//! templates of Meta's OpenAPI file (business-messaging-api v23.0, MIT, facebook/openapi), with placeholders filled
//! in.
use d360::model::{Content, Message, template::NewTemplate};
use serde_json::Value;

const REQUESTS: &str = include_str!("data/meta_message_requests.json");

const TEMPLATES: &str = include_str!("data/meta_template_requests.json");

/// Checks that `found` contains everything of `expected`. Additional properties are collected in `beyond`.
fn compare(expected: &Value, found: &Value, path: &str, beyond: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            for (key, value) in expected {
                let path = format!("{path}.{key}");
                compare(value, found.get(key).unwrap_or_else(|| panic!("{path} is gone")), &path, beyond);
            }
            let more = found.keys().filter(|key| !expected.contains_key(*key));
            beyond.extend(more.map(|key| format!("{path}.{key}")));
        }
        (Value::Array(expected), Value::Array(found)) => {
            assert_eq!(expected.len(), found.len(), "{path}");
            for (i, (expected, found)) in expected.iter().zip(found).enumerate() {
                compare(expected, found, &format!("{path}[{i}]"), beyond);
            }
        }
        _ => assert_eq!(expected, found, "{path}"),
    }
}

#[test]
fn metas_message_examples_round_trip() {
    let examples: serde_json::Map<String, Value> = serde_json::from_str(REQUESTS).unwrap();
    assert_eq!(examples.len(), 50);
    let mut raw = Vec::new();
    for (name, example) in &examples {
        if example.get("status").is_some() {
            // A read mark, which is not a message; see `reads_are_marked`.
            continue;
        }
        let (message, _) = Message::from_json(example.to_string().as_bytes())
            .unwrap_or_else(|problems| panic!("{name}: {problems}"));
        let mut beyond = Vec::new();
        compare(example, &serde_json::to_value(&message).unwrap(), name, &mut beyond);
        // Properties that Meta omits and accepts: the kind of recipient and the type.
        beyond.retain(|path| !path.ends_with(".recipient_type") && *path != format!("{name}.type"));
        assert!(beyond.is_empty(), "{beyond:?}");
        if let Content::Raw(_) = message.content {
            raw.push(name);
        }
    }
    assert!(raw.is_empty(), "unknown types: {raw:?}");
}

#[test]
fn metas_template_examples_round_trip() {
    let examples: serde_json::Map<String, Value> = serde_json::from_str(TEMPLATES).unwrap();
    assert_eq!(examples.len(), 12);
    for (name, example) in &examples {
        let (template, _) = NewTemplate::from_json(example.to_string().as_bytes())
            .unwrap_or_else(|problems| panic!("{name}: {problems}"));
        assert_eq!(serde_json::to_value(&template).unwrap(), *example, "{name}");
    }
}

#[test]
fn reads_are_marked() {
    use crate::{rig::sent, server::answer};
    use d360::cloud::messages::MarkMessageRead;
    let examples: serde_json::Map<String, Value> = serde_json::from_str(REQUESTS).unwrap();
    let example = examples.values().find(|example| example.get("status").is_some()).unwrap();
    let id = example["message_id"].as_str().unwrap();
    let ok = || answer(200, r#"{"success": true}"#);
    let seen = sent(ok(), |client| client.call(MarkMessageRead::new(id).typing()).unwrap());
    assert_eq!(serde_json::from_slice::<Value>(&seen.body).unwrap(), *example);
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("POST", "/messages"));
    let seen = sent(ok(), |client| client.call(MarkMessageRead::new(id)).unwrap());
    assert!(serde_json::from_slice::<Value>(&seen.body).unwrap().get("typing_indicator").is_none());
    sent(ok(), |client| {
        client.call(MarkMessageRead::new(" ")).unwrap_err();
        client.call(MarkMessageRead::new("wamid.x")).unwrap();
    });
}
