//! Translates calls of On-Premise to Cloud.
use super::table::{Fate, look_up, message_id, plain};
use crate::{Options, Settings, Translation, ids, json::text, message, note::Notes, templates, user};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Value, json};

/// A call of Cloud.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct CloudCall {
    /// The method.
    pub method: &'static str,
    /// The path.
    pub path: String,
    /// The body, if there is one.
    pub body: Option<Value>,
}

d360_model::masked_fields!(CloudCall { method, path, body });

impl CloudCall {
    fn new(method: &'static str, path: &str, body: Value) -> Self {
        Self { method, path: path.to_owned(), body: Some(body) }
    }
}

/// Translates a request of On-Premise to requests of Cloud: one, or none if Cloud has no counterpart and a gateway
/// answers. `path` begins with `/v1`; `body` is null if there is none. A file is not part of the body here: the
/// result is [`Fate::Translated`] with a body of `null`.
#[must_use]
pub fn to_cloud(method: &str, path: &str, body: &Value, options: &Options) -> Translation<Vec<CloudCall>> {
    let mut notes = Notes::default();
    let Some(call) = look_up(method, path) else {
        notes.refused("", "is not a known call of On-Premise", "use Cloud's own API for it");
        return notes.with(None);
    };
    let step = |at: usize| {
        let step = plain(path).split('/').nth(at).unwrap_or_default();
        percent_decode_str(step).decode_utf8_lossy().into_owned()
    };
    notes.take([call.note(method)]);
    if call.fate == Fate::Refused {
        return notes.with(None);
    }
    let requests = match (call.method, call.path) {
        ("POST", "/v1/messages") => {
            let message = message::to_cloud(body, options);
            notes.take(message.notes);
            message.value.map(|body| CloudCall::new("POST", "/messages", body)).into_iter().collect()
        }
        ("PUT", "/v1/messages/{id}") => {
            let id = message_id(path).unwrap_or_default();
            read_mark(&id, body, &mut notes).into_iter().collect()
        }
        ("POST", "/v1/contacts/{phone_number}/block") => {
            if body.get("reason").is_some() {
                notes.lost("reason", "Cloud accepts no reason", "remove it");
            }
            let body = users(&step(3), &mut notes);
            body.map(|body| CloudCall::new("POST", "/block_users", body)).into_iter().collect()
        }
        ("POST", "/v1/contacts/{phone_number}/unblock") => {
            let body = users(&step(3), &mut notes);
            body.map(|body| CloudCall::new("DELETE", "/block_users", body)).into_iter().collect()
        }
        ("POST", "/v1/contacts/{phone_number}/report") => {
            for key in ["reason", "message_id"].into_iter().filter(|key| body.get(*key).is_some()) {
                notes.lost(key, "Cloud has no call to report a user", "remove it");
            }
            let block = users(&step(3), &mut notes);
            match report_blocks(body) {
                Some(true) => {
                    block.map(|body| CloudCall::new("POST", "/block_users", body)).into_iter().collect()
                }
                Some(false) => Vec::new(),
                None => {
                    notes.refused("block", "is not a boolean", "use true or false");
                    Vec::new()
                }
            }
        }
        ("PATCH", "/v1/settings/application") => {
            let none = Map::new();
            let settings = Settings::read(body.as_object().unwrap_or(&none));
            settings.note(&mut notes);
            let url = settings.url.map(|url| json!({ "url": url }));
            url.map(|body| CloudCall::new("POST", "/v1/configs/webhook", body)).into_iter().collect()
        }
        ("GET", "/v1/settings/application" | "/v1/configs/webhook") => {
            vec![CloudCall { method: "GET", path: "/v1/configs/webhook".to_owned(), body: None }]
        }
        ("POST", "/v1/configs/webhook") => vec![CloudCall::new("POST", call.path, body.clone())],
        ("GET", "/v1/configs/templates") => {
            vec![CloudCall { method: "GET", path: "/message_templates".to_owned(), body: None }]
        }
        ("POST", "/v1/configs/templates") => {
            let template = templates::to_cloud(body);
            notes.take(template.notes);
            template
                .value
                .map(|body| CloudCall::new("POST", "/message_templates", body))
                .into_iter()
                .collect()
        }
        ("DELETE", "/v1/configs/templates/{name}") => {
            let name = segment(&step(4));
            vec![CloudCall { method: "DELETE", path: format!("/message_templates?name={name}"), body: None }]
        }
        ("GET", "/v1/contacts/blocklist") => {
            notes.changed(
                "offset",
                "Cloud lists by cursors, with its own limit",
                "follow paging.cursors.after to the end",
            );
            vec![CloudCall { method: "GET", path: "/block_users".to_owned(), body: None }]
        }
        ("POST", "/v1/media") => vec![CloudCall { method: "POST", path: "/media".to_owned(), body: None }],
        ("GET" | "DELETE", "/v1/media/{id}") => {
            let id = step(3);
            let id = options.media.get(&id).cloned().unwrap_or_else(|| ids::media_to_cloud(&id));
            if matches!(id.as_str(), "." | "..") {
                notes.refused("id", "is not a media ID", "use the ID that the upload returned");
            }
            vec![CloudCall { method: call.method, path: format!("/{}", segment(&id)), body: None }]
        }
        ("GET", "/v1/health") => {
            vec![CloudCall { method: "GET", path: "/health_status".to_owned(), body: None }]
        }
        _ => Vec::new(),
    };
    notes.with(requests)
}

/// Encodes a text as a path segment or query value, so that it cannot change the path.
fn segment(text: &str) -> String {
    const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    utf8_percent_encode(text, ESCAPED).to_string()
}

/// Translates `PUT /v1/messages/{id}` with `{"status": "read"}`.
fn read_mark(id: &str, body: &Value, notes: &mut Notes) -> Option<CloudCall> {
    if body.get("status").and_then(text).as_deref() != Some("read") {
        notes.refused("status", "is not read, the only value that can be set", "use {\"status\": \"read\"}");
        return None;
    }
    match ids::message_to_cloud(id) {
        Some(id) => {
            let body = json!({ "messaging_product": "whatsapp", "status": "read", "message_id": id });
            Some(CloudCall::new("POST", "/messages", body))
        }
        None => {
            notes.refused(
                "id",
                "is a message of On-Premise that Cloud does not know",
                "mark only messages received through Cloud",
            );
            None
        }
    }
}

/// Returns the body for one user: a number with `+`, or a BSUID. `None` for anything else.
fn users(named: &str, notes: &mut Notes) -> Option<Value> {
    let Some(user) = user(named) else {
        let why = "is not a phone number with country code, a WhatsApp ID or a BSUID";
        notes.refused("phone_number", why, "add + and the country code");
        return None;
    };
    Some(json!({ "messaging_product": "whatsapp", "block_users": [user] }))
}

/// Whether a report also asks for a block. One page shows the boolean as text.
#[must_use]
pub fn report_blocks(body: &Value) -> Option<bool> {
    match body.get("block") {
        None => Some(false),
        Some(Value::Bool(block)) => Some(*block),
        Some(Value::String(text)) => text.parse().ok(),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requests(method: &str, path: &str, body: Value) -> Vec<(String, Option<Value>)> {
        let translated = to_cloud(method, path, &body, &Options::new());
        let requests = translated.value.unwrap_or_else(|| panic!("{method} {path}: {:?}", translated.notes));
        requests.into_iter().map(|call| (format!("{} {}", call.method, call.path), call.body)).collect()
    }

    #[test]
    fn calls_become_those_of_cloud() {
        let user = |user: Value| Some(json!({"messaging_product": "whatsapp", "block_users": [user]}));
        for (method, path, body, expected) in [
            (
                "POST",
                "/v1/contacts/+16315551000/block",
                json!({"reason": "spam"}),
                ("POST /block_users", user(json!({"user": "+16315551000"}))),
            ),
            // % without two hexadecimal digits is not an encoding.
            ("DELETE", "/v1/media/%+f", json!(null), ("DELETE /%25%2Bf", None)),
            (
                "POST",
                "/v1/contacts/%2B16315551000/unblock",
                json!(null),
                ("DELETE /block_users", user(json!({"user": "+16315551000"}))),
            ),
            (
                "POST",
                "/v1/contacts/16315551000@s.whatsapp.net/block/",
                json!({}),
                ("POST /block_users", user(json!({"user": "+16315551000"}))),
            ),
            (
                "POST",
                "/v1/contacts/US.1a/block",
                json!({}),
                ("POST /block_users", user(json!({"user_id": "US.1a"}))),
            ),
            (
                "POST",
                "/v1/contacts/16315551000/report",
                json!({"block": "true"}),
                ("POST /block_users", user(json!({"user": "+16315551000"}))),
            ),
            ("GET", "/v1/contacts/blocklist?limit=10", json!(null), ("GET /block_users", None)),
            (
                "PUT",
                "/v1/messages/wamid.x",
                json!({"status": "read"}),
                (
                    "POST /messages",
                    Some(json!({"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.x"})),
                ),
            ),
            ("DELETE", "/v1/media/d360c10d-0000-8000-8000-000000000007", json!(null), ("DELETE /7", None)),
            ("GET", "/v1/health", json!(null), ("GET /health_status", None)),
        ] {
            assert_eq!(
                requests(method, path, body),
                [(expected.0.to_owned(), expected.1)],
                "{method} {path}"
            );
        }
        assert!(requests("POST", "/v1/contacts/16315551000/report", json!({"block": false})).is_empty());
        assert!(requests("POST", "/v1/contacts", json!({})).is_empty());
    }

    #[test]
    fn what_has_no_counterpart_is_refused_by_name() {
        for (method, path) in [
            ("PATCH", "/v1/settings/account/two-step"),
            ("GET", "/v1/settings/application/media/providers"),
            ("POST", "/v1/account/verify"),
            ("GET", "/v1/account"),
            ("POST", "/v1/users"),
            ("GET", "/v1/contacts/1631/identity"),
            ("PUT", "/v1/messages/gBEGkYiEB1VXAglK1ZEqA1YKPrU"),
            ("GET", "/nonsense"),
            ("DELETE", "/v1/messages"),
        ] {
            let translated = to_cloud(method, path, &json!({"status": "read"}), &Options::new());
            let note = translated.notes.last().unwrap();
            assert!(translated.value.is_none() && !note.what_to_do.is_empty(), "{method} {path}: {note}");
        }
    }
}
