//! Identities. The kind of an identity decides the property it is sent in; its text is sent as it was given.
//!
//! None of these shows a full number in `Debug`. IDs of messages, files and groups have a `Display`; the others name a person, so that their
//! text is taken with `as_str()`.
use crate::check::{At, Findings, blank};
use crate::redact::masked_debug;
use std::str::FromStr;

macro_rules! text_ids {
    ($($(#[$meta:meta])* $name:ident,)+) => {$(
        $(#[$meta])*
        #[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is; it is checked when it is sent.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }
            /// The whole text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }
        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::new(text)
            }
        }
        impl crate::wire::FromJson for $name {
            fn read(value: &serde_json::Value, reader: &mut crate::wire::Reader) -> Option<Self> {
                String::read(value, reader).map(Self)
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(TextOrNumber).map(Self)
            }
        }
        masked_debug!($name);
    )+};
}

/// Reads what a server calls an ID: text, and digits that came as a number.
struct TextOrNumber;

impl serde::de::Visitor<'_> for TextOrNumber {
    type Value = String;
    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an ID as text")
    }
    fn visit_str<E>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }
    fn visit_string<E>(self, text: String) -> Result<String, E> {
        Ok(text)
    }
    fn visit_u64<E>(self, number: u64) -> Result<String, E> {
        Ok(number.to_string())
    }
}

text_ids! {
    /// A phone number as people write it: digits, with `+`, `-`, `(`, `)` and spaces.
    ///
    /// As a recipient or a user to block it needs `+` and country code. Without them the API puts the business's own country
    /// code in front, and the message may reach somebody else (Meta, "Messages API"). If that is meant, see
    /// [`Recipient::national`].
    PhoneNumber,
    /// A WhatsApp ID: the digits of an international number, without `+`.
    ///
    /// It may differ from the number that was dialled (Brazil, Mexico): do not compare the two.
    WaId,
    /// A business-scoped user ID (since 2026): a country code, a dot, up to 128 letters and digits, such as
    /// `US.13491208655302741918`. Send the whole of it.
    Bsuid,
    /// A business-scoped user ID of a parent portfolio, such as `US.ENT.11815799212886844830`. It can be sent to, but
    /// not blocked.
    ParentBsuid,
    /// The ID of a group.
    GroupId,
    /// The ID of an uploaded file.
    MediaId,
    /// The ID of a message, `wamid.…` on Cloud; at most 128 characters.
    MessageId,
}

macro_rules! shown {
    ($($name:ident),+) => {$(
        /// The whole ID.
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }
    )+};
}

shown!(MessageId, MediaId, GroupId);

/// Who a message goes to.
///
/// `parse()` tells the kinds apart by their form:
///
/// | text | kind |
/// |---|---|
/// | `+16505551234`, `0016505551234` (`00` becomes `+`) | [`Phone`](Self::Phone) |
/// | `16505551234@s.whatsapp.net`, `…@c.us` | [`WaId`](Self::WaId) |
/// | `US.13491208655302741918` | [`Bsuid`](Self::Bsuid) |
/// | `US.ENT.11815799212886844830` | [`ParentBsuid`](Self::ParentBsuid) |
/// | `group:ID`, `…@g.us` | [`Group`](Self::Group) |
/// | `national:6505551234` | [`National`](Self::National) |
///
/// A number with neither `+` nor `00` is refused. The API would put the business's own country code in front of it, and
/// somebody else might get the message (Meta, "Messages API").
///
/// ```
/// use d360_model::{InvalidId, Recipient};
/// assert!(matches!("+16505551234".parse(), Ok(Recipient::Phone(_))));
/// assert!(matches!("16505551234@s.whatsapp.net".parse(), Ok(Recipient::WaId(_))));
/// assert!(matches!("US.13491208655302741918".parse(), Ok(Recipient::Bsuid(_))));
/// assert_eq!("16505551234".parse::<Recipient>(), Err(InvalidId::NoCountryCode));
/// let in_our_country = Recipient::national("650 555 1234");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Recipient {
    /// A phone number with `+` and country code; sent in `to`, as it is written.
    Phone(PhoneNumber),
    /// A phone number without country code; sent in `to`, as it is written. The API puts the business's own country code
    /// in front.
    National(PhoneNumber),
    /// A WhatsApp ID; sent in `to`, with a `+` in front so that it is taken for international.
    WaId(WaId),
    /// A business-scoped user ID; sent in `recipient`.
    Bsuid(Bsuid),
    /// A parent's business-scoped user ID; sent in `recipient`.
    ParentBsuid(ParentBsuid),
    /// A group; sent in `to`, with `recipient_type` `group`.
    Group(GroupId),
}

impl Default for Recipient {
    /// An empty phone number, which no check lets pass.
    fn default() -> Self {
        Self::Phone(PhoneNumber::default())
    }
}

/// Why a text is not an identity.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidId {
    /// The text is empty.
    Empty,
    /// A phone number with neither `+` nor `00` in front.
    NoCountryCode,
    /// Not of the form of its kind.
    Malformed {
        /// The kind, such as `phone number`.
        kind: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// A recipient where only a user will do.
    NotAUser(&'static str),
}

impl InvalidId {
    /// What is wrong, without the subject: for a message that names the place already.
    #[must_use]
    pub fn problem(&self) -> &str {
        match self {
            Self::Empty => {
                "is empty; give a phone number with + and country code, a WhatsApp ID (…@s.whatsapp.net) or a BSUID"
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
    country code; to send to a number of the business's own country, use national:NUMBER (Recipient::national)";

/// What is wrong with the form of a phone number, where the API would refuse it.
fn phone_form(text: &str) -> Option<String> {
    // Nearly every number is written so.
    if is_digits(text.strip_prefix('+').unwrap_or(text)) {
        return None;
    }
    if blank(text) {
        return Some(InvalidId::Empty.problem().to_owned());
    }
    // Plain spaces alone: a no-break space or a line break would be sent with the number.
    let stray =
        |(i, c): &(usize, char)| !(c.is_ascii_digit() || "-() ".contains(*c) || (*c == '+' && *i == 0));
    if let Some((_, c)) = text.trim_matches(' ').char_indices().find(stray) {
        return Some(format!(
            "is no phone number: {c:?} is not allowed; use digits, spaces, -, (, ) and a leading +"
        ));
    }
    match text.bytes().filter(u8::is_ascii_digit).count() {
        7..=15 => None,
        n => Some(format!("has {n} digits; an international phone number has 7 to 15")),
    }
}

/// Whether a phone number begins with its `+`.
fn is_international(text: &str) -> bool {
    text.trim_start_matches(' ').starts_with('+')
}

/// A number that begins with `00`, with the `+` that it stands for.
pub(crate) fn with_plus(text: &str) -> Option<String> {
    text.trim_matches(' ').strip_prefix("00").map(|rest| format!("+{}", rest.trim_start_matches([' ', '-'])))
}

/// What is wrong with the text of a BSUID: `CC.` and up to 128 letters and digits, with `ENT.` between for a parent.
fn bsuid_problem(text: &str, parent: bool) -> Option<String> {
    let rest =
        text.split_once('.').filter(|(cc, _)| cc.len() == 2 && cc.bytes().all(|b| b.is_ascii_uppercase()));
    let rest = rest.and_then(|(_, rest)| if parent { rest.strip_prefix("ENT.") } else { Some(rest) });
    let good =
        rest.is_some_and(|id| (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric()));
    let form = if parent { "CC.ENT." } else { "CC." };
    (!good).then(|| {
        format!("is no BSUID: expected {form} (CC is a country code) and 1 to 128 letters and digits")
    })
}

fn group_problem(text: &str) -> Option<String> {
    let good = !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control());
    (!good).then(|| "is no group ID: it is empty or contains white space or a control character".to_owned())
}

fn is_digits(text: &str) -> bool {
    (7..=15).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// Digits alone, as a WhatsApp ID has them.
pub(crate) fn wa_id_problem(text: &str) -> Option<String> {
    (!is_digits(text)).then(|| "is no WhatsApp ID: expected 7 to 15 digits, without +".to_owned())
}

/// Whether the digits behind the `+` begin with 0, as after `+` and `00`, or where a national number got a `+`.
fn has_no_country(text: &str) -> bool {
    text.bytes().find(u8::is_ascii_digit) == Some(b'0')
}

impl Recipient {
    /// A phone number without country code. The API puts the business's own country code in front of it.
    pub fn national(number: impl Into<PhoneNumber>) -> Self {
        Self::National(number.into())
    }

    /// The whole text, as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Phone(id) | Self::National(id) => id.as_str(),
            Self::WaId(id) => id.as_str(),
            Self::Bsuid(id) => id.as_str(),
            Self::ParentBsuid(id) => id.as_str(),
            Self::Group(id) => id.as_str(),
        }
    }

    /// Why a message or a block must not be sent to it: the API would refuse it, or might take it for somebody else.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        self.invalid().map(|invalid| invalid.problem().to_owned())
    }

    fn invalid(&self) -> Option<InvalidId> {
        let (kind, problem) = match self {
            Self::Phone(id) | Self::National(id) if id.as_str().is_empty() => return Some(InvalidId::Empty),
            Self::Phone(id) => match phone_form(id.as_str()) {
                None if is_international(id.as_str()) => {
                    let problem =
                        "begins with 0 after the +, and no country code does; write + and country code";
                    ("phone number", has_no_country(id.as_str()).then(|| problem.to_owned()))
                }
                None => return Some(InvalidId::NoCountryCode),
                problem => ("phone number", problem),
            },
            Self::National(id) => ("phone number", phone_form(id.as_str())),
            Self::WaId(id) if has_no_country(id.as_str()) => {
                let problem = "is no WhatsApp ID: it begins with 0, and no country code does";
                ("WhatsApp ID", Some(problem.to_owned()))
            }
            Self::WaId(id) => ("WhatsApp ID", wa_id_problem(id.as_str())),
            Self::Bsuid(id) => ("BSUID", bsuid_problem(id.as_str(), false)),
            Self::ParentBsuid(id) => ("parent BSUID", bsuid_problem(id.as_str(), true)),
            Self::Group(id) => ("group ID", group_problem(id.as_str())),
        };
        problem.map(|problem| InvalidId::Malformed { kind, problem })
    }

    /// A recipient out of the `to` of a body in the API's own form: there, a number without `+` means what the API takes it for.
    pub(crate) fn from_to(to: String) -> Self {
        if let Some(number) = with_plus(&to) {
            return Self::Phone(number.into());
        }
        let national = phone_form(&to).is_none() && !is_international(&to);
        if national { Self::National(to.into()) } else { Self::Phone(to.into()) }
    }

    /// The property that a message carries it in.
    pub(crate) fn property(&self) -> &'static str {
        match self {
            Self::Phone(_) | Self::National(_) | Self::WaId(_) | Self::Group(_) => "to",
            Self::Bsuid(_) | Self::ParentBsuid(_) => "recipient",
        }
    }

    pub(crate) fn check(&self, at: &At<'_>, out: &mut Findings) {
        let at = at.key(self.property());
        if let Some(problem) = self.problem() {
            out.error(at, problem);
        } else if let Self::National(_) = self {
            out.advise(
                at,
                "has no +: the API puts the business's own country code in front; write + and country code",
            );
        }
    }
}

impl FromStr for Recipient {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let text = text.trim();
        let country = text
            .split_once('.')
            .filter(|(cc, _)| cc.len() == 2 && cc.bytes().all(|b| b.is_ascii_uppercase()));
        let jid = ["@s.whatsapp.net", "@c.us"].iter().find_map(|host| text.strip_suffix(host));
        let recipient = if text.is_empty() {
            return Err(InvalidId::Empty);
        } else if let Some(id) = text.strip_prefix("group:") {
            Self::Group(id.into())
        } else if text.ends_with("@g.us") {
            Self::Group(text.into())
        } else if let Some(number) = text.strip_prefix("national:") {
            Self::National(number.trim().into())
        } else if let Some(id) = jid {
            Self::WaId(id.into())
        } else if let Some((_, rest)) = country {
            if rest.starts_with("ENT.") { Self::ParentBsuid(text.into()) } else { Self::Bsuid(text.into()) }
        } else {
            Self::Phone(with_plus(text).unwrap_or_else(|| text.to_owned()).into())
        };
        match recipient.invalid() {
            Some(invalid) => Err(invalid),
            None => Ok(recipient),
        }
    }
}

impl From<PhoneNumber> for Recipient {
    /// `00` becomes `+`.
    fn from(number: PhoneNumber) -> Self {
        Self::Phone(with_plus(number.as_str()).map_or(number, PhoneNumber::from))
    }
}

macro_rules! from_id {
    ($($id:ident => $variant:ident),+) => {$(
        impl From<$id> for Recipient {
            fn from(id: $id) -> Self {
                Self::$variant(id)
            }
        }
    )+};
}
from_id!(WaId => WaId, Bsuid => Bsuid, ParentBsuid => ParentBsuid, GroupId => Group);
