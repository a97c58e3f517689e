//! What the APIs answer when they refuse.
mod body;
mod codes;

pub use body::{ApiError, ErrorDetails, ErrorShape};
pub use codes::ALL as ALL_CODES;

use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// An error code of any of the systems. Any number is one; those that the documents list have a constant and
/// [`info`](Self::info).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
#[allow(clippy::exhaustive_structs, reason = "any number is a code, and that will not change")]
pub struct ErrorCode(pub i64);

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for ErrorCode {
    /// A number, or a string that holds one: the documents show both. `130429.0` is one too: some gateways write floats.
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
        code.ok_or_else(|| serde::de::Error::custom("expected a whole number, or a text that holds one"))
    }
}

/// What Meta wrote for whoever uses the app, `error_user_title` and `error_user_msg`, where no details explain the error.
fn for_the_user(error: &ApiError) -> Option<String> {
    if error.details().is_some() {
        return None;
    }
    let new = |text: &&str| !text.is_empty() && error.message() != Some(*text);
    let parts: Vec<&str> =
        [error.user_title(), error.user_message()].into_iter().flatten().filter(new).collect();
    (!parts.is_empty()).then(|| crate::mask(&parts.join(": ")))
}

/// What is known of an [`ErrorCode`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CodeInfo {
    /// The first code it holds for.
    pub code: ErrorCode,
    /// The last code it holds for; the same but for a range.
    pub last: ErrorCode,
    /// Whose code it is.
    pub system: System,
    /// The constant's name.
    pub name: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// What to do, where there is more to say than the rule says.
    pub hint: Option<&'static str>,
    /// Whether and when to try again.
    pub retry: RetryRule,
}

/// Whose code it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum System {
    /// Meta's Cloud API, and 360dialog Cloud in front of it.
    Cloud,
    /// The On-Premise API, which Meta shut on 2025-10-23.
    OnPremise,
}

/// Whether and when the documents say to try again. (The classification is this project's; Meta publishes prose.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RetryRule {
    /// It would fail again.
    No,
    /// The account is restricted; somebody has to act first.
    NoAuto,
    /// Soon, backing off.
    Backoff,
    /// An hourly quota is used up: later, backing off from a longer wait.
    BackoffLong,
    /// Too many messages to one recipient: after 4^X seconds. Other recipients are not affected.
    PairBackoff,
    /// After a wait that the meaning names.
    FixedDelay,
    /// It may or may not help.
    Maybe,
    /// Some items failed; each has its own reason.
    Partial,
    /// List again from the first page.
    RestartPagination,
}

impl RetryRule {
    /// Whether a call that ended in this may be sent again by itself, if nothing else forbids it.
    #[must_use]
    pub const fn is_automatic(self) -> bool {
        matches!(self, Self::Backoff | Self::BackoffLong | Self::PairBackoff)
    }
    /// What to do, in a sentence.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::No => "correct the request; sent again as it is, it would fail again",
            Self::NoAuto => "the account is restricted: see WhatsApp Manager before sending on",
            Self::Backoff => "send fewer at a time and try again after some seconds",
            Self::BackoffLong => "a quota is used up: try again later and less often",
            Self::PairBackoff => "wait before the next message to this recipient; others are not affected",
            Self::FixedDelay => "wait as long as the meaning says, then try again",
            Self::Maybe => "check the request; try again a few times at most",
            Self::Partial => "look at each item's own error",
            Self::RestartPagination => "list again from the first page",
        }
    }
}
