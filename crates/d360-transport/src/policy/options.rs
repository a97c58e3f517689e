//! Options of single calls.
use super::retry::RetryPolicy;
use std::{fmt, time::Duration};

/// Options of single calls; see [`Client::with_options`](crate::Client::with_options). Nothing is set by default.
///
/// ```
/// use d360_transport::CallOptions;
/// use std::time::Duration;
/// let options = CallOptions::new().deadline(Duration::from_secs(8)).label("order-7");
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct CallOptions {
    /// The time limit for each attempt, instead of [`Config::attempt_timeout`](crate::Config::attempt_timeout).
    pub attempt_timeout: Option<Duration>,
    /// The time limit for the whole call: all attempts, and the waits before and between them. None by default.
    pub deadline: Option<Duration>,
    /// The retry policy, instead of [`Config::retry`](crate::Config::retry). The budget remains the client's.
    pub retry: Option<RetryPolicy>,
    /// A text that is returned with every status webhook of the message: `biz_opaque_callback_data`.
    pub label: Option<String>,
    /// Whether to fail immediately instead of waiting, for [`RateLimit`](crate::RateLimit) or for a retry.
    pub no_wait: bool,
}

impl CallOptions {
    /// Creates options that change nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
    /// Sets the time limit for each attempt, from connecting to the last byte of the response.
    #[must_use]
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = Some(timeout);
        self
    }
    /// Sets the time limit for the whole call. Attempts are cut short, and a wait that would exceed it does not
    /// begin. A call of several requests, such as `block_users`, has this limit for each of them.
    ///
    /// If it ends a call that was attempted before, the error is that of the last attempt. If nothing was sent, it is
    /// [`ErrorKind::Deadline`](crate::ErrorKind::Deadline).
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }
    /// Sets another retry policy. Its budget is ignored, because the client's is shared.
    #[must_use]
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = Some(retry);
        self
    }
    /// Disables retries.
    #[must_use]
    pub fn no_retry(self) -> Self {
        self.retry(RetryPolicy::never())
    }
    /// Sets a label of 1 to 512 characters, such as an order number. The API has no idempotency key, but returns this
    /// label with the status webhooks of the message. A message whose outcome is unknown can be found by it before it
    /// is sent again.
    ///
    /// Only messages of Cloud support a label. Any other call with a label is refused, and nothing is sent.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }
    /// Disables waiting. The call fails with [`ErrorKind::WouldWait`](crate::ErrorKind::WouldWait) if the message would have
    /// to wait for the rate limit, and with the actual failure if it could be retried later.
    #[must_use]
    pub fn no_wait(mut self) -> Self {
        self.no_wait = true;
        self
    }
}

impl fmt::Debug for CallOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallOptions")
            .field("attempt_timeout", &self.attempt_timeout)
            .field("deadline", &self.deadline)
            .field("retry", &self.retry)
            // The label may contain a number.
            .field("label", &self.label.as_deref().map(d360_model::mask))
            .field("no_wait", &self.no_wait)
            .finish()
    }
}
