//! The two transport traits, and what may go wrong below HTTP.
use crate::{HttpRequest, HttpResponse};
use async_trait::async_trait;
use std::{error::Error as StdError, fmt, fmt::Debug, time::Duration, time::Instant};

/// Sends one request, once, without blocking the thread.
///
/// The contract, which retries and outcomes rest on:
///
/// - A complete answer of **any** status is `Ok`; an error means that there is no answer.
/// - No redirect is followed: the API key stands in a header of its own, which HTTP libraries carry to other hosts.
/// - Nothing is sent a second time.
/// - The attempt ends within [`HttpRequest::time_limit`], with [`TransportErrorKind::Timeout`] or, if the request
///   was not written yet, [`TransportErrorKind::NotSent`].
/// - No more of a body is kept than [`HttpRequest::response_limit`], counted after decompression; beyond it lies
///   [`TransportErrorKind::TooLarge`].
/// - A [`Part::File`](crate::Part::File) is streamed; the body of a 2xx answer goes to the
///   [`sink`](HttpRequest::sink) where there is one. [`progress`](HttpRequest::progress) is told after each piece.
/// - [`TransportErrorKind::NotSent`] is a proof: the server cannot have acted on the request. Not a byte of it left, or at
///   most its head without the body.
// `automock` has to stand above `async_trait`.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait AsyncTransport: Debug + Send + Sync + 'static {
    /// Sends `request` and reads the answer to its end.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError>;
}

/// [`AsyncTransport`]'s blocking twin, under the same contract.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait BlockingTransport: Debug + Send + Sync + 'static {
    /// Sends `request` and reads the answer to its end.
    ///
    /// # Errors
    /// [`TransportError`] where there is no whole answer.
    fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError>;
}

/// The clock of the async client: what time it is, and waiting.
#[async_trait]
pub trait AsyncSleep: Debug + Send + Sync + 'static {
    /// Waits for `duration`.
    async fn sleep(&self, duration: Duration);
    /// The time that pacing and deadlines go by. Override it where `sleep` takes no real time.
    fn now(&self) -> Instant {
        Instant::now()
    }
}

/// The clock of the blocking client: what time it is, and waiting.
pub trait BlockingSleep: Debug + Send + Sync + 'static {
    /// Waits for `duration`.
    fn sleep(&self, duration: Duration);
    /// The time that pacing and deadlines go by. Override it where `sleep` takes no real time.
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

/// What went wrong below HTTP. The library behind it is boxed: its version is no part of this interface.
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    source: Box<dyn StdError + Send + Sync>,
}

/// The kinds that policy tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// Failed before the request was written: refused, unknown host, connecting timed out, TLS. The server cannot
    /// have acted on it.
    NotSent,
    /// Out of time; the server may have acted.
    Timeout,
    /// Broken off; the server may have acted.
    Interrupted,
    /// The answer is larger than the limit; the server has acted.
    TooLarge,
    /// Anything else; the server may have acted.
    Other,
}

impl TransportError {
    /// An error of `kind`.
    pub fn new(kind: TransportErrorKind, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { kind, source: source.into() }
    }
    /// The kind.
    #[must_use]
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            TransportErrorKind::NotSent => "could not be sent",
            TransportErrorKind::Timeout => "no whole answer came in time",
            TransportErrorKind::Interrupted => "the connection broke before the answer was whole",
            TransportErrorKind::TooLarge => "the answer is larger than the limit",
            TransportErrorKind::Other => "the exchange failed",
        })
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.source)
    }
}
