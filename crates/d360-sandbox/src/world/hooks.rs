//! Webhooks: targets, delivery settings and payloads.
use super::number::Number;
use crate::json;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Map, Value, json as value};
use sha2::Sha256;
use std::{
    collections::{HashMap, VecDeque},
    fmt::Write as _,
    sync::Arc,
    time::Duration,
};
use tokio::sync::Notify;

/// The id of the account that all numbers belong to.
const ACCOUNT: &str = "102290129340398";

/// Delivery settings of webhooks. By default they are posted immediately, once and in order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Webhooks {
    /// How many duplicates of each are posted.
    pub duplicates: u32,
    /// How long each is delayed.
    pub delay: Duration,
    /// Whether queued webhooks are posted in reverse order.
    pub reorder: bool,
    /// The maximum number of events per webhook. The default is one.
    pub batch: usize,
    /// Whether webhooks are queued until this is turned off again. A test can use it to build up a backlog.
    pub hold: bool,
    /// The secret for Meta's signature, `X-Hub-Signature-256`.
    pub app_secret: Option<String>,
    /// The secret for 360dialog's partner signature, `x-360dialog-signature`.
    pub platform_secret: Option<String>,
    /// Whether payloads have On-Premise's flat form.
    pub on_premise: bool,
    /// The statuses of an accepted message. The default is `sent` and `delivered`.
    pub statuses: Option<Vec<String>>,
    /// Whether to include the business-scoped user ID of users whose phone number is known: `contacts[].user_id`,
    /// `from_user_id`, `recipient_user_id`, and `contacts` beside statuses.
    ///
    /// On by default, as Meta sends them since April 2026 (Meta, "Business-scoped user IDs", 2026-06-29). The ID of
    /// users without a number is always included.
    pub user_ids: bool,
    /// Whether to escape non-ASCII characters as `\uXXXX`, the form described by Meta's page on signatures.
    ///
    /// Off by default. Signatures always cover the bytes that are sent.
    pub escape_unicode: bool,
}

impl Default for Webhooks {
    fn default() -> Self {
        Self {
            duplicates: 0,
            delay: Duration::ZERO,
            reorder: false,
            batch: 1,
            hold: false,
            app_secret: None,
            platform_secret: None,
            on_premise: false,
            statuses: None,
            user_ids: true,
            escape_unicode: false,
        }
    }
}

/// The webhook target of a number or the account.
#[derive(Clone, Debug, Default)]
struct Target {
    url: String,
    headers: Map<String, Value>,
}

/// An event of a number.
#[derive(Clone, Debug)]
struct Event {
    key: String,
    /// `messages` or `statuses`.
    kind: &'static str,
    item: Value,
    contact: Option<Value>,
}

/// A webhook to post.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// A summary of its events, for logs.
    pub(crate) events: String,
}

#[derive(Debug, Default)]
pub(crate) struct Hooks {
    pub(crate) settings: Webhooks,
    /// The settings to restore on reset.
    start: Webhooks,
    account: Option<Value>,
    numbers: HashMap<String, Value>,
    waiting: VecDeque<Event>,
    /// The results of posted webhooks.
    pub(crate) delivered: VecDeque<Value>,
    /// Wakes the task that posts.
    pub(crate) wake: Arc<Notify>,
    /// Statuses that were not yet reported to the watcher, if there is one.
    pub(crate) noted: Option<Vec<Noted>>,
}

/// A status for the watcher.
#[derive(Debug)]
pub(crate) struct Noted {
    pub(crate) id: String,
    pub(crate) status: String,
    pub(crate) error: Option<Value>,
}

impl Hooks {
    pub(crate) fn new(start: Webhooks) -> Self {
        Self { settings: start.clone(), start, ..Self::default() }
    }

    /// Returns the target that applies to a key, and its URL.
    fn config(&self, key: &str) -> Option<(&Value, &str)> {
        let over = |account: &&Value| account["override_all"] == true;
        let account = self.account.as_ref();
        let config = account.filter(over).or(self.numbers.get(key)).or(account)?;
        Some((config, config["url"].as_str().filter(|url| !url.is_empty())?))
    }

    pub(crate) fn has_target(&self, key: &str) -> bool {
        self.config(key).is_some()
    }

    pub(crate) fn note(&mut self, id: &str, status: &str, error: Option<&Value>) {
        if let Some(noted) = &mut self.noted {
            noted.push(Noted { id: id.to_owned(), status: status.to_owned(), error: error.cloned() });
        }
    }

    fn target(&self, key: &str) -> Option<Target> {
        let (config, url) = self.config(key)?;
        let headers = config["headers"].as_object().cloned().unwrap_or_default();
        Some(Target { url: url.to_owned(), headers })
    }

    fn push(&mut self, event: Event) {
        // Without a target the event is dropped, so that memory does not grow.
        if self.has_target(&event.key) {
            self.waiting.push_back(event);
            self.wake.notify_one();
        }
    }

    /// Restores the initial state. The posting task keeps its handle.
    pub(crate) fn reset(&mut self) {
        *self = Self {
            wake: self.wake.clone(),
            noted: self.noted.take(),
            ..Self::new(std::mem::take(&mut self.start))
        };
    }

    /// Returns the target of the account, or of a key, as it was set.
    pub(crate) fn kept(&self, key: &str, account: bool) -> Option<&Value> {
        if account { self.account.as_ref() } else { self.numbers.get(key) }
    }

    /// Sets a target, or returns why it is invalid.
    pub(crate) fn set(&mut self, key: &str, config: &Value, account: bool) -> Result<(), String> {
        let map = config.as_object().ok_or("expected an object")?;
        let mut known = vec!["url", "headers"];
        if account {
            known.push("override_all");
        }
        if let Some(name) = map.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(format!("Unexpected key {name:?}"));
        }
        let url = map.get("url").and_then(Value::as_str).ok_or("url is required")?;
        if !url.starts_with("http://") {
            return Err("the sandbox posts to http:// URLs only; use a tunnel or proxy for an https:// URL"
                .to_owned());
        }
        let texts =
            |headers: &Value| headers.as_object().is_some_and(|map| map.values().all(Value::is_string));
        if !map.get("headers").is_none_or(texts) {
            return Err("headers must be an object of strings".to_owned());
        }
        if account {
            self.account = Some(config.clone());
        } else {
            self.numbers.insert(key.to_owned(), config.clone());
        }
        Ok(())
    }

    /// Changes the settings and releases held webhooks if they allow it.
    pub(crate) fn change(&mut self, settings: Webhooks) {
        self.settings = settings;
        self.wake.notify_one();
    }

    /// Queues a user's message.
    pub(crate) fn message(&mut self, key: &str, item: Value, contact: Value) {
        self.push(Event { key: key.to_owned(), kind: "messages", item, contact: Some(contact) });
    }

    /// Queues a status of a message sent by the business.
    pub(crate) fn status(&mut self, key: &str, item: Value, contact: Option<Value>) {
        self.push(Event { key: key.to_owned(), kind: "statuses", item, contact });
    }

    /// Takes the queued events as requests: batched, reordered, duplicated and signed according to the settings.
    pub(crate) fn take(&mut self, numbers: &HashMap<String, Number>) -> Vec<Post> {
        if self.settings.hold {
            return Vec::new();
        }
        let settings = self.settings.clone();
        let waiting: Vec<Event> = self.waiting.drain(..).collect();
        let mut posts = Vec::new();
        let mut left = &waiting[..];
        while let Some(first) = left.first() {
            let same = left.iter().take_while(|event| event.key == first.key).count();
            let (batch, rest) = left.split_at(same.min(settings.batch.max(1)));
            left = rest;
            let (Some(target), Some(number)) = (self.target(&first.key), numbers.get(&first.key)) else {
                continue;
            };
            let body =
                if settings.on_premise { flat(batch) } else { envelope(batch, &number.phone) }.to_string();
            let body = if settings.escape_unicode { json::escaped(&body) } else { body };
            let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            headers.extend(target.headers.iter().map(|(name, value)| (name.clone(), text(value))));
            if let Some(secret) = &settings.app_secret {
                headers
                    .push(("x-hub-signature-256".to_owned(), format!("sha256={}", signature(secret, &body))));
            }
            if let Some(secret) = &settings.platform_secret {
                headers.push(("x-360dialog-signature".to_owned(), signature(secret, &body)));
            }
            posts.push(Post { url: target.url, headers, body, events: named(batch) });
        }
        if settings.reorder {
            posts.reverse();
        }
        let times = settings.duplicates.min(100) as usize + 1;
        posts.into_iter().flat_map(|post| std::iter::repeat_n(post, times)).collect()
    }
}

/// Summarizes a batch in two words.
fn named(batch: &[Event]) -> String {
    let text = |item: &Value, name: &str| item[name].as_str().unwrap_or("?").to_owned();
    match batch {
        [one] if one.kind == "statuses" => format!("status {}", text(&one.item, "status")),
        [one] => format!("message {}", text(&one.item, "type")),
        several => format!("{} events", several.len()),
    }
}

/// Wraps events in Cloud's envelope. Consecutive events of one kind share a `value`.
fn envelope(events: &[Event], phone: &str) -> Value {
    let mut changes: Vec<Value> = Vec::new();
    for group in events.chunk_by(|a, b| a.kind == b.kind) {
        let mut value = value!({
            "messaging_product": "whatsapp",
            "metadata": { "display_phone_number": phone, "phone_number_id": "106540352242922" },
        });
        fill(&mut value, group);
        changes.push(value!({ "value": value, "field": "messages" }));
    }
    value!({ "object": "whatsapp_business_account", "entry": [{ "id": ACCOUNT, "changes": changes }] })
}

/// Writes events in On-Premise's flat form.
fn flat(events: &[Event]) -> Value {
    let mut value = value!({});
    for group in events.chunk_by(|a, b| a.kind == b.kind) {
        fill(&mut value, group);
    }
    value
}

fn fill(value: &mut Value, events: &[Event]) {
    let mut add = |key: &str, item: &Value| match &mut value[key] {
        Value::Array(list) => list.push(item.clone()),
        other => *other = value!([item]),
    };
    for event in events {
        add(event.kind, &event.item);
        if let Some(contact) = &event.contact {
            add("contacts", contact);
        }
    }
}

fn signature(secret: &str, body: &str) -> String {
    // HMAC accepts keys of any length, so this never fails.
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    let bytes = mac.chain_update(body.as_bytes()).finalize().into_bytes();
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}
