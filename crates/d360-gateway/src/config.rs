//! What the gateway is told: in code, or in TOML with secrets from the environment and from files.
use d360::webhook::{InvalidVerification, Verification};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

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

    /// Reads TOML. Secrets do not stand in it: it names variables of the environment (`key_env`) or files (`key_file`), which only
    /// their owner may be able to read.
    ///
    /// ```
    /// let toml = r#"
    ///     listen = "127.0.0.1:8080"
    ///     state = "gateway.db"
    ///     [[number]]
    ///     name = "main"
    ///     key_env = "D360_API_KEY"
    ///     webhook_to = "http://127.0.0.1:9000/hook"
    ///     webhook_secret_header = "x-webhook-secret"
    ///     webhook_secret_env = "D360_WEBHOOK_SECRET"
    /// "#;
    /// let config = d360_gateway::Config::from_toml(toml, &|name| Some(format!("value of {name}").replace(' ', "-")))?;
    /// assert_eq!(config.numbers[0].name, "main");
    /// # Ok::<(), d360_gateway::InvalidConfig>(())
    /// ```
    ///
    /// # Errors
    /// [`InvalidConfig`] names what is wrong.
    pub fn from_toml(text: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, InvalidConfig> {
        // The line itself is not shown: a URL in it may hold a token.
        let file: File = toml::from_str(text).map_err(|error| {
            let line =
                error.span().map_or(0, |span| text[..span.start.min(text.len())].lines().count().max(1));
            InvalidConfig::Toml(format!("line {line}: {}", error.message()))
        })?;
        let mut config = Self::new(
            file.listen.unwrap_or_else(|| "127.0.0.1:8080".to_owned()),
            file.state.ok_or(InvalidConfig::Missing("state: the file that holds what has to be kept"))?,
        );
        config.metrics_listen = file.metrics_listen;
        config.base_url = file.base_url;
        config.upstream_hosts = file.upstream_hosts;
        config.webhook_hosts = file.webhook_hosts;
        config.old_ids = file.old_ids;
        config.pass_new_types = file.pass_new_types;
        let seconds = |seconds: Option<u64>, otherwise| seconds.map_or(otherwise, Duration::from_secs);
        config.max_body = file.max_body.unwrap_or(config.max_body);
        config.max_bytes_in_flight = file.max_bytes_in_flight.unwrap_or(config.max_bytes_in_flight);
        config.max_connections = file.max_connections.unwrap_or(config.max_connections);
        config.header_timeout = seconds(file.header_timeout_seconds, config.header_timeout);
        config.call_timeout = seconds(file.call_timeout_seconds, config.call_timeout);
        config.hold_for = seconds(file.hold_seconds, config.hold_for);
        config.give_up_after = seconds(file.give_up_after_seconds, config.give_up_after);
        for number in file.number {
            config.numbers.push(number.resolve(env)?);
        }
        Ok(config)
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

/// A configuration that the gateway cannot run with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidConfig {
    /// Not TOML, or a property that is not known.
    #[error("the configuration is malformed: {0}")]
    Toml(String),
    /// Something is not there.
    #[error("the configuration lacks {0}")]
    Missing(&'static str),
    /// A number's property.
    #[error("number {:?}: {problem}", d360::model::mask(name))]
    Number {
        /// Which number.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// Something else.
    #[error("{0}")]
    Other(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    listen: Option<String>,
    metrics_listen: Option<String>,
    base_url: Option<String>,
    #[serde(default)]
    upstream_hosts: Vec<String>,
    #[serde(default)]
    webhook_hosts: Vec<String>,
    state: Option<PathBuf>,
    #[serde(default)]
    old_ids: bool,
    #[serde(default)]
    pass_new_types: bool,
    max_body: Option<usize>,
    max_bytes_in_flight: Option<usize>,
    max_connections: Option<usize>,
    header_timeout_seconds: Option<u64>,
    call_timeout_seconds: Option<u64>,
    hold_seconds: Option<u64>,
    give_up_after_seconds: Option<u64>,
    #[serde(default)]
    number: Vec<FileNumber>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileNumber {
    name: Option<String>,
    key_env: Option<String>,
    key_file: Option<PathBuf>,
    client_key_env: Option<String>,
    client_key_file: Option<PathBuf>,
    user: Option<String>,
    password_env: Option<String>,
    password_file: Option<PathBuf>,
    webhook_to: Option<String>,
    phone_number_id: Option<String>,
    webhook_secret_header: Option<String>,
    webhook_secret_env: Option<String>,
    webhook_secret_file: Option<PathBuf>,
    app_secret_env: Option<String>,
    app_secret_file: Option<PathBuf>,
    verify_token_env: Option<String>,
    verify_token_file: Option<PathBuf>,
    base_url: Option<String>,
    messages_per_second: Option<u32>,
    #[serde(default)]
    media: BTreeMap<String, String>,
}

impl FileNumber {
    fn resolve(self, env: &dyn Fn(&str) -> Option<String>) -> Result<Number, InvalidConfig> {
        let name = self.name.unwrap_or_else(|| "default".to_owned());
        let bad = |problem: String| InvalidConfig::Number { name: name.clone(), problem };
        let secret = |what: &str, variable: &Option<String>, file: &Option<PathBuf>| {
            let text = match (variable, file) {
                (Some(_), Some(_)) => Err(format!("{what}_env and {what}_file exclude each other")),
                (Some(variable), None) => match env(variable).filter(|text| !text.trim().is_empty()) {
                    Some(text) => Ok(Some(text)),
                    None => Err(format!("{what}_env: {variable} is not set")),
                },
                (None, Some(file)) => {
                    secret_file(file).map(Some).map_err(|why| format!("{what}_file: {why}"))
                }
                (None, None) => Ok(None),
            };
            text.map(|text| text.map(|text| text.trim().to_owned())).map_err(&bad)
        };
        let key = secret("key", &self.key_env, &self.key_file)?
            .ok_or_else(|| bad("key_env or key_file is missing".to_owned()))?;
        let mut number = Number::new(name.clone(), key);
        if let Some(key) = secret("client_key", &self.client_key_env, &self.client_key_file)? {
            number = number.client_key(key);
        }
        if let Some(password) = secret("password", &self.password_env, &self.password_file)? {
            number.password = password.into();
        }
        let made =
            |made: Result<Verification, InvalidVerification>| made.map_err(|error| bad(error.to_string()));
        let header = secret("webhook_secret", &self.webhook_secret_env, &self.webhook_secret_file)?;
        let app = secret("app_secret", &self.app_secret_env, &self.app_secret_file)?;
        number.verification = match (self.webhook_secret_header, header, app) {
            (Some(header), Some(secret), None) => Some(made(Verification::header(&header, secret))?),
            (None, None, Some(secret)) => Some(made(Verification::app_secret(secret))?),
            (None, None, None) => None,
            (_, _, Some(_)) => {
                return Err(bad("webhook_secret and app_secret exclude each other".to_owned()));
            }
            _ => {
                return Err(bad(
                    "webhook_secret_header and webhook_secret_env (or _file) belong together".to_owned()
                ));
            }
        };
        number.verify_token =
            secret("verify_token", &self.verify_token_env, &self.verify_token_file)?.map(Into::into);
        number.user = self.user.unwrap_or(number.user);
        number.webhook_to = self.webhook_to;
        number.phone_number_id = self.phone_number_id;
        number.base_url = self.base_url;
        number.messages_per_second = self.messages_per_second.unwrap_or(number.messages_per_second);
        number.media = self.media;
        Ok(number)
    }
}

/// A secret's file, which nobody but its owner may be able to read.
fn secret_file(path: &Path) -> Result<String, String> {
    let named = |error: std::io::Error| format!("{}: {error}", path.display());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(path).map_err(named)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(format!("{} can be read by others: chmod 600 it", path.display()));
        }
    }
    fs::read_to_string(path).map_err(named)
}
