//! Everything a call can end in but an answer.
use super::{
    kind::{ErrorKind, Outcome},
    transport::TransportErrorKind,
};
use crate::endpoint::{Effect, Meta};
use d360_model::{
    Invalid,
    error::{ApiError, ErrorCode},
};
use std::{error::Error as StdError, fmt, sync::Arc};

/// A call that did not end in an answer. Cheap to clone.
///
/// [`outcome`](Self::outcome) says what is known about what it did, [`hint`](Self::hint) what to do next.
/// Neither `Debug` nor `Display` shows a key or a full phone number.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    endpoint: &'static str,
    effect: Effect,
    attempts: u32,
    kind: ErrorKind,
}

impl Error {
    pub(crate) fn new(endpoint: &Meta, attempts: u32, kind: ErrorKind) -> Self {
        Self(Arc::new(Inner { endpoint: endpoint.name, effect: endpoint.effect, attempts, kind }))
    }
    /// What it ended in.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }
    /// The endpoint's name, such as `cloud.messages.send`.
    #[must_use]
    pub fn endpoint(&self) -> &'static str {
        self.0.endpoint
    }
    /// How often it was tried.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }
    /// The API's error, where it is one.
    #[must_use]
    pub fn api(&self) -> Option<&ApiError> {
        if let ErrorKind::Api(error) = self.kind() { Some(error) } else { None }
    }
    /// The API's error code, which is what to decide by.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        self.api()?.code()
    }
    /// What was found wrong before sending, where that is what it ended in.
    #[must_use]
    pub fn invalid(&self) -> Option<&Invalid> {
        if let ErrorKind::Invalid(invalid) = self.kind() { Some(invalid) } else { None }
    }
    /// Whether a time limit ran out: to connect, for an attempt, or the call's deadline. [`outcome`](Self::outcome) says whether
    /// the request had been sent by then.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        match self.kind() {
            ErrorKind::Transport(error) => error.is_timeout(),
            kind => matches!(kind, ErrorKind::Deadline),
        }
    }
    /// What is known about what the call did.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.kind().outcome()
    }
    /// What to do next, in a sentence.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match (self.kind(), self.outcome()) {
            (ErrorKind::Invalid(_) | ErrorKind::Build(_), _) => "nothing was sent; correct the request",
            (ErrorKind::Paced(_), _) => {
                "nothing was sent; try again after that time, or let the call wait for its turn"
            }
            (ErrorKind::Deadline, _) => "nothing was sent; give the call more time",
            (ErrorKind::Transport(error), _) if error.kind() == TransportErrorKind::Certificate => {
                "nothing was sent; check the base URL, the clock, and which certificates are trusted: a proxy that inspects TLS needs \
                 its own"
            }
            (ErrorKind::Transport(error), Outcome::NotSent) if error.is_timeout() => {
                "nothing was sent; check the network, the base URL and the proxy, or allow more time, then try again"
            }
            (ErrorKind::Transport(_), Outcome::NotSent) => {
                "nothing was sent; check the network, the base URL, the proxy and the certificates, then try again"
            }
            (ErrorKind::Api(error), Outcome::Refused { .. }) => error.hint(),
            (ErrorKind::Transport(error), _)
                if error.kind() == TransportErrorKind::TooLarge && self.0.effect == Effect::Repeatable =>
            {
                "raise the limit (Config::response_limit), or ask for smaller pages; as it is, the answer would be too large again"
            }
            (ErrorKind::Endless { .. }, _) => {
                "what was listed until then is valid; the server's paging is faulty: report it to its support"
            }
            _ => self.0.unknown(),
        }
    }
}

impl Inner {
    /// What to do where the outcome is unknown.
    fn unknown(&self) -> &'static str {
        match self.effect {
            Effect::Repeatable => "it may or may not have been done; it is safe to call it again",
            // `cloud.messages.send`, `onprem.messages.send`: their webhooks tell.
            Effect::Once if self.endpoint.ends_with(".messages.send") => {
                "it may or may not have been sent: do not send it again blindly; a status webhook with the message's id tells that it was"
            }
            Effect::Once => {
                "it may or may not have been done: do not call it again blindly; look first whether it took effect"
            }
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.0.endpoint)?;
        match self.kind() {
            ErrorKind::Invalid(error) => error.fmt(f)?,
            ErrorKind::Build(error) => error.fmt(f)?,
            ErrorKind::Paced(wait) => {
                write!(
                    f,
                    "has to wait {:.3} s for its turn, so as not to go out too fast",
                    wait.as_secs_f64()
                )?;
            }
            ErrorKind::Deadline => f.write_str("the deadline left no time to send it")?,
            ErrorKind::Transport(error) => error.fmt(f)?,
            ErrorKind::Api(error) => error.fmt(f)?,
            ErrorKind::Undecodable(error) => error.fmt(f)?,
            ErrorKind::Endless { pages } => {
                write!(f, "the list does not end: still a next page after {pages} pages")?
            }
        }
        if self.0.attempts > 1 {
            write!(f, " (after {} attempts)", self.0.attempts)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { endpoint, attempts, kind, .. } = &*self.0;
        f.debug_struct("Error")
            .field("endpoint", endpoint)
            .field("attempts", attempts)
            .field("kind", kind)
            .finish()
    }
}

impl StdError for Error {
    /// What lies below the kind; the kind itself is in the message already.
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self.kind() {
            ErrorKind::Transport(error) => error.source(),
            _ => None,
        }
    }
}
