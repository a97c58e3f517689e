//! Settings of a client and of its connections.
use crate::{Api, ApiKey, Host, InvalidHost, Pacing, RetryPolicy, SetupError, retry::Budget};
use http::{HeaderName, HeaderValue};
use std::{num::NonZeroUsize, sync::Arc, time::Duration};

/// Everything about a client but the I/O; the same for both clients.
///
/// ```
/// use d360_transport::{ApiKey, Config, RetryPolicy};
/// use std::time::Duration;
/// let config = Config::new(ApiKey::new("key")?)
///     .base_url("http://127.0.0.1:4360")
///     .retry(RetryPolicy::default().attempts(2))
///     .attempt_timeout(Duration::from_secs(10));
/// # Ok::<(), d360_transport::InvalidKey>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The key or token.
    pub key: ApiKey,
    /// Another host than the API's own.
    pub host: Option<Host>,
    /// Replaces the host's scheme, name, port and path; what the API puts before its paths stays.
    pub base_url: Option<String>,
    /// When to send again.
    pub retry: RetryPolicy,
    /// How fast messages go out. Clients made of clones of this share it.
    pub pacing: Pacing,
    /// Time for each attempt, from connecting to the last byte of the answer: 30 s by default, and a second more for each
    /// 64 KiB of a file that is uploaded or downloaded.
    pub attempt_timeout: Duration,
    /// Most bytes of an answer that is kept in memory, after decompression. By default 1 MiB, 10 MiB for a page of a list, and 100 MiB for
    /// a file that is downloaded into memory.
    pub response_limit: Option<u64>,
    /// Whether advice is refused as an error is. Off by default.
    pub strict: bool,
    /// Most users in a request to block or unblock, where fewer than the API takes are wanted (130429).
    pub users_per_request: Option<NonZeroUsize>,
    /// Settings of the transport that a client makes for itself.
    pub connection: Connection,
}

impl Config {
    /// The default settings.
    #[must_use]
    pub fn new(key: ApiKey) -> Self {
        Self {
            key,
            host: None,
            base_url: None,
            retry: RetryPolicy::default(),
            pacing: Pacing::default(),
            attempt_timeout: Duration::from_secs(30),
            response_limit: None,
            strict: false,
            users_per_request: None,
            connection: Connection::default(),
        }
    }

    /// The key from `D360_API_KEY`, and where it is set the base URL from `D360_BASE_URL`.
    ///
    /// # Errors
    /// [`SetupError`] where there is no key, or one that no header could carry.
    pub fn from_env() -> Result<Self, SetupError> {
        let key = std::env::var("D360_API_KEY").ok().filter(|key| !key.trim().is_empty());
        let config = Self::new(ApiKey::new(key.ok_or(SetupError::NoKey)?)?);
        // A blank one is no URL, and an error: it must not mean the API's own.
        Ok(Self { base_url: std::env::var("D360_BASE_URL").ok(), ..config })
    }
    /// Another host than the API's own.
    #[must_use]
    pub fn host(mut self, host: Host) -> Self {
        self.host = Some(host);
        self
    }
    /// Another base URL, such as a sandbox's.
    #[must_use]
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }
    /// Another retry policy.
    #[must_use]
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }
    /// Another pace of messages.
    #[must_use]
    pub fn pacing(mut self, pacing: Pacing) -> Self {
        self.pacing = pacing;
        self
    }
    /// Another time for each attempt.
    #[must_use]
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }
    /// Sets the limit of answers, in bytes after decompression.
    #[must_use]
    pub fn response_limit(mut self, bytes: u64) -> Self {
        self.response_limit = Some(bytes);
        self
    }
    /// Whether advice is refused as an error is.
    #[must_use]
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }
    /// Fewer users in a request to block or unblock than the API takes.
    #[must_use]
    pub fn users_per_request(mut self, users: NonZeroUsize) -> Self {
        self.users_per_request = Some(users);
        self
    }
    /// Other settings of the connections.
    #[must_use]
    pub fn connection(mut self, connection: Connection) -> Self {
        self.connection = connection;
        self
    }
}

/// Settings of the connections that a transport opens.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Connection {
    /// Time to connect, TLS included. 5 s by default.
    pub connect_timeout: Duration,
    /// Which proxy to go through. From the environment by default.
    pub proxy: Proxy,
    /// Whom to trust. The platform's certificates by default.
    pub roots: Roots,
    /// Which version of HTTP to speak. HTTP/1.1 by default.
    pub protocol: Protocol,
}

impl Default for Connection {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            proxy: Proxy::FromEnvironment,
            roots: Roots::Platform,
            protocol: Protocol::Http1,
        }
    }
}

impl Connection {
    /// The default settings.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
    /// Another time to connect.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }
    /// Another proxy, or none.
    #[must_use]
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = proxy;
        self
    }
    /// Others to trust.
    #[must_use]
    pub fn roots(mut self, roots: Roots) -> Self {
        self.roots = roots;
        self
    }
    /// Sets the version of HTTP.
    #[must_use]
    pub fn protocol(mut self, protocol: Protocol) -> Self {
        self.protocol = protocol;
        self
    }
}

/// A version of HTTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// HTTP/1.1, one request at a time on each connection. A connection that fails or falls silent costs one request.
    #[default]
    Http1,
    /// HTTP/2 over TLS where the server offers it (ALPN), HTTP/1.1 elsewhere. Needs feature `http2`.
    ///
    /// Many requests share a connection: up to 50 before another is opened, up to 32 connections. A connection without a frame for 5 s
    /// is pinged and closed if no answer comes within another 5 s. After a time-out no new request uses its connection. A stream that
    /// the server refuses, or that is above the last one of a GOAWAY, was [not
    /// sent](crate::TransportErrorKind::NotSent) (RFC 9113 6.8, 8.7).
    ///
    /// The blocking transport speaks HTTP/1.1 with this setting too: ureq has no HTTP/2.
    #[cfg(feature = "http2")]
    #[cfg_attr(docsrs, doc(cfg(feature = "http2")))]
    Http2,
}

/// Which proxy to go through.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Proxy {
    /// The proxy of `HTTPS_PROXY` or `ALL_PROXY` (in capitals or not), except for this machine and for the hosts of `NO_PROXY`.
    ///
    /// `NO_PROXY` is a list, separated by commas or spaces, of names (`example.com`, `.example.com` and `*.example.com` all stand for
    /// the name and everything below it), IP addresses (IPv6 with or without brackets), networks (`10.0.0.0/8`), any of them but
    /// networks with a port (`example.com:8443`), and patterns (`192.168.*`, `*` for all).
    FromEnvironment,
    /// None, whatever the environment says.
    None,
    /// This one, such as `http://user:password@proxy.example:3128`, for every https host. User and password are percent-encoded, the
    /// password may be missing. The port is 80 by default, 443 for a proxy behind TLS. What goes over http stays on this machine, and
    /// never through a proxy.
    Url(String),
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::FromEnvironment => "FromEnvironment",
            Self::None => "None",
            // It may hold a password.
            Self::Url(_) => "Url(••••)",
        })
    }
}

/// Whom to trust.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Roots {
    /// The certificates of the platform.
    Platform,
    /// Mozilla's, compiled in: for containers that have none. Needs feature `webpki-roots`.
    #[cfg(feature = "webpki-roots")]
    #[cfg_attr(docsrs, doc(cfg(feature = "webpki-roots")))]
    WebPki,
    /// The CA certificates of this PEM text, and no others.
    Pem(Vec<u8>),
}

impl std::fmt::Debug for Roots {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Platform => "Platform",
            #[cfg(feature = "webpki-roots")]
            Self::WebPki => "WebPki",
            Self::Pem(_) => "Pem(..)",
        })
    }
}

/// What every call of a client shares, ready made.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) config: Config,
    pub(crate) host: Host,
    pub(crate) auth: Option<(HeaderName, HeaderValue)>,
    pub(crate) jitter: fn() -> f64,
    /// Shared by clones, whatever their key or host: they speak to the same servers.
    pub(crate) budget: Arc<Budget>,
    /// What stands for the key at the host where messages are paced.
    pub(crate) sender: u64,
}

impl Core {
    pub(crate) fn new<A: Api>(config: Config) -> Result<Arc<Self>, InvalidHost> {
        let host = config.host.clone().unwrap_or_else(A::default_host);
        let budget = Arc::new(Budget::new(config.retry.budget));
        Self::at(host, config, budget)
    }
    fn at(host: Host, config: Config, budget: Arc<Budget>) -> Result<Arc<Self>, InvalidHost> {
        let host = config.base_url.as_deref().map_or(Ok(host.clone()), |url| host.with_base_url(url))?;
        Ok(Self::join(host, config, budget))
    }
    fn join(host: Host, config: Config, budget: Arc<Budget>) -> Arc<Self> {
        let auth = host.auth().header(&config.key);
        let sender = config.pacing.sender((host.to_string(), auth.as_ref().map(|(_, key)| key.as_bytes())));
        Arc::new(Self { config, host, auth, jitter: fastrand::f64, budget, sender })
    }
    /// Whether our own transports can reach the host.
    #[cfg(any(feature = "reqwest", feature = "ureq"))]
    pub(crate) fn needs_tls(&self) -> Result<(), SetupError> {
        if cfg!(feature = "rustls") || !self.host.is_https() { Ok(()) } else { Err(SetupError::NoTls) }
    }
    /// Users in a request, where the API takes `most`.
    pub(crate) fn users_per_request(&self, most: usize) -> usize {
        self.config.users_per_request.map_or(most, |wanted| wanted.get().min(most))
    }
    /// The same at another host.
    pub(crate) fn with_host(&self, host: Host) -> Result<Arc<Self>, InvalidHost> {
        Self::at(host, self.config.clone(), self.budget.clone())
    }
    /// The same with another key.
    pub(crate) fn with_key(&self, key: ApiKey) -> Arc<Self> {
        Self::join(self.host.clone(), Config { key, ..self.config.clone() }, self.budget.clone())
    }
    /// The same with another pacing.
    pub(crate) fn with_pacing(&self, pacing: Pacing) -> Arc<Self> {
        Self::join(self.host.clone(), Config { pacing, ..self.config.clone() }, self.budget.clone())
    }
}
