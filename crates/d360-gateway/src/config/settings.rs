//! The settings of a gateway and its numbers.
use d360::webhook::Verification;
use secrecy::{ExposeSecret as _, SecretString};
use std::{collections::BTreeMap, path::PathBuf, time::Duration};

/// Settings of a gateway.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The address that old programs connect to, for example `127.0.0.1:8080`. Port 0 picks a free port.
    pub listen: String,
    /// The address of the operations port, where `/healthz`, `/readyz` and `/metrics` need no key.
    pub metrics_listen: Option<String>,
    /// The base URL of Cloud or of a sandbox. The default is 360dialog Cloud.
    pub base_url: Option<String>,
    /// Hosts, in addition to the one of [`base_url`](Self::base_url), that [`Number::base_url`] may be on.
    pub upstream_hosts: Vec<String>,
    /// Hosts that an old program may set its webhook to, in addition to the host and port of [`Number::webhook_to`]:
    /// `host` for every port, or `host:port`.
    pub webhook_hosts: Vec<String>,
    /// The state file. It keeps webhooks, tokens and idempotency keys.
    pub state: PathBuf,
    /// Whether message ids get a form without `.`, `+`, `/` and `=`, described by [`d360::migrate::ids`]. File ids
    /// always have On-Premise's form.
    pub old_ids: bool,
    /// Whether message types that On-Premise never had are forwarded with their own type. Otherwise they are
    /// forwarded as `unknown` with error 501.
    pub pass_new_types: bool,
    /// The maximum size in bytes of a request that is not a file. 1 MiB by default. Webhooks may have 4 MiB.
    pub max_body: usize,
    /// The maximum number of bytes of bodies in memory at once, over all connections. 64 MiB by default. Webhooks whose
    /// signature is not verified yet have a separate budget of a quarter of it.
    pub max_bytes_in_flight: usize,
    /// The maximum number of connections. 4,096 by default. Beyond it the longest idle connection is closed. If none
    /// is idle, a new one gets 503 for everything but `/healthz`.
    pub max_connections: usize,
    /// The time for a client to send the head of a request. 10 seconds by default.
    pub header_timeout: Duration,
    /// The time for a call, including its wait for the rate limit. 30 seconds by default.
    pub call_timeout: Duration,
    /// The time to retry a webhook that the old program answers with 408, 425, 429, 5xx or not within 10 seconds,
    /// before it is put aside. 15 minutes by default, restarted when the gateway starts.
    ///
    /// Only webhooks of the same user wait meanwhile. Other 4xx put a webhook aside after 4 attempts within seconds.
    pub hold_for: Duration,
    /// The time to retry a webhook while the old program cannot be reached, before it is put aside. 7 days by
    /// default, as with On-Premise.
    pub give_up_after: Duration,
    /// The numbers, each with its own key.
    pub numbers: Vec<Number>,
}

impl Config {
    /// Returns the default settings, without a number.
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
    /// Sets the base URL, for example of a sandbox. The default is 360dialog Cloud.
    #[must_use]
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }
}

/// Settings of a number: its Cloud API key and the old program that it serves.
#[derive(Clone)]
#[non_exhaustive]
pub struct Number {
    /// The name in webhook paths, logs and metrics.
    pub name: String,
    /// The Cloud API key.
    pub key: SecretString,
    /// The key that the old program sends in `D360-API-KEY` or as a bearer token. The default is the Cloud API key.
    pub client_key: SecretString,
    /// The user of a login, for programs written for a self-hosted client. The default is `admin`.
    pub user: String,
    /// The password of a login. The default is the [`client_key`](Self::client_key).
    pub password: SecretString,
    /// The URL where the old program receives webhooks, until the program sets another.
    pub webhook_to: Option<String>,
    /// How the sender of Cloud's webhooks is verified. If `None`, webhooks are only accepted from this machine.
    pub verification: Option<Verification>,
    /// The `phone_number_id` that webhooks must have, if they have one. The default is any. A webhook of another
    /// number gets 403. Items of other numbers in a batch are not delivered.
    pub phone_number_id: Option<String>,
    /// The token of Meta's challenge for a new webhook URL, if Meta posts directly.
    pub verify_token: Option<SecretString>,
    /// A base URL for this number only. Its host must be in [`Config::upstream_hosts`].
    pub base_url: Option<String>,
    /// The rate limit in messages per second: 80 by default; numbers may have 20, or up to 1,000.
    pub messages_per_second: u32,
    /// File ids of On-Premise, and the ids of the same files on Cloud.
    pub media: BTreeMap<String, String>,
}

impl Number {
    /// Returns a number with its Cloud API key and default settings.
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
    /// Sets the URL where the old program receives webhooks.
    #[must_use]
    pub fn webhook_to(mut self, url: impl Into<String>) -> Self {
        self.webhook_to = Some(url.into());
        self
    }
    /// Sets the key that the old program sends. It is also the password of a login, unless one is set.
    #[must_use]
    pub fn client_key(mut self, key: impl Into<String>) -> Self {
        let key: SecretString = key.into().into();
        if self.password.expose_secret() == self.client_key.expose_secret() {
            self.password = key.clone();
        }
        self.client_key = key;
        self
    }
    /// Sets how the sender of Cloud's webhooks is verified.
    #[must_use]
    pub fn verification(mut self, verification: Verification) -> Self {
        self.verification = Some(verification);
        self
    }
    /// Sets the rate limit in messages per second.
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
