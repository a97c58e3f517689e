//! Parses `PATCH /v1/settings/application`.
use crate::note::Notes;
use serde_json::{Map, Value};

/// The application settings of On-Premise that a gateway supports (Meta, On-Premise reference "Application settings",
/// until 2025-10).
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// The webhook URL, `webhooks.url`; empty to remove it.
    pub url: Option<String>,
    /// Whether statuses `sent` are posted, `sent_status`.
    pub sent_status: Option<bool>,
    /// The paths of settings without a counterpart.
    pub without_counterpart: Vec<String>,
    /// The paths of invalid settings, and the valid values.
    pub invalid: Vec<(String, &'static str)>,
}

d360_model::masked_fields!(Settings { url, sent_status, without_counterpart, invalid });

impl Settings {
    /// Parses the body of the call.
    #[must_use]
    pub fn read(body: &Map<String, Value>) -> Self {
        let mut settings = Self::default();
        for (name, value) in body {
            match (name.as_str(), value) {
                // On-Premise ignored null as well.
                (_, Value::Null) => {}
                ("webhooks", Value::Object(webhooks)) => settings.webhooks(webhooks),
                ("webhooks", _) => settings.invalid.push((name.clone(), "an object")),
                ("sent_status", Value::Bool(sent)) => settings.sent_status = Some(*sent),
                ("sent_status", _) => settings.invalid.push((name.clone(), "true or false")),
                // A gateway always does this.
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
            notes.lost(name, why(name), "remove it");
        }
        for (name, holds) in &self.invalid {
            notes.refused(name, format!("must be {holds}"), "correct it");
        }
        if self.sent_status.is_some() {
            let why = "Cloud always posts statuses sent; the gateway drops them if this is false";
            notes.changed("sent_status", why, "ignore statuses sent");
        }
    }
}

/// Returns why a setting has no effect.
fn why(name: &str) -> &'static str {
    match name {
        "callback_backoff_delay_ms" | "max_callback_backoff_delay_ms" => {
            "has no counterpart; the gateway and Cloud choose the retry intervals"
        }
        "callback_persist" => "has no counterpart; the gateway always keeps webhooks until they are accepted",
        "webhooks.max_concurrent_requests" => {
            "has no counterpart; the gateway chooses how many are delivered concurrently"
        }
        "heartbeat_interval" | "unhealthy_interval" => {
            "has no counterpart; there is no self-hosted client to monitor"
        }
        "media.auto_download" => "has no counterpart; a file is downloaded on request",
        _ => "has no counterpart; it configured a client that Meta now runs",
    }
}
