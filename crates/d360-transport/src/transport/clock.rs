//! Time for the clients: now, and waiting.
use async_trait::async_trait;
use std::{fmt::Debug, time::Duration, time::Instant};

/// The clock of the async client: what time it is, and waiting.
#[async_trait]
pub trait AsyncSleep: Debug + Send + Sync + 'static {
    /// Waits for `duration`.
    async fn sleep(&self, duration: Duration);
    /// The time that rate limits and deadlines go by. Override it where `sleep` takes no real time.
    fn now(&self) -> Instant {
        Instant::now()
    }
}

/// The clock of the blocking client: what time it is, and waiting.
pub trait BlockingSleep: Debug + Send + Sync + 'static {
    /// Waits for `duration`.
    fn sleep(&self, duration: Duration);
    /// The time that rate limits and deadlines go by. Override it where `sleep` takes no real time.
    fn now(&self) -> Instant {
        Instant::now()
    }
}

#[cfg(feature = "mock")]
mockall::mock! {
    /// mockall's double of [`AsyncSleep`]; its `now` is the real one.
    #[derive(Debug)]
    pub AsyncSleep {}
    #[async_trait]
    impl AsyncSleep for AsyncSleep {
        async fn sleep(&self, duration: Duration);
    }
}

#[cfg(feature = "mock")]
mockall::mock! {
    /// mockall's double of [`BlockingSleep`]; its `now` is the real one.
    #[derive(Debug)]
    pub BlockingSleep {}
    impl BlockingSleep for BlockingSleep {
        fn sleep(&self, duration: Duration);
    }
}

/// [`std::thread::sleep`].
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct ThreadSleep;

impl ThreadSleep {
    /// Sleeps on the thread.
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

/// `tokio::time::sleep`. Needs feature `reqwest`.
#[cfg(feature = "reqwest")]
#[cfg_attr(docsrs, doc(cfg(feature = "reqwest")))]
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct TokioSleep;

#[cfg(feature = "reqwest")]
impl TokioSleep {
    /// Sleeps on tokio's clock.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

#[cfg(feature = "reqwest")]
#[async_trait]
impl AsyncSleep for TokioSleep {
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }
}
