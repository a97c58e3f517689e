//! Reads the JSON documents of a file: one, several in sequence, or one per line.
use d360::migrate::{
    Options, Translation,
    calls::{self, CloudCall},
};
use serde_json::{Value, json};

/// Returns each document, or the reason why it cannot be read.
pub(super) fn read(text: &[u8]) -> Vec<Result<Value, String>> {
    let mut rest = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut out = Vec::new();
    loop {
        rest = rest.trim_ascii_start();
        let mut documents = serde_json::Deserializer::from_slice(rest).into_iter::<Value>();
        match documents.next() {
            None => return out,
            Some(Ok(Value::Array(items))) => {
                out.extend(items.into_iter().map(Ok));
                rest = &rest[documents.byte_offset()..];
            }
            Some(Ok(document)) => {
                out.push(Ok(document));
                rest = &rest[documents.byte_offset()..];
            }
            Some(Err(error)) => {
                out.push(Err(format!("is not JSON: {error}")));
                let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
                rest = &rest[(end + 1).min(rest.len())..];
            }
        }
    }
}

/// The kind of a document, detected from its properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Message,
    Webhook,
    Contacts,
    Template,
    /// `{"method", "path", "body"}`.
    Call,
    Unknown,
}

pub(super) fn kind(document: &Value) -> Kind {
    let Some(map) = document.as_object() else { return Kind::Unknown };
    let has = |key: &str| map.contains_key(key);
    if has("to") || has("recipient") {
        Kind::Message
    } else if has("entry")
        || has("statuses")
        || map.get("messages").is_some_and(|it| it[0].get("type").is_some() || it[0].get("from").is_some())
    {
        Kind::Webhook
    } else if has("contacts") && (has("blocking") || has("force_check")) {
        Kind::Contacts
    } else if has("components") && has("name") {
        Kind::Template
    } else if has("method") && has("path") {
        Kind::Call
    } else if map.get("errors").is_some_and(Value::is_array) && !has("meta") {
        Kind::Webhook
    } else {
        Kind::Unknown
    }
}

/// Returns the Cloud calls for an On-Premise call.
pub(super) fn calls(method: &str, path: &str, body: &Value, options: &Options) -> Translation<Value> {
    let translated = calls::to_cloud(method, path, body, options);
    let one = |call: &CloudCall| json!({ "method": call.method, "path": call.path, "body": call.body });
    translated.map(|calls| calls.iter().map(one).collect::<Vec<_>>().into())
}
