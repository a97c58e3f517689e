//! Webhooks: where they go, how they are disturbed, and what they say.
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

/// The account that all numbers belong to, and what it is called.
const ACCOUNT: &str = "102290129340398";

/// How webhooks come: in order, once and at once, if nothing is said.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Webhooks {
    /// How often each comes again.
    pub duplicates: u32,
    /// How long each waits.
    pub delay: Duration,
    /// Whether those that wait go out last one first.
    pub reorder: bool,
    /// How many events go together in one, at most; one, if not said.
    pub batch: usize,
    /// Whether they wait until this is off again, so that a test can let them pile up.
    pub hold: bool,
    /// Signs them as Meta does: `X-Hub-Signature-256`.
    pub app_secret: Option<String>,
    /// Signs them as 360dialog does for partners: `x-360dialog-signature`.
    pub platform_secret: Option<String>,
    /// Whether they have On-Premise's flat form.
    pub on_premise: bool,
    /// What is told of an accepted message; `sent` and `delivered`, if not said.
    pub statuses: Option<Vec<String>>,
    /// Includes the business-scoped user ID of users whose phone number is known too: `contacts[].user_id`, `from_user_id`,
    /// `recipient_user_id`, and `contacts` beside statuses. On by default, as Meta sends them since April 2026 (Meta,
    /// "Business-scoped user IDs", 2026-06-29). Users without a number have their ID in either form.
    pub user_ids: bool,
    /// Writes characters outside ASCII as `\uXXXX`, the form that Meta's page on signatures describes. Off by default. Signatures
    /// cover the bytes that are sent, in either form.
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

/// Where webhooks of a number or the account go.
#[derive(Clone, Debug, Default)]
struct Target {
    url: String,
    headers: Map<String, Value>,
}

/// What happened at a number.
#[derive(Clone, Debug)]
struct Event {
    key: String,
    /// `messages` or `statuses`.
    kind: &'static str,
    item: Value,
    contact: Option<Value>,
}

/// A request that is to be made.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// What it holds, for logs.
    pub(crate) events: String,
}

#[derive(Debug, Default)]
pub(crate) struct Hooks {
    pub(crate) settings: Webhooks,
    /// The settings that the sandbox started with.
    start: Webhooks,
    account: Option<Value>,
    numbers: HashMap<String, Value>,
    waiting: VecDeque<Event>,
    /// What became of those that went out.
    pub(crate) delivered: VecDeque<Value>,
    /// Wakes the task that posts.
    pub(crate) wake: Arc<Notify>,
    /// Statuses that the watcher was not told yet, if there is one.
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

    /// The settings that hold for a key, and the URL in them.
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
        // What has nowhere to go is not kept: a sandbox without a webhook must not grow.
        if self.has_target(&event.key) {
            self.waiting.push_back(event);
            self.wake.notify_one();
        }
    }

    /// Everything as at the start; the task that posts stays awake.
    pub(crate) fn reset(&mut self) {
        *self = Self {
            wake: self.wake.clone(),
            noted: self.noted.take(),
            ..Self::new(std::mem::take(&mut self.start))
        };
    }

    /// The settings of the account, or of a key, as they were given.
    pub(crate) fn kept(&self, key: &str, account: bool) -> Option<&Value> {
        if account { self.account.as_ref() } else { self.numbers.get(key) }
    }

    /// Sets a target, unless it is malformed.
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
            return Err(
                "the sandbox posts to http:// URLs alone; put a tunnel or proxy before an https:// one"
                    .to_owned(),
            );
        }
        let texts =
            |headers: &Value| headers.as_object().is_some_and(|map| map.values().all(Value::is_string));
        if !map.get("headers").is_none_or(texts) {
            return Err("headers must be an object of texts".to_owned());
        }
        if account {
            self.account = Some(config.clone());
        } else {
            self.numbers.insert(key.to_owned(), config.clone());
        }
        Ok(())
    }

    /// Changes how webhooks come. What waited goes on.
    pub(crate) fn change(&mut self, settings: Webhooks) {
        self.settings = settings;
        self.wake.notify_one();
    }

    /// Queues a user's message.
    pub(crate) fn message(&mut self, key: &str, item: Value, contact: Value) {
        self.push(Event { key: key.to_owned(), kind: "messages", item, contact: Some(contact) });
    }

    /// Queues a status of a message of ours.
    pub(crate) fn status(&mut self, key: &str, item: Value, contact: Option<Value>) {
        self.push(Event { key: key.to_owned(), kind: "statuses", item, contact });
    }

    /// What waits, as requests: batched, put out of order, repeated and signed as the settings say.
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

/// What a batch holds, in two words.
fn named(batch: &[Event]) -> String {
    let text = |item: &Value, name: &str| item[name].as_str().unwrap_or("?").to_owned();
    match batch {
        [one] if one.kind == "statuses" => format!("status {}", text(&one.item, "status")),
        [one] => format!("message {}", text(&one.item, "type")),
        several => format!("{} events", several.len()),
    }
}

/// Cloud's envelope; what follows each other and is of one kind shares a value.
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

/// On-Premise's flat form.
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
    // A key of any length is taken.
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    let bytes = mac.chain_update(body.as_bytes()).finalize().into_bytes();
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}
