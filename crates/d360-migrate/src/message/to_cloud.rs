//! Translates a message of On-Premise to Cloud.
use super::{each_file, template, within};
use crate::{
    Options, Translation, ids,
    json::{is_bsuid, text, without_nulls},
    note::Notes,
    numbers::{self, Number},
};
use d360_model::{Message, wire};
use serde_json::{Map, Value, json};

/// The properties of a message of On-Premise. The last one is not a type of Cloud.
const TYPES: [&str; 13] = [
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
    "template",
    "interactive",
    "hsm",
];

/// Translates the body of `POST /v1/messages` to the body of `POST /messages`. The result passes
/// [`Message::validate`]. A message that cannot pass is refused, with the path of each problem.
///
/// (Meta, "Migrating from On-Premises API to Cloud API" and On-Premise reference "Messages", until 2025-10)
#[must_use]
pub fn to_cloud(message: &Value, options: &Options) -> Translation<Value> {
    to_cloud_message(message.clone(), options).map(|message| json!(message))
}

/// Like [`to_cloud`], with a [`Message`] as the result.
#[must_use]
pub fn to_cloud_message(message: Value, options: &Options) -> Translation<Message> {
    let mut notes = Notes::default();
    let Value::Object(mut old) = without_nulls(message) else {
        notes.refused("", "is not an object", "use the body of POST /v1/messages");
        return notes.with(None);
    };
    let mut new = Map::new();
    new.insert("messaging_product".to_owned(), json!("whatsapp"));
    old.remove("messaging_product");
    recipient(&mut old, &mut new, &mut notes);
    let Some((kind, content)) = content(&mut old, &mut notes) else { return notes.with(None) };
    let (new_kind, content) = translate(&kind, content, &mut old, options, &mut notes);
    new.insert("type".to_owned(), json!(new_kind));
    new.insert(new_kind.clone(), content);
    context(&mut old, &mut new, &mut notes);
    if old.remove("ttl").is_some() {
        notes.lost(
            "ttl",
            "on Cloud the template itself has the time to live",
            "set message_send_ttl_seconds in the template",
        );
    }
    if old.remove("preview_url").is_some() {
        notes.changed("preview_url", "it only applied to text", "remove it");
    }
    for key in ["biz_opaque_callback_data", "recipient_identity_key_hash"] {
        if let Some(value) = old.remove(key) {
            new.insert(key.to_owned(), value);
        }
    }
    for key in old.keys() {
        notes.lost(key, "On-Premise ignored unknown properties, and Cloud refuses them", "remove it");
    }
    let (read, mut findings, left_out) = wire::from_foreign::<Message>(&new.into());
    if let Some(message) = &read {
        findings.merge(message.validate());
    }
    let here = |path: &str| old_path(path, &kind, &new_kind);
    for path in left_out {
        notes.lost(&here(&path), "Cloud refuses unknown properties", "remove it");
    }
    for finding in findings.errors() {
        notes.refused(&here(&finding.path), finding.message.clone(), "correct it before sending");
    }
    notes.with(read)
}

/// Returns the path in the old message for a path in the new one.
fn old_path(path: &str, kind: &str, new_kind: &str) -> String {
    if path == "text.preview_url" {
        return "preview_url".to_owned();
    }
    if path == "recipient" {
        return "to".to_owned();
    }
    match path.strip_prefix(new_kind) {
        Some(rest) if kind == "hsm" => {
            let rest = rest.replace(".components[0].parameters", ".localizable_params");
            format!("hsm{}", rest.replace(".name", ".element_name"))
        }
        Some(rest) => format!("{kind}{rest}"),
        None => path.to_owned(),
    }
}

/// Translates `to`, together with `recipient_type`.
fn recipient(old: &mut Map<String, Value>, new: &mut Map<String, Value>, notes: &mut Notes) {
    let group = match old.remove("recipient_type") {
        None => false,
        Some(kind) if kind == "individual" => false,
        Some(kind) if kind == "group" => true,
        Some(_) => {
            notes.refused("recipient_type", "is neither individual nor group", "use one of them");
            false
        }
    };
    new.insert("recipient_type".to_owned(), json!(if group { "group" } else { "individual" }));
    // A partly migrated program names a BSUID as Cloud does.
    let given = old.remove("to").or_else(|| old.remove("recipient"));
    if let Some(Value::Number(_)) = given {
        notes.changed("to", "is a number; Cloud expects text", "put it in quotes");
    }
    let Some(to) = given.as_ref().and_then(text).map(|to| to.trim().to_owned()).filter(|to| !to.is_empty())
    else {
        notes.refused("to", "is required", "add a WhatsApp ID or a phone number with + and country code");
        return;
    };
    if group {
        notes.assumed(
            "to",
            "groups of On-Premise do not exist on Cloud, and their IDs are not valid there",
            "create the group on Cloud, and send to its new ID",
        );
        new.insert("to".to_owned(), json!(to));
        return;
    }
    if is_bsuid(&to) {
        notes.changed("to", "a BSUID belongs in `recipient` on Cloud", "send it in `recipient`");
        new.insert("recipient".to_owned(), json!(to));
        return;
    }
    new.insert("to".to_owned(), json!(number(&to, notes)));
}

/// Adds the `+` to a number. Without it Cloud prepends the business's own country code.
fn number(to: &str, notes: &mut Notes) -> String {
    match numbers::read(to) {
        Number::International(number) => number,
        Number::WaId(number) => {
            notes.changed(
                "to",
                "the WhatsApp ID has no +; Cloud would prepend the business's own country code",
                "add a + in front",
            );
            number
        }
        Number::Prefixed(number) => {
            let why = "the leading 00 is treated as the international prefix";
            notes.assumed("to", why, "use + and the country code");
            number
        }
        Number::Written(number) => {
            let why = "has separators and no +; its first digits are treated as the country code";
            notes.assumed("to", why, "use + and the country code");
            number
        }
        Number::National => {
            let why = "begins with 0 and has no country code";
            notes.refused("to", why, "use + and the country code");
            to.to_owned()
        }
        // The validation of the whole message reports what is wrong.
        Number::None => to.to_owned(),
    }
}

/// Returns the type and its content.
fn content(old: &mut Map<String, Value>, notes: &mut Notes) -> Option<(String, Value)> {
    let kind = match old.remove("type") {
        Some(Value::String(kind)) if kind == "contact" => {
            notes.changed("type", "is `contacts`; only one page had `contact`", "send contacts");
            "contacts".to_owned()
        }
        Some(Value::String(kind)) if !kind.trim().is_empty() => kind,
        Some(_) => {
            notes.refused("type", "is not text", "use a type, for example \"text\"");
            return None;
        }
        None => {
            let mut held = TYPES.iter().filter(|kind| old.contains_key(**kind));
            let kind = match (held.next(), held.next()) {
                (Some(kind), None) => *kind,
                _ => "text",
            };
            notes.assumed("type", format!("is missing; {kind} is assumed"), "add the type");
            kind.to_owned()
        }
    };
    let content = old.remove(&kind).or_else(|| if kind == "contacts" { old.remove("contact") } else { None });
    match content {
        Some(content) => Some((kind, content)),
        None => {
            notes.refused(&kind, "is required for a message of this type", "add its content");
            None
        }
    }
}

/// Translates the content of type `kind`. Returns it with its type on Cloud.
fn translate(
    kind: &str,
    content: Value,
    old: &mut Map<String, Value>,
    options: &Options,
    notes: &mut Notes,
) -> (String, Value) {
    let mut content = content;
    each_file(&mut content, kind, kind, &mut |file, path| self::file(file, path, options, notes));
    let kind = match (kind, &mut content) {
        ("text", Value::Object(map)) => {
            if let Some(preview) = old.remove("preview_url") {
                notes.changed("preview_url", "belongs in `text` on Cloud", "send text.preview_url");
                map.insert("preview_url".to_owned(), preview);
            }
            "text"
        }
        ("voice", Value::Object(map)) => {
            notes.changed("type", "on Cloud a voice message is audio with `voice`", "send audio.voice true");
            map.insert("voice".to_owned(), json!(true));
            "audio"
        }
        ("template", Value::Object(map)) => {
            template::to_cloud(map, notes);
            "template"
        }
        ("hsm", Value::Object(map)) => {
            let template = template::from_hsm(std::mem::take(map), notes);
            return ("template".to_owned(), template.into());
        }
        ("interactive", content) => {
            trim(content, "", &mut "interactive".to_owned(), notes);
            "interactive"
        }
        ("contacts", Value::Array(cards)) => {
            for (at, card) in cards.iter_mut().enumerate() {
                self::card(card, at, notes);
            }
            "contacts"
        }
        ("reaction", Value::Object(map)) => {
            if let Some(Value::String(id)) = map.get_mut("message_id") {
                match ids::message_to_cloud(id) {
                    Some(cloud) => *id = cloud,
                    None => notes.refused(
                        "reaction.message_id",
                        "Cloud does not know messages of On-Premise; its IDs begin with wamid.",
                        "react only to messages received through Cloud",
                    ),
                }
            }
            "reaction"
        }
        (other, _) => {
            if !TYPES.contains(&other) {
                notes.assumed(
                    "type",
                    "is not a type of On-Premise; it is treated as one of Cloud",
                    "check the type",
                );
            }
            other
        }
    };
    (kind.to_owned(), content)
}

/// Translates a file: its ID and its host.
fn file(file: &mut Map<String, Value>, path: &str, options: &Options, notes: &mut Notes) {
    if file.remove("provider").is_some() {
        notes.lost(
            &format!("{path}.provider"),
            "Cloud fetches only public links, without a login",
            "make the link public, or upload the file and send its ID",
        );
    }
    let Some(Value::String(id)) = file.get_mut("id") else { return };
    let at = format!("{path}.id");
    if let Some(cloud) = options.media.get(id.as_str()) {
        notes.changed(&at, "the file has another ID on Cloud", "send that ID");
        cloud.clone_into(id);
        return;
    }
    *id = ids::media_to_cloud(id);
    if !id.bytes().all(|byte| byte.is_ascii_digit()) {
        notes.assumed(
            &at,
            "is treated as an ID of Cloud, although it does not look like one; files are not migrated",
            "upload the file to Cloud and send its new ID",
        );
    }
}

/// Removes from a contact what Cloud does not support.
fn card(card: &mut Value, at: usize, notes: &mut Notes) {
    let Value::Object(card) = card else { return };
    match card.remove("ims") {
        Some(Value::Array(ims)) if ims.is_empty() => {}
        Some(_) => notes.lost(
            &format!("contacts[{at}].ims"),
            "contacts of Cloud have no messenger names",
            "use a URL, or remove them",
        ),
        None => {}
    }
}

/// Removes the surrounding white space in texts of interactive messages, which Cloud refuses.
fn trim(value: &mut Value, key: &str, path: &mut String, notes: &mut Notes) {
    match value {
        Value::String(text)
            if matches!(key, "text" | "title" | "description" | "button" | "display_text" | "flow_cta")
                && text.trim() != text =>
        {
            notes.changed(
                path,
                "the surrounding white space, which Cloud refuses, is removed",
                "send it without surrounding white space",
            );
            *text = text.trim().to_owned();
        }
        Value::Object(map) => {
            // Other parameters belong to the program and are not displayed.
            let shown = |name: &str| key != "parameters" || matches!(name, "display_text" | "flow_cta");
            for (key, value) in map.iter_mut().filter(|(name, _)| shown(name)) {
                within(path, format_args!(".{key}"), |path| trim(value, key, path, notes));
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter_mut().enumerate() {
                within(path, format_args!("[{at}]"), |path| trim(item, "", path, notes));
            }
        }
        _ => {}
    }
}

/// Translates the message that is replied to.
fn context(old: &mut Map<String, Value>, new: &mut Map<String, Value>, notes: &mut Notes) {
    let mut context = match old.remove("context") {
        Some(Value::Object(context)) => context,
        Some(_) => {
            return notes.lost("context", "is not an object with a message ID", "use context.message_id");
        }
        None => return,
    };
    let id = context.remove("message_id").or_else(|| context.remove("id"));
    for key in context.keys() {
        notes.lost(&format!("context.{key}"), "Cloud has no such property", "remove it");
    }
    match id.as_ref().and_then(Value::as_str).map(ids::message_to_cloud) {
        Some(Some(id)) => {
            new.insert("context".to_owned(), json!({ "message_id": id }));
        }
        Some(None) => notes.lost(
            "context.message_id",
            "Cloud does not know messages of On-Premise; the message is sent without the quote",
            "reply only to messages received through Cloud",
        ),
        None => notes.lost("context", "has no message ID", "use context.message_id"),
    }
}
