//! Times in webhooks.
use super::inbound::{Inbound, lenient};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::time::{Duration, SystemTime};

/// Seconds since 1970, which arrive as text and as numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Creates a time from `seconds` since 1970.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds)
    }
    /// Returns the seconds since 1970.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0
    }
}

/// Converts a time before 1970 or out of range to 1970.
impl From<Timestamp> for SystemTime {
    fn from(timestamp: Timestamp) -> Self {
        let since = Duration::from_secs(u64::try_from(timestamp.0).unwrap_or_default());
        Self::UNIX_EPOCH.checked_add(since).unwrap_or(Self::UNIX_EPOCH)
    }
}

/// Serializes as text, the form in webhooks.
impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient(deserializer)?.ok_or_else(|| serde::de::Error::custom("is not a time in seconds"))
    }
}

impl Inbound for Timestamp {
    fn of_i64(seconds: i64) -> Option<Self> {
        Some(Self(seconds))
    }
    fn of_text(text: &str) -> Option<Self> {
        // Digits alone are the usual form.
        text.parse().or_else(|_| text.trim().parse()).ok().map(Self)
    }
}
