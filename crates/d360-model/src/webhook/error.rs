//! Errors in webhooks.
use super::inbound::inbound_object;
use crate::{error::ErrorCode, masked_fields};
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeMap};
use serde_json::Value;

/// An error in a webhook, with the same codes as in responses.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct WebhookError {
    /// The code, the basis for decisions; absent if it is not a number.
    pub code: Option<ErrorCode>,
    /// The title.
    pub title: Option<String>,
    /// The message.
    pub message: Option<String>,
    /// The details.
    pub details: Option<String>,
    /// The URL of an explanation.
    pub href: Option<String>,
}

masked_fields!(WebhookError { code, title, message, details, href });

/// Serializes in the form of webhooks, with the details in `error_data`.
impl Serialize for WebhookError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Data<'a> {
            details: &'a str,
        }
        let mut map = serializer.serialize_map(None)?;
        if let Some(code) = self.code {
            map.serialize_entry("code", &code)?;
        }
        let texts = [("title", &self.title), ("message", &self.message), ("href", &self.href)];
        for (name, text) in texts.into_iter().filter_map(|(name, text)| Some((name, text.as_ref()?))) {
            map.serialize_entry(name, text)?;
        }
        if let Some(details) = &self.details {
            map.serialize_entry("error_data", &Data { details })?;
        }
        map.end()
    }
}

inbound_object!(WebhookError);

impl<'de> Deserialize<'de> for WebhookError {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let code = value.get("code").and_then(|code| code.as_i64().or_else(|| code.as_str()?.parse().ok()));
        if !value.is_object() {
            return Err(serde::de::Error::custom("an error that is not an object"));
        }
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        let data = value.get("error_data");
        Ok(Self {
            code: code.map(ErrorCode),
            title: text(value.get("title")),
            message: text(value.get("message")),
            details: text(data.and_then(|data| data.get("details")).or(data).or(value.get("details"))),
            href: text(value.get("href")),
        })
    }
}
