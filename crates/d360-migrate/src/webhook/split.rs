//! Splits a webhook of Cloud into webhooks of one item each.
use super::{ITEMS, field, fields_of};
use crate::json::{items, one, text};
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap};

/// The properties that identify the origin of an item. Every part repeats them; only the first part keeps the others.
const OF_ENTRY: [&str; 2] = ["id", "time"];
const OF_CHANGE: [&str; 1] = ["field"];
const OF_VALUE: [&str; 2] = ["messaging_product", "metadata"];

/// The lists of items in a change of field `messages` or `calls`.
const PARTS: [&str; 4] = [ITEMS[0], "calls", ITEMS[1], ITEMS[2]];

/// Splits a webhook of Cloud into webhooks of one item each, in order. A gateway delivers and retries them one by
/// one.
///
/// Each part has the contact of its item. A change of a [field](d360_model::webhook::Event::field) other than
/// `messages` and `calls` is not split, nor is a value without items. A body without `entry` is returned unchanged.
/// The work is linear in the length of the webhook: a part repeats only the IDs, the field and the metadata, and the
/// first part keeps unknown properties around the items.
#[must_use]
pub fn split(webhook: &Value) -> Vec<Value> {
    let Some(entries) = webhook.get("entry") else { return vec![webhook.clone()] };
    let mut out = Vec::new();
    for entry in items(entries) {
        let changes = entry.get("changes").map(items).unwrap_or_default();
        let mut frame = Frame { object: webhook.get("object"), entry, is_first: true };
        if changes.is_empty() {
            out.push(envelope(frame.object, (*entry).clone()));
        }
        for change in changes {
            match change.get("value") {
                Some(Value::Object(value)) if matches!(field(change), "messages" | "calls") => {
                    split_value(value, |of_value, is_first| {
                        let mut part = fields_of(change, &OF_CHANGE, is_first, "value");
                        part.insert("value".to_owned(), of_value.into());
                        out.push(frame.around(part.into()));
                    });
                }
                _ => out.push(frame.around(change.clone())),
            }
        }
    }
    out
}

/// The properties around the changes of an entry.
struct Frame<'w> {
    object: Option<&'w Value>,
    entry: &'w Value,
    is_first: bool,
}

impl Frame<'_> {
    fn around(&mut self, change: Value) -> Value {
        let mut entry = fields_of(self.entry, &OF_ENTRY, self.is_first, "changes");
        self.is_first = false;
        entry.insert("changes".to_owned(), one(change));
        envelope(self.object, entry.into())
    }
}

fn envelope(object: Option<&Value>, entry: Value) -> Value {
    let mut envelope = Map::new();
    envelope.insert("object".to_owned(), object.cloned().unwrap_or_default());
    envelope.insert("entry".to_owned(), one(entry));
    envelope.into()
}

/// Calls `push` with the value of each part, and whether it is the first.
fn split_value(value: &Map<String, Value>, mut push: impl FnMut(Map<String, Value>, bool)) {
    let all = PARTS.map(|key| (key, value.get(key).map(items).unwrap_or_default()));
    if all.iter().all(|(_, items)| items.is_empty()) {
        return push(value.clone(), true);
    }
    let people = People::of(value.get("contacts").map(items).unwrap_or_default());
    let mut is_first = true;
    for (key, items) in all {
        for item in items {
            let rest = value.iter().filter(|(name, _)| {
                let is_item = PARTS.contains(&name.as_str()) || *name == "contacts";
                !is_item && (is_first || OF_VALUE.contains(&name.as_str()))
            });
            let mut part: Map<_, _> = rest.map(|(name, value)| (name.clone(), value.clone())).collect();
            let of_item = people.of_item(item);
            if !of_item.is_empty() {
                part.insert("contacts".to_owned(), of_item.into());
            }
            part.insert(key.to_owned(), one(item.clone()));
            push(part, is_first);
            is_first = false;
        }
    }
}

/// The contacts of a value by their IDs.
struct People {
    all: Vec<Value>,
    by_id: HashMap<(&'static str, String), usize>,
}

/// The properties of a contact and of an item that correspond.
const SAME: [(&str, &str); 4] = [
    ("wa_id", "from"),
    ("user_id", "from_user_id"),
    ("wa_id", "recipient_id"),
    ("user_id", "recipient_user_id"),
];

impl People {
    /// Merges contacts of the same user into one with the properties of all.
    fn of(contacts: &[Value]) -> Self {
        let mut people = Self { all: Vec::new(), by_id: HashMap::new() };
        for contact in contacts {
            let id = |key| Some((key, contact.get(key).and_then(text)?));
            let ids: Vec<_> = ["wa_id", "user_id"].into_iter().filter_map(id).collect();
            let known = ids.iter().find_map(|id| people.by_id.get(id).copied());
            match (known, contact) {
                (Some(at), Value::Object(contact)) => {
                    if let Some(Value::Object(known)) = people.all.get_mut(at) {
                        for (key, value) in contact {
                            known.entry(key).or_insert_with(|| value.clone());
                        }
                    }
                }
                _ => people.all.push(contact.clone()),
            }
            let at = known.unwrap_or(people.all.len() - 1);
            for id in ids {
                people.by_id.entry(id).or_insert(at);
            }
        }
        people
    }

    /// Returns the contacts of an item. A single contact belongs to every item, even without a matching ID.
    fn of_item(&self, item: &Value) -> Vec<Value> {
        let of_pair = |(of_contact, of_item): (&'static str, &str)| {
            let id = item.get(of_item).and_then(text)?;
            self.by_id.get(&(of_contact, id)).copied()
        };
        let found: BTreeSet<usize> = SAME.into_iter().filter_map(of_pair).collect();
        match &self.all[..] {
            [one] => vec![one.clone()],
            all => found.into_iter().map(|at| all[at].clone()).collect(),
        }
    }
}
