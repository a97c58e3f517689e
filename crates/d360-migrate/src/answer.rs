//! An answer of On-Premise.
use crate::titles;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// The version that On-Premise reports in every answer (`meta`): the last one with new features.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Meta {
    /// Whether the version is stable.
    pub api_status: &'static str,
    /// The version of the client.
    pub version: &'static str,
}

impl Default for Meta {
    fn default() -> Self {
        Self { api_status: "stable", version: "2.53.0" }
    }
}

/// An answer of On-Premise.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Value,
}

d360_model::masked_fields!(Answer { status, body });

impl Answer {
    /// Creates an error answer: `{"errors": [{"code", "title", "details"}], "meta": …}`, with the HTTP status of
    /// On-Premise for the code.
    #[must_use]
    pub fn error(code: i64, details: &str) -> Self {
        let status =
            titles::ONPREM.iter().find(|(known, ..)| *known == code).map_or(500, |(_, status, _)| *status);
        Self::error_with(status, code, details)
    }
    /// Creates an error answer with another HTTP status.
    #[must_use]
    pub fn error_with(status: u16, code: i64, details: &str) -> Self {
        let error = json!({ "code": code, "title": onprem_title(code), "details": details });
        Self { status, body: json!({ "errors": [error], "meta": meta() }) }
    }
    /// Creates an answer without errors: `body`, with `meta` added.
    #[must_use]
    pub fn ok(status: u16, body: Map<String, Value>) -> Self {
        let mut body = body;
        body.insert("meta".to_owned(), meta());
        Self { status, body: body.into() }
    }
}

fn meta() -> Value {
    json!(Meta::default())
}

/// Returns the title of a code on On-Premise.
pub(crate) fn onprem_title(code: i64) -> &'static str {
    // In webhooks it had this title, and the title of the table as details.
    if code == 501 {
        return "Unknown message type";
    }
    titles::ONPREM.iter().find(|(known, ..)| *known == code).map_or("Generic error", |(.., title)| title)
}
