//! An answer of On-Premise.
use crate::titles;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// What On-Premise says about itself in every answer (`meta`): the last version with new features.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Meta {
    /// Whether it is held stable.
    pub api_status: &'static str,
    /// The client's version.
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
    /// An answer that says what is wrong: `{"errors": [{"code", "title", "details"}], "meta": …}`, with On-Premise's HTTP status for
    /// the code.
    #[must_use]
    pub fn error(code: i64, details: &str) -> Self {
        let status =
            titles::ONPREM.iter().find(|(known, ..)| *known == code).map_or(500, |(_, status, _)| *status);
        Self::error_with(status, code, details)
    }
    /// The same with another HTTP status.
    #[must_use]
    pub fn error_with(status: u16, code: i64, details: &str) -> Self {
        let error = json!({ "code": code, "title": onprem_title(code), "details": details });
        Self { status, body: json!({ "errors": [error], "meta": meta() }) }
    }
    /// An answer without errors: `body`, and `meta` beside it.
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

/// What On-Premise calls a code.
pub(crate) fn onprem_title(code: i64) -> &'static str {
    // In webhooks it had this title, and the table's words for details.
    if code == 501 {
        return "Unknown message type";
    }
    titles::ONPREM.iter().find(|(known, ..)| *known == code).map_or("Generic error", |(.., title)| title)
}
