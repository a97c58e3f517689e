//! The state of the sandbox.
use axum::body::Bytes;
use failure::Failures;
use hooks::{Hooks, Webhooks};
use ids::Way;
use number::Number;
use serde_json::{Value, json};
use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use users::Users;

pub(crate) mod failure;
pub(crate) mod hooks;
pub(crate) mod ids;
pub(crate) mod number;
pub(crate) mod users;

/// The business number behind the default key.
pub(crate) const DEFAULT_NUMBER: &str = "15550783881";
/// The size of each history: requests, accepted messages and sent messages.
const KEPT: usize = 1_000;

/// An answered request. Its body is parsed on demand.
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

/// Settings that the control routes can change.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) messages_per_second: Option<u32>,
    pub(crate) pair_limit: bool,
    pub(crate) mixed_block_status: u16,
    pub(crate) unversioned: bool,
}

/// A stored file.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) mime: String,
    pub(crate) bytes: Bytes,
    pub(crate) hash: String,
}

/// The data of an accepted message that its later statuses need.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) key: String,
    pub(crate) id: String,
    /// The recipient, or the group.
    pub(crate) user: String,
    pub(crate) group: bool,
    pub(crate) by_user_id: bool,
    pub(crate) callback_data: Option<Value>,
    pub(crate) category: Option<String>,
    pub(crate) template: bool,
}

/// The state, shared by the server's thread and the handle.
#[derive(Clone, Debug)]
pub(crate) struct Shared(Arc<Mutex<World>>);

impl Shared {
    pub(crate) fn new(world: World) -> Self {
        Self(Arc::new(Mutex::new(world)))
    }
    pub(crate) fn lock(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) numbers: HashMap<String, Number>,
    first_key: String,
    pub(crate) settings: Settings,
    pub(crate) accepted: VecDeque<Value>,
    requests: VecDeque<Asked>,
    pub(crate) failures: Failures,
    sent: VecDeque<Sent>,
    pub(crate) media: HashMap<String, File>,
    pub(crate) templates: Vec<Value>,
    pub(crate) hooks: Hooks,
    /// Tokens issued by the hub.
    pub(crate) tokens: HashSet<String>,
    /// Numbers that were checked with On-Premise.
    pub(crate) checked: HashSet<String>,
    pub(crate) users: Users,
    not_on_whatsapp: HashSet<String>,
    advanced: Duration,
    frozen: Option<Duration>,
    seed: u64,
    counter: u64,
    /// The number of message ids given out, to users and from users.
    messages: [u64; 2],
}

impl World {
    pub(crate) fn new(keys: Vec<(String, String)>, seed: u64) -> Self {
        let first_key = keys.first().map(|(key, _)| key.clone()).unwrap_or_default();
        Self {
            numbers: keys.into_iter().map(|(key, phone)| (key, Number::new(&phone))).collect(),
            first_key,
            settings: Settings {
                messages_per_second: None,
                pair_limit: false,
                mixed_block_status: 400,
                unversioned: false,
            },
            accepted: VecDeque::new(),
            requests: VecDeque::new(),
            failures: Failures::default(),
            sent: VecDeque::new(),
            media: HashMap::new(),
            templates: vec![hello_world()],
            hooks: Hooks::new(Webhooks::default()),
            tokens: HashSet::new(),
            checked: HashSet::new(),
            users: Users::default(),
            not_on_whatsapp: HashSet::new(),
            advanced: Duration::ZERO,
            frozen: None,
            seed,
            counter: 0,
            messages: [0; 2],
        }
    }

    /// Restores the initial state. Keys and seed are kept, and ids go on: a program that remembers them must not see one
    /// twice.
    pub(crate) fn reset(&mut self) {
        let keys = self.numbers.iter().map(|(key, number)| (key.clone(), number.phone.clone())).collect();
        let first_key = self.first_key.clone();
        let mut hooks = std::mem::take(&mut self.hooks);
        hooks.reset();
        let (counter, messages) = (self.counter, self.messages);
        *self = Self { first_key, hooks, counter, messages, ..Self::new(keys, self.seed) };
    }

    /// Returns the number of a key, or the first one.
    pub(crate) fn number(&mut self, key: Option<&str>) -> Option<&mut Number> {
        self.numbers.get_mut(key.unwrap_or(&self.first_key))
    }

    /// Returns the time since the Unix epoch.
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

    /// Returns `key`, or the first key.
    pub(crate) fn key_or_first(&self, key: Option<&str>) -> String {
        key.unwrap_or(&self.first_key).to_owned()
    }
    pub(crate) fn not_on_whatsapp(&mut self, user: &str) {
        self.not_on_whatsapp.insert(self.users.key(user));
    }
    pub(crate) fn is_on_whatsapp(&self, user: &str) -> bool {
        !self.not_on_whatsapp.contains(user)
    }
    pub(crate) fn force_block(&mut self, key: Option<&str>, user: &str) {
        let user = self.users.key(user);
        if let Some(number) = self.number(key) {
            number.block(&user);
        }
    }

    pub(crate) fn log(&mut self, request: Asked) {
        keep(&mut self.requests, request);
    }
    /// Returns the received requests, oldest first.
    pub(crate) fn requests(&self) -> Vec<Value> {
        self.requests.iter().map(Asked::shown).collect()
    }
    /// Stores an accepted message to `user` and returns its new id.
    pub(crate) fn accept(&mut self, message: Value, user: &str) -> String {
        keep(&mut self.accepted, message);
        self.wamid(user, Way::Out)
    }
    pub(crate) fn keep_sent(&mut self, sent: Sent) {
        keep(&mut self.sent, sent);
    }
    /// Returns the message with this id among the last 1,000, or the last one.
    pub(crate) fn sent(&self, id: Option<&str>) -> Option<&Sent> {
        self.sent.iter().rev().find(|sent| id.is_none_or(|id| id == sent.id))
    }
    /// Returns a new message id of Cloud.
    pub(crate) fn wamid(&mut self, user: &str, way: Way) -> String {
        let count = &mut self.messages[usize::from(way == Way::In)];
        *count += 1;
        ids::wamid(user, way, self.seed, *count)
    }
    /// Returns a new numeric id, unique across all objects.
    pub(crate) fn next_number(&mut self) -> String {
        self.counter += 1;
        format!("{}", 4_490_709_327_000_000 + (self.seed % 1_000) * 1_000_000_000 + self.counter)
    }
    /// Returns a new unique alphanumeric id.
    pub(crate) fn next_id(&mut self, prefix: &str) -> String {
        self.counter += 1;
        ids::encode(&format!("{prefix}:{:016x}:{:08}", self.seed, self.counter))
    }

    pub(crate) fn window_is_open(&self, key: &str, user: &str) -> bool {
        self.numbers.get(key).is_some_and(|number| number.window_is_open(user, self.now()))
    }

    /// Returns the error code of a rate limit that a message to `user` would exceed. Otherwise counts the message.
    pub(crate) fn count_message(&mut self, key: &str, user: &str) -> Option<i64> {
        let (now, settings) = (self.now(), &self.settings);
        self.numbers.get_mut(key)?.count_message(user, now, settings.messages_per_second, settings.pair_limit)
    }
}

/// The template that every account starts with.
fn hello_world() -> Value {
    json!({
        "id": "1192339204654487",
        "name": "hello_world",
        "language": "en_US",
        "status": "APPROVED",
        "category": "UTILITY",
        "parameter_format": "POSITIONAL",
        "components": [
            { "type": "HEADER", "format": "TEXT", "text": "Hello World" },
            { "type": "BODY", "text": "Welcome and congratulations!! This message demonstrates your ability to send a message." },
            { "type": "FOOTER", "text": "WhatsApp Business Platform sample message" },
        ],
    })
}

fn keep<T>(list: &mut VecDeque<T>, item: T) {
    if list.len() == KEPT {
        list.pop_front();
    }
    list.push_back(item);
}
