//! What may go wrong below HTTP.
use std::{error::Error as StdError, fmt};

/// What went wrong below HTTP. The library behind it is boxed: its version is no part of this interface.
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    timed_out: bool,
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
    /// The answer is larger than the limit; the server has acted. Never retried: it would be as large again.
    TooLarge,
    /// The server's certificate was refused, so that nothing was sent. Never retried: it would be refused again.
    Certificate,
    /// Anything else; the server may have acted.
    Other,
}

impl TransportError {
    /// An error of `kind`.
    pub fn new(kind: TransportErrorKind, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let source = source.into();
        Self { kind, timed_out: kind == TransportErrorKind::Timeout, source }
    }
    /// Marks an error of another kind than [`Timeout`](TransportErrorKind::Timeout) as one of a time limit that ran out: such as
    /// [`NotSent`](TransportErrorKind::NotSent) after a connect timeout.
    #[must_use]
    pub fn timed_out(mut self, timed_out: bool) -> Self {
        self.timed_out |= timed_out;
        self
    }
    /// The kind.
    #[must_use]
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }
    /// Whether a time limit ran out, before or after the request was sent.
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

/// The error of an answer of more than `limit` bytes.
#[cfg(any(feature = "reqwest", feature = "ureq"))]
pub(crate) fn too_large(limit: u64) -> TransportError {
    TransportError::new(TransportErrorKind::TooLarge, format!("more than {}", size(limit)))
}

/// A size that no filter takes for a phone number: `1 MiB`, `1.5 MiB`, `999 bytes`.
#[cfg(any(feature = "reqwest", feature = "ureq"))]
fn size(bytes: u64) -> String {
    let units = [("GiB", 1u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    units.into_iter().find(|(_, unit)| bytes >= *unit).map_or_else(
        || format!("{bytes} bytes"),
        |(name, unit)| {
            format!("{} {name}", format!("{:.1}", bytes as f64 / unit as f64).trim_end_matches(".0"))
        },
    )
}

/// Whether `error`, or one below it, is a refused certificate. Libraries hand on the error of rustls.
#[cfg(all(feature = "rustls", any(feature = "reqwest", feature = "ureq")))]
pub(crate) fn refuses_certificate(error: &(dyn StdError + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<rustls::Error>() {
            return matches!(
                error,
                rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented
            );
        }
        // An `io::Error` passes over the error it holds.
        let held = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = held.map(|held| held as &(dyn StdError + 'static)).or_else(|| error.source());
    }
    false
}

#[cfg(all(not(feature = "rustls"), any(feature = "reqwest", feature = "ureq")))]
pub(crate) fn refuses_certificate(_: &(dyn StdError + 'static)) -> bool {
    false
}

/// What failed, and the innermost cause that the library names.
impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            TransportErrorKind::NotSent => "could not be sent",
            TransportErrorKind::Certificate => "could not be sent: certificate refused",
            TransportErrorKind::Timeout => "no complete response in time",
            TransportErrorKind::Interrupted => "the connection closed before the response was complete",
            TransportErrorKind::TooLarge => "the response is larger than the limit",
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
