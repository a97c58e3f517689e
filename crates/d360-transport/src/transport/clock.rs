//! The clocks of the clients.
use async_trait::async_trait;
use std::{fmt::Debug, time::Duration, time::Instant};

/// The clock of the async client: the current time, and waiting.
#[async_trait]
pub trait AsyncSleep: Debug + Send + Sync + 'static {
    /// Waits for `duration`.
    async fn sleep(&self, duration: Duration);
    /// Returns the time for rate limits and deadlines. Override it if `sleep` does not take real time.
    fn now(&self) -> Instant {
        Instant::now()
    }
}

/// The clock of the blocking client: the current time, and waiting.
pub trait BlockingSleep: Debug + Send + Sync + 'static {
    /// Waits for `duration`.
    fn sleep(&self, duration: Duration);
    /// Returns the time for rate limits and deadlines. Override it if `sleep` does not take real time.
    fn now(&self) -> Instant {
        Instant::now()
    }
}

#[cfg(feature = "mock")]
mockall::mock! {
    /// A mockall mock of [`AsyncSleep`] with the real `now`.
    #[derive(Debug)]
    pub AsyncSleep {}
    #[async_trait]
    impl AsyncSleep for AsyncSleep {
        async fn sleep(&self, duration: Duration);
    }
}

#[cfg(feature = "mock")]
mockall::mock! {
    /// A mockall mock of [`BlockingSleep`] with the real `now`.
    #[derive(Debug)]
    pub BlockingSleep {}
    impl BlockingSleep for BlockingSleep {
        fn sleep(&self, duration: Duration);
    }
}

/// A clock that waits with [`std::thread::sleep`].
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct ThreadSleep;

impl ThreadSleep {
    /// Creates the clock.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl BlockingSleep for ThreadSleep {
    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }
}

/// A clock that waits with `tokio::time::sleep`. Needs feature `reqwest` or `hyper`.
#[cfg(any(feature = "reqwest", feature = "hyper"))]
#[cfg_attr(docsrs, doc(cfg(any(feature = "reqwest", feature = "hyper"))))]
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct TokioSleep;

#[cfg(any(feature = "reqwest", feature = "hyper"))]
impl TokioSleep {
    /// Creates the clock.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

#[cfg(any(feature = "reqwest", feature = "hyper"))]
#[async_trait]
impl AsyncSleep for TokioSleep {
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }
}
