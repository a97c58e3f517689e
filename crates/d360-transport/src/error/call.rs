//! The error of a call.
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

/// A failed call. Cheap to clone.
///
/// [`outcome`](Self::outcome) says whether it took effect, and [`hint`](Self::hint) what to do next. Neither `Debug`
/// nor `Display` shows a key or a full phone number.
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
    /// Creates the error of a call that made no request.
    pub(crate) fn new(meta: &Meta, kind: ErrorKind) -> Self {
        Self(Arc::new(Inner { meta: meta.clone(), url: None, attempts: 0, elapsed: Duration::ZERO, kind }))
    }
    /// Creates the error of a call whose request was built.
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
    /// Returns the kind of the failure.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }
    /// Returns the name of the endpoint, such as `cloud.messages.send`.
    #[must_use]
    pub fn endpoint(&self) -> &'static str {
        self.0.meta.name
    }
    /// Returns the HTTP method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.0.meta.method
    }
    /// Returns scheme, host and path of the request, without its query. Phone numbers and long IDs in the path are
    /// masked. `None` if the request could not be built.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        self.0.url.as_deref()
    }
    /// Returns the time from the beginning of the call to its end, including waits.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed
    }
    /// Returns the number of attempts.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }
    /// Returns the API's error, if the API refused.
    #[must_use]
    pub fn api(&self) -> Option<&ApiError> {
        if let ErrorKind::Api(error) = self.kind() { Some(error) } else { None }
    }
    /// Returns the API's error code, the best basis for decisions.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        self.api()?.code()
    }
    /// Returns the problems found before sending, if validation failed.
    #[must_use]
    pub fn invalid(&self) -> Option<&Invalid> {
        if let ErrorKind::Invalid(invalid) = self.kind() { Some(invalid) } else { None }
    }
    /// Whether a time limit expired: to connect, for an attempt, or the call's deadline. [`outcome`](Self::outcome)
    /// says whether the request had been sent.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        match self.kind() {
            ErrorKind::Transport(error) => error.is_timeout(),
            kind => matches!(kind, ErrorKind::Deadline),
        }
    }
    /// Returns whether the call took effect, as far as known.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.kind().outcome()
    }
    /// Returns what to do next, as one sentence.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match (self.kind(), self.outcome()) {
            (ErrorKind::Invalid(_) | ErrorKind::Build(_), _) => "nothing was sent; correct the request",
            (ErrorKind::WouldWait(_), _) => "nothing was sent; retry after that time, or let the call wait",
            (ErrorKind::Deadline, _) => "nothing was sent; extend the deadline",
            (ErrorKind::Transport(error), _) if error.kind() == TransportErrorKind::Certificate => {
                "nothing was sent; check the base URL, the clock and the trusted certificates; a proxy that inspects TLS needs \
                 its own"
            }
            (ErrorKind::Transport(error), Outcome::NotSent) if error.is_timeout() => {
                "nothing was sent; check the network, the base URL and the proxy, or extend the time limit, then retry"
            }
            (ErrorKind::Transport(_), Outcome::NotSent) => {
                "nothing was sent; check the network, the base URL, the proxy and the certificates, then retry"
            }
            (ErrorKind::Api(error), Outcome::Refused { .. }) => error.hint(),
            (ErrorKind::Transport(error), _)
                if error.kind() == TransportErrorKind::TooLarge
                    && self.0.meta.effect == Effect::Repeatable =>
            {
                "raise Config::response_limit, or request smaller pages; a retry would exceed the limit again"
            }
            (ErrorKind::Endless { .. }, _) => {
                "the items until then are valid; report the faulty paging to the server's support"
            }
            _ => self.0.unknown(),
        }
    }
}

impl Inner {
    /// Returns what to do if the outcome is unknown.
    fn unknown(&self) -> &'static str {
        match self.meta.effect {
            Effect::Repeatable => "the request may have taken effect; it is safe to retry",
            // The webhooks of `cloud.messages.send` and `onprem.messages.send` report the message.
            Effect::Once if self.meta.name.ends_with(".messages.send") => {
                "the message may have been sent; check the status webhooks for its recipient, or for the label of the call, before \
                 you send it again"
            }
            Effect::Once => "the request may have taken effect; check whether it did before you repeat it",
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
    /// Returns the error below the kind. The message already includes the kind.
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self.kind() {
            ErrorKind::Transport(error) => error.source(),
            _ => None,
        }
    }
}
