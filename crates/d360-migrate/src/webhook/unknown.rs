//! Messages that On-Premise never had, and their representation there.
use crate::json::text_of;
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// Types of messages that On-Premise had, under the same or another name.
const TYPES: [&str; 16] = [
    "text",
    "image",
    "video",
    "audio",
    "voice",
    "document",
    "sticker",
    "location",
    "contacts",
    "reaction",
    "button",
    "order",
    "ephemeral",
    "interactive",
    "unsupported",
    "unknown",
];
/// Replies to interactive messages.
const REPLIES: [&str; 2] = ["button_reply", "list_reply"];
/// System messages, by both names of Cloud and the name of On-Premise.
const SYSTEM: [&str; 4] =
    ["user_changed_number", "customer_changed_number", "customer_identity_changed", "user_identity_changed"];
/// The properties that a message of an unknown type keeps.
const KEPT: [&str; 7] = ["id", "from", "from_user_id", "group_id", "timestamp", "context", "identity"];

/// Sets the type of a message without one to that of its only known content. Returns whether it did.
pub(super) fn type_by_content(item: &mut Map<String, Value>) -> bool {
    if text_of(item, "type").is_some() {
        return false;
    }
    let mut known = TYPES.iter().chain(&["system"]).filter(|kind| item.contains_key(**kind));
    let (Some(kind), None) = (known.next(), known.next()) else { return false };
    item.insert("type".to_owned(), json!(kind));
    true
}

/// Sets the type of a reply without one to that of its only content. Returns whether it did.
pub(super) fn reply_by_content(item: &mut Map<String, Value>) -> bool {
    let Some(Value::Object(reply)) = item.get_mut("interactive") else { return false };
    // Null means absent.
    let says = |reply: &Map<String, Value>, key: &str| reply.get(key).is_some_and(|value| !value.is_null());
    if says(reply, "type") {
        return false;
    }
    let mut known = REPLIES.iter().filter(|kind| says(reply, kind));
    let (Some(kind), None) = (known.next(), known.next()) else { return false };
    reply.insert("type".to_owned(), json!(kind));
    true
}

/// Returns what On-Premise never had about a message, or `None`.
pub(super) fn novelty(item: &Map<String, Value>) -> Option<Cow<'static, str>> {
    let kind = text_of(item, "type");
    let inner = |kind: &str, known: &[&str]| {
        let content = item.get(kind)?.as_object()?;
        // Some payloads identify the reply only by its property.
        let told = text_of(content, "type");
        let named = told.or_else(|| Some(content.keys().find(|key| *key != "type")?.clone()))?;
        let is_new = !known.contains(&named.as_str());
        is_new.then(|| Cow::from(format!("{kind} of type {named}")))
    };
    match kind.as_deref() {
        None => Some("a message without a type".into()),
        Some("interactive") => inner("interactive", &REPLIES),
        Some("system") if item.get("system").is_some_and(|system| system.get("type").is_some()) => {
            inner("system", &SYSTEM)
        }
        Some("system") => None,
        Some(kind) => (!TYPES.contains(&kind)).then(|| format!("type {kind}").into()),
    }
}

/// Returns the message in the form of an unsupported message of On-Premise, without the [`error`].
pub(super) fn unknown(mut item: Map<String, Value>) -> Map<String, Value> {
    item.retain(|key, _| KEPT.contains(&key.as_str()));
    // Timestamps of On-Premise are texts.
    if let Some(time) = text_of(&item, "timestamp") {
        item.insert("timestamp".to_owned(), json!(time));
    }
    item.insert("type".to_owned(), json!("unknown"));
    item
}

/// Returns the error of a message of an unknown type.
pub(super) fn error() -> Value {
    json!({ "code": 501, "title": "Unknown message type", "details": "Message type is not currently supported" })
}
