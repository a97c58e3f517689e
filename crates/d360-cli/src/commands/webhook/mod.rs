//! `d360 webhook`.
use crate::{
    Result,
    args::{Global, Parse, Webhook},
    input,
    output::{Exit, Failure, Output},
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

/// One event a line. A document that cannot be read costs no other: it is told like an item that cannot.
fn parse(args: &Parse, output: Output) -> Result {
    let text = input::read(&args.file)?;
    let mut rest = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
    let (mut read, mut problem) = (0, None);
    loop {
        let mut documents = serde_json::Deserializer::from_slice(rest).into_iter::<Value>();
        let Some(document) = documents.next() else { break };
        let events = match document {
            Ok(document) => {
                rest = &rest[documents.byte_offset()..];
                webhook::read_value(document.clone()).map_err(|error| (error.to_string(), document))
            }
            Err(error) => {
                // On with the next line.
                let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
                let line = String::from_utf8_lossy(&rest[..end]).trim().to_owned();
                rest = &rest[(end + 1).min(rest.len())..];
                if line.is_empty() {
                    continue;
                }
                Err((error.to_string(), Value::String(line)))
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
        (0, problem) => {
            let problem = problem.unwrap_or_else(|| "it is empty".to_owned());
            Err(Failure::invalid("", format!("{} holds no webhook: {problem}", input::name(&args.file))))
        }
        (_, Some(problem)) => {
            output.note(format!("unreadable: {}", d360::model::mask(&problem)));
            Ok(Exit::Partly)
        }
        (_, None) => Ok(Exit::Done),
    }
}

/// An event with the properties that every generation has, and the item as it came.
fn shown(event: &Event) -> Value {
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| {
        if !value.is_null() {
            out.insert(key.to_owned(), value);
        }
    };
    put("event", kind(&event.kind).into());
    put("generation", if event.generation == Generation::OnPremise { "onpremise" } else { "cloud" }.into());
    put("account", json!(event.account));
    put("phone_number_id", json!(event.phone_number_id));
    put("field", json!(event.field));
    match &event.kind {
        EventKind::Message(message) => {
            put("id", json!(message.id));
            put("from", json!(message.from));
            put("from_user_id", json!(message.from_user_id));
            let profile = message.sender.as_ref().and_then(|sender| sender.profile.as_ref());
            put("name", json!(profile.and_then(|profile| profile.name.as_ref())));
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
        EventKind::Error(error) => put("errors", errors(std::slice::from_ref(error))),
        EventKind::UserIdUpdate(update) => {
            put("from", json!(update.wa_id));
            put("timestamp", json!(update.timestamp.map(|time| time.seconds())));
            let ids = update.user_id.as_ref();
            put("previous_user_id", json!(ids.and_then(|ids| ids.previous.as_ref())));
            put("user_id", json!(ids.and_then(|ids| ids.current.as_ref())));
        }
        EventKind::Unreadable(reason) => put("reason", reason.as_str().into()),
        _ => {}
    }
    put("raw", event.raw.clone());
    out.into()
}

fn kind(kind: &EventKind) -> &'static str {
    match kind {
        EventKind::Message(_) => "message",
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

/// Null where there are none.
fn errors(errors: &[WebhookError]) -> Value {
    let one = |error: &WebhookError| json!({ "code": error.code.0, "title": error.title, "details": error.details });
    if errors.is_empty() { Value::Null } else { errors.iter().map(one).collect::<Vec<_>>().into() }
}
