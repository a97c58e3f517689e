//! What a call ended in, and what is known about what it did.
use super::transport::{TransportError, TransportErrorKind};
use crate::endpoint::{BuildError, Effect};
use d360_model::{
    Invalid,
    error::{ApiError, ErrorCode, RetryRule},
};
use std::{error::Error as StdError, fmt, time::Duration};

/// What a call ended in.
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The API would refuse it; nothing was sent.
    Invalid(Invalid),
    /// The request could not be built; nothing was sent.
    Build(BuildError),
    /// The client's rate limit would have it wait this long, and the call was not to wait; nothing was sent. See
    /// [`RateLimit`](crate::RateLimit).
    WouldWait(Duration),
    /// The call's deadline left no time to send it; nothing was sent. See [`CallOptions`](crate::CallOptions).
    Deadline,
    /// No whole answer came.
    Transport(TransportError),
    /// The API refused, or failed.
    Api(ApiError),
    /// The API says success, but in no shape that this version knows.
    Undecodable(Undecodable),
    /// A list named a next page again and again: 1,000 pages in a row without a new item, or 100,000 pages.
    Endless {
        /// How many pages were read.
        pages: u32,
    },
}

/// What is known about what a failed call did. (A call that did not fail was *accepted*, which is not *delivered*.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// Nothing reached the server.
    NotSent,
    /// The server refused it, and did nothing.
    Refused {
        /// Whether the same request may be taken later.
        retryable: bool,
    },
    /// It may have been done, or not. A message of which this is known is never sent again by itself.
    Unknown,
}

/// A success that could not be read.
pub struct Undecodable {
    pub(crate) status: u16,
    pub(crate) reason: Box<dyn StdError + Send + Sync>,
    pub(crate) body: bytes::Bytes,
}

impl Undecodable {
    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }
    /// The body as it came. It may hold phone numbers.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

impl fmt::Display for Undecodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = d360_model::mask(&self.reason.to_string());
        write!(f, "HTTP {} with an answer of unknown shape: {reason}", self.status)
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
                write!(f, "rate limited before sending: the next slot is in {:.3} s", wait.as_secs_f64())
            }
            Self::Deadline => f.write_str("the deadline of the call left no time to send it"),
            Self::Transport(error) => error.fmt(f),
            Self::Api(error) => error.fmt(f),
            Self::Undecodable(error) => error.fmt(f),
            Self::Endless { pages } => {
                write!(f, "the list does not end: still a next page after {pages} pages")
            }
        }
    }
}

impl ErrorKind {
    /// What is known about what the call did.
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

/// Codes with which a server says that it does not know itself.
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

/// Whether a call that ended like this may do harm when it is made again.
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
