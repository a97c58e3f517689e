//! Translates a webhook of Cloud to On-Premise.
mod error;

use super::{ITEMS, each_id, field, unknown};
use crate::{
    Options, Translation,
    json::{items, list, one, rename, text, text_of},
    message::each_file,
    note::Notes,
};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// The property with calls.
const CALLS: &str = "calls";
const UNKNOWN: &str = "On-Premise never had it; it becomes `unknown` with error 501";
const READ_IT: &str = "read it from Cloud's own webhook, or pass new types through";
const NEW: &str = "On-Premise never had it; it is passed through";
const EXPECT_IT: &str = "expect a type that the program does not know";

/// The property with the hash of a user's identity.
const HASH: &str = "identity_key_hash";

/// Translates the body of a webhook of Cloud to bodies of On-Premise: one for each change of field `messages`, and
/// one for each change of field `calls` with a call by a user. Other fields have no counterpart.
///
/// (Meta, "Migrating from On-Premises API to Cloud API" and "Webhooks" of both, 2025-11 to 2026-06)
#[must_use]
pub fn to_onprem(webhook: &Value, options: &Options) -> Translation<Vec<Value>> {
    let mut notes = Notes::default();
    let Value::Object(map) = webhook else {
        notes.refused("", "is not a JSON object", "use the body of a webhook as it was posted");
        return notes.with(None);
    };
    let bare;
    let entries = match (map.get("entry"), map.get("value")) {
        (Some(entries), _) => items(entries),
        // Meta's test button.
        (None, Some(_)) => {
            bare = one(Map::from_iter([("changes".to_owned(), one(webhook.clone()))]));
            items(&bare)
        }
        (None, None) if ITEMS.iter().any(|key| map.contains_key(*key)) => {
            notes.assumed("", "already has the form of On-Premise", "use it as it is");
            return notes.with(vec![webhook.clone()]);
        }
        (None, None) => {
            notes.refused("", "is not a webhook of Cloud: it has no entry", "use the body as it was posted");
            return notes.with(None);
        }
    };
    let mut out = Vec::new();
    for (i, entry) in entries.iter().enumerate() {
        let changes = entry.get("changes").map(items).unwrap_or_default();
        if changes.is_empty() {
            notes.lost(&format!("entry[{i}]"), "has no changes", "read the original webhook");
        }
        for (j, change) in changes.iter().enumerate() {
            let path = format!("entry[{i}].changes[{j}]");
            let field = field(change);
            let Some(Value::Object(value)) = change.get("value") else {
                notes.lost(&path, "has no value", "read the original webhook");
                continue;
            };
            if !matches!(field, "messages" | "calls") {
                let why = format!("On-Premise had no webhooks of field {field}");
                notes.lost(&path, why, "read it from Cloud's own webhook");
                continue;
            }
            let mut flat = Translator { options, notes: &mut notes, path: format!("{path}.value") };
            let value = flat.calls(value.clone(), field == CALLS);
            out.extend(flat.value(value, entry));
        }
    }
    notes.with(out)
}

struct Translator<'t> {
    options: &'t Options,
    notes: &'t mut Notes,
    /// The path of the value.
    path: String,
}

impl Translator<'_> {
    fn value(&mut self, value: Map<String, Value>, entry: &Value) -> Option<Value> {
        let mut value = value;
        let mut flat = Map::new();
        value.remove("messaging_product");
        let at = format!("{}.metadata", self.path);
        let mut metadata = self.notes.object(&mut value, "metadata", &at).unwrap_or_default();
        if let Some(account) = entry.get("id") {
            metadata.insert("waba_id".to_owned(), account.clone());
        }
        if let Some(time) = entry.get("time") {
            metadata.insert("time".to_owned(), time.clone());
        }
        let people = value.remove("contacts").map(list).unwrap_or_default();
        let mut hashes = HashMap::new();
        if !people.is_empty() {
            let people: Vec<Value> =
                people.into_iter().enumerate().map(|(at, person)| self.person(person, at)).collect();
            for person in &people {
                if let (Some(id), Some(hash)) = (person.get("wa_id").and_then(text), person.get(HASH)) {
                    hashes.entry(id).or_insert_with(|| hash.clone());
                }
            }
            flat.insert("contacts".to_owned(), people.into());
        }
        // Calls that are passed through.
        let calls = value.remove(CALLS);
        for key in ITEMS {
            let Some(items) = value.remove(key).map(list) else { continue };
            let items: Vec<Value> = items
                .into_iter()
                .enumerate()
                .map(|(at, item)| {
                    let path = format!("{}.{key}[{at}]", self.path);
                    match (key, item) {
                        ("messages", Value::Object(item)) => self.message(item, &hashes, &path),
                        ("statuses", Value::Object(item)) => self.status(item, &path),
                        ("errors", item @ Value::Object(_)) => self.error(&item, &path),
                        (_, other) => other,
                    }
                })
                .collect();
            flat.insert(key.to_owned(), items.into());
        }
        for key in value.keys() {
            let path = format!("{}.{key}", self.path);
            self.notes.lost(&path, "On-Premise had no such webhooks", "read it from Cloud's own webhook");
        }
        flat.extend(calls.map(|calls| (CALLS.to_owned(), calls)));
        if !ITEMS.iter().chain(&[CALLS]).any(|key| flat.contains_key(*key)) {
            return None;
        }
        if !metadata.is_empty() {
            self.notes.changed(
                &format!("{}.metadata", self.path),
                "On-Premise did not contain the number and account; an old program ignores them",
                "use a separate URL for each number, or read metadata",
            );
            flat.insert("metadata".to_owned(), metadata.into());
        }
        Some(flat.into())
    }

    /// Each call by a user becomes a message that On-Premise could not show. The rest of a change of field `calls`,
    /// and calls by the business, have no counterpart.
    fn calls(&mut self, mut value: Map<String, Value>, of_field: bool) -> Map<String, Value> {
        const WHY: &str = "On-Premise had no calls";
        const WHAT_TO_DO: &str = "read it from Cloud's own webhook";
        if of_field {
            for key in ITEMS {
                if value.remove(key).is_some() {
                    self.notes.lost(&format!("{}.{key}", self.path), WHY, WHAT_TO_DO);
                }
            }
        }
        let mut of_users: Vec<Value> = Vec::new();
        for (at, call) in value.remove(CALLS).map(list).unwrap_or_default().into_iter().enumerate() {
            let direction = call.get("direction").and_then(Value::as_str).unwrap_or_default();
            let of_user = !direction.eq_ignore_ascii_case("BUSINESS_INITIATED");
            let path = format!("{}.{CALLS}[{at}]", self.path);
            match call {
                Value::Object(call) if of_user && self.options.pass_new_types => {
                    self.notes.assumed(&path, NEW, EXPECT_IT);
                    of_users.push(call.into());
                }
                Value::Object(call) if of_user => {
                    self.notes.replaced(&path, Value::Object(call.clone()), UNKNOWN, READ_IT);
                    of_users.push(unknown::unknown(call).into());
                }
                call => self.notes.replaced(&path, call, WHY, WHAT_TO_DO),
            }
        }
        if !of_users.is_empty() {
            let key = if self.options.pass_new_types { CALLS } else { ITEMS[0] };
            let mut all = value.remove(key).map(list).unwrap_or_default();
            all.append(&mut of_users);
            value.insert(key.to_owned(), all.into());
        }
        value
    }

    fn person(&mut self, person: Value, at: usize) -> Value {
        let mut person = match person {
            Value::Object(person) => person,
            other => return other,
        };
        if text_of(&person, "wa_id").is_none()
            && let Some(id) = text_of(&person, "user_id")
        {
            self.bsuid(&format!("{}.contacts[{at}].wa_id", self.path));
            person.insert("wa_id".to_owned(), json!(id));
        }
        if person.get("profile").is_none_or(Value::is_null) {
            person.insert("profile".to_owned(), json!({ "name": "" }));
            let why = "is missing, and contacts of On-Premise always had one; the name is empty";
            self.notes.assumed(&format!("{}.contacts[{at}].profile", self.path), why, "show the number");
        }
        person.into()
    }

    fn bsuid(&mut self, path: &str) {
        self.notes.changed(
            path,
            "On-Premise had no users without a number; the BSUID replaces it",
            "treat it as an ID that can receive messages, not as a number",
        );
    }

    fn message(&mut self, item: Map<String, Value>, hashes: &HashMap<String, Value>, path: &str) -> Value {
        let mut item = item;
        if unknown::type_by_content(&mut item) {
            let why = "is missing; the type of the only content is assumed";
            self.notes.assumed(&format!("{path}.type"), why, "compare it with the original webhook");
        }
        if unknown::reply_by_content(&mut item) {
            let why = "is missing; the type of the only reply is assumed";
            self.notes.assumed(&format!("{path}.interactive.type"), why, "read the existing reply");
        }
        if let Some(what) = unknown::novelty(&item) {
            if self.options.pass_new_types {
                self.notes.assumed(&format!("{path}.type"), format!("{what}: {NEW}"), EXPECT_IT);
            } else {
                let original = Value::Object(item.clone());
                self.notes.replaced(path, original, format!("{what}: {UNKNOWN}"), READ_IT);
                item = unknown::unknown(item);
            }
        }
        each_id(&mut item, "id", |id| self.options.message_id(id));
        if text_of(&item, "from").is_none()
            && let Some(id) = text_of(&item, "from_user_id")
        {
            self.bsuid(&format!("{path}.from"));
            item.insert("from".to_owned(), json!(id));
        }
        if let Some(Value::Object(context)) = item.get_mut("context") {
            each_id(context, "id", |id| self.options.message_id(id));
        }
        self.identity(&mut item, hashes, path);
        let kind = text_of(&item, "type").unwrap_or_default();
        if let Some(content) = item.get_mut(&kind) {
            each_file(content, &kind, path, &mut |file, _| {
                each_id(file, "id", |id| self.options.media_id(id))
            });
        }
        match kind.as_str() {
            "audio" => {
                let voice = match item.get_mut("audio") {
                    Some(Value::Object(audio)) => audio.remove("voice").is_some_and(|voice| voice == true),
                    _ => false,
                };
                if voice {
                    item.insert("type".to_owned(), json!("voice"));
                    rename(&mut item, "audio", "voice");
                }
            }
            "unsupported" => {
                item.insert("type".to_owned(), json!("unknown"));
            }
            "reaction" => {
                if let Some(Value::Object(reaction)) = item.get_mut("reaction") {
                    each_id(reaction, "message_id", |id| self.options.message_id(id));
                }
            }
            "contacts" => self.cards(&mut item, path),
            "system" => self.system(&mut item, path),
            _ => {}
        }
        self.errors(&mut item, path);
        if text_of(&item, "type").is_some_and(|kind| kind == "unknown") {
            self.explain(&mut item, path);
        }
        item.into()
    }

    /// On-Premise always had a reason for an unknown message.
    fn explain(&mut self, item: &mut Map<String, Value>, path: &str) {
        if item.get("errors").and_then(Value::as_array).is_none_or(Vec::is_empty) {
            item.insert("errors".to_owned(), json!([unknown::error()]));
            let why = "Cloud gave no error, and On-Premise always had 501 for an unknown message";
            self.notes.changed(&format!("{path}.errors"), why, "read the type");
        }
    }

    /// On-Premise had the hash in the message, Cloud has it in the contact of the sender.
    fn identity(&mut self, item: &mut Map<String, Value>, hashes: &HashMap<String, Value>, path: &str) {
        let from = text_of(item, "from").unwrap_or_default();
        let Some(hash) = hashes.get(&from) else { return };
        if item.contains_key("identity") {
            return;
        }
        let since =
            text_of(item, "timestamp").and_then(|seconds| seconds.parse::<i64>().ok()).unwrap_or_default();
        let since = since.saturating_mul(1000);
        item.insert(
            "identity".to_owned(),
            json!({ "acknowledged": true, "created_timestamp": since, "hash": hash }),
        );
        self.notes.assumed(
            &format!("{path}.identity"),
            "Cloud has only the hash, not its time or whether it was acknowledged",
            "compare the hash itself",
        );
    }

    /// Contacts of On-Premise always had a name.
    fn cards(&mut self, item: &mut Map<String, Value>, path: &str) {
        let Some(Value::Array(cards)) = item.get_mut("contacts") else { return };
        for (at, card) in cards.iter_mut().enumerate() {
            let Value::Object(card) = card else { continue };
            if card.contains_key("name") {
                continue;
            }
            let phone = card.get("phones").and_then(|phones| phones.get(0)?.get("phone")?.as_str());
            let name = phone.unwrap_or_default().to_owned();
            card.insert("name".to_owned(), json!({ "formatted_name": name }));
            self.notes.assumed(
                &format!("{path}.contacts[{at}].name"),
                "the contact has no name, and contacts of On-Premise always had one; the first number replaces it",
                "read vcard, if there is one",
            );
        }
    }

    fn system(&mut self, item: &mut Map<String, Value>, path: &str) {
        let from = item.get("from").cloned();
        let Some(Value::Object(system)) = item.get_mut("system") else { return };
        match system.get("type").and_then(Value::as_str).unwrap_or_default() {
            "user_changed_number" if !system.contains_key("new_wa_id") => {
                rename(system, "wa_id", "new_wa_id");
            }
            "customer_identity_changed" => {
                system.insert("type".to_owned(), json!("user_identity_changed"));
                if !rename(system, "customer", "user")
                    && !system.contains_key("user")
                    && let Some(from) = from
                {
                    let why = "Cloud did not name the user; the sender is assumed";
                    self.notes.assumed(&format!("{path}.system.user"), why, "compare it with the sender");
                    system.insert("user".to_owned(), from);
                }
            }
            _ => {}
        }
    }

    fn status(&mut self, item: Map<String, Value>, path: &str) -> Value {
        let mut item = item;
        each_id(&mut item, "id", |id| self.options.message_id(id));
        if text_of(&item, "recipient_id").is_none()
            && let Some(id) = text_of(&item, "recipient_user_id")
        {
            self.bsuid(&format!("{path}.recipient_id"));
            item.insert("recipient_id".to_owned(), json!(id));
        }
        if let Some(recipient) = text_of(&item, "recipient_id")
            && item.get("message").is_none_or(Value::is_null)
        {
            item.insert("message".to_owned(), json!({ "recipient_id": recipient }));
            let why = "On-Premise has had the recipient here too since v2.45";
            self.notes.changed(&format!("{path}.message"), why, "read recipient_id");
        }
        if item.get("status").is_some_and(|status| status == "played") {
            item.insert("status".to_owned(), json!("read"));
            let why = "On-Premise had no `played`; a played message has been read";
            self.notes.changed(&format!("{path}.status"), why, "expect a second `read`");
        }
        self.errors(&mut item, path);
        item.into()
    }
}
