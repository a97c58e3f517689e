//! Settings of single calls.
use super::retry::RetryPolicy;
use std::{fmt, time::Duration};

/// What is different about some calls; see [`Client::with_options`](crate::Client::with_options). Nothing by default.
///
/// ```
/// use d360_transport::CallOptions;
/// use std::time::Duration;
/// let options = CallOptions::new().deadline(Duration::from_secs(8)).label("order-7");
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct CallOptions {
    /// Time for each attempt, instead of [`Config::attempt_timeout`](crate::Config::attempt_timeout).
    pub attempt_timeout: Option<Duration>,
    /// Time for the whole call: all attempts, and the waits between and before them. None by default.
    pub deadline: Option<Duration>,
    /// When to send again, instead of [`Config::retry`](crate::Config::retry). The budget stays the client's.
    pub retry: Option<RetryPolicy>,
    /// Comes back with every status webhook of the message: `biz_opaque_callback_data`.
    pub label: Option<String>,
    /// Whether to fail at once instead of waiting, for [`RateLimit`](crate::RateLimit) or to send again.
    pub no_wait: bool,
}

impl CallOptions {
    /// Nothing different.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
    /// Another time for each attempt, from connecting to the last byte of the answer.
    #[must_use]
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = Some(timeout);
        self
    }
    /// Time for the whole call, from its beginning: attempts are cut short, and waits that would go beyond it are not begun.
    /// What several requests do, such as `block_users`, has it for each of them.
    ///
    /// Where it ends a call that was tried before, the error is that of the last attempt; where nothing was sent,
    /// [`ErrorKind::Deadline`](crate::ErrorKind::Deadline).
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }
    /// Another retry policy. Its budget is not looked at: the client's is shared.
    #[must_use]
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = Some(retry);
        self
    }
    /// One attempt, and no other.
    #[must_use]
    pub fn no_retry(self) -> Self {
        self.retry(RetryPolicy::never())
    }
    /// A label of yours, 1 to 512 characters, such as an order's number. The API has no idempotency key; this one comes back
    /// with the status webhooks of the message, so that one whose outcome is unknown can be found again before it is sent
    /// anew.
    ///
    /// Messages of Cloud alone have room for it: any other call with a label is refused, and nothing is sent.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }
    /// Never waits: fails with [`ErrorKind::WouldWait`](crate::ErrorKind::WouldWait) where the message would have to wait for its turn,
    /// and with what went wrong where it could be sent again later.
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
            // It may hold a number.
            .field("label", &self.label.as_deref().map(d360_model::mask))
            .field("no_wait", &self.no_wait)
            .finish()
    }
}
