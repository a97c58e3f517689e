//! The time to live of template messages. (Meta retired On-Premise on 2025-10-23; on Cloud the template itself has
//! it.)
use d360_model::wire::{FromJson, Reader};
use serde::{Serialize, Serializer};
use serde_json::Value;

const DAY: u64 = 86_400;

/// How long WhatsApp attempts to deliver a template message: 1 to 30 days, 7 by default. (Meta retired On-Premise on
/// 2025-10-23; on Cloud `message_send_ttl_seconds` of the template replaces it.)
///
/// The documentation has a number of seconds, the same as text, and an ISO 8601 duration (`P1D`). A value is sent in
/// the form in which it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ttl {
    seconds: u64,
    written: Value,
}

impl Ttl {
    /// Creates a time to live in seconds.
    #[must_use]
    pub fn seconds(seconds: u64) -> Self {
        Self { seconds, written: seconds.into() }
    }
    /// Creates a time to live in days.
    #[must_use]
    pub fn days(days: u16) -> Self {
        Self::seconds(u64::from(days) * DAY)
    }
    /// Returns the seconds.
    #[must_use]
    pub fn as_seconds(&self) -> u64 {
        self.seconds
    }
    pub(crate) fn problem(&self) -> Option<String> {
        let fits = (DAY..=30 * DAY).contains(&self.seconds);
        (!fits).then(|| format!("is {} seconds; 1 to 30 days are allowed", self.seconds))
    }
}

impl Serialize for Ttl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.written.serialize(serializer)
    }
}

impl FromJson for Ttl {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        let seconds = match value {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.parse().ok().or_else(|| duration(text)),
            other => return reader.mismatch("seconds, or a duration such as \"P1D\"", other),
        };
        if seconds.is_none() {
            reader.error("is neither seconds nor a duration such as \"P1D\"");
        }
        Some(Self { seconds: seconds?, written: value.clone() })
    }
}

/// Returns the seconds of `P1D`, `PT36H`, `P1DT12H`. Longer units have no fixed length.
fn duration(text: &str) -> Option<u64> {
    let (days, time) = match text.strip_prefix('P')?.split_once('T') {
        Some((days, time)) if !time.is_empty() => (days, time),
        Some(_) => return None,
        None => (text.strip_prefix('P')?, ""),
    };
    let days = parts(days, &[('W', 7 * DAY), ('D', DAY)])?;
    let total = days.checked_add(parts(time, &[('H', 3600), ('M', 60), ('S', 1)])?)?;
    (total > 0).then_some(total)
}

/// Parses numbers, each followed by its unit, in the order of the units.
fn parts(text: &str, units: &[(char, u64)]) -> Option<u64> {
    let (mut rest, mut total) = (text, 0_u64);
    for (unit, length) in units {
        if let Some((number, behind)) = rest.split_once(*unit) {
            total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(*length)?)?;
            rest = behind;
        }
    }
    rest.is_empty().then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        for (text, seconds) in
            [("P1D", 86_400), ("P4D", 345_600), ("PT36H", 129_600), ("P1DT12H", 129_600), ("P1W", 604_800)]
        {
            assert_eq!(duration(text), Some(seconds), "{text}");
        }
        for text in ["", "P", "PT", "P1DT", "1D", "P1M", "P-1D", "PD", "P1D1D", "P99999999999999999999D"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
