//! A message of On-Premise as Cloud takes it.
use super::{each_file, template, within};
use crate::{
    Options, Translation, ids,
    json::{is_bsuid, text, without_nulls},
    note::Notes,
    numbers::{self, Number},
};
use d360_model::{Message, wire};
use serde_json::{Map, Value, json};

/// What a message of On-Premise may say. The last one is no type of Cloud's.
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

/// The body of `POST /v1/messages` as the body of `POST /messages`. What comes out passes the checks of [`Message::validate`]; what
/// cannot, is refused with the path of what keeps it back.
///
/// Source: Meta "Migrating from On-Premises API to Cloud API", Meta's On-Premise reference "Messages" (until 2025-10).
#[must_use]
pub fn to_cloud(message: &Value, options: &Options) -> Translation<Value> {
    to_cloud_message(message.clone(), options).map(|message| json!(message))
}

/// The same as a [`Message`], for programs that send it.
#[must_use]
pub fn to_cloud_message(message: Value, options: &Options) -> Translation<Message> {
    let mut notes = Notes::default();
    let Value::Object(mut old) = without_nulls(message) else {
        notes.refused("", "is no object", "give the body of POST /v1/messages");
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
            "on Cloud the template itself says how long a message is tried",
            "set message_send_ttl_seconds of the template",
        );
    }
    if old.remove("preview_url").is_some() {
        notes.changed("preview_url", "it counted for text alone", "leave it out");
    }
    for key in ["biz_opaque_callback_data", "recipient_identity_key_hash"] {
        if let Some(value) = old.remove(key) {
            new.insert(key.to_owned(), value);
        }
    }
    for key in old.keys() {
        notes.lost(key, "On-Premise passed over what it did not know, and Cloud refuses it", "leave it out");
    }
    let (read, mut findings, left_out) = wire::from_foreign::<Message>(&new.into());
    if let Some(message) = &read {
        findings.merge(message.validate());
    }
    let here = |path: &str| old_path(path, &kind, &new_kind);
    for path in left_out {
        notes.lost(&here(&path), "Cloud has no such property, and refuses it", "leave it out");
    }
    for finding in findings.errors() {
        notes.refused(&here(&finding.path), finding.message.clone(), "correct it before it is sent");
    }
    notes.with(read)
}

/// Where a path of the new message stood in the old one.
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

/// `to`, with what `recipient_type` makes of it.
fn recipient(old: &mut Map<String, Value>, new: &mut Map<String, Value>, notes: &mut Notes) {
    let group = match old.remove("recipient_type") {
        None => false,
        Some(kind) if kind == "individual" => false,
        Some(kind) if kind == "group" => true,
        Some(_) => {
            notes.refused("recipient_type", "is neither individual nor group", "give one of them");
            false
        }
    };
    new.insert("recipient_type".to_owned(), json!(if group { "group" } else { "individual" }));
    // A program that is changed already in part names a BSUID as Cloud does.
    let given = old.remove("to").or_else(|| old.remove("recipient"));
    if let Some(Value::Number(_)) = given {
        notes.changed("to", "is a number; Cloud takes text", "write it in quotes");
    }
    let Some(to) = given.as_ref().and_then(text).map(|to| to.trim().to_owned()).filter(|to| !to.is_empty())
    else {
        notes.refused("to", "is required", "give a WhatsApp ID or a phone number with + and country code");
        return;
    };
    if group {
        notes.assumed(
            "to",
            "groups of On-Premise are not those of Cloud, and their ids do not carry over",
            "make the group anew, and send to the id that it gets there",
        );
        new.insert("to".to_owned(), json!(to));
        return;
    }
    if is_bsuid(&to) {
        notes.changed("to", "a BSUID stands in `recipient` on Cloud", "send it in `recipient`");
        new.insert("recipient".to_owned(), json!(to));
        return;
    }
    new.insert("to".to_owned(), json!(number(&to, notes)));
}

/// A number with the `+` without which Cloud puts the business's own country code in front.
fn number(to: &str, notes: &mut Notes) -> String {
    match numbers::read(to) {
        Number::International(number) => number,
        Number::WaId(number) => {
            notes.changed(
                "to",
                "a WhatsApp ID stood without +; Cloud would put the business's own country code in front",
                "write a + in front",
            );
            number
        }
        Number::Prefixed(number) => {
            let why = "the 00 in front is taken for an international prefix";
            notes.assumed("to", why, "write + and the country code");
            number
        }
        Number::Written(number) => {
            let why = "is written as people write numbers, without +; its first digits are taken for a country code";
            notes.assumed("to", why, "write + and the country code");
            number
        }
        Number::National => {
            let why = "begins with a 0, and says not in which country it is";
            notes.refused("to", why, "write + and the country code");
            to.to_owned()
        }
        // The check of the whole message says what is wrong with it.
        Number::None => to.to_owned(),
    }
}

/// The type and its content.
fn content(old: &mut Map<String, Value>, notes: &mut Notes) -> Option<(String, Value)> {
    let kind = match old.remove("type") {
        Some(Value::String(kind)) if kind == "contact" => {
            notes.changed("type", "is `contacts`; `contact` stood on a page alone", "send contacts");
            "contacts".to_owned()
        }
        Some(Value::String(kind)) if !kind.trim().is_empty() => kind,
        Some(_) => {
            notes.refused("type", "is no text", "give the type, such as \"text\"");
            return None;
        }
        None => {
            let mut held = TYPES.iter().filter(|kind| old.contains_key(**kind));
            let kind = match (held.next(), held.next()) {
                (Some(kind), None) => *kind,
                _ => "text",
            };
            notes.assumed("type", format!("is missing; {kind} is taken"), "give the type");
            kind.to_owned()
        }
    };
    let content = old.remove(&kind).or_else(|| if kind == "contacts" { old.remove("contact") } else { None });
    match content {
        Some(content) => Some((kind, content)),
        None => {
            notes.refused(&kind, "is required for a message of this type", "give its content");
            None
        }
    }
}

/// The content of the type `kind` as Cloud has it, and its type there.
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
                notes.changed("preview_url", "stands within `text` on Cloud", "send text.preview_url");
                map.insert("preview_url".to_owned(), preview);
            }
            "text"
        }
        ("voice", Value::Object(map)) => {
            notes.changed(
                "type",
                "a voice message is an audio with `voice` on Cloud",
                "send audio.voice true",
            );
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
                        "Cloud does not know messages of On-Premise, and its ids begin with wamid.",
                        "react to messages that came through Cloud",
                    ),
                }
            }
            "reaction"
        }
        (other, _) => {
            if !TYPES.contains(&other) {
                notes.assumed(
                    "type",
                    "is no type of On-Premise; it is taken for one of Cloud",
                    "check the type",
                );
            }
            other
        }
    };
    (kind.to_owned(), content)
}

/// A file: its id, and who hosts it.
fn file(file: &mut Map<String, Value>, path: &str, options: &Options, notes: &mut Notes) {
    if file.remove("provider").is_some() {
        notes.lost(
            &format!("{path}.provider"),
            "Cloud fetches public links alone, and logs in nowhere",
            "make the link public, or upload the file and send its id",
        );
    }
    let Some(Value::String(id)) = file.get_mut("id") else { return };
    let at = format!("{path}.id");
    if let Some(cloud) = options.media.get(id.as_str()) {
        notes.changed(&at, "the file has another id on Cloud", "send that");
        cloud.clone_into(id);
        return;
    }
    *id = ids::media_to_cloud(id);
    if !id.bytes().all(|byte| byte.is_ascii_digit()) {
        notes.assumed(
            &at,
            "is taken for an id of Cloud, though it does not look like one; files do not carry over",
            "upload the file to Cloud and send the id that it gets there",
        );
    }
}

/// A contact card, without what Cloud has no place for.
fn card(card: &mut Value, at: usize, notes: &mut Notes) {
    let Value::Object(card) = card else { return };
    match card.remove("ims") {
        Some(Value::Array(ims)) if ims.is_empty() => {}
        Some(_) => notes.lost(
            &format!("contacts[{at}].ims"),
            "Cloud's cards have no names on messengers",
            "write them into a URL, or leave them out",
        ),
        None => {}
    }
}

/// Texts of interactive messages without the white space around them, which Cloud refuses.
fn trim(value: &mut Value, key: &str, path: &mut String, notes: &mut Notes) {
    match value {
        Value::String(text)
            if matches!(key, "text" | "title" | "description" | "button" | "display_text" | "flow_cta")
                && text.trim() != text =>
        {
            notes.changed(
                path,
                "white space around it, which Cloud refuses, is taken away",
                "send it without",
            );
            *text = text.trim().to_owned();
        }
        Value::Object(map) => {
            // What else parameters hold is the program's own, and not shown.
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

/// The message that is replied to.
fn context(old: &mut Map<String, Value>, new: &mut Map<String, Value>, notes: &mut Notes) {
    let mut context = match old.remove("context") {
        Some(Value::Object(context)) => context,
        Some(_) => {
            return notes.lost("context", "is no object that names a message", "give context.message_id");
        }
        None => return,
    };
    let id = context.remove("message_id").or_else(|| context.remove("id"));
    for key in context.keys() {
        notes.lost(&format!("context.{key}"), "Cloud has no such property", "leave it out");
    }
    match id.as_ref().and_then(Value::as_str).map(ids::message_to_cloud) {
        Some(Some(id)) => {
            new.insert("context".to_owned(), json!({ "message_id": id }));
        }
        Some(None) => notes.lost(
            "context.message_id",
            "Cloud does not know messages of On-Premise: this one goes out without the quote",
            "reply to messages that came through Cloud",
        ),
        None => notes.lost("context", "names no message", "give context.message_id"),
    }
}
