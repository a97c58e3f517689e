//! The kinds of failures, and their outcomes.
use super::transport::{TransportError, TransportErrorKind};
use crate::endpoint::{BuildError, Effect};
use d360_model::{
    Invalid,
    error::{ApiError, ErrorCode, RetryRule},
};
use std::{error::Error as StdError, fmt, time::Duration};

/// The kind of a failure.
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The API would refuse the request; nothing was sent.
    Invalid(Invalid),
    /// The request could not be built; nothing was sent.
    Build(BuildError),
    /// The client-side rate limit requires this wait, and the call must not wait; nothing was sent. See
    /// [`RateLimit`](crate::RateLimit).
    WouldWait(Duration),
    /// The deadline passed before the request was sent. See [`CallOptions`](crate::CallOptions).
    Deadline,
    /// There is no complete response.
    Transport(TransportError),
    /// The API refused the request, or failed.
    Api(ApiError),
    /// The API reports success in an unknown form.
    Undecodable(Undecodable),
    /// A list has no end: 1,000 consecutive pages without a new item, or 100,000 pages.
    Endless {
        /// The number of pages read.
        pages: u32,
    },
}

/// Whether a failed call took effect. A call without an error was *accepted*, which does not mean *delivered*.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// Nothing reached the server.
    NotSent,
    /// The server refused the request and did nothing.
    Refused {
        /// Whether the same request may be accepted later.
        retryable: bool,
    },
    /// The request may have taken effect. Such a message is never retried automatically.
    Unknown,
}

/// A success that could not be decoded.
pub struct Undecodable {
    pub(crate) status: u16,
    pub(crate) reason: Box<dyn StdError + Send + Sync>,
    pub(crate) body: bytes::Bytes,
}

impl Undecodable {
    /// Returns the HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }
    /// Returns the body as received. It may contain phone numbers.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

impl fmt::Display for Undecodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = d360_model::mask(&self.reason.to_string());
        write!(f, "HTTP {} with a response of unknown form: {reason}", self.status)
    }
}

impl fmt::Debug for Undecodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Undecodable({self}; body of {} bytes)", self.body.len())
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::NotSent => "not sent",
            Self::Refused { retryable: true } => "refused for now",
            Self::Refused { retryable: false } => "refused",
            Self::Unknown => "unknown",
        })
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(error) => error.fmt(f),
            Self::Build(error) => error.fmt(f),
            Self::WouldWait(wait) => {
                write!(f, "rate limited before sending; the next slot is in {:.3} s", wait.as_secs_f64())
            }
            Self::Deadline => f.write_str("the deadline passed before sending"),
            Self::Transport(error) => error.fmt(f),
            Self::Api(error) => error.fmt(f),
            Self::Undecodable(error) => error.fmt(f),
            Self::Endless { pages } => {
                write!(f, "the list has no end: page {pages} still has a next page")
            }
        }
    }
}

impl ErrorKind {
    /// Returns whether the call took effect, as far as known.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Invalid(_) | Self::Build(_) | Self::WouldWait(_) | Self::Deadline => Outcome::NotSent,
            Self::Transport(error) if error.is_not_sent() => Outcome::NotSent,
            Self::Transport(_) | Self::Undecodable(_) | Self::Endless { .. } => Outcome::Unknown,
            Self::Api(error) => api_outcome(error),
        }
    }
}

/// Codes by which a server says that it does not know the outcome.
const UNKNOWN_CODES: [ErrorCode; 5] = [
    ErrorCode::SOMETHING_WENT_WRONG,
    ErrorCode::ONPREM_ASYNC_GENERIC_ERROR,
    ErrorCode::ONPREM_GENERIC_ERROR,
    ErrorCode::ONPREM_INTERNAL_ERROR,
    ErrorCode::ONPREM_DATABASE_ERROR,
];

fn api_outcome(error: &ApiError) -> Outcome {
    if error.code().is_some_and(|code| UNKNOWN_CODES.contains(&code)) {
        Outcome::Unknown
    } else if error.retry_rule().is_some_and(RetryRule::is_automatic) {
        Outcome::Refused { retryable: true }
    } else if error.status() >= 500 {
        Outcome::Unknown
    } else {
        Outcome::Refused { retryable: false }
    }
}

/// Whether a call with this failure is safe to retry.
pub(crate) fn may_repeat(kind: &ErrorKind, effect: Effect) -> bool {
    if let ErrorKind::Transport(error) = kind
        && matches!(error.kind(), TransportErrorKind::TooLarge | TransportErrorKind::Certificate)
    {
        return false;
    }
    match kind.outcome() {
        Outcome::NotSent => matches!(kind, ErrorKind::Transport(_)),
        Outcome::Refused { retryable } => retryable,
        Outcome::Unknown => effect == Effect::Repeatable,
    }
}
