//! Translates a message of Cloud to On-Premise.
use super::{each_file, template};
use crate::{
    Options, Translation,
    json::{text_of, without_nulls},
    note::Notes,
};
use serde_json::{Map, Value, json};

/// Translates the body of `POST /messages` to the body of `POST /v1/messages`, for tests of old programs and for
/// comparison.
///
/// The sources are those of [`to_cloud`](super::to_cloud).
#[must_use]
pub fn to_onprem(message: &Value, options: &Options) -> Translation<Value> {
    let mut notes = Notes::default();
    let Value::Object(mut cloud) = without_nulls(message.clone()) else {
        notes.refused("", "is not an object", "use the body of POST /messages");
        return notes.with(None);
    };
    let mut old = Map::new();
    cloud.remove("messaging_product");
    match text_of(&cloud, "recipient_type").as_deref() {
        Some("group") => {
            old.insert("recipient_type".to_owned(), json!("group"));
        }
        None | Some("individual") => {}
        Some(_) => notes.lost("recipient_type", "On-Premise has only individual and group", "remove it"),
    }
    cloud.remove("recipient_type");
    match (text_of(&cloud, "to"), text_of(&cloud, "recipient")) {
        (Some(to), recipient) => {
            if recipient.is_some() {
                notes.lost("recipient", "On-Premise has no BSUIDs", "remove it");
            }
            let digits = to.strip_prefix('+').filter(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
            old.insert("to".to_owned(), json!(digits.unwrap_or(&to)));
        }
        (None, Some(_)) => notes.refused("recipient", "On-Premise has no BSUIDs", "send to a phone number"),
        (None, None) => notes.refused("to", "is required", "add a phone number"),
    }
    cloud.remove("to");
    cloud.remove("recipient");
    let Some(kind) = text_of(&cloud, "type") else {
        notes.refused("type", "is required", "add the type, for example \"text\"");
        return notes.with(None);
    };
    cloud.remove("type");
    let Some(mut content) = cloud.remove(&kind) else {
        notes.refused(&kind, "is required for a message of this type", "add its content");
        return notes.with(None);
    };
    each_file(&mut content, &kind, &kind, &mut |file, _| {
        if let Some(Value::String(id)) = file.get_mut("id") {
            *id = options.media_id(id);
        }
    });
    let old_kind = translate(&kind, &mut content, &mut old, options, &mut notes);
    old.insert("type".to_owned(), json!(old_kind));
    old.insert(old_kind.to_owned(), content);
    if let Some(mut context) = notes.object(&mut cloud, "context", "context") {
        if let Some(Value::String(id)) = context.get_mut("message_id") {
            *id = options.message_id(id);
        }
        old.insert("context".to_owned(), context.into());
    }
    for key in cloud.keys() {
        notes.lost(key, "On-Premise has no such property", "remove it");
    }
    notes.with(Value::Object(old))
}

fn translate(
    kind: &str,
    content: &mut Value,
    old: &mut Map<String, Value>,
    options: &Options,
    notes: &mut Notes,
) -> String {
    match (kind, content) {
        ("text", Value::Object(text)) => {
            if let Some(preview) = text.remove("preview_url") {
                old.insert("preview_url".to_owned(), preview);
            }
        }
        ("audio", Value::Object(audio)) => {
            let voice = audio.remove("voice").is_some_and(|voice| voice == true);
            return if voice { "voice" } else { "audio" }.to_owned();
        }
        ("template", Value::Object(map)) => template::to_onprem(map, options.namespace.as_deref(), notes),
        ("reaction", Value::Object(reaction)) => {
            if let Some(Value::String(id)) = reaction.get_mut("message_id") {
                *id = options.message_id(id);
            }
        }
        ("interactive", content) => {
            // Types that are newer than client v2.53, the last one with new features.
            let new = ["request_contact_info", "carousel", "address_message"];
            if let Some(kind) = content.get("type").and_then(Value::as_str).filter(|kind| new.contains(kind))
            {
                notes.refused(
                    "interactive.type",
                    format!("On-Premise has no {kind}"),
                    "send another message",
                );
            }
        }
        _ => {}
    }
    kind.to_owned()
}
