//! Errors for texts that are not an identity, and the forms of identities.
use crate::check::blank;

/// Why a text is not an identity.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidId {
    /// The text is empty.
    Empty,
    /// A phone number with neither `+` nor `00` in front.
    NoCountryCode,
    /// The text does not have the form of its kind.
    Malformed {
        /// The kind, such as `phone number`.
        kind: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// A recipient that is not a user.
    NotAUser(&'static str),
}

impl InvalidId {
    /// Returns the problem without the subject, for a message that already names the place.
    #[must_use]
    pub fn problem(&self) -> &str {
        match self {
            Self::Empty => {
                "is empty; use a phone number with + and country code, a WhatsApp ID (…@s.whatsapp.net) or a BSUID"
            }
            Self::NoCountryCode => NO_COUNTRY_CODE,
            Self::Malformed { problem, .. } => problem,
            Self::NotAUser(problem) => problem,
        }
    }
}

impl std::fmt::Display for InvalidId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let subject = match self {
            Self::Empty => "recipient",
            Self::NoCountryCode => "phone number",
            Self::Malformed { kind, .. } => kind,
            Self::NotAUser(_) => "user",
        };
        write!(f, "invalid {subject}: {}", self.problem())
    }
}

impl std::error::Error for InvalidId {}

const NO_COUNTRY_CODE: &str = "has no + and no country code, so the API would add the business's own: write + and \
    country code, or national:NUMBER for a number of the business's own country";

/// Returns what the API would refuse about the form of a phone number.
pub(super) fn phone_form(text: &str) -> Option<String> {
    // The usual form.
    if is_digits(text.strip_prefix('+').unwrap_or(text)) {
        return None;
    }
    if blank(text) {
        return Some(InvalidId::Empty.problem().to_owned());
    }
    // Only plain spaces: a no-break space or a line break would be sent with the number.
    let stray =
        |(i, c): &(usize, char)| !(c.is_ascii_digit() || "-() ".contains(*c) || (*c == '+' && *i == 0));
    if let Some((_, c)) = text.trim_matches(' ').char_indices().find(stray) {
        return Some(format!(
            "is not a phone number: {c:?} is not allowed; use digits, spaces, -, (, ) and a leading +"
        ));
    }
    match text.bytes().filter(u8::is_ascii_digit).count() {
        7..=15 => None,
        n => Some(format!("has {n} digits; an international phone number has 7 to 15")),
    }
}

/// Whether a phone number begins with `+`.
pub(super) fn is_international(text: &str) -> bool {
    text.trim_start_matches(' ').starts_with('+')
}

/// Returns a number that begins with `00` in the form with `+`.
pub(crate) fn with_plus(text: &str) -> Option<String> {
    text.trim_matches(' ').strip_prefix("00").map(|rest| format!("+{}", rest.trim_start_matches([' ', '-'])))
}

/// Returns what is wrong with a BSUID: `CC.` and up to 128 letters and digits, with `ENT.` in between for a parent.
pub(super) fn bsuid_problem(text: &str, parent: bool) -> Option<String> {
    let rest =
        text.split_once('.').filter(|(cc, _)| cc.len() == 2 && cc.bytes().all(|b| b.is_ascii_uppercase()));
    let rest = rest.and_then(|(_, rest)| if parent { rest.strip_prefix("ENT.") } else { Some(rest) });
    let good =
        rest.is_some_and(|id| (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric()));
    let form = if parent { "CC.ENT." } else { "CC." };
    (!good).then(|| {
        format!("is not a BSUID: expected {form} (CC is a country code) and 1 to 128 letters and digits")
    })
}

pub(super) fn group_problem(text: &str) -> Option<String> {
    let good = !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control());
    (!good)
        .then(|| "is not a group ID: it is empty or contains white space or a control character".to_owned())
}

pub(super) fn is_digits(text: &str) -> bool {
    (7..=15).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// Returns what is wrong with a WhatsApp ID, which has only digits.
pub(crate) fn wa_id_problem(text: &str) -> Option<String> {
    (!is_digits(text)).then(|| "is not a WhatsApp ID: expected 7 to 15 digits, without +".to_owned())
}

/// Whether the digits after the `+` begin with 0, for example after `00`, or because a national number got a `+`.
pub(super) fn has_no_country(text: &str) -> bool {
    text.bytes().find(u8::is_ascii_digit) == Some(b'0')
}
