//! Translates webhooks between Cloud's envelope and On-Premise's flat form.
//!
//! Data without a counterpart in the old form is kept as properties that an old program ignores: `metadata` (with
//! `waba_id`) next to the messages, and `from_user_id`, `user_id`, `username`, … where Cloud has them. A user without
//! a number gets the BSUID in place of the WhatsApp ID, which a gateway accepts as a recipient. `played` becomes
//! `read`. A call, and a message of a type that On-Premise never had, becomes `type: "unknown"` with error 501,
//! unless [`Options::pass_new_types`](crate::Options::pass_new_types) is set. Notes list every change, but not
//! properties that are only kept.
mod split;
mod to_cloud;
mod to_onprem;
mod unknown;

pub use split::split;
pub use to_cloud::to_cloud;
pub use to_onprem::to_onprem;

use serde_json::{Map, Value};

/// The lists of items.
const ITEMS: [&str; 3] = ["messages", "statuses", "errors"];

/// Returns the field of a change. Meta's test button and old captures omit it and mean `messages`.
fn field(change: &Value) -> &str {
    match change.get("field") {
        None | Some(Value::Null) => "messages",
        Some(Value::String(field)) if field.is_empty() => "messages",
        Some(Value::String(field)) => field,
        // An item of another field is never treated as a message.
        Some(_) => "(not a text)",
    }
}

/// Returns the properties of an object except `content`: all of them, or those listed in `some`.
fn fields_of(value: &Value, some: &[&str], all: bool, content: &str) -> Map<String, Value> {
    let fields = value.as_object().into_iter().flatten();
    let wanted = fields.filter(|(name, _)| *name != content && (all || some.contains(&name.as_str())));
    wanted.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Changes an ID in place.
fn each_id(map: &mut Map<String, Value>, key: &str, change: impl FnOnce(&str) -> String) {
    if let Some(Value::String(id)) = map.get_mut(key) {
        *id = change(id);
    }
}
