//! Errors of the APIs.
mod body;
mod codes;

pub use body::{ApiError, ErrorDetails, ErrorShape};
pub use codes::ALL as ALL_CODES;

use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// An error code of any of the systems. Any number is accepted. Documented codes have a constant and
/// [`info`](Self::info).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
#[allow(clippy::exhaustive_structs, reason = "any number is a code, which will not change")]
pub struct ErrorCode(pub i64);

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for ErrorCode {
    /// Reads a number, or a string with one: the documentation has both. `130429.0` is accepted too, because some
    /// gateways send floats.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Number(i64),
            Float(f64),
            Text(String),
        }
        // Whole numbers up to 2^53 are exact.
        let whole = |code: f64| (code.fract() == 0.0 && code.abs() < 9e15).then_some(Self(code as i64));
        let code = match Either::deserialize(deserializer)? {
            Either::Number(code) => Some(Self(code)),
            Either::Float(code) => whole(code),
            Either::Text(text) => {
                let text = text.trim();
                text.parse().ok().map(Self).or_else(|| whole(text.parse().ok()?))
            }
        };
        code.ok_or_else(|| serde::de::Error::custom("expected a whole number, or a text with one"))
    }
}

/// Returns Meta's texts for users, `error_user_title` and `error_user_msg`, if no details explain the error.
fn for_the_user(error: &ApiError) -> Option<String> {
    if error.details().is_some() {
        return None;
    }
    let new = |text: &&str| !text.is_empty() && error.message() != Some(*text);
    let parts: Vec<&str> =
        [error.user_title(), error.user_message()].into_iter().flatten().filter(new).collect();
    (!parts.is_empty()).then(|| crate::mask(&parts.join(": ")))
}

/// The documentation of an [`ErrorCode`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CodeInfo {
    /// The first code of the range.
    pub code: ErrorCode,
    /// The last code of the range; usually the same.
    pub last: ErrorCode,
    /// The system of the code.
    pub system: System,
    /// The name of the constant.
    pub name: &'static str,
    /// The meaning.
    pub meaning: &'static str,
    /// What to do, if there is more to say than the rule says.
    pub hint: Option<&'static str>,
    /// Whether and when to retry.
    pub retry: RetryRule,
}

/// The system of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum System {
    /// Meta's Cloud API, and 360dialog Cloud in front of it.
    Cloud,
    /// The On-Premise API, which Meta retired on 2025-10-23.
    OnPremise,
}

/// Whether and when to retry, by this project's classification of the documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RetryRule {
    /// Never; a retry would fail again.
    No,
    /// Not automatically; the account is restricted, and a person must act first.
    NoAuto,
    /// Soon, with back-off.
    Backoff,
    /// Later, with a longer back-off: an hourly quota is exhausted.
    BackoffLong,
    /// After 4^X seconds: too many messages to one recipient. Other recipients are not affected.
    PairBackoff,
    /// After the wait that the meaning names.
    FixedDelay,
    /// Perhaps; a retry may or may not help.
    Maybe,
    /// Only for some items; each has its own reason.
    Partial,
    /// List again from the first page.
    RestartPagination,
}

impl RetryRule {
    /// Whether such a call may be retried automatically, if nothing else forbids it.
    #[must_use]
    pub const fn is_automatic(self) -> bool {
        matches!(self, Self::Backoff | Self::BackoffLong | Self::PairBackoff)
    }
    /// Returns what to do, as one sentence.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::No => "correct the request; a retry would fail again",
            Self::NoAuto => "resolve the account's restriction in WhatsApp Manager",
            Self::Backoff => "reduce the rate and retry after some seconds",
            Self::BackoffLong => "retry later and less often; a quota is exhausted",
            Self::PairBackoff => "wait before the next message to this recipient; others are not affected",
            Self::FixedDelay => "wait as long as the meaning says, then retry",
            Self::Maybe => "check the request; retry a few times at most",
            Self::Partial => "check the error of each item",
            Self::RestartPagination => "list again from the first page",
        }
    }
}
