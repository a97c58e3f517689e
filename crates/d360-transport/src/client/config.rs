//! Settings of a client and of its connections.
use crate::{
    endpoint::{ApiKey, Host},
    error::SetupError,
    policy::{RateLimit, RetryPolicy},
    transport::Connection,
};
use std::{num::NonZeroUsize, time::Duration};

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
    pub rate_limit: RateLimit,
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
            rate_limit: RateLimit::default(),
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
    pub fn rate_limit(mut self, rate_limit: RateLimit) -> Self {
        self.rate_limit = rate_limit;
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
