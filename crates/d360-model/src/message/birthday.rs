//! Dates of birth.
use std::{fmt, str::FromStr};

/// A date that exists, `YYYY-MM-DD` on the wire.
///
/// ```
/// use d360_model::Birthday;
/// assert_eq!(Birthday::new(1999, 1, 23)?.to_string(), "1999-01-23");
/// assert!("2023-02-30".parse::<Birthday>().is_err());
/// # Ok::<(), d360_model::InvalidDate>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Birthday {
    year: u16,
    month: u8,
    day: u8,
}

/// Why a text is not a date.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid date: {}", self.problem())]
#[non_exhaustive]
pub enum InvalidDate {
    /// The text does not have four, two and two digits.
    Form,
    /// The month or the day does not exist.
    NoSuchDay {
        /// The year.
        year: u16,
        /// The month.
        month: u8,
        /// The day.
        day: u8,
    },
}

impl InvalidDate {
    /// Returns the problem without the subject, for a message that already names the place.
    #[must_use]
    pub fn problem(&self) -> String {
        match self {
            Self::Form => "is not a date of the form YYYY-MM-DD".to_owned(),
            Self::NoSuchDay { year, month, day } => format!("there is no {year:04}-{month:02}-{day:02}"),
        }
    }
}

impl Birthday {
    /// Creates a date, if it exists. Years range from 1 to 9999.
    ///
    /// # Errors
    /// Returns [`InvalidDate::NoSuchDay`] if the date does not exist.
    pub const fn new(year: u16, month: u8, day: u8) -> Result<Self, InvalidDate> {
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => 0,
        };
        if year == 0 || year > 9999 || day == 0 || day > days {
            return Err(InvalidDate::NoSuchDay { year, month, day });
        }
        Ok(Self { year, month, day })
    }
    /// Returns the year, 1 to 9999.
    #[must_use]
    pub const fn year(self) -> u16 {
        self.year
    }
    /// Returns the month, 1 to 12.
    #[must_use]
    pub const fn month(self) -> u8 {
        self.month
    }
    /// Returns the day of the month, from 1.
    #[must_use]
    pub const fn day(self) -> u8 {
        self.day
    }
}

impl FromStr for Birthday {
    type Err = InvalidDate;
    fn from_str(text: &str) -> Result<Self, InvalidDate> {
        let parts: Vec<&str> = text.split('-').collect();
        let [year, month, day] = parts[..] else { return Err(InvalidDate::Form) };
        let number = |text: &str, length| {
            let good = text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
            good.then(|| text.parse::<u16>().ok()).flatten().ok_or(InvalidDate::Form)
        };
        let (year, month, day) = (number(year, 4)?, number(month, 2)?, number(day, 2)?);
        // Two digits fit into a byte.
        Self::new(year, month as u8, day as u8)
    }
}

impl fmt::Display for Birthday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl serde::Serialize for Birthday {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Birthday {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        crate::wire::deserialize(d)
    }
}

impl crate::wire::FromJson for Birthday {
    fn read(value: &serde_json::Value, reader: &mut crate::wire::Reader) -> Option<Self> {
        let text = String::read(value, reader)?;
        crate::wire::checked(text.parse().map_err(|invalid: InvalidDate| invalid.problem()), reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_of_the_calendar_are_taken() {
        for good in ["1999-01-23", "2024-02-29", "2000-02-29", "0001-12-31"] {
            assert_eq!(good.parse::<Birthday>().unwrap().to_string(), good);
        }
        for bad in [
            "2023-02-30",
            "1900-02-29",
            "2023-13-01",
            "2023-00-10",
            "0000-01-01",
            "99-01-02",
            "1999-1-2",
            "",
            "1999/01/02",
            "+999-01-02",
        ] {
            assert!(bad.parse::<Birthday>().is_err(), "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read_again(y in 1u16..=9999, m in 1u8..=12, d in 1u8..=31) {
            if let Ok(day) = Birthday::new(y, m, d) {
                proptest::prop_assert_eq!(day.to_string().parse(), Ok(day));
            }
        }
        #[test]
        fn no_text_panics(text in ".*") {
            let _ = text.parse::<Birthday>();
        }
    }
}
