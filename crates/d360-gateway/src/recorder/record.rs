//! The record of a call: everything that a translation needs, without secrets.
use d360::migrate::calls;
use http::request::Parts;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

const MASKED: &str = "••••";

/// The body of a call.
pub(super) enum Sent {
    Bytes(Vec<u8>),
    /// A file, and its length.
    File(NamedTempFile, u64),
}

/// A call, without its secrets.
pub(super) struct Call {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) content_type: String,
    pub(super) body: Option<Value>,
    /// The reason why the body is not written.
    instead: Option<&'static str>,
    status: Option<u16>,
}

/// Calls with secrets in their bodies: users and passwords, the account's registration, certificates, PINs, backups.
const WITHHELD: [&str; 6] = [
    "/v1/users",
    "/v1/account",
    "/v1/certificates",
    "/v1/settings/account",
    "/v1/settings/backup",
    "/v1/settings/restore",
];

/// Exact names of secrets.
const SECRET: [&str; 7] = ["bearer", "basic", "auth", "pin", "cert", "headers", "cc_pin"];
/// Parts of names of secrets.
const HOLDS: [&str; 9] =
    ["password", "passwd", "secret", "token", "api_key", "api-key", "apikey", "authorization", "credential"];

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET.contains(&name.as_str()) || HOLDS.iter().any(|part| name.contains(part))
}

impl Call {
    pub(super) fn new(parts: &Parts, content_type: &str, sent: &Sent, status: Option<u16>) -> Self {
        let path = parts.uri.path();
        let below = |start: &&str| {
            path.strip_prefix(*start).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let withheld = WITHHELD.iter().any(below);
        let read = json(sent).filter(|_| !withheld).map(masked);
        let instead = match (sent, &read) {
            _ if withheld => Some("not written: it contains secrets"),
            (_, Some(_)) => None,
            (Sent::Bytes(bytes), None) if bytes.is_empty() => None,
            (Sent::Bytes(_), None) => Some("not written: it is not JSON"),
            (Sent::File(..), None) => Some("not written: it is a file"),
        };
        let query = parts.uri.query().map(|query| format!("?{}", masked_query(query))).unwrap_or_default();
        Self {
            method: parts.method.as_str().to_owned(),
            path: format!("{path}{query}"),
            content_type: content_type.to_owned(),
            body: read,
            instead,
            status,
        }
    }

    /// Returns the path of the matching row in the table of calls.
    pub(super) fn row(&self) -> Option<&'static str> {
        calls::look_up(&self.method, &self.path).map(|row| row.path)
    }

    pub(super) fn document(&self) -> Value {
        let mut document = json!({ "time": jiff::Timestamp::now().to_string(), "method": self.method, "path": self.path,
            "content_type": self.content_type, "body": self.body, "status": self.status });
        if let Some(instead) = self.instead {
            document["body_is"] = json!(instead);
        }
        document
    }
}

/// Parses a body as JSON.
fn json(sent: &Sent) -> Option<Value> {
    match sent {
        Sent::Bytes(bytes) if !bytes.is_empty() => serde_json::from_slice(bytes).ok(),
        _ => None,
    }
}

/// Masks the secrets in a body.
fn masked(value: Value) -> Value {
    match value {
        Value::Object(map) => map
            .into_iter()
            .map(|(name, value)| {
                let value = match value {
                    Value::Null | Value::Bool(_) => value,
                    _ if is_secret(&name) => json!(MASKED),
                    // Links of object stores are signed, and webhook URLs may contain a token.
                    Value::String(url) if matches!(name.as_str(), "url" | "link") => {
                        json!(without_secrets(&url))
                    }
                    value => masked(value),
                };
                (name, value)
            })
            .collect(),
        Value::Array(items) => items.into_iter().map(masked).collect(),
        value => value,
    }
}

/// Removes user, password and query from a URL.
fn without_secrets(url: &str) -> String {
    let (before, query) = url.split_once('?').map_or((url, ""), |(before, _)| (before, "?masked"));
    let Some((scheme, rest)) = before.split_once("://") else { return format!("{before}{query}") };
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}{query}")
}

fn masked_query(query: &str) -> String {
    let pair = |pair: &str| match pair.split_once('=') {
        Some((name, _)) if is_secret(name) => format!("{name}=masked"),
        _ => pair.to_owned(),
    };
    query.split('&').map(pair).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        let hush = "hush-hush";
        let body = json!({ "webhooks": { "url": format!("https://u:{hush}@h/x?token={hush}") }, "headers": { "X": hush },
            "config": { "bearer": hush, "basic": { "username": "u", "password": hush } }, "d360-api-key": hush, "new_password": [hush],
            "list": [{ "access_token": hush, "link": format!("https://s3/x.png?X-Amz-Signature={hush}") }], "pin": hush,
            "auth": { "x": hush }, "password": null, "text": { "body": "a token of thanks" } });
        let shown = masked(body);
        assert!(!shown.to_string().contains(hush), "{shown}");
        assert_eq!(shown["text"]["body"], "a token of thanks");
        assert_eq!(
            (&shown["webhooks"]["url"], &shown["password"]),
            (&json!("https://h/x?masked"), &Value::Null)
        );
        assert_eq!(shown["list"][0]["link"], "https://s3/x.png?masked");
        assert_eq!(masked_query("a=1&access_token=hush&limit=2"), "a=1&access_token=masked&limit=2");
    }
}
