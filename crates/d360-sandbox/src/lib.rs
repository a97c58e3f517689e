//! A stateful local server of 360dialog's APIs, for your tests: a second opinion that knows the documents, not the client.
//!
//! [`Sandbox::start`] listens on a free port of 127.0.0.1, from async code and from a plain `#[test]` alike: it runs on a
//! thread of its own, and stops when it is dropped.
//!
//! ```
//! let sandbox = d360_sandbox::Sandbox::start()?;
//! sandbox.user_writes("+16505551234"); // opens the 24-hour window
//! println!("{} takes the key {}", sandbox.base_url(), sandbox.key());
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! Four systems on one port share one state, so that a user who is blocked through one is blocked on all:
//!
//! | system | paths | key |
//! |---|---|---|
//! | 360dialog Cloud | `/messages`, `/block_users`, `/media`, `/{media-id}`, `/message_templates`, `/v1/configs/webhook`, `/waba_webhook`, `/health_status` | `D360-API-KEY` |
//! | Meta Graph | `/v25.0/{phone_number_id}/messages`, `…/block_users` | `Authorization: Bearer` |
//! | On-Premise | `/v1/messages`, `/v1/contacts…` | `D360-API-KEY` or `Authorization: Bearer` |
//! | Partner | `/api/v2/token`, `/api/v2/partners/{id}/channels`, `…/{channel}/block_users` | `X-API-Key` or `Authorization: Bearer` |
//!
//! Cloud and Graph know: `POST /messages` of every type, `POST`, `DELETE` and `GET /block_users` with state; required fields, unknown
//! properties (refused, code 100), 1 to 257 contacts, the 24-hour window (131047), blocked users (130403), 1,000 users a request and
//! 64,000 in the list, cursors that break when the list changes (139102), the key check; and, where they are turned on, the limits by
//! second (130429) and by pair (131056). On-Premise takes unknown properties, answers with an id even where the message then fails,
//! blocks one contact a call (2048, 1009) and lists by offset. A sandbox of one number takes any channel id for it. Any error can be
//! asked for. A path of Graph without a version, or one that is not served, gets Graph's own error (2500, 100).
//!
//! Members that are `null` are taken as absent. That is an assumption: no page of Meta's says so, but clients that send them work.
//!
//! Files are kept in memory and served where Meta's URLs lead; a message that names a file which was never uploaded is refused (100).
//! Message ids have Meta's form, and now and then hold `=`, `+` and `/`, as a program that puts them into URLs will meet them.
//!
//! Values of templates may hold no new line, no tab and no more than four spaces in a row (132018), may not be empty (131008), and are
//! all named or all positional (100); buttons have one of Meta's `sub_type`s (100). Templates begin with `hello_world`; a submitted one
//! waits until it is approved by [`Sandbox::template_status`], and then has its language (132001), its number of values (132000) and
//! their form (132012, 131008) checked, by its `parameter_format`. A name that nobody has submitted is accepted. Direct Send
//! (`category`, `ttl_seconds`) needs no open window and makes templates of its own, which cannot be changed (2388318, 2388330).
//!
//! Users send messages of every type ([`Sandbox::user_sends`]), which go out by webhook, as statuses do: to the URL that was set through
//! the API or [`Sandbox::webhook`], with the user ids that Meta sends since April 2026 or without, repeated, late, out of order, in
//! batches, signed, escaped or with headers as [`Webhooks`] says, and again until they are taken.
//!
//! `GET /_sandbox` describes the control routes, which do over HTTP what the methods of [`Sandbox`] do.
//! They need no key, and so take no request that a page of another site makes in a browser.
//!
//! Its clock is the real one until it is set, and its ids follow from the seed: what it answers can be repeated.
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

/// The key that a sandbox takes if no other is set.
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
    /// Listens there, instead of on a free port of 127.0.0.1.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }
    /// Takes this key, which is the business number `phone_number`'s. The first call replaces [`DEFAULT_KEY`], others add
    /// more numbers, each with its own users and list.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>, phone_number: impl Into<String>) -> Self {
        self.keys.push((key.into(), phone_number.into()));
        self
    }
    /// Message ids follow from this number.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }
    /// Changes how webhooks are sent from the start, and again after a reset. See [`Sandbox::webhooks`].
    #[must_use]
    pub fn webhooks(mut self, change: impl FnOnce(&mut Webhooks)) -> Self {
        change(&mut self.webhooks);
        self
    }
    /// Calls `watch` for every request that is answered, every status of a message and every webhook that is posted, such as to log it.
    ///
    /// It is called on the sandbox's own thread, which waits for it.
    #[must_use]
    pub fn watch(mut self, watch: impl Fn(&Activity<'_>) + Send + Sync + 'static) -> Self {
        self.watcher = Watcher::new(watch);
        self
    }
    /// Starts it.
    ///
    /// # Errors
    /// Where it cannot listen there.
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
    /// A sandbox on a free port of 127.0.0.1, with [`DEFAULT_KEY`].
    ///
    /// # Errors
    /// Where there is no port to listen on.
    pub fn start() -> io::Result<Self> {
        Self::builder().start()
    }
    /// Settings to start from.
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
    /// Its base URL, such as `http://127.0.0.1:40123`.
    #[must_use]
    pub fn base_url(&self) -> String {
        let mut address = self.address;
        // Listening everywhere, it is reached on this machine.
        if address.ip().is_unspecified() {
            let here: IpAddr =
                if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
            address.set_ip(here);
        }
        format!("http://{address}")
    }
    /// A key that it takes.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
    /// A user writes to the (first) business number: opens the 24-hour window.
    pub fn user_writes(&self, user: &str) {
        inbound::write(&mut self.world.lock(), None, user);
    }
    /// A user writes to the business number of another key.
    pub fn user_writes_to(&self, key: &str, user: &str) {
        inbound::write(&mut self.world.lock(), Some(key), user);
    }
    /// A user sends a message to the (first) business number: opens the 24-hour window, and goes out by webhook. `message` is what
    /// `POST /_sandbox/inbound` takes: `{"type": "image"}` for an example, `{"type": "text", "text": {"body": "Hi"}}` for a content of
    /// yours, with `context`, `referral`, `group_id`, `name`, … beside it. Returns the message's id.
    ///
    /// # Panics
    /// Where it is no object, or of a type that has no example and no content.
    #[must_use = "it names the message"]
    #[track_caller]
    pub fn user_sends(&self, user: &str, message: &Value) -> String {
        let none = Map::new();
        let sent = inbound::send(&mut self.world.lock(), None, user, message.as_object().unwrap_or(&none));
        sent.unwrap_or_else(|why| panic!("the user cannot send that: {why}"))
    }
    /// Returns the business-scoped user ID of a user, as webhooks name it. A message to it reaches the same user as one to the number,
    /// and blocking it blocks the number.
    #[must_use]
    pub fn user_id(&self, user: &str) -> String {
        let mut world = self.world.lock();
        let user = world.users.key(user);
        world.users.id(&user)
    }
    /// Webhooks of the (first) business number go to `url` (http alone), with these headers.
    ///
    /// # Panics
    /// Where the URL is malformed.
    #[track_caller]
    pub fn webhook(&self, url: &str, headers: &[(&str, &str)]) {
        let headers: Map<String, Value> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
        let mut world = self.world.lock();
        let key = world.key_or_first(None);
        let set = world.hooks.set(&key, &serde_json::json!({ "url": url, "headers": headers }), false);
        set.unwrap_or_else(|why| panic!("{url:?} is no webhook: {why}"));
    }
    /// Changes how webhooks are sent: repeated, late, out of order, in batches, signed, escaped, in On-Premise's form or without
    /// user ids.
    pub fn webhooks(&self, change: impl FnOnce(&mut Webhooks)) {
        let mut world = self.world.lock();
        let mut settings = world.hooks.settings.clone();
        change(&mut settings);
        world.hooks.change(settings);
    }
    /// Webhooks that went out: `{"url", "attempt", "status", "error", "body"}`. The last thousand.
    #[must_use]
    pub fn deliveries(&self) -> Vec<Value> {
        self.world.lock().hooks.delivered.iter().cloned().collect()
    }
    /// Stores a file, as if it had been uploaded, and returns its id.
    pub fn store_media(&self, mime: &str, bytes: impl Into<Vec<u8>>) -> String {
        let bytes: Vec<u8> = bytes.into();
        media::store(&mut self.world.lock(), mime.to_owned(), bytes.into())
    }
    /// Sets where a template stands, such as `APPROVED`; whether there is one of this name.
    pub fn template_status(&self, name: &str, status: &str) -> bool {
        templates::set_status(&mut self.world.lock(), name, status)
    }
    /// No message reaches this number, and it cannot be blocked: it is no WhatsApp user.
    pub fn not_on_whatsapp(&self, user: &str) {
        self.world.lock().not_on_whatsapp(user);
    }
    /// Blocks users of the (first) business number without asking for the 24-hour window.
    pub fn block(&self, users: impl IntoIterator<Item = impl AsRef<str>>) {
        let mut world = self.world.lock();
        users.into_iter().for_each(|user| world.force_block(None, user.as_ref()));
    }
    /// Lets the clock run on by `time`.
    pub fn advance(&self, time: Duration) {
        self.world.lock().advance(time);
    }
    /// Lets the next calls fail.
    pub fn fail(&self, failure: Failure) {
        self.world.lock().failures.push(failure);
    }
    /// The HTTP status of an answer in which some users failed to be blocked: 400 by the documents, 200 by some reports.
    pub fn mixed_block_status(&self, status: u16) {
        self.world.lock().settings.mixed_block_status = status;
    }
    /// Turns the limits on or off: messages a second, and whether one recipient may get 45 at once and one in 6 s.
    pub fn limits(&self, messages_per_second: Option<u32>, pair: bool) {
        let mut world = self.world.lock();
        (world.settings.messages_per_second, world.settings.pair_limit) = (messages_per_second, pair);
    }
    /// Serves paths of Graph that name no version, as Meta does with the version of the app's dashboard (Meta, "Platform
    /// Versioning"). Off by default: they are answered with code 2500, so that a forgotten version shows.
    pub fn serve_unversioned(&self, serve: bool) {
        self.world.lock().settings.unversioned = serve;
    }
    /// The messages that were accepted, as they came but for `null`, oldest first.
    #[must_use]
    pub fn messages(&self) -> Vec<Value> {
        self.world.lock().accepted.iter().cloned().collect()
    }
    /// What it was asked, oldest first: `{"method", "path", "body", "status"}`. The last thousand.
    #[must_use]
    pub fn requests(&self) -> Vec<Value> {
        self.world.lock().requests()
    }
    /// Stops it, once what is under way is answered.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The other end is gone only where the server has ended already.
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
