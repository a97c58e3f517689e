//! Failures below HTTP.
use std::{error::Error as StdError, fmt};

/// A failure below HTTP. The library's error is boxed, so that its version is not part of this interface.
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    timed_out: bool,
    source: Box<dyn StdError + Send + Sync>,
}

/// The kinds of failures that policies distinguish.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The request was not written: connection refused, unknown host, connect timeout, TLS. The server cannot have
    /// acted on it.
    NotSent,
    /// The time limit expired; the server may have acted.
    Timeout,
    /// The connection was closed; the server may have acted.
    Interrupted,
    /// The response exceeds the size limit; the server has acted. Never retried, because it would be as large again.
    TooLarge,
    /// The server's certificate was rejected, so nothing was sent. Never retried, because it would be rejected again.
    Certificate,
    /// Any other failure; the server may have acted.
    Other,
}

impl TransportError {
    /// Creates an error of `kind`.
    pub fn new(kind: TransportErrorKind, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let source = source.into();
        Self { kind, timed_out: kind == TransportErrorKind::Timeout, source }
    }
    /// Marks an error of a kind other than [`Timeout`](TransportErrorKind::Timeout) as caused by a time limit, such
    /// as [`NotSent`](TransportErrorKind::NotSent) after a connect timeout.
    #[must_use]
    pub fn timed_out(mut self, timed_out: bool) -> Self {
        self.timed_out |= timed_out;
        self
    }
    /// Returns the kind.
    #[must_use]
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }
    /// Whether a time limit expired, before or after the request was sent.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.timed_out
    }
    /// Whether nothing was sent.
    #[must_use]
    pub fn is_not_sent(&self) -> bool {
        matches!(self.kind, TransportErrorKind::NotSent | TransportErrorKind::Certificate)
    }
}

/// Returns the error for a response of more than `limit` bytes.
#[cfg(any(feature = "reqwest", feature = "hyper", feature = "ureq"))]
pub(crate) fn too_large(limit: u64) -> TransportError {
    TransportError::new(TransportErrorKind::TooLarge, format!("more than {}", size(limit)))
}

/// Formats a size so that no filter mistakes it for a phone number: `1 MiB`, `1.5 MiB`, `999 bytes`.
#[cfg(any(feature = "reqwest", feature = "hyper", feature = "ureq"))]
fn size(bytes: u64) -> String {
    let units = [("GiB", 1u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    units.into_iter().find(|(_, unit)| bytes >= *unit).map_or_else(
        || format!("{bytes} bytes"),
        |(name, unit)| {
            format!("{} {name}", format!("{:.1}", bytes as f64 / unit as f64).trim_end_matches(".0"))
        },
    )
}

/// Whether `error`, or one below it, is a rejected certificate. The libraries pass on the error of rustls.
#[cfg(all(feature = "rustls", any(feature = "reqwest", feature = "hyper", feature = "ureq")))]
pub(crate) fn refuses_certificate(error: &(dyn StdError + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<rustls::Error>() {
            return matches!(
                error,
                rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented
            );
        }
        // The source of an `io::Error` is not the error that it contains.
        let held = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = held.map(|held| held as &(dyn StdError + 'static)).or_else(|| error.source());
    }
    false
}

#[cfg(all(not(feature = "rustls"), any(feature = "reqwest", feature = "hyper", feature = "ureq")))]
pub(crate) fn refuses_certificate(_: &(dyn StdError + 'static)) -> bool {
    false
}

/// What failed, and the innermost cause that the library names.
impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            TransportErrorKind::NotSent => "could not be sent",
            TransportErrorKind::Certificate => "could not be sent: certificate rejected",
            TransportErrorKind::Timeout => "timed out before the response was complete",
            TransportErrorKind::Interrupted => "the connection was closed before the response was complete",
            TransportErrorKind::TooLarge => "the response exceeds the size limit",
            TransportErrorKind::Other => "the exchange failed",
        })?;
        let mut cause: &dyn StdError = &*self.source;
        while let Some(below) = cause.source() {
            cause = below;
        }
        write!(f, ": {}", d360_model::mask(&cause.to_string()))
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.source)
    }
}
