//! The shared state of a client's calls.
use super::config::Config;
use crate::endpoint::{Api, ApiKey, Host, InvalidHost};
#[cfg(any(feature = "reqwest", feature = "hyper", feature = "ureq"))]
use crate::error::SetupError;
use crate::policy::{Budget, RateLimit};
use http::{HeaderName, HeaderValue};
use std::sync::Arc;

/// The shared state of a client's calls, prepared once.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) config: Config,
    pub(crate) host: Host,
    pub(crate) auth: Option<(HeaderName, HeaderValue)>,
    pub(crate) jitter: fn() -> f64,
    /// Shared by clones, whatever their key or host: they call the same servers.
    pub(crate) budget: Arc<Budget>,
    /// Identifies the key at the host for the rate limit.
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
        let sender =
            config.rate_limit.sender((host.to_string(), auth.as_ref().map(|(_, key)| key.as_bytes())));
        Arc::new(Self { config, host, auth, jitter: fastrand::f64, budget, sender })
    }
    /// Whether the built-in transports can reach the host.
    #[cfg(any(feature = "reqwest", feature = "hyper", feature = "ureq"))]
    pub(crate) fn needs_tls(&self) -> Result<(), SetupError> {
        if cfg!(feature = "rustls") || !self.host.is_https() { Ok(()) } else { Err(SetupError::NoTls) }
    }
    /// Returns the number of users per request, if the API accepts `most`.
    pub(crate) fn users_per_request(&self, most: usize) -> usize {
        self.config.users_per_request.map_or(most, |wanted| wanted.get().min(most))
    }
    /// Returns the same for another host.
    pub(crate) fn with_host(&self, host: Host) -> Result<Arc<Self>, InvalidHost> {
        Self::at(host, self.config.clone(), self.budget.clone())
    }
    /// Returns the same for another key.
    pub(crate) fn with_key(&self, key: ApiKey) -> Arc<Self> {
        Self::join(self.host.clone(), Config { key, ..self.config.clone() }, self.budget.clone())
    }
    /// Returns the same for another rate limit.
    pub(crate) fn with_rate_limit(&self, rate_limit: RateLimit) -> Arc<Self> {
        Self::join(self.host.clone(), Config { rate_limit, ..self.config.clone() }, self.budget.clone())
    }
}
