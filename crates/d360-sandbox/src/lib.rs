//! A stateful local server of 360dialog's APIs for tests, written from the documentation, not from the client.
//!
//! [`Sandbox::start`] listens on a free port of 127.0.0.1. The server runs on its own thread, so it works from async
//! code and from a plain `#[test]`. It stops when the [`Sandbox`] is dropped.
//!
//! ```
//! let sandbox = d360_sandbox::Sandbox::start()?;
//! sandbox.user_writes("+16505551234"); // opens the 24-hour window
//! println!("{} accepts the key {}", sandbox.base_url(), sandbox.key());
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! Four systems share one port and one state. A user blocked through one of them is blocked on all:
//!
//! | system | paths | key |
//! |---|---|---|
//! | 360dialog Cloud | `/messages`, `/block_users`, `/media`, `/{media-id}`, `/message_templates`, `/v1/configs/webhook`, `/waba_webhook`, `/health_status` | `D360-API-KEY` |
//! | Meta Graph | `/v25.0/{phone_number_id}/messages`, `…/block_users` | `Authorization: Bearer` |
//! | On-Premise | `/v1/messages`, `/v1/contacts…` | `D360-API-KEY` or `Authorization: Bearer` |
//! | Partner | `/api/v2/token`, `/api/v2/partners/{id}/channels`, `…/{channel}/block_users` | `X-API-Key` or `Authorization: Bearer` |
//!
//! Cloud and Graph serve `POST /messages` for every type, and `POST`, `DELETE` and `GET /block_users` with state.
//! They check:
//!
//! - the key, required fields, unknown properties (rejected with code 100) and 1 to 257 contacts
//! - the 24-hour window (131047) and blocked users (130403)
//! - 1,000 users per request and 64,000 in the list, and cursors, which become invalid when the list changes (139102)
//! - if enabled, the rate limits per second (130429) and per recipient (131056)
//!
//! On-Premise accepts unknown properties and returns an id even if the message then fails. It blocks one contact per
//! call (2048, 1009) and lists by offset. A sandbox with one number accepts any channel id for it. A Graph path
//! without a version, or one that is not served, gets Graph's own error (2500, 100). Any error can be injected with
//! [`Failure`].
//!
//! `null` members are treated as absent. This is an assumption: Meta does not document it, but clients that send them
//! work.
//!
//! Files are kept in memory and served at the paths of Meta's URLs. A message with the id of a file that was never
//! uploaded is rejected (100). Message ids have Meta's form. Some contain `=`, `+` and `/`, which a program has to
//! encode in URLs.
//!
//! Template values may not be empty (131008), and may not contain newlines, tabs or more than four consecutive spaces
//! (132018). They are all named or all positional (100). Buttons have one of Meta's `sub_type`s (100). The account
//! starts with the template `hello_world`. A submitted template is pending until [`Sandbox::template_status`]
//! approves it. Messages are then checked against it: its language (132001), the number of values (132000) and their
//! form (132012, 131008), by its `parameter_format`. A name that was never submitted is accepted. Direct Send
//! (`category`, `ttl_seconds`) needs no open window and creates its own templates, which cannot be changed (2388318,
//! 2388330).
//!
//! Users send messages of every type ([`Sandbox::user_sends`]). Messages and statuses are posted as webhooks to the
//! URL set through the API or [`Sandbox::webhook`]. A webhook that is not answered with 200 is retried four times.
//! [`Webhooks`] configures duplicates, delays, order, batches, signatures, escaping, and the user ids that Meta sends
//! since April 2026.
//!
//! `GET /_sandbox` describes the control routes, the HTTP form of the methods of [`Sandbox`].
//! They need no key. Requests from pages of other sites in a browser are therefore rejected.
//!
//! The clock is the real one until it is set. Ids are derived from the seed, so responses are reproducible.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod activity;
mod answer;
mod blocking;
mod codes;
mod config_templates;
mod control;
mod delivery;
mod direct_send;
mod guard;
mod inbound;
mod json;
mod media;
mod messages;
mod onprem;
mod partner;
mod route;
mod schema;
mod server;
mod statuses;
mod template_match;
mod template_values;
mod templates;
mod webhooks;
mod world;

use activity::Watcher;
use serde_json::{Map, Value};
use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
    thread::JoinHandle,
    time::Duration,
};
use tokio::sync::oneshot;
use world::{Shared, World, hooks::Hooks};

pub use activity::Activity;
pub use world::{failure::Failure, hooks::Webhooks};

/// The key that a sandbox accepts if no other is set.
pub const DEFAULT_KEY: &str = "sandbox-key";

/// A running sandbox. Stops when dropped.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    key: String,
    world: Shared,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Settings of a [`Sandbox`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Builder {
    address: SocketAddr,
    keys: Vec<(String, String)>,
    seed: u64,
    webhooks: Webhooks,
    watcher: Watcher,
}

impl Builder {
    /// Sets the address to listen on. The default is a free port of 127.0.0.1.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }
    /// Adds a key, which belongs to the business number `phone_number`.
    ///
    /// The first call replaces [`DEFAULT_KEY`]. Further calls add numbers, each with its own users and blocklist.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>, phone_number: impl Into<String>) -> Self {
        self.keys.push((key.into(), phone_number.into()));
        self
    }
    /// Sets the seed that message ids are derived from. The default is 0.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }
    /// Configures webhooks from the start, and again after a reset. See [`Sandbox::webhooks`].
    #[must_use]
    pub fn webhooks(mut self, change: impl FnOnce(&mut Webhooks)) -> Self {
        change(&mut self.webhooks);
        self
    }
    /// Calls `watch` for every answered request, every message status and every posted webhook. Use it for logging.
    ///
    /// It runs on the sandbox's thread and blocks it.
    #[must_use]
    pub fn watch(mut self, watch: impl Fn(&Activity<'_>) + Send + Sync + 'static) -> Self {
        self.watcher = Watcher::new(watch);
        self
    }
    /// Starts the sandbox.
    ///
    /// # Errors
    /// Returns an error if it cannot listen on the address.
    pub fn start(mut self) -> io::Result<Sandbox> {
        if self.keys.is_empty() {
            self.keys.push((DEFAULT_KEY.to_owned(), world::DEFAULT_NUMBER.to_owned()));
        }
        let key = self.keys[0].0.clone();
        let listener = TcpListener::bind(self.address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let mut world = World::new(self.keys, self.seed);
        world.hooks = Hooks::new(self.webhooks);
        world.hooks.noted = self.watcher.is_there().then(Vec::new);
        let world = Shared::new(world);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let (stop, stopped) = oneshot::channel();
        let served = world.clone();
        let thread = std::thread::Builder::new().name("d360-sandbox".to_owned()).spawn(move || {
            runtime.block_on(server::serve(listener, served, self.watcher, stopped));
        })?;
        Ok(Sandbox { address, key, world, stop: Some(stop), thread: Some(thread) })
    }
}

impl Sandbox {
    /// Starts a sandbox on a free port of 127.0.0.1 with [`DEFAULT_KEY`].
    ///
    /// # Errors
    /// Returns an error if there is no free port.
    pub fn start() -> io::Result<Self> {
        Self::builder().start()
    }
    /// Returns the default settings.
    #[must_use]
    pub fn builder() -> Builder {
        Builder {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            keys: Vec::new(),
            seed: 0,
            webhooks: Webhooks::default(),
            watcher: Watcher::default(),
        }
    }
    /// Returns the base URL, for example `http://127.0.0.1:40123`.
    #[must_use]
    pub fn base_url(&self) -> String {
        let mut address = self.address;
        // 0.0.0.0 and :: cannot be connected to on every platform, so use loopback.
        if address.ip().is_unspecified() {
            let here: IpAddr =
                if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
            address.set_ip(here);
        }
        format!("http://{address}")
    }
    /// Returns the first key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
    /// Sends a text from a user to the (first) business number, which opens the 24-hour window.
    pub fn user_writes(&self, user: &str) {
        inbound::write(&mut self.world.lock(), None, user);
    }
    /// Sends a text from a user to the business number of `key`.
    pub fn user_writes_to(&self, key: &str, user: &str) {
        inbound::write(&mut self.world.lock(), Some(key), user);
    }
    /// Sends a message from a user to the (first) business number and returns its id.
    ///
    /// It opens the 24-hour window and is posted as a webhook. `message` is the body of `POST /_sandbox/inbound`:
    /// `{"type": "image"}` for an example, or `{"type": "text", "text": {"body": "Hi"}}` for your own content.
    /// `context`, `referral`, `group_id`, `name` and others can be added.
    ///
    /// # Panics
    /// Panics if the user is blocked, or if `message` has neither content nor a type that has an example.
    #[must_use = "it names the message"]
    #[track_caller]
    pub fn user_sends(&self, user: &str, message: &Value) -> String {
        let none = Map::new();
        let sent = inbound::send(&mut self.world.lock(), None, user, message.as_object().unwrap_or(&none));
        sent.unwrap_or_else(|why| panic!("the user cannot send that: {why}"))
    }
    /// Returns the business-scoped user ID of a user, as it appears in webhooks.
    ///
    /// A message to the ID reaches the same user as one to the number, and blocking the ID blocks the number.
    #[must_use]
    pub fn user_id(&self, user: &str) -> String {
        let mut world = self.world.lock();
        let user = world.users.key(user);
        world.users.id(&user)
    }
    /// Sets the webhook URL (`http` only) of the (first) business number, and the headers to send.
    ///
    /// # Panics
    /// Panics if the URL does not start with `http://`.
    #[track_caller]
    pub fn webhook(&self, url: &str, headers: &[(&str, &str)]) {
        let headers: Map<String, Value> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
        let mut world = self.world.lock();
        let key = world.key_or_first(None);
        let set = world.hooks.set(&key, &serde_json::json!({ "url": url, "headers": headers }), false);
        set.unwrap_or_else(|why| panic!("invalid webhook URL {url:?}: {why}"));
    }
    /// Configures webhooks: duplicates, delay, order, batches, signatures, escaping, On-Premise's form, user ids.
    pub fn webhooks(&self, change: impl FnOnce(&mut Webhooks)) {
        let mut world = self.world.lock();
        let mut settings = world.hooks.settings.clone();
        change(&mut settings);
        world.hooks.change(settings);
    }
    /// Returns the last 1,000 posted webhooks: `{"url", "attempt", "status", "error", "body"}`.
    #[must_use]
    pub fn deliveries(&self) -> Vec<Value> {
        self.world.lock().hooks.delivered.iter().cloned().collect()
    }
    /// Stores a file as if it had been uploaded, and returns its id.
    pub fn store_media(&self, mime: &str, bytes: impl Into<Vec<u8>>) -> String {
        let bytes: Vec<u8> = bytes.into();
        media::store(&mut self.world.lock(), mime.to_owned(), bytes.into())
    }
    /// Sets the status of a template, for example `APPROVED`. Returns whether a template has this name.
    pub fn template_status(&self, name: &str, status: &str) -> bool {
        templates::set_status(&mut self.world.lock(), name, status)
    }
    /// Marks a number as not on WhatsApp: no message reaches it, and it cannot be blocked.
    pub fn not_on_whatsapp(&self, user: &str) {
        self.world.lock().not_on_whatsapp(user);
    }
    /// Blocks users of the (first) business number, regardless of the 24-hour window.
    pub fn block(&self, users: impl IntoIterator<Item = impl AsRef<str>>) {
        let mut world = self.world.lock();
        users.into_iter().for_each(|user| world.force_block(None, user.as_ref()));
    }
    /// Advances the clock by `time`.
    pub fn advance(&self, time: Duration) {
        self.world.lock().advance(time);
    }
    /// Makes the next calls fail.
    pub fn fail(&self, failure: Failure) {
        self.world.lock().failures.push(failure);
    }
    /// Sets the HTTP status of a response in which some users could not be blocked: 400 per the documentation, 200 per
    /// some reports. The default is 400.
    pub fn mixed_block_status(&self, status: u16) {
        self.world.lock().settings.mixed_block_status = status;
    }
    /// Configures the rate limits: messages per second, and whether one recipient is limited to a burst of 45 messages
    /// followed by one every 6 seconds. Both are off by default.
    pub fn limits(&self, messages_per_second: Option<u32>, pair: bool) {
        let mut world = self.world.lock();
        (world.settings.messages_per_second, world.settings.pair_limit) = (messages_per_second, pair);
    }
    /// Serves Graph paths without a version, as Meta does with the version of the app's dashboard (Meta, "Platform
    /// Versioning").
    ///
    /// Off by default: such paths get code 2500, so that a forgotten version is noticed.
    pub fn serve_unversioned(&self, serve: bool) {
        self.world.lock().settings.unversioned = serve;
    }
    /// Returns the last 1,000 accepted messages as received, without `null` members, oldest first.
    #[must_use]
    pub fn messages(&self) -> Vec<Value> {
        self.world.lock().accepted.iter().cloned().collect()
    }
    /// Returns the last 1,000 requests, oldest first: `{"method", "path", "body", "status"}`.
    #[must_use]
    pub fn requests(&self) -> Vec<Value> {
        self.world.lock().requests()
    }
    /// Stops the sandbox after requests in flight are answered.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if let Some(stop) = self.stop.take() {
            // Fails only if the server has already stopped.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.end();
    }
}
