//! The two transport traits and their contract.
use crate::{
    error::TransportError,
    exchange::{HttpRequest, HttpResponse},
};
use async_trait::async_trait;
use std::fmt::Debug;

/// Sends one request, once, without blocking the thread.
///
/// Retries and outcomes rely on this contract:
///
/// - A complete response of **any** status is `Ok`; an error means that there is no response.
/// - No redirect is followed. The API key is in a custom header, which HTTP libraries forward to other hosts.
/// - Nothing is sent twice.
/// - The attempt ends within [`HttpRequest::time_limit`], with [`TransportErrorKind::Timeout`] or, if the request was
///   not written yet, [`TransportErrorKind::NotSent`].
/// - At most [`HttpRequest::response_limit`] bytes of a body are kept, counted after decompression. More is
///   [`TransportErrorKind::TooLarge`].
/// - A [`Part::File`](crate::Part::File) is streamed. The body of a 2xx response goes to the
///   [`sink`](HttpRequest::sink), if there is one. The sink receives the status of any response first.
/// - [`progress`](HttpRequest::progress) is called after each piece.
/// - [`TransportErrorKind::NotSent`] is a proof: the server cannot have acted on the request. Not a byte was sent, or
///   at most the head without the body.
///
/// [`TransportErrorKind::Timeout`]: crate::TransportErrorKind::Timeout
/// [`TransportErrorKind::NotSent`]: crate::TransportErrorKind::NotSent
/// [`TransportErrorKind::TooLarge`]: crate::TransportErrorKind::TooLarge
// `automock` must precede `async_trait`.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait AsyncTransport: Debug + Send + Sync + 'static {
    /// Sends `request` and reads the complete response.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError>;
}

/// The blocking counterpart of [`AsyncTransport`], with the same contract.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait BlockingTransport: Debug + Send + Sync + 'static {
    /// Sends `request` and reads the complete response.
    ///
    /// # Errors
    /// Returns [`TransportError`] if there is no complete response.
    fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError>;
}
