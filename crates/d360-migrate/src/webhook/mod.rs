//! Webhooks: Cloud's envelope and On-Premise's flat form.
//!
//! What the old form has no place for is carried as properties that an old program passes over: `metadata` (with `waba_id`) beside the
//! messages, `from_user_id`, `user_id`, `username`, … where Cloud has them. A user without a number gets the BSUID in the place of the
//! WhatsApp ID, which a gateway takes back as a recipient. `played` becomes `read`. A message of a type that On-Premise never had, and
//! a call, becomes `type: "unknown"` with error 501, unless [`Options::pass_new_types`](crate::Options::pass_new_types) is set. Notes
//! name what is said differently; what is only carried along has none.
mod split;
mod to_cloud;
mod to_onprem;
mod unknown;

pub use split::split;
pub use to_cloud::to_cloud;
pub use to_onprem::to_onprem;

use serde_json::{Map, Value};

/// Where items stand.
const ITEMS: [&str; 3] = ["messages", "statuses", "errors"];

/// The field of a change; Meta's test button and old captures have none where they mean `messages`.
fn field(change: &Value) -> &str {
    match change.get("field") {
        None | Some(Value::Null) => "messages",
        Some(Value::String(field)) if field.is_empty() => "messages",
        Some(Value::String(field)) => field,
        // What is for another field is never taken for a message.
        Some(_) => "(not a text)",
    }
}

/// The properties of an object but `content`: all of them, or those that are named in `some`.
fn fields_of(value: &Value, some: &[&str], all: bool, content: &str) -> Map<String, Value> {
    let fields = value.as_object().into_iter().flatten();
    let wanted = fields.filter(|(name, _)| *name != content && (all || some.contains(&name.as_str())));
    wanted.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Changes an id where it stands.
fn each_id(map: &mut Map<String, Value>, key: &str, change: impl FnOnce(&str) -> String) {
    if let Some(Value::String(id)) = map.get_mut(key) {
        *id = change(id);
    }
}
