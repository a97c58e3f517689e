//! The webhook settings and the health of a number or account.
pub use crate::enums::CanSend;
use crate::{
    check::{At, Findings, Validate, blank},
    message::without_scheme,
    response::Extra,
    wire::{lenient, lenient_list, lenient_text},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeMap, fmt};

/// The webhook URL of a number or an account.
///
/// 360dialog sends `headers` with every webhook. They are the only proof of its client webhooks and may contain a
/// secret, so `Debug` shows only their names.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WebhookConfig {
    /// The URL, or none if no webhook is set.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub url: Option<String>,
    /// The headers that are sent with every webhook.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "headers")]
    pub headers: BTreeMap<String, String>,
    /// Whether the account's setting replaces those of its numbers.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub override_all: Option<bool>,
}

/// Reads headers of any form. A value that is not text is kept as JSON.
fn headers<'de, D: serde::Deserializer<'de>>(d: D) -> Result<BTreeMap<String, String>, D::Error> {
    let Value::Object(map) = Value::deserialize(d)? else { return Ok(BTreeMap::new()) };
    let text = |value| if let Value::String(text) = value { text } else { value.to_string() };
    Ok(map.into_iter().map(|(name, value)| (name, text(value))).collect())
}

impl WebhookConfig {
    /// Creates a setting for webhooks to `url`.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: Some(url.into()), ..Self::default() }
    }
    /// Adds a header that is sent with every webhook.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.insert(name.into(), value.into());
        self
    }
    /// Sets, for an account, whether it replaces the settings of its numbers.
    #[must_use]
    pub fn override_all(mut self, all: bool) -> Self {
        self.override_all = Some(all);
        self
    }
}

crate::validated!(WebhookConfig);

/// Headers that cannot be set for webhooks.
const RESERVED: [&str; 7] =
    ["content-length", "content-type", "transfer-encoding", "connection", "host", "expect", "d360-api-key"];

impl Validate for WebhookConfig {
    fn check(&self, at: &At<'_>, out: &mut Findings) {
        let url = self.url.as_deref().unwrap_or_default();
        out.require(at.key("url"), url);
        let local = ["http://localhost", "http://127.0.0.1", "http://[::1]"];
        let is_local = local.iter().any(|start| {
            without_scheme(url, start).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
        });
        if !url.is_empty() && !is_local && without_scheme(url, "https://").is_none() {
            out.error(
                at.key("url"),
                "must begin with https://, because webhooks contain the users' messages",
            );
        }
        let host =
            url.split("://").nth(1).unwrap_or_default().split(['/', '?', '#']).next().unwrap_or_default();
        if !url.is_empty() && (host.is_empty() || !crate::message::is_url(url)) {
            out.error(at.key("url"), "is not a URL with a host");
        }
        if host.contains('@') {
            out.error(at.key("url"), "must not contain a user name; use headers instead");
        }
        if !is_local && (host.contains('_') || host.contains(':')) {
            out.advise(at.key("url"), "360dialog accepts no underscore in the host and no port");
        }
        let headers = at.key("headers");
        for (name, value) in &self.headers {
            let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
            if name.is_empty() || !name.chars().all(token) {
                out.error(headers.key(&crate::mask(name)), "is not a header name");
            }
            if RESERVED.iter().any(|reserved| name.eq_ignore_ascii_case(reserved)) {
                out.error(
                    headers.key(name),
                    "is a header that HTTP or the API itself sets; use another name",
                );
            }
            if value.trim() != value {
                out.error(
                    headers.key(name),
                    "must not have white space around its value, which HTTP removes",
                );
            }
            if blank(value) || value.chars().any(|c| c.is_control()) || !value.is_ascii() {
                out.error(headers.key(name), "must have a value of plain ASCII");
            }
        }
    }
}

impl fmt::Debug for WebhookConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookConfig")
            .field("url", &self.url.as_deref().map(crate::mask))
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("override_all", &self.override_all)
            .finish()
    }
}

/// The response of `GET /health_status`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Health {
    /// The health.
    #[serde(default)]
    pub health_status: HealthStatus,
    /// The ID of the number at Meta.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub id: Option<String>,
}

/// The overall health, and its parts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HealthStatus {
    /// Whether messages can be sent: the worst of the parts. Some responses name it `can_send_messages`.
    #[serde(
        default,
        alias = "can_send_messages",
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient"
    )]
    pub can_send_message: Option<CanSend>,
    /// The number, the account, the business and the app.
    #[serde(default, deserialize_with = "lenient_list")]
    pub entities: Vec<HealthEntity>,
}

/// A part of a [`HealthStatus`].
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HealthEntity {
    /// `PHONE_NUMBER`, `WABA`, `BUSINESS` or `APP`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub entity_type: Option<String>,
    /// The ID at Meta.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub id: Option<String>,
    /// Whether this part allows sending.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub can_send_message: Option<CanSend>,
    /// The reasons if not: `error_code`, `error_description`, `possible_solution`.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "lenient_list")]
    pub errors: Vec<Extra>,
    /// Properties that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

crate::masked_fields!(HealthEntity { entity_type, id, can_send_message, errors, extra });
