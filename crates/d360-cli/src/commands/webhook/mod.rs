//! `d360 webhook`.
use crate::{
    Result,
    args::{Global, Parse, Webhook},
    failure::{Exit, Failure},
    input,
    output::Output,
};
use d360::model::webhook::{self, Event, EventKind, Generation, InboundContent, WebhookError};
use serde_json::{Map, Value, json};

mod config;
mod listen;

pub(crate) fn run(global: &Global, verb: &Webhook, output: Output) -> Result {
    match verb {
        Webhook::Parse(args) => parse(args, output),
        Webhook::Listen(args) => listen::run(args, output),
        Webhook::Verify(args) => config::verify(args, output),
        Webhook::Config(verb) => config::run(global, verb, output),
    }
}

/// Prints one event per line. A malformed document never affects the others. It is reported like a malformed item.
fn parse(args: &Parse, output: Output) -> Result {
    let text = input::read(&args.file)?;
    let mut rest = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
    let (mut read, mut problem) = (0, None);
    loop {
        rest = rest.trim_ascii_start();
        rest = rest.strip_prefix(b"\xef\xbb\xbf").unwrap_or(rest);
        let mut documents = serde_json::Deserializer::from_slice(rest).into_iter::<Value>();
        let Some(document) = documents.next() else { break };
        let events = match document {
            Ok(document) => {
                rest = &rest[documents.byte_offset()..];
                read_all(document)
            }
            Err(error) => {
                // Continue at the next line that starts a document.
                let (broken, behind) = rest.split_at(next_document(rest));
                rest = behind;
                // A document that fails only because of an unusual scalar can still be read.
                match webhook::read(broken) {
                    Ok(events) => Ok(events),
                    Err(_) => {
                        let text = String::from_utf8_lossy(broken).trim().to_owned();
                        Err((error.to_string(), Value::String(text)))
                    }
                }
            }
        };
        match events {
            Ok(events) => {
                read += 1;
                for event in &events {
                    if let EventKind::Unreadable(reason) = &event.kind {
                        problem.get_or_insert(reason.clone());
                    }
                    output.document(&shown(event));
                }
            }
            Err((reason, raw)) => {
                output.document(&json!({ "event": "unreadable", "reason": reason, "raw": raw }));
                problem.get_or_insert(reason);
            }
        }
    }
    match (read, problem) {
        (0, None) => {
            Err(Failure::invalid("", format!("{} contains no webhook: it is empty", input::name(&args.file))))
        }
        (_, Some(problem)) => {
            output.error(format!("unreadable: {}", d360::model::mask(&problem)));
            Ok(Exit::Partly)
        }
        (_, None) => Ok(Exit::Done),
    }
}

/// Returns the events of a document, or of each document in a list.
fn read_all(document: Value) -> std::result::Result<Vec<Event>, (String, Value)> {
    match document {
        Value::Array(documents) if !documents.is_empty() && documents.iter().all(Value::is_object) => {
            let mut events = Vec::new();
            for document in documents {
                events.extend(read_all(document)?);
            }
            Ok(events)
        }
        other => webhook::read_value(other.clone()).map_err(|error| (error.to_string(), other)),
    }
}

/// Returns the offset of the next line that starts with a brace, after the first line. Nested objects are indented.
fn next_document(text: &[u8]) -> usize {
    let lines = text.windows(2).enumerate().filter(|(_, pair)| pair[0] == b'\n' && pair[1] == b'{');
    lines.map(|(at, _)| at + 1).next().unwrap_or(text.len())
}

/// Returns an event with the properties common to all generations, and the raw item.
fn shown(event: &Event) -> Value {
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| {
        if !value.is_null() {
            out.insert(key.to_owned(), value);
        }
    };
    put("event", kind(&event.kind).into());
    put("generation", if event.generation == Generation::OnPremise { "onpremise" } else { "cloud" }.into());
    put("account", json!(event.account()));
    put("phone_number_id", json!(event.phone_number_id()));
    put("field", json!(event.field()));
    put("contacts", contacts(event));
    match &event.kind {
        EventKind::Message(message) | EventKind::Standby(message) => {
            put("id", json!(message.id));
            put("from", json!(message.from));
            put("from_user_id", json!(message.from_user_id));
            put("name", json!(message.sender_name()));
            put("timestamp", json!(message.timestamp.map(|time| time.seconds())));
            put("group_id", json!(message.group_id));
            put("reply_to", json!(message.context.as_ref().and_then(|context| context.id.as_ref())));
            put("type", content(&message.content).into());
            put("errors", errors(&message.errors));
        }
        EventKind::Status(status) => {
            put("id", json!(status.id));
            put("status", status.status.as_str().into());
            put("recipient_id", json!(status.recipient_id));
            put("recipient_user_id", json!(status.recipient_user_id));
            put("group_id", json!(status.group));
            put("timestamp", json!(status.timestamp.map(|time| time.seconds())));
            put("biz_opaque_callback_data", json!(status.biz_opaque_callback_data));
            put("errors", errors(&status.errors));
        }
        EventKind::Error(error) => put("errors", errors(std::slice::from_ref(&**error))),
        EventKind::UserIdUpdate(update) => {
            put("id", json!(update.id));
            put("from", json!(update.wa_id));
            put("previous_from", json!(update.previous_wa_id));
            put("timestamp", json!(update.timestamp.map(|time| time.seconds())));
            let ids = update.user_id.as_ref();
            put("previous_user_id", json!(ids.and_then(|ids| ids.previous.as_ref())));
            put("user_id", json!(ids.and_then(|ids| ids.current.as_ref())));
            let ids = update.parent_user_id.as_ref();
            put("previous_parent_user_id", json!(ids.and_then(|ids| ids.previous.as_ref())));
            put("parent_user_id", json!(ids.and_then(|ids| ids.current.as_ref())));
        }
        EventKind::Unreadable(reason) => put("reason", reason.as_str().into()),
        _ => {}
    }
    out.insert("raw".to_owned(), event.raw().clone());
    out.into()
}

/// Returns the contacts of an item, without those of other items in the webhook. A single contact is returned even if
/// no ID matches.
fn contacts(event: &Event) -> Value {
    let Some(all) = event.envelope().get("contacts") else { return Value::Null };
    let is_item = matches!(event.kind, EventKind::Message(_) | EventKind::Status(_));
    let people = match all {
        Value::Array(people) if is_item && people.len() > 1 => people,
        all => return all.clone(),
    };
    let ids = |keys: [&str; 2]| keys.map(|key| event.raw().get(key).and_then(Value::as_str));
    let (numbers, users) = (ids(["from", "recipient_id"]), ids(["from_user_id", "recipient_user_id"]));
    let is_in = |ids: &[Option<&str>], person: &Value, key: &str| {
        person.get(key).and_then(Value::as_str).is_some_and(|id| ids.contains(&Some(id)))
    };
    let own = people.iter().filter(|it| is_in(&numbers, it, "wa_id") || is_in(&users, it, "user_id"));
    let own: Vec<Value> = own.cloned().collect();
    if own.is_empty() { Value::Null } else { own.into() }
}

fn kind(kind: &EventKind) -> &'static str {
    match kind {
        EventKind::Message(_) => "message",
        EventKind::Standby(_) => "standby",
        EventKind::Status(_) => "status",
        EventKind::Error(_) => "error",
        EventKind::UserIdUpdate(_) => "user_id_update",
        EventKind::Unreadable(_) => "unreadable",
        _ => "other",
    }
}

fn content(content: &InboundContent) -> &str {
    match content {
        InboundContent::Text(_) => "text",
        InboundContent::Image(_) => "image",
        InboundContent::Video(_) => "video",
        InboundContent::Audio(_) => "audio",
        InboundContent::Document(_) => "document",
        InboundContent::Sticker(_) => "sticker",
        InboundContent::Location(_) => "location",
        InboundContent::Contacts(_) => "contacts",
        InboundContent::Reaction(_) => "reaction",
        InboundContent::Interactive(_) => "interactive",
        InboundContent::Button(_) => "button",
        InboundContent::Order(_) => "order",
        InboundContent::System(_) => "system",
        InboundContent::Other(other) => other,
        _ => "unsupported",
    }
}

/// Returns null if there are no errors.
fn errors(errors: &[WebhookError]) -> Value {
    let one =
        |error: &WebhookError| json!({ "code": error.code, "title": error.title, "details": error.details });
    if errors.is_empty() { Value::Null } else { errors.iter().map(one).collect::<Vec<_>>().into() }
}
