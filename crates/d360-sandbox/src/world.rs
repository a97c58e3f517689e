//! What the sandbox remembers.
use crate::ids::{self, Way};
use axum::body::Bytes;
use serde_json::{Value, json};
use std::{
    collections::{HashMap, HashSet, VecDeque},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// The business number behind the default key.
pub(crate) const DEFAULT_NUMBER: &str = "15550783881";
/// How long a user's message allows to answer freely, and to block.
const WINDOW: Duration = Duration::from_secs(24 * 60 * 60);
/// Entries kept of what happened.
const KEPT: usize = 1_000;
/// Most messages to one recipient at once, and the time that each of them is borrowed for (Meta, "About the platform").
const PAIR_BURST: u32 = 45;
const PAIR_EVERY: Duration = Duration::from_secs(6);

/// An error to answer the next calls with, instead of what the sandbox would.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Failure {
    /// Meta's error code, with the title and HTTP status of Meta's page.
    pub code: Option<i64>,
    /// Another HTTP status; alone, a failure of the gateway or a proxy with that status.
    pub http: Option<u16>,
    /// Another body.
    pub body: Option<String>,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<u64>,
    /// How many calls fail. One, if not said.
    pub times: Option<u32>,
    /// Only calls of this method, such as `POST`.
    pub method: Option<String>,
    /// Only calls of this path, such as `/messages`.
    pub path: Option<String>,
}

impl Failure {
    /// The error `code`, with the title and HTTP status of Meta's page.
    #[must_use]
    pub fn code(code: i64) -> Self {
        Self { code: Some(code), ..Self::default() }
    }
    /// The HTTP status, with a body that a gateway or proxy sends with it.
    #[must_use]
    pub fn http(status: u16) -> Self {
        Self { http: Some(status), ..Self::default() }
    }
    /// Another body.
    #[must_use]
    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.body = Some(body.into());
        self
    }
    /// Another HTTP status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.http = Some(status);
        self
    }
    /// `Retry-After`, in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }
    /// How many calls fail.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }
    /// Only calls of this method and path.
    #[must_use]
    pub fn on(mut self, method: impl Into<String>, path: impl Into<String>) -> Self {
        (self.method, self.path) = (Some(method.into()), Some(path.into()));
        self
    }
}

/// A request that was answered. Its body is read once somebody looks.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) body: Bytes,
    pub(crate) status: u16,
}

impl Asked {
    fn shown(&self) -> Value {
        let text = || json!(String::from_utf8_lossy(&self.body));
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_else(|_| text());
        json!({ "method": self.method, "path": self.path, "body": body, "status": self.status })
    }
}

/// What can be set.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) messages_per_second: Option<u32>,
    pub(crate) pair_limit: bool,
    pub(crate) mixed_block_status: u16,
    pub(crate) unversioned: bool,
}

/// A business number and the users it knows.
#[derive(Debug, Default)]
pub(crate) struct Number {
    pub(crate) phone: String,
    /// Blocked users by WhatsApp ID or BSUID, in the order they were blocked.
    pub(crate) blocked: Vec<String>,
    blocked_set: HashSet<String>,
    /// Changes with every change of the list.
    pub(crate) version: u64,
    last_written: HashMap<String, Duration>,
    sent: VecDeque<Duration>,
    pairs: HashMap<String, Duration>,
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) numbers: HashMap<String, Number>,
    first_key: String,
    pub(crate) settings: Settings,
    pub(crate) accepted: VecDeque<Value>,
    requests: VecDeque<Asked>,
    failures: Vec<Failure>,
    /// The id of the last accepted message.
    pub(crate) last_id: Option<String>,
    pub(crate) media: HashMap<String, crate::media::File>,
    pub(crate) templates: Vec<Value>,
    pub(crate) hooks: crate::webhooks::Hooks,
    /// Tokens that the hub gave out.
    pub(crate) tokens: HashSet<String>,
    /// Numbers that On-Premise was asked about.
    pub(crate) checked: HashSet<String>,
    pub(crate) users: crate::users::Users,
    not_on_whatsapp: HashSet<String>,
    advanced: Duration,
    frozen: Option<Duration>,
    seed: u64,
    counter: u64,
    /// Messages that got an id: to users, and by them.
    messages: [u64; 2],
}

impl World {
    pub(crate) fn new(keys: Vec<(String, String)>, seed: u64) -> Self {
        let first_key = keys.first().map(|(key, _)| key.clone()).unwrap_or_default();
        let number = |phone: String| Number { phone: digits(&phone), ..Number::default() };
        Self {
            numbers: keys.into_iter().map(|(key, phone)| (key, number(phone))).collect(),
            first_key,
            settings: Settings {
                messages_per_second: None,
                pair_limit: false,
                mixed_block_status: 400,
                unversioned: false,
            },
            accepted: VecDeque::new(),
            requests: VecDeque::new(),
            failures: Vec::new(),
            last_id: None,
            media: HashMap::new(),
            templates: vec![crate::templates::first()],
            hooks: crate::webhooks::Hooks::new(crate::Webhooks::default()),
            tokens: HashSet::new(),
            checked: HashSet::new(),
            users: crate::users::Users::default(),
            not_on_whatsapp: HashSet::new(),
            advanced: Duration::ZERO,
            frozen: None,
            seed,
            counter: 0,
            messages: [0; 2],
        }
    }

    /// Everything as at the start, the keys and the seed too.
    pub(crate) fn reset(&mut self) {
        let keys = self.numbers.iter().map(|(key, number)| (key.clone(), number.phone.clone())).collect();
        let first_key = self.first_key.clone();
        let mut hooks = std::mem::take(&mut self.hooks);
        hooks.reset();
        *self = Self { first_key, hooks, ..Self::new(keys, self.seed) };
    }

    /// The number of a key, or the first one.
    fn number(&mut self, key: Option<&str>) -> Option<&mut Number> {
        self.numbers.get_mut(key.unwrap_or(&self.first_key))
    }

    /// Time since 1970.
    pub(crate) fn now(&self) -> Duration {
        let real = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.frozen.unwrap_or_else(real).saturating_add(self.advanced)
    }
    pub(crate) fn advance(&mut self, time: Duration) {
        self.advanced = self.advanced.saturating_add(time);
    }
    pub(crate) fn set_clock(&mut self, now: Duration) {
        (self.frozen, self.advanced) = (Some(now), Duration::ZERO);
    }

    /// A message of a user, as `asked` describes it: opens the window, and goes out by webhook.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub(crate) fn user_sends(
        &mut self,
        key: Option<&str>,
        user: &str,
        asked: &serde_json::Map<String, Value>,
    ) -> Result<String, String> {
        let from = user;
        let user = self.user(from);
        if user.is_empty() {
            return Err(format!("from: {from:?} is no number or user id"));
        }
        let inbound = crate::inbound::message(self, &user, asked)?;
        let key = key.unwrap_or(&self.first_key).to_owned();
        let now = self.now();
        let id = inbound.message["id"].as_str().unwrap_or_default().to_owned();
        let number = self.number(Some(&key)).ok_or("there is no number of this key")?;
        // Somebody who is blocked cannot write.
        if number.is_blocked(&user) {
            return Err("the user is blocked, and cannot write".to_owned());
        }
        number.last_written.insert(user, now);
        crate::webhooks::inbound(self, &key, inbound);
        Ok(id)
    }
    /// Opens the window, whether or not the user is blocked.
    pub(crate) fn user_writes(&mut self, key: Option<&str>, user: &str) {
        let (now, known) = (self.now(), self.user(user));
        if self.user_sends(key, user, &serde_json::Map::new()).is_err()
            && let Some(number) = self.number(key)
        {
            number.last_written.insert(known, now);
        }
    }
    /// Where webhooks of a number go.
    pub(crate) fn set_webhook(&mut self, key: Option<&str>, config: &Value) -> Result<(), String> {
        let key = key.unwrap_or(&self.first_key).to_owned();
        crate::webhooks::set(self, &key, config, false)
    }
    /// How webhooks come. What waited goes on.
    pub(crate) fn set_webhooks(&mut self, settings: crate::Webhooks) {
        self.hooks.settings = settings;
        self.hooks.wake.notify_one();
    }
    pub(crate) fn not_on_whatsapp(&mut self, user: &str) {
        self.not_on_whatsapp.insert(self.user(user));
    }
    pub(crate) fn is_on_whatsapp(&self, user: &str) -> bool {
        !self.not_on_whatsapp.contains(user)
    }
    pub(crate) fn force_block(&mut self, key: Option<&str>, user: &str) {
        let user = self.user(user);
        if let Some(number) = self.number(key) {
            number.block(&user);
        }
    }

    pub(crate) fn fail(&mut self, failure: Failure) {
        self.failures.push(failure);
    }
    /// The failure that was asked for a call of this method and path.
    pub(crate) fn take_failure(&mut self, method: &str, path: &str) -> Option<Failure> {
        let fits = |failure: &Failure| {
            failure.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
                && failure.path.as_deref().is_none_or(|wanted| wanted == path)
        };
        let found = self.failures.iter().position(fits)?;
        let left = self.failures[found].times.unwrap_or(1).saturating_sub(1);
        let failure = self.failures[found].clone();
        if left == 0 {
            self.failures.remove(found);
        } else {
            self.failures[found].times = Some(left);
        }
        Some(failure)
    }

    pub(crate) fn log(&mut self, request: Asked) {
        keep(&mut self.requests, request);
    }
    /// What the sandbox was asked, oldest first.
    pub(crate) fn requests(&self) -> Vec<Value> {
        self.requests.iter().map(Asked::shown).collect()
    }
    /// Keeps an accepted message to `user`, and gives it an id.
    pub(crate) fn accept(&mut self, message: Value, user: &str) -> String {
        keep(&mut self.accepted, message);
        self.wamid(user, Way::Out)
    }
    /// A message id of Cloud.
    pub(crate) fn wamid(&mut self, user: &str, way: Way) -> String {
        let count = &mut self.messages[usize::from(way == Way::In)];
        *count += 1;
        ids::wamid(user, way, self.seed, *count)
    }
    /// Tells by webhook what became of a message to `user`.
    pub(crate) fn tell(&mut self, key: &str, id: &str, message: &Value, user: &str, failed: Option<i64>) {
        self.last_id = Some(id.to_owned());
        crate::statuses::tell(self, key, id, message, user, failed);
    }
    /// Digits that no other thing has for an id.
    pub(crate) fn next_number(&mut self) -> String {
        self.counter += 1;
        format!("{}", 4_490_709_327_000_000 + (self.seed % 1_000) * 1_000_000_000 + self.counter)
    }
    /// Letters and digits that no other id has.
    pub(crate) fn next_id(&mut self, prefix: &str) -> String {
        self.counter += 1;
        crate::answer::encode(&format!("{prefix}:{:016x}:{:08}", self.seed, self.counter))
    }

    pub(crate) fn window_is_open(&self, key: &str, user: &str) -> bool {
        let written = self.numbers.get(key).and_then(|number| number.last_written.get(user));
        written.is_some_and(|written| self.now().saturating_sub(*written) < WINDOW)
    }

    /// The code of a limit that a message to `user` would break; counts the message where it breaks none.
    pub(crate) fn count_message(&mut self, key: &str, user: &str) -> Option<i64> {
        let (now, settings) = (self.now(), self.settings.clone());
        let number = self.numbers.get_mut(key)?;
        while number.sent.front().is_some_and(|sent| now.saturating_sub(*sent) >= Duration::from_secs(1)) {
            number.sent.pop_front();
        }
        if settings.messages_per_second.is_some_and(|limit| number.sent.len() >= limit as usize) {
            return Some(130_429);
        }
        if settings.pair_limit {
            let free = number.pairs.get(user).copied().unwrap_or_default().max(now);
            if free.saturating_sub(now) > PAIR_EVERY * (PAIR_BURST - 1) {
                return Some(131_056);
            }
            number.pairs.insert(user.to_owned(), free.saturating_add(PAIR_EVERY));
        }
        if settings.messages_per_second.is_some() {
            number.sent.push_back(now);
        }
        None
    }
}

impl Number {
    pub(crate) fn is_blocked(&self, user: &str) -> bool {
        self.blocked_set.contains(user)
    }
    pub(crate) fn block(&mut self, user: &str) {
        if self.blocked_set.insert(user.to_owned()) {
            self.blocked.push(user.to_owned());
            self.version += 1;
        }
    }
    pub(crate) fn unblock(&mut self, user: &str) {
        if self.blocked_set.remove(user) {
            self.blocked.retain(|blocked| blocked != user);
            self.version += 1;
        }
    }
}

fn keep<T>(list: &mut VecDeque<T>, item: T) {
    if list.len() == KEPT {
        list.pop_front();
    }
    list.push_back(item);
}

pub(crate) fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// What a user is remembered by: the digits of a number, or the whole of a BSUID.
pub(crate) fn user_key(user: &str) -> String {
    if is_bsuid(user) { user.to_owned() } else { digits(user) }
}

/// `CC.` and letters and digits.
pub(crate) fn is_bsuid(text: &str) -> bool {
    text.split_once('.').is_some_and(|(cc, rest)| {
        cc.len() == 2 && cc.bytes().all(|b| b.is_ascii_uppercase()) && !rest.is_empty()
    })
}
