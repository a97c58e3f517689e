//! What `PATCH /v1/settings/application` sets.
use crate::note::Notes;
use serde_json::{Map, Value};

/// The settings of an application of On-Premise that a gateway can follow.
///
/// Source: Meta's On-Premise reference "Application settings" (until 2025-10).
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// Where webhooks go, `webhooks.url`; empty where it is to be removed.
    pub url: Option<String>,
    /// Whether statuses `sent` are posted, `sent_status`.
    pub sent_status: Option<bool>,
    /// Settings without a counterpart, by path: nothing follows them.
    pub without_counterpart: Vec<String>,
    /// Settings that hold what they cannot, by path, and what they can.
    pub invalid: Vec<(String, &'static str)>,
}

d360_model::masked_fields!(Settings { url, sent_status, without_counterpart, invalid });

impl Settings {
    /// Reads the body of the call.
    #[must_use]
    pub fn read(body: &Map<String, Value>) -> Self {
        let mut settings = Self::default();
        for (name, value) in body {
            match (name.as_str(), value) {
                // As On-Premise did with what is null.
                (_, Value::Null) => {}
                ("webhooks", Value::Object(webhooks)) => settings.webhooks(webhooks),
                ("webhooks", _) => settings.invalid.push((name.clone(), "an object")),
                ("sent_status", Value::Bool(sent)) => settings.sent_status = Some(*sent),
                ("sent_status", _) => settings.invalid.push((name.clone(), "true or false")),
                // A gateway does it, whether it is asked or not.
                ("callback_persist", Value::Bool(true)) => {}
                ("media", Value::Object(media)) => {
                    settings.without_counterpart.extend(media.keys().map(|name| format!("media.{name}")));
                }
                _ => settings.without_counterpart.push(name.clone()),
            }
        }
        settings
    }

    fn webhooks(&mut self, webhooks: &Map<String, Value>) {
        for (name, value) in webhooks {
            let path = format!("webhooks.{name}");
            match (name.as_str(), value) {
                (_, Value::Null) => {}
                ("url", Value::String(url)) => self.url = Some(url.trim().to_owned()),
                ("url", _) => self.invalid.push((path, "a URL, or \"\" to remove it")),
                _ => self.without_counterpart.push(path),
            }
        }
    }

    pub(crate) fn note(&self, notes: &mut Notes) {
        for name in &self.without_counterpart {
            notes.lost(name, why(name), "leave it out");
        }
        for (name, holds) in &self.invalid {
            notes.refused(name, format!("has to be {holds}"), "correct it");
        }
        if self.sent_status.is_some() {
            let why = "Cloud always posts statuses sent; the gateway leaves them out where this is false";
            notes.changed("sent_status", why, "pass over statuses sent");
        }
    }
}

/// Why nothing follows a setting.
fn why(name: &str) -> &'static str {
    match name {
        "callback_backoff_delay_ms" | "max_callback_backoff_delay_ms" => {
            "has no counterpart: the waits between deliveries are the gateway's and Cloud's own"
        }
        "callback_persist" => "has no counterpart: the gateway always keeps webhooks until they are taken",
        "webhooks.max_concurrent_requests" => {
            "has no counterpart: how many go out at once is the gateway's own"
        }
        "heartbeat_interval" | "unhealthy_interval" => {
            "has no counterpart: there is no client of yours whose health is watched"
        }
        "media.auto_download" => "has no counterpart: a file is fetched when it is asked for",
        _ => "has no counterpart: it set up a client that Meta runs now",
    }
}
