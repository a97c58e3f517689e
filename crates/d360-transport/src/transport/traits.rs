//! The two transport traits, and what may go wrong below HTTP.
use crate::{
    error::TransportError,
    exchange::{HttpRequest, HttpResponse},
};
use async_trait::async_trait;
use std::fmt::Debug;

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
///   [`sink`](HttpRequest::sink) where there is one, which is told the status of any answer first.
///   [`progress`](HttpRequest::progress) is told after each piece.
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
