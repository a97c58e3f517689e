//! The `tracing` span of a call, without bodies, numbers or keys. Does nothing if feature `tracing` is off.
#[cfg(feature = "tracing")]
use crate::error::Outcome;
use crate::error::{Error, ErrorKind};
use std::time::Duration;

/// The span of a call.
#[derive(Debug)]
pub(crate) struct Trace {
    #[cfg(feature = "tracing")]
    span: tracing::Span,
    #[cfg(feature = "tracing")]
    waited: Duration,
}

#[cfg(not(feature = "tracing"))]
#[allow(
    clippy::unused_self,
    clippy::needless_pass_by_value,
    reason = "the same interface as with the feature"
)]
impl Trace {
    pub(crate) fn new(_endpoint: &'static str) -> Self {
        Self {}
    }
    pub(crate) fn sending(&self, _attempt: u32) {}
    pub(crate) fn waiting(&mut self, _wait: Duration, _for: Why<'_>) {}
    pub(crate) fn done(&self, _attempts: u32, _error: Option<&Error>) {}
    pub(crate) fn dropped(&self, _attempts: u32) {}
}

/// What a call waits for.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "tracing"), allow(dead_code, reason = "it is not recorded"))]
pub(crate) enum Why<'e> {
    RateLimit,
    /// A retry after this failure.
    Retry(&'e ErrorKind),
}

#[cfg(feature = "tracing")]
impl Trace {
    pub(crate) fn new(endpoint: &'static str) -> Self {
        use tracing::field::Empty;
        let span = tracing::info_span!(
            target: "d360",
            "call",
            endpoint,
            attempts = Empty,
            outcome = Empty,
            code = Empty,
            waited_ms = Empty
        );
        Self { span, waited: Duration::ZERO }
    }
    pub(crate) fn sending(&self, attempt: u32) {
        tracing::debug!(target: "d360", parent: &self.span, attempt, "sending");
    }
    pub(crate) fn waiting(&mut self, wait: Duration, why: Why<'_>) {
        self.waited = self.waited.saturating_add(wait);
        let wait_ms = millis(wait);
        match why {
            Why::RateLimit => {
                tracing::debug!(target: "d360", parent: &self.span, wait_ms, "waiting for the rate limit")
            }
            Why::Retry(failure) => tracing::info!(
                target: "d360",
                parent: &self.span,
                wait_ms,
                outcome = word(failure.outcome()),
                code = code(failure),
                "waiting to retry"
            ),
        }
    }
    pub(crate) fn done(&self, attempts: u32, error: Option<&Error>) {
        if let Some(code) = error.and_then(|error| code(error.kind())) {
            self.span.record("code", code);
        }
        self.end(attempts, error.map_or("accepted", |error| word(error.outcome())));
    }
    /// Records that the caller gave up.
    pub(crate) fn dropped(&self, attempts: u32) {
        self.end(attempts, if attempts == 0 { "not_sent" } else { "dropped" });
    }
    fn end(&self, attempts: u32, outcome: &'static str) {
        self.span.record("attempts", attempts);
        self.span.record("outcome", outcome);
        self.span.record("waited_ms", millis(self.waited));
        tracing::debug!(target: "d360", parent: &self.span, outcome, "over");
    }
}

#[cfg(feature = "tracing")]
fn millis(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(feature = "tracing")]
fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::NotSent => "not_sent",
        Outcome::Refused { .. } => "refused",
        Outcome::Unknown => "unknown",
    }
}

#[cfg(feature = "tracing")]
fn code(failure: &ErrorKind) -> Option<i64> {
    let ErrorKind::Api(error) = failure else { return None };
    error.code().map(|code| code.0)
}
