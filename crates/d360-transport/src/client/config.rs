//! Settings of a client and of its connections.
use crate::{
    endpoint::{ApiKey, Host},
    error::SetupError,
    policy::{RateLimit, RetryPolicy},
    transport::Connection,
};
use std::{num::NonZeroUsize, time::Duration};

/// The settings of a client, async or blocking.
///
/// ```
/// use d360_transport::{ApiKey, Config, RetryPolicy};
/// use std::time::Duration;
/// let config = Config::new(ApiKey::new("key")?)
///     .base_url("http://127.0.0.1:4360")
///     .retry(RetryPolicy::default().max_attempts(2))
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
    /// Replaces the scheme, name, port and path of the host. The prefix of the API stays.
    pub base_url: Option<String>,
    /// The retry policy.
    pub retry: RetryPolicy,
    /// The rate limit. Clients created from clones of this share it.
    pub rate_limit: RateLimit,
    /// The time limit for each attempt, from connecting to the last byte of the response. 30 s by default, plus a
    /// second for each 64 KiB of an uploaded or downloaded file.
    pub attempt_timeout: Duration,
    /// The maximum size of a response in memory in bytes, after decompression. By default 1 MiB, 10 MiB for a page of
    /// a list, and 100 MiB for a file that is downloaded into memory.
    pub response_limit: Option<u64>,
    /// Whether advice is refused like an error. Off by default.
    pub strict: bool,
    /// The maximum number of users per request to block or unblock, if lower than that of the API (130429).
    pub users_per_request: Option<NonZeroUsize>,
    /// The settings of the transport that a client creates for itself.
    pub connection: Connection,
}

impl Config {
    /// Creates the default settings.
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

    /// Reads the key from `D360_API_KEY`, and the base URL from `D360_BASE_URL` if it is set.
    ///
    /// # Errors
    /// Returns [`SetupError`] if there is no key, or if it is not valid in a header.
    pub fn from_env() -> Result<Self, SetupError> {
        let key = std::env::var("D360_API_KEY").ok().filter(|key| !key.trim().is_empty());
        let config = Self::new(ApiKey::new(key.ok_or(SetupError::NoKey)?)?);
        // A blank one is an error and not the API's own URL.
        Ok(Self { base_url: std::env::var("D360_BASE_URL").ok(), ..config })
    }
    /// Sets another host than the API's own.
    #[must_use]
    pub fn host(mut self, host: Host) -> Self {
        self.host = Some(host);
        self
    }
    /// Sets another base URL, such as a sandbox's.
    #[must_use]
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }
    /// Sets the retry policy.
    #[must_use]
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }
    /// Sets the rate limit.
    #[must_use]
    pub fn rate_limit(mut self, rate_limit: RateLimit) -> Self {
        self.rate_limit = rate_limit;
        self
    }
    /// Sets the time limit for each attempt.
    #[must_use]
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }
    /// Sets the maximum size of a response in bytes, after decompression.
    #[must_use]
    pub fn response_limit(mut self, bytes: u64) -> Self {
        self.response_limit = Some(bytes);
        self
    }
    /// Sets whether advice is refused like an error.
    #[must_use]
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }
    /// Sets a lower number of users per request to block or unblock.
    #[must_use]
    pub fn users_per_request(mut self, users: NonZeroUsize) -> Self {
        self.users_per_request = Some(users);
        self
    }
    /// Sets the settings of the connections.
    #[must_use]
    pub fn connection(mut self, connection: Connection) -> Self {
        self.connection = connection;
        self
    }
}
