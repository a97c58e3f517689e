//! Settings of a gateway.
use d360::webhook::Verification;
use secrecy::{ExposeSecret as _, SecretString};
use std::{collections::BTreeMap, path::PathBuf, time::Duration};

/// Settings of a gateway.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Where old programs find it, such as `127.0.0.1:8080`; port 0 for any free one.
    pub listen: String,
    /// Where `/healthz`, `/readyz` and `/metrics` are to be had without a key, too.
    pub metrics_listen: Option<String>,
    /// Cloud, or a sandbox: 360dialog's own if nothing is said.
    pub base_url: Option<String>,
    /// Hosts beside that of [`base_url`](Self::base_url) that a number may be on.
    pub upstream_hosts: Vec<String>,
    /// Where an old program may set its webhook to, beside [`Number::webhook_to`]'s own host and port: `host` for any port of it, or
    /// `host:port`.
    pub webhook_hosts: Vec<String>,
    /// The file that holds what has to outlive the process.
    pub state: PathBuf,
    /// Whether ids of messages get a form without `.`, `+`, `/` and `=`, which [`d360::migrate::ids`] describes. Ids of files always
    /// have On-Premise's form.
    pub old_ids: bool,
    /// Whether messages of types that On-Premise never had reach the old program with their own type, instead of as `unknown` with
    /// error 501.
    pub pass_new_types: bool,
    /// Most bytes of a request that is no file. 1 MiB by default; webhooks may have 4 MiB.
    pub max_body: usize,
    /// Most bytes of bodies that are kept at once, over all connections: 64 MiB by default. Those that are not proven yet, webhooks
    /// with a signature, have a quarter of it for themselves.
    pub max_bytes_in_flight: usize,
    /// Most connections at once: 4,096 by default. Beyond, whoever is idle the longest gives way; where nobody is, a new one is
    /// answered 503, and `/healthz`.
    pub max_connections: usize,
    /// How long a client may take over the head of a request: 10 s by default.
    pub header_timeout: Duration,
    /// How long a call may take, its waits for rate limits among it: 30 s by default.
    pub call_timeout: Duration,
    /// How long a webhook is tried that the old program answers with 408, 425, 429, 5xx or not within 10 s, before it is put aside:
    /// 15 minutes by default, counted anew when the gateway starts. It holds up webhooks of the same user alone. (Other 4xx are put
    /// aside after 4 tries within seconds.)
    pub hold_for: Duration,
    /// How long a webhook is tried at most, before it is put aside, where the old program cannot be reached: 7 days by default, as
    /// On-Premise did.
    pub give_up_after: Duration,
    /// The numbers, each with a key of its own.
    pub numbers: Vec<Number>,
}

impl Config {
    /// The default settings, without a number.
    #[must_use]
    pub fn new(listen: impl Into<String>, state: impl Into<PathBuf>) -> Self {
        Self {
            listen: listen.into(),
            metrics_listen: None,
            base_url: None,
            upstream_hosts: Vec::new(),
            webhook_hosts: Vec::new(),
            state: state.into(),
            old_ids: false,
            pass_new_types: false,
            max_body: 1 << 20,
            max_bytes_in_flight: 64 << 20,
            max_connections: 4096,
            header_timeout: Duration::from_secs(10),
            call_timeout: Duration::from_secs(30),
            hold_for: Duration::from_secs(15 * 60),
            give_up_after: Duration::from_secs(7 * 24 * 60 * 60),
            numbers: Vec::new(),
        }
    }
    /// Adds a number.
    #[must_use]
    pub fn number(mut self, number: Number) -> Self {
        self.numbers.push(number);
        self
    }
    /// Another base URL than 360dialog Cloud's, such as a sandbox's.
    #[must_use]
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }
}

/// A number: its key on Cloud, and the old program that it serves.
#[derive(Clone)]
#[non_exhaustive]
pub struct Number {
    /// What the gateway calls it: in the path of its webhooks, logs and metrics.
    pub name: String,
    /// The key of Cloud.
    pub key: SecretString,
    /// What the old program shows in `D360-API-KEY`, or as a bearer token; the key of Cloud if nothing is said.
    pub client_key: SecretString,
    /// Who may log in, for programs of clients that somebody hosted; `admin` if nothing is said.
    pub user: String,
    /// With which password; the [`client_key`](Self::client_key) if nothing is said.
    pub password: SecretString,
    /// Where the old program takes webhooks, until it says otherwise.
    pub webhook_to: Option<String>,
    /// Who has to have sent a webhook of Cloud. `None`: only what comes from this machine itself is taken.
    pub verification: Option<Verification>,
    /// The `phone_number_id` that its webhooks have to name, if they name one; any if nothing is said. A webhook of another number
    /// is answered 403; in a batch, what is of others is not delivered.
    pub phone_number_id: Option<String>,
    /// The token of Meta's question for a new URL, where Meta posts directly.
    pub verify_token: Option<SecretString>,
    /// Another base URL than the gateway's; its host has to be one of [`Config::upstream_hosts`].
    pub base_url: Option<String>,
    /// Messages a second that the number may send: 80 by default, 20, or up to 1,000.
    pub messages_per_second: u32,
    /// Ids of files on On-Premise, and those of the same files on Cloud.
    pub media: BTreeMap<String, String>,
}

impl Number {
    /// A number with its key on Cloud.
    #[must_use]
    pub fn new(name: impl Into<String>, key: impl Into<String>) -> Self {
        let client_key: SecretString = key.into().into();
        Self {
            name: name.into(),
            key: client_key.clone(),
            user: "admin".to_owned(),
            password: client_key.clone(),
            client_key,
            webhook_to: None,
            verification: None,
            phone_number_id: None,
            verify_token: None,
            base_url: None,
            messages_per_second: 80,
            media: BTreeMap::new(),
        }
    }
    /// Where the old program takes webhooks.
    #[must_use]
    pub fn webhook_to(mut self, url: impl Into<String>) -> Self {
        self.webhook_to = Some(url.into());
        self
    }
    /// Another key for the old program than Cloud's; it is the password of a login too, unless that is set.
    #[must_use]
    pub fn client_key(mut self, key: impl Into<String>) -> Self {
        let key: SecretString = key.into().into();
        if self.password.expose_secret() == self.client_key.expose_secret() {
            self.password = key.clone();
        }
        self.client_key = key;
        self
    }
    /// Who has to have sent a webhook of Cloud.
    #[must_use]
    pub fn verification(mut self, verification: Verification) -> Self {
        self.verification = Some(verification);
        self
    }
    /// Messages a second that the number may send.
    #[must_use]
    pub fn messages_per_second(mut self, rate: u32) -> Self {
        self.messages_per_second = rate;
        self
    }
}

impl std::fmt::Debug for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // URLs may hold tokens.
        f.debug_struct("Number")
            .field("name", &d360::model::mask(&self.name))
            .field("verification", &self.verification)
            .field("messages_per_second", &self.messages_per_second)
            .finish_non_exhaustive()
    }
}
