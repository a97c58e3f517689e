//! Identities. The kind of an identity decides the property it is sent in; its text is sent as it was given.
//!
//! None of these shows a full number in `Debug`, and none has a `Display`: take the text with `as_str()`.
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
    /// Give it with `+` and country code: without the `+` the API puts the business's own country code in front,
    /// and the message may reach somebody else (Meta, "Messages API").
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

/// Who a message goes to.
///
/// `parse()` tells the kinds apart by their form; a group is written `group:ID` there.
///
/// ```
/// use d360_model::Recipient;
/// assert!(matches!("+16505551234".parse(), Ok(Recipient::Phone(_))));
/// assert!(matches!("16505551234@s.whatsapp.net".parse(), Ok(Recipient::WaId(_))));
/// assert!(matches!("US.13491208655302741918".parse(), Ok(Recipient::Bsuid(_))));
/// assert!("".parse::<Recipient>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Recipient {
    /// A phone number; sent in `to`, as it is written.
    Phone(PhoneNumber),
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

/// Why a text is no identity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidId {
    /// Nothing there.
    #[error("is empty; give a phone number with + and country code, a WhatsApp ID or a BSUID")]
    Empty,
    /// Not of the form of any kind of identity.
    #[error("{0}")]
    Malformed(String),
    /// A group or parent BSUID where only a user will do.
    #[error("{0}")]
    NotAUser(&'static str),
}

/// What is wrong with the text of a phone number, where the API would refuse it.
pub(crate) fn phone_problem(text: &str) -> Option<String> {
    // Nearly every number is written so.
    if is_digits(text.strip_prefix('+').unwrap_or(text)) {
        return None;
    }
    if blank(text) {
        return Some(InvalidId::Empty.to_string());
    }
    let stray =
        |(i, c): &(usize, char)| !(c.is_ascii_digit() || "-() ".contains(*c) || (*c == '+' && *i == 0));
    if let Some((_, c)) = text.trim().char_indices().find(stray) {
        return Some(format!(
            "is no phone number: {c:?} stands where only digits, spaces, -, (, ) and a leading + may"
        ));
    }
    match text.bytes().filter(u8::is_ascii_digit).count() {
        7..=15 => None,
        n => Some(format!("has {n} digits; an international phone number has 7 to 15")),
    }
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
        format!("is no BSUID: expected {form} and 1 to 128 letters and digits, CC being the country")
    })
}

fn group_problem(text: &str) -> Option<String> {
    let good = !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control());
    (!good).then(|| "is no group ID: it is empty or holds a space".to_owned())
}

fn is_digits(text: &str) -> bool {
    (7..=15).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// Digits alone, as a WhatsApp ID has them.
pub(crate) fn wa_id_problem(text: &str) -> Option<String> {
    (!is_digits(text)).then(|| "is no WhatsApp ID: expected 7 to 15 digits, without +".to_owned())
}

impl Recipient {
    /// The whole text, as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Phone(id) => id.as_str(),
            Self::WaId(id) => id.as_str(),
            Self::Bsuid(id) => id.as_str(),
            Self::ParentBsuid(id) => id.as_str(),
            Self::Group(id) => id.as_str(),
        }
    }

    /// What the API would refuse about it.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        match self {
            Self::Phone(id) => phone_problem(id.as_str()),
            Self::WaId(id) => wa_id_problem(id.as_str()),
            Self::Bsuid(id) => bsuid_problem(id.as_str(), false),
            Self::ParentBsuid(id) => bsuid_problem(id.as_str(), true),
            Self::Group(id) => group_problem(id.as_str()),
        }
    }

    /// The property that a message carries it in.
    pub(crate) fn property(&self) -> &'static str {
        match self {
            Self::Phone(_) | Self::WaId(_) | Self::Group(_) => "to",
            Self::Bsuid(_) | Self::ParentBsuid(_) => "recipient",
        }
    }

    pub(crate) fn check(&self, at: &At<'_>, out: &mut Findings) {
        let at = at.key(self.property());
        if let Some(problem) = self.problem() {
            out.error(at, problem);
        } else if let Self::Phone(phone) = self
            && !phone.as_str().trim_start().starts_with('+')
        {
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
        } else if let Some(id) = jid {
            Self::WaId(id.into())
        } else if let Some((_, rest)) = country {
            if rest.starts_with("ENT.") { Self::ParentBsuid(text.into()) } else { Self::Bsuid(text.into()) }
        } else {
            Self::Phone(text.into())
        };
        match recipient.problem() {
            Some(problem) => Err(InvalidId::Malformed(problem)),
            None => Ok(recipient),
        }
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
from_id!(PhoneNumber => Phone, WaId => WaId, Bsuid => Bsuid, ParentBsuid => ParentBsuid, GroupId => Group);
