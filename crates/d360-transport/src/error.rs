//! Everything a call can end in but an answer.
use crate::{Effect, Meta, TransportError, TransportErrorKind};
use d360_model::{
    Invalid,
    error::{ApiError, ErrorCode, RetryRule},
};
use std::{error::Error as StdError, fmt, sync::Arc, time::Duration};

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

/// What a call ended in.
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The API would refuse it; nothing was sent.
    Invalid(Invalid),
    /// The request could not be built; nothing was sent.
    Build(BuildError),
    /// The client's pacing would have it wait this long, and the call was not to wait; nothing was sent. See
    /// [`Pacing`](crate::Pacing).
    Paced(Duration),
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

/// A request that could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The body.
    #[error("the body could not be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The URL.
    #[error("the URL is malformed: {0}")]
    Http(#[from] http::Error),
    /// A part of the path.
    #[error("{0}")]
    Path(&'static str),
    /// A label that the call cannot carry.
    #[error("{0}")]
    Label(&'static str),
    /// A form of parts.
    #[error("{0}")]
    Form(&'static str),
    /// Something that the host does not have.
    #[error("{0}")]
    Scope(&'static str),
    /// A URL on a host that is not to get the key.
    #[error("the URL is on {0}, which is not to get the key; fetch it without this client if you trust it")]
    ForeignHost(String),
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

impl ErrorKind {
    /// What is known about what the call did.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Invalid(_) | Self::Build(_) | Self::Paced(_) | Self::Deadline => Outcome::NotSent,
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

/// A client that could not be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// No key in the environment.
    #[error(
        "no API key: set D360_API_KEY, or start a local sandbox with `d360 sandbox` and use the key that it prints"
    )]
    NoKey,
    /// The key.
    #[error(transparent)]
    Key(#[from] crate::InvalidKey),
    /// The base URL.
    #[error(transparent)]
    Host(#[from] crate::InvalidHost),
    /// A proxy's URL is malformed, or of a kind that is not supported. The URL itself is not shown: it may hold a password.
    #[error(
        "the proxy URL {0}; expected http://proxy.example:3128 or http://user:password@proxy.example:3128 (from \
         HTTPS_PROXY or ALL_PROXY, unless the program sets a proxy or none)"
    )]
    Proxy(&'static str),
    /// A CA certificate.
    #[error("the CA certificates are not PEM, or there is none in them: {0}")]
    Certificates(String),
    /// Feature `rustls` is off.
    #[error("https needs feature rustls; or bring a transport with TLS of its own: Client::with_transport")]
    NoTls,
    /// The HTTP library.
    #[error("the HTTP library could not be set up: {0}")]
    Library(#[source] Box<dyn StdError + Send + Sync>),
}
