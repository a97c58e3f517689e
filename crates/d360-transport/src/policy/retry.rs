//! The retry decision: a pure function.
use crate::{
    endpoint::Effect,
    error::{ErrorKind, may_repeat},
    exchange::LONGEST,
};
use d360_model::error::RetryRule;
use std::time::Duration;

/// The retry policy. The defaults follow the documentation; see [`wait`](Self::wait).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// The total number of attempts, including the first. 3 by default; 1 disables retries.
    pub max_attempts: u32,
    /// The maximum of the first back-off wait, which doubles from there. 1 s by default.
    pub first_wait: Duration,
    /// The maximum back-off wait. 20 s by default.
    pub longest_wait: Duration,
    /// The first wait after an exhausted quota. 5 s by default.
    pub first_long_wait: Duration,
    /// The maximum `Retry-After` that is honored; a longer one ends the call. 60 s by default.
    pub longest_retry_after: Duration,
    /// Tokens for retries, shared by a client and its clones: a retry takes 14 after a failure and 5 after
    /// throttling, and a success returns them. Without tokens nothing is retried, so that a dead server receives
    /// hardly more than one attempt per call. 500 by default.
    pub budget: u32,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 3,
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(20),
            first_long_wait: Duration::from_secs(5),
            longest_retry_after: Duration::from_secs(60),
            budget: 500,
        }
    }
}

impl RetryPolicy {
    /// Returns a policy without retries.
    #[must_use]
    pub fn never() -> Self {
        Self { max_attempts: 1, ..Self::default() }
    }
    /// Sets the total number of attempts, the first included. The default is 3.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// Returns the wait before the next attempt after `made` attempts of a call with `effect` ended in `failure`, or
    /// `None` to give up. `spread`, 0 to 1, is the jitter.
    ///
    /// A message whose outcome is unknown is never retried. A back-off waits a random part of a time that doubles
    /// from [`first_wait`](Self::first_wait) to [`longest_wait`](Self::longest_wait). An exhausted quota waits
    /// [`first_long_wait`](Self::first_long_wait) and doubles. The pair limit waits 4^X seconds, X from 0. A
    /// `Retry-After` replaces all of them.
    #[must_use]
    pub fn wait(&self, effect: Effect, failure: &ErrorKind, made: u32, spread: f64) -> Option<Duration> {
        if made >= self.max_attempts || !may_repeat(failure, effect) {
            return None;
        }
        let (rule, asked) = match failure {
            ErrorKind::Api(error) => (error.retry_rule(), error.retry_after()),
            _ => (None, None),
        };
        if let Some(asked) = asked {
            // Clocks are finite.
            return (asked <= self.longest_retry_after).then_some(asked.min(LONGEST));
        }
        let times = made.saturating_sub(1).min(16);
        let doubled = |first: Duration| first.saturating_mul(1 << times).min(self.longest_wait);
        match rule {
            None | Some(RetryRule::Backoff) => Some(doubled(self.first_wait).mul_f64(spread.clamp(0.0, 1.0))),
            Some(RetryRule::BackoffLong) => Some(doubled(self.first_long_wait)),
            Some(RetryRule::PairBackoff) => {
                Some(Duration::from_secs(4u64.saturating_pow(times)).min(self.longest_wait))
            }
            // It would fail again, even if a retry is harmless.
            Some(_) => None,
        }
    }
}

impl RetryPolicy {
    /// Returns how long other messages pause after a throttled call that is not retried.
    pub(crate) fn hold(&self, failure: &ErrorKind, made: u32) -> Duration {
        let patient = Self { max_attempts: u32::MAX, ..self.clone() };
        patient.wait(Effect::Once, failure, made, 1.0).unwrap_or(self.longest_retry_after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Outcome, TransportError, TransportErrorKind};
    use d360_model::error::{ALL_CODES, ApiError};
    use proptest::prelude::*;

    fn any_failure() -> impl Strategy<Value = ErrorKind> {
        let code = prop_oneof![
            Just(None),
            (0..ALL_CODES.len()).prop_map(|i| Some(ALL_CODES[i].code.0)),
            any::<i64>().prop_map(Some)
        ];
        let api = (100u16..600, code, proptest::option::of(0u64..100)).prop_map(|(status, code, after)| {
            let body = code.map_or_else(String::new, |code| format!(r#"{{"error":{{"code":{code}}}}}"#));
            ErrorKind::Api(
                ApiError::read(status, body.as_bytes()).with_retry_after(after.map(Duration::from_secs)),
            )
        });
        let kinds = [
            TransportErrorKind::NotSent,
            TransportErrorKind::Timeout,
            TransportErrorKind::Interrupted,
            TransportErrorKind::TooLarge,
            TransportErrorKind::Other,
        ];
        let transport =
            (0..kinds.len()).prop_map(move |i| ErrorKind::Transport(TransportError::new(kinds[i], "x")));
        prop_oneof![4 => api, 1 => transport]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn a_message_of_unknown_outcome_is_never_sent_again(
            failure in any_failure(), attempts in 0u32..50, made in 1u32..50, spread in 0f64..1.0,
        ) {
            let policy = RetryPolicy::default().max_attempts(attempts);
            let wait = policy.wait(Effect::Once, &failure, made, spread);
            if failure.outcome() == Outcome::Unknown || made >= attempts {
                prop_assert_eq!(wait, None);
            }
            if let Some(wait) = wait {
                prop_assert!(wait <= Duration::from_secs(60));
            }
        }

        #[test]
        fn what_a_server_refused_for_good_is_never_sent_again(failure in any_failure(), made in 1u32..3) {
            if failure.outcome() == (Outcome::Refused { retryable: false }) {
                prop_assert_eq!(RetryPolicy::default().wait(Effect::Repeatable, &failure, made, 0.5), None);
            }
        }
    }

    #[test]
    fn the_waits_are_the_documented_ones() {
        let policy = RetryPolicy::default();
        let failure = |status, code: i64| {
            ErrorKind::Api(ApiError::read(status, format!(r#"{{"error":{{"code":{code}}}}}"#).as_bytes()))
        };
        let wait =
            |code, made| policy.wait(Effect::Once, &failure(400, code), made, 1.0).map(|w| w.as_secs());
        for (code, waits) in [(130429, [1, 2]), (131056, [1, 4]), (4, [5, 10]), (80007, [5, 10])] {
            assert_eq!([wait(code, 1), wait(code, 2)], waits.map(Some), "{code}");
            assert_eq!(wait(code, 3), None);
        }
        for code in [131048, 133016, 131049, 139102, 1, 131000, 424242] {
            assert_eq!(wait(code, 1), None, "{code}");
        }
        assert!(policy.wait(Effect::Repeatable, &failure(503, 424242), 1, 1.0).is_some());
        assert!(policy.wait(Effect::Repeatable, &failure(500, 131045), 1, 1.0).is_none());
    }
}
