//! Webhooks: Cloud's envelope and On-Premise's flat form.
//!
//! What the old form has no place for is carried as properties that an old program passes over: `metadata` (with `waba_id`) beside the
//! messages, `from_user_id`, `user_id`, `username`, … where Cloud has them. A user without a number gets the BSUID in the place of the
//! WhatsApp ID, which a gateway takes back as a recipient. `played` becomes `read`. Notes name what is said differently; what is only
//! carried along has none.
mod to_cloud;
mod to_onprem;

pub use to_cloud::to_cloud;
pub use to_onprem::to_onprem;

use crate::json::list;
use serde_json::{Map, Value, json};

/// Where items stand.
const ITEMS: [&str; 3] = ["messages", "statuses", "errors"];

/// A webhook of Cloud as several, of one item each, in order: what a gateway delivers and repeats one by one. What is no item of
/// [field](d360_model::webhook::Event::field) `messages` stays together. Anything else than an envelope comes back as it is.
#[must_use]
pub fn split(webhook: &Value) -> Vec<Value> {
    let Some(entries) = webhook.get("entry") else { return vec![webhook.clone()] };
    let mut out = Vec::new();
    for entry in list(entries.clone()) {
        let changes = entry.get("changes").cloned().map(list).unwrap_or_default();
        if changes.is_empty() {
            out.push(json!({ "object": webhook.get("object"), "entry": [entry] }));
            continue;
        }
        for change in changes {
            let mut push = |value: Value| {
                let mut change = change.clone();
                change["value"] = value;
                let mut entry = entry.clone();
                entry["changes"] = json!([change]);
                out.push(json!({ "object": webhook.get("object"), "entry": [entry] }));
            };
            let Some(value) = change.get("value").and_then(Value::as_object) else {
                let mut entry = entry.clone();
                entry["changes"] = json!([change]);
                out.push(json!({ "object": webhook.get("object"), "entry": [entry] }));
                continue;
            };
            let mut rest = value.clone();
            let items: Vec<(&str, Value)> = ITEMS
                .iter()
                .flat_map(|key| {
                    let items = rest.remove(*key).map(list).unwrap_or_default();
                    items.into_iter().map(|item| (*key, item))
                })
                .collect();
            if items.is_empty() {
                push(value.clone().into());
            }
            let people = rest.get("contacts").cloned().map(list).unwrap_or_default();
            for (key, item) in items {
                let mut value = rest.clone();
                let of_item: Vec<Value> =
                    people.iter().filter(|person| is_of(person, &item)).cloned().collect();
                if of_item.is_empty() {
                    // The only one is meant even where no id says so.
                    if people.len() > 1 {
                        value.remove("contacts");
                    }
                } else {
                    value.insert("contacts".to_owned(), of_item.into());
                }
                value.insert(key.to_owned(), json!([item]));
                push(value.into());
            }
        }
    }
    out
}

/// Whether a contact is the sender or recipient of an item.
fn is_of(person: &Value, item: &Value) -> bool {
    let same = |a: &str, b: &str| person.get(a).is_some_and(|id| item.get(b) == Some(id));
    same("wa_id", "from")
        || same("user_id", "from_user_id")
        || same("wa_id", "recipient_id")
        || same("user_id", "recipient_user_id")
}

/// Changes an id where it stands.
fn each_id(map: &mut Map<String, Value>, key: &str, change: impl FnOnce(&str) -> String) {
    if let Some(Value::String(id)) = map.get_mut(key) {
        *id = change(id);
    }
}
