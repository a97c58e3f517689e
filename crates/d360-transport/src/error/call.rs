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
use http::{Method, Uri};
use std::{error::Error as StdError, fmt, sync::Arc, time::Duration};

/// A call that did not end in an answer. Cheap to clone.
///
/// [`outcome`](Self::outcome) says what is known about what it did, [`hint`](Self::hint) what to do next.
/// Neither `Debug` nor `Display` shows a key or a full phone number.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    meta: Meta,
    url: Option<Box<str>>,
    attempts: u32,
    elapsed: Duration,
    kind: ErrorKind,
}

impl Error {
    /// An error of a call that made no request.
    pub(crate) fn new(meta: &Meta, kind: ErrorKind) -> Self {
        Self(Arc::new(Inner { meta: meta.clone(), url: None, attempts: 0, elapsed: Duration::ZERO, kind }))
    }
    /// An error of a call whose request was built.
    pub(crate) fn of_request(
        meta: &Meta,
        uri: &Uri,
        attempts: u32,
        elapsed: Duration,
        kind: ErrorKind,
    ) -> Self {
        let inner = Inner { meta: meta.clone(), url: Some(shown(uri)), attempts, elapsed, kind };
        Self(Arc::new(inner))
    }
    /// What it ended in.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }
    /// The endpoint's name, such as `cloud.messages.send`.
    #[must_use]
    pub fn endpoint(&self) -> &'static str {
        self.0.meta.name
    }
    /// The HTTP method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.0.meta.method
    }
    /// Scheme, host and path of the request, without its query. Phone numbers and long ids in the path are masked. `None` if the
    /// request could not be built.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        self.0.url.as_deref()
    }
    /// Time from the beginning of the call to its end, waits included.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed
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
            (ErrorKind::WouldWait(_), _) => {
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
                if error.kind() == TransportErrorKind::TooLarge
                    && self.0.meta.effect == Effect::Repeatable =>
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
        match self.meta.effect {
            Effect::Repeatable => "it may or may not have been done; it is safe to call it again",
            // `cloud.messages.send`, `onprem.messages.send`: their webhooks tell.
            Effect::Once if self.meta.name.ends_with(".messages.send") => {
                "it may or may not have been sent: do not send it again blindly; a status webhook with the message's id tells that it was"
            }
            Effect::Once => {
                "it may or may not have been done: do not call it again blindly; look first whether it took effect"
            }
        }
    }
}

/// `POST https://waba-v2.360dialog.io/messages failed after 3 attempts in 12.4 s: could not be sent: connection refused`.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { meta, url, attempts, elapsed, kind } = &*self.0;
        write!(f, "{} {} ", meta.method, url.as_deref().unwrap_or(meta.path))?;
        match (kind, *attempts) {
            (_, 0) => f.write_str("was not sent")?,
            (_, 1) => f.write_str("failed")?,
            (_, attempts) => write!(f, "failed after {attempts} attempts")?,
        }
        if *attempts > 1 || *elapsed >= Duration::from_secs(1) {
            let after = if *attempts > 1 { "in" } else { "after" };
            write!(f, " {after} {:.1} s", elapsed.as_secs_f64())?;
        }
        write!(f, ": {kind}")
    }
}

/// Scheme, host and path; the port of http always, because a sandbox without one is the usual mistake. A login is left out.
fn shown(uri: &Uri) -> Box<str> {
    let (scheme, host) = (uri.scheme_str().unwrap_or("http"), uri.host().unwrap_or_default());
    let port = uri.port_u16().or((scheme == "http").then_some(80));
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    format!("{scheme}://{host}{port}{}", d360_model::mask(uri.path())).into()
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { meta, url, attempts, elapsed, kind } = &*self.0;
        f.debug_struct("Error")
            .field("endpoint", &meta.name)
            .field("url", url)
            .field("attempts", attempts)
            .field("elapsed", elapsed)
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
