//! Translates a webhook of On-Premise to Cloud.
use super::{ITEMS, each_id, unknown};
use crate::{
    Options, Translation, answer, errors, ids,
    json::{is_bsuid, list, rename, text, text_of},
    message::each_file,
    note::Notes,
};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// Translates the body of a webhook of On-Premise, new or stored, to the body of Cloud.
///
/// The sources are those of [`to_onprem`](super::to_onprem).
#[must_use]
pub fn to_cloud(webhook: &Value, options: &Options) -> Translation<Value> {
    let mut notes = Notes::default();
    let Value::Object(mut flat) = webhook.clone() else {
        notes.refused("", "is not a JSON object", "use the body of a webhook as it was posted");
        return notes.with(None);
    };
    if flat.contains_key("entry") {
        notes.assumed("", "already has the form of Cloud", "use it as it is");
        return notes.with(webhook.clone());
    }
    if !ITEMS.iter().any(|key| flat.contains_key(*key)) {
        let why = "is not a webhook of On-Premise: it has no messages, statuses or errors";
        notes.refused("", why, "use the body as it was posted");
        return notes.with(None);
    }
    let mut value = Map::new();
    value.insert("messaging_product".to_owned(), json!("whatsapp"));
    let mut entry = Map::new();
    frame(&mut flat, &mut value, &mut entry, options, &mut notes);
    let mut people = flat.remove("contacts").map(list).unwrap_or_default();
    for person in &mut people {
        person_back(person);
    }
    let mut by_id = HashMap::new();
    for (at, person) in people.iter().enumerate() {
        for id in ["wa_id", "user_id"].into_iter().filter_map(|key| person.get(key).and_then(text)) {
            by_id.entry(id).or_insert(at);
        }
    }
    let mut translator = Translator { notes: &mut notes, people, by_id };
    let mut translated = Vec::new();
    for key in ITEMS {
        let Some(items) = flat.remove(key).map(list) else { continue };
        let items: Vec<Value> = items
            .into_iter()
            .enumerate()
            .map(|(at, item)| {
                let path = format!("{key}[{at}]");
                match (key, item) {
                    ("messages", Value::Object(item)) => translator.message(item, &path),
                    ("statuses", Value::Object(item)) => translator.status(item, &path),
                    ("errors", Value::Object(item)) => translator.error(item, &path),
                    (_, other) => other,
                }
            })
            .collect();
        translated.push((key, items));
    }
    if !translator.people.is_empty() {
        value.insert("contacts".to_owned(), std::mem::take(&mut translator.people).into());
    }
    value.extend(translated.into_iter().map(|(key, items)| (key.to_owned(), items.into())));
    for key in flat.keys().filter(|key| *key != "meta") {
        notes.lost(key, "webhooks of Cloud have no such property", "read the original webhook");
    }
    entry.insert("changes".to_owned(), json!([{ "value": value, "field": "messages" }]));
    notes.with(json!({ "object": "whatsapp_business_account", "entry": [entry] }))
}

/// Returns the number and the account, which the old form contains only if this crate created it.
fn frame(
    flat: &mut Map<String, Value>,
    value: &mut Map<String, Value>,
    entry: &mut Map<String, Value>,
    options: &Options,
    notes: &mut Notes,
) {
    let mut metadata = notes.object(flat, "metadata", "metadata").unwrap_or_default();
    let account = metadata.remove("waba_id").or(options.account.as_ref().map(|id| json!(id)));
    if let Some(account) = account {
        entry.insert("id".to_owned(), account);
    }
    if let Some(time) = metadata.remove("time") {
        entry.insert("time".to_owned(), time);
    }
    for (key, given) in [
        ("display_phone_number", &options.display_phone_number),
        ("phone_number_id", &options.phone_number_id),
    ] {
        if let Some(given) = given {
            metadata.entry(key).or_insert(json!(given));
        }
    }
    if metadata.is_empty() {
        let why = "the old form does not contain the number and the account";
        notes.assumed("metadata", why, "set them in the options");
    } else {
        value.insert("metadata".to_owned(), metadata.into());
    }
}

/// Restores a BSUID that replaced the number.
fn person_back(person: &mut Value) {
    let Value::Object(person) = person else { return };
    if person.get("wa_id") == person.get("user_id") {
        person.remove("wa_id");
    } else if text_of(person, "wa_id").is_some_and(|id| is_bsuid(&id)) && !person.contains_key("user_id") {
        rename(person, "wa_id", "user_id");
    }
}

struct Translator<'t> {
    notes: &'t mut Notes,
    people: Vec<Value>,
    /// The positions of IDs in `people`.
    by_id: HashMap<String, usize>,
}

impl Translator<'_> {
    fn message(&mut self, item: Map<String, Value>, path: &str) -> Value {
        let mut item = item;
        if unknown::type_by_content(&mut item) {
            let why = "is missing; the type of the only content is assumed";
            self.notes.assumed(&format!("{path}.type"), why, "compare it with the original webhook");
        }
        known(&mut item, "id", path, known_id, self.notes);
        if let Some(Value::Object(context)) = item.get_mut("context") {
            if text_of(context, "id").is_some_and(|id| ids::message_to_cloud(&id).is_none()) {
                let why = "is a message of On-Premise that Cloud does not know; the ID is unchanged";
                self.notes.assumed(&format!("{path}.context.id"), why, "look it up by the old ID");
            }
            known(context, "id", &format!("{path}.context"), known_id, self.notes);
        }
        self.identity(&mut item, path);
        back_to_bsuid(&mut item, "from", "from_user_id");
        let kind = text_of(&item, "type").unwrap_or_default();
        if let Some(content) = item.get_mut(&kind) {
            let notes = &mut *self.notes;
            each_file(content, &kind, &format!("{path}.{kind}"), &mut |file, path| {
                known(file, "id", path, ids::media_to_cloud, notes);
                if file.remove("file").is_some() {
                    let why = "is a path on the client's own disk, which no longer exists";
                    notes.lost(&format!("{path}.file"), why, "download the file by its ID while it exists");
                }
            });
        }
        match kind.as_str() {
            "voice" => {
                item.insert("type".to_owned(), json!("audio"));
                let why = "on Cloud a voice message is audio with `voice`";
                self.notes.changed(&format!("{path}.type"), why, "read audio.voice");
                rename(&mut item, "voice", "audio");
                if let Some(Value::Object(audio)) = item.get_mut("audio") {
                    audio.insert("voice".to_owned(), json!(true));
                }
            }
            "unknown" => {
                item.insert("type".to_owned(), json!("unsupported"));
                let why = "on Cloud unknown is unsupported";
                self.notes.changed(&format!("{path}.type"), why, "expect unsupported");
            }
            "reaction" => {
                if let Some(Value::Object(reaction)) = item.get_mut("reaction") {
                    known(reaction, "message_id", &format!("{path}.reaction"), known_id, self.notes);
                }
            }
            "contacts" => self.cards(&mut item, path),
            "system" => self.system(&mut item, path),
            _ => {}
        }
        self.errors(&mut item, path);
        item.into()
    }

    fn system(&mut self, item: &mut Map<String, Value>, path: &str) {
        let Some(Value::Object(system)) = item.get_mut("system") else { return };
        if system.get("type").is_some_and(|kind| kind == "user_identity_changed") {
            system.insert("type".to_owned(), json!("customer_identity_changed"));
            let why = "on Cloud user_identity_changed is customer_identity_changed";
            self.notes.changed(&format!("{path}.system.type"), why, "expect customer_identity_changed");
            if rename(system, "user", "customer") {
                self.notes.changed(&format!("{path}.system.user"), "is customer on Cloud", "read customer");
            }
        }
        if !system.contains_key("wa_id") && rename(system, "new_wa_id", "wa_id") {
            self.notes.changed(&format!("{path}.system.new_wa_id"), "is wa_id on Cloud", "read wa_id");
        }
    }

    /// Cloud has the hash in the contact of the sender.
    fn identity(&mut self, item: &mut Map<String, Value>, path: &str) {
        let identity = match item.remove("identity") {
            Some(Value::Object(identity)) => identity,
            Some(_) => {
                let why = "is not an object, and Cloud has no such property";
                return self.notes.lost(&format!("{path}.identity"), why, "read the original webhook");
            }
            None => return,
        };
        let from = item.get("from").or(item.get("from_user_id")).cloned().unwrap_or_default();
        let known = text(&from).and_then(|id| self.by_id.get(&id).copied());
        if let Some(hash) = identity.get("hash") {
            let changed = "moves to contacts[].identity_key_hash on Cloud";
            self.notes.changed(&format!("{path}.identity.hash"), changed, "compare it there");
            match known.and_then(|at| self.people.get_mut(at)) {
                Some(Value::Object(person)) => {
                    person.entry("identity_key_hash").or_insert(hash.clone());
                }
                _ => {
                    if let Some(id) = text(&from) {
                        self.by_id.insert(id, self.people.len());
                    }
                    self.people.push(json!({ "wa_id": from, "identity_key_hash": hash }));
                    let why = "Cloud has the hash in the contact of the sender, which is added for it";
                    self.notes.changed("contacts", why, "read it there");
                }
            }
        }
        for key in identity.keys().filter(|key| *key != "hash") {
            let why = "Cloud has only the hash";
            self.notes.lost(
                &format!("{path}.identity.{key}"),
                why,
                "store the hash, and compare it for changes",
            );
        }
    }

    fn cards(&mut self, item: &mut Map<String, Value>, path: &str) {
        let Some(Value::Array(cards)) = item.get_mut("contacts") else { return };
        for (at, card) in cards.iter_mut().enumerate() {
            let Value::Object(card) = card else { continue };
            for key in ["contact_image", "ims"] {
                let empty = |value: &Value| value.as_array().is_some_and(Vec::is_empty);
                if card.remove(key).is_some_and(|value| !empty(&value)) {
                    let why = "contacts of Cloud have no such property";
                    self.notes.lost(
                        &format!("{path}.contacts[{at}].{key}"),
                        why,
                        "store the original webhook",
                    );
                }
            }
        }
    }

    fn status(&mut self, item: Map<String, Value>, path: &str) -> Value {
        let mut item = item;
        known(&mut item, "id", path, known_id, self.notes);
        let inner = item.remove("message");
        if inner.as_ref().is_some_and(|inner| !inner.is_object()) {
            let why = "is not an object, and statuses of Cloud have no such property";
            self.notes.lost(&format!("{path}.message"), why, "read the original webhook");
        }
        if let Some(Value::Object(message)) = inner {
            let recipient = message.get("recipient_id");
            if let Some(recipient) = recipient.filter(|it| item.get("recipient_id") != Some(*it)) {
                item.entry("recipient_id").or_insert(recipient.clone());
                let why = "on Cloud message.recipient_id is in the status itself";
                self.notes.changed(path, why, "read recipient_id");
            }
            for key in message.keys().filter(|key| *key != "recipient_id") {
                let why = "statuses of Cloud have no such property";
                self.notes.lost(&format!("{path}.message.{key}"), why, "store the original webhook");
            }
        }
        // The type of a payment exists on Cloud too.
        if item.get("type").is_some_and(|kind| kind == "message") {
            item.remove("type");
            self.notes.changed(
                &format!("{path}.type"),
                "every status of Cloud belongs to a message",
                "remove it",
            );
        }
        back_to_bsuid(&mut item, "recipient_id", "recipient_user_id");
        if let Some(status) =
            text_of(&item, "status").filter(|it| matches!(it.as_str(), "deleted" | "warning"))
        {
            let why = format!("Cloud has no status {status}; it is unchanged");
            self.notes.assumed(&format!("{path}.status"), why, "expect a status that Cloud does not post");
        }
        self.errors(&mut item, path);
        item.into()
    }

    fn errors(&mut self, item: &mut Map<String, Value>, path: &str) {
        let Some(Value::Array(errors)) = item.get_mut("errors") else { return };
        let new: Vec<Value> = std::mem::take(errors)
            .into_iter()
            .enumerate()
            .map(|(at, error)| match error {
                Value::Object(error) => self.error(error, &format!("{path}.errors[{at}]")),
                other => other,
            })
            .collect();
        *errors = new;
    }

    /// Translates `{code, title, details, href}` to `{code, title, message, error_data: {details}, href}`.
    fn error(&mut self, error: Map<String, Value>, path: &str) -> Value {
        let mut error = error;
        for key in ["message", "error_data"].into_iter().filter(|key| error.contains_key(*key)) {
            let why = "is not a property of On-Premise's errors, and Cloud's own replaces it";
            self.notes.lost(&format!("{path}.{key}"), why, "read the original webhook");
        }
        error.remove("message");
        error.remove("error_data");
        let code = error.get("code").and_then(|code| code.as_i64().or_else(|| code.as_str()?.parse().ok()));
        match code.and_then(errors::to_cloud) {
            Some(cloud) => {
                if code != Some(cloud) {
                    let old = code.unwrap_or_default();
                    let why = format!("on Cloud {old} is {cloud}");
                    self.notes.changed(&format!("{path}.code"), why, format!("expect {cloud}"));
                }
                error.insert("code".to_owned(), json!(cloud));
                let title = errors::cloud_title(cloud);
                let told = error.remove("title");
                let old_title = code.map(answer::onprem_title);
                if told.as_ref().is_some_and(|told| told.as_str() != old_title) {
                    let why = "is now Cloud's title of the code";
                    self.notes.changed(&format!("{path}.title"), why, "decide by the code");
                }
                if let Some(title) = title.map(|title| json!(title)).or(told) {
                    error.insert("message".to_owned(), title.clone());
                    error.insert("title".to_owned(), title);
                }
            }
            None if code.is_some() => {
                let why = "Cloud has no code for this; it remains On-Premise's";
                self.notes.assumed(&format!("{path}.code"), why, "expect a code that Cloud does not use");
            }
            None => {}
        }
        if let Some(details) = error.remove("details") {
            let why = "move to error_data.details on Cloud";
            self.notes.changed(&format!("{path}.details"), why, "read error_data.details");
            error.insert("error_data".to_owned(), json!({ "details": details }));
        }
        error.into()
    }
}

/// Restores Cloud's form of an ID that this crate created, with a note.
fn known(map: &mut Map<String, Value>, key: &str, path: &str, back: fn(&str) -> String, notes: &mut Notes) {
    let before = map.get(key).cloned();
    each_id(map, key, back);
    if map.get(key) != before.as_ref() {
        notes.changed(&format!("{path}.{key}"), "is Cloud's own ID again", "look it up by either");
    }
}

/// Returns Cloud's ID for one that this crate created. IDs of On-Premise stay as they are.
fn known_id(id: &str) -> String {
    ids::message_to_cloud(id).unwrap_or_else(|| id.to_owned())
}

/// Moves a BSUID that replaced the number back to its own property.
fn back_to_bsuid(item: &mut Map<String, Value>, number: &str, bsuid: &str) {
    if text_of(item, number).is_some_and(|id| is_bsuid(&id)) {
        let id = item.remove(number).unwrap_or_default();
        item.entry(bsuid).or_insert(id);
    }
}
