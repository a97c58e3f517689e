//! The retry budget that a client and its clones share.
use crate::error::ErrorKind;
use std::sync::atomic::{AtomicU32, Ordering};

/// Tokens for one more attempt (the figures of the AWS SDKs), and the tokens that a success at the first attempt
/// returns.
const AFTER_FAILURE: u32 = 14;
const AFTER_THROTTLING: u32 = 5;
const FOR_SUCCESS: u32 = 1;

/// The remaining tokens of a [`RetryPolicy::budget`].
#[derive(Debug)]
pub(crate) struct Budget {
    left: AtomicU32,
    most: u32,
}

impl Budget {
    pub(crate) fn new(most: u32) -> Self {
        Self { left: AtomicU32::new(most), most }
    }
    /// Takes the tokens for an attempt after `failure`, or returns `None` if there are too few.
    pub(crate) fn take(&self, failure: &ErrorKind) -> Option<u32> {
        let throttled = matches!(failure, ErrorKind::Api(error) if error.is_throttled());
        let cost = if throttled { AFTER_THROTTLING } else { AFTER_FAILURE };
        let taken =
            self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(cost));
        taken.ok().map(|_| cost)
    }
    /// Returns the tokens of the call's last attempt, or a few for a call that needed no retry.
    pub(crate) fn succeeded(&self, taken: Option<u32>) {
        self.give_back(taken.unwrap_or(FOR_SUCCESS));
    }
    /// Returns tokens.
    pub(crate) fn give_back(&self, tokens: u32) {
        let more = |left: u32| Some(left.saturating_add(tokens).min(self.most));
        // Cannot fail: the closure always returns a value.
        let _ = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{TransportError, TransportErrorKind};
    use d360_model::error::ApiError;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_budget_is_never_overdrawn(most in 0u32..600, steps in proptest::collection::vec(any::<(bool, bool)>(), 0..300)) {
            let budget = Budget::new(most);
            let throttled = ErrorKind::Api(ApiError::read(429, b""));
            let broken = ErrorKind::Transport(TransportError::new(TransportErrorKind::NotSent, "x"));
            let mut left = most;
            for (succeeds, is_throttled) in steps {
                let taken = budget.take(if is_throttled { &throttled } else { &broken });
                let cost = if is_throttled { 5 } else { 14 };
                prop_assert_eq!(taken, (left >= cost).then_some(cost));
                left -= taken.unwrap_or(0);
                if succeeds {
                    budget.succeeded(taken);
                    left = most.min(left + taken.unwrap_or(1));
                }
            }
        }
    }
}
