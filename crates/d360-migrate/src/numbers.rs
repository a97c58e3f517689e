//! Parses phone numbers and users as old programs write them.
use d360_model::block::User;

/// The form of a number, with the number in the form with `+`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Number {
    /// With `+`.
    International(String),
    /// Only digits, or a JID: a WhatsApp ID.
    WaId(String),
    /// With 00 instead of `+`.
    Prefixed(String),
    /// With spaces, dashes or brackets, and without `+`.
    Written(String),
    /// With a single leading 0.
    National,
    /// Not a number.
    None,
}

pub(crate) fn read(text: &str) -> Number {
    let text = text.trim();
    let id = ["@s.whatsapp.net", "@c.us"].iter().find_map(|host| text.strip_suffix(host)).unwrap_or(text);
    let digits: String = id.chars().filter(char::is_ascii_digit).collect();
    let marks = |c: char| c.is_ascii_digit() || "+-(). ".contains(c);
    if !id.chars().all(marks) || !(7..=15).contains(&digits.trim_start_matches('0').len()) {
        return Number::None;
    }
    if id.starts_with('+') {
        return Number::International(id.to_owned());
    }
    match digits.strip_prefix("00") {
        Some(rest) => Number::Prefixed(format!("+{rest}")),
        None if digits.starts_with('0') => Number::National,
        None if digits == id => Number::WaId(format!("+{id}")),
        None => Number::Written(format!("+{digits}")),
    }
}

/// Returns the number with a `+`, however it is written. `None` if it is not a number or has no country code.
///
/// ```
/// use d360_migrate::phone_number;
/// for text in ["16505551234", "+16505551234", "0016505551234", "1 (650) 555-1234", "16505551234@s.whatsapp.net"] {
///     assert_eq!(phone_number(text).as_deref(), Some("+16505551234"));
/// }
/// assert!(phone_number("0650 555 1234").is_none() && phone_number("abc").is_none());
/// ```
#[must_use]
pub fn phone_number(text: &str) -> Option<String> {
    match read(text) {
        Number::International(number) => {
            Some(number.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect())
        }
        Number::WaId(number) | Number::Prefixed(number) | Number::Written(number) => Some(number),
        Number::National | Number::None => None,
    }
}

/// Returns the user that an old program names: a number in any form that [`phone_number`] accepts, or a BSUID. `None`
/// for anything else.
#[must_use]
pub fn user(text: &str) -> Option<User> {
    match phone_number(text) {
        Some(number) => Some(User::Phone(number.into())),
        None => text.trim().parse().ok().filter(|user| matches!(user, User::Bsuid(_))),
    }
}
