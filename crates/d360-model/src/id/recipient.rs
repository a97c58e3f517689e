//! The recipient of a message.
use super::{
    invalid::{
        InvalidId, bsuid_problem, group_problem, has_no_country, is_international, phone_form, wa_id_problem,
        with_plus,
    },
    text::{Bsuid, GroupId, ParentBsuid, PhoneNumber, WaId},
};
use crate::check::{At, Findings};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::str::FromStr;

/// The recipient of a message.
///
/// Text, IDs and an inbound message convert into it. The form of a text determines the kind:
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
/// A number with neither `+` nor `00` is refused. The API would prepend the business's own country code, and somebody
/// else might get the message (Meta, "Messages API").
///
/// `parse()` validates immediately. `Recipient::from(text)` accepts any text; problems are reported when the message
/// is sent, together with all others.
///
/// ```
/// use d360_model::{InvalidId, Message, Recipient};
/// assert!(matches!("+16505551234".parse(), Ok(Recipient::Phone(_))));
/// assert!(matches!("16505551234@s.whatsapp.net".parse(), Ok(Recipient::WaId(_))));
/// assert!(matches!("US.13491208655302741918".parse(), Ok(Recipient::Bsuid(_))));
/// assert_eq!("16505551234".parse::<Recipient>(), Err(InvalidId::NoCountryCode));
/// let in_our_country = Recipient::national("650 555 1234");
///
/// let problems = Message::text("16505551234", "Hello").validate();
/// let first = problems.iter().next().unwrap().to_string();
/// assert!(first.starts_with("to: has no + and no country code"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Recipient {
    /// A phone number with `+` and country code; sent in `to` as written.
    Phone(PhoneNumber),
    /// A phone number without country code; sent in `to` as written. The API prepends the business's own country
    /// code.
    National(PhoneNumber),
    /// A WhatsApp ID; sent in `to` with a leading `+`, so that it counts as international.
    WaId(WaId),
    /// A business-scoped user ID; sent in `recipient`.
    Bsuid(Bsuid),
    /// A parent's business-scoped user ID; sent in `recipient`.
    ParentBsuid(ParentBsuid),
    /// A group; sent in `to`, with `recipient_type` `group`.
    Group(GroupId),
}

impl Default for Recipient {
    /// Returns an empty phone number, which no validation accepts.
    fn default() -> Self {
        Self::Phone(PhoneNumber::default())
    }
}

impl Recipient {
    /// Creates a phone number without country code. The API prepends the business's own.
    pub fn national(number: impl Into<PhoneNumber>) -> Self {
        Self::National(number.into())
    }

    /// Returns the text as given.
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

    /// Returns why a message to it must not be sent, or why it must not be blocked: the API would refuse it, or might
    /// address somebody else.
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
                        "begins with 0 after the +, and no country code does; use + and country code";
                    ("phone number", has_no_country(id.as_str()).then(|| problem.to_owned()))
                }
                None => return Some(InvalidId::NoCountryCode),
                problem => ("phone number", problem),
            },
            Self::National(id) => ("phone number", phone_form(id.as_str())),
            Self::WaId(id) if has_no_country(id.as_str()) => {
                let problem = "is not a WhatsApp ID: it begins with 0, and no country code does";
                ("WhatsApp ID", Some(problem.to_owned()))
            }
            Self::WaId(id) => ("WhatsApp ID", wa_id_problem(id.as_str())),
            Self::Bsuid(id) => ("BSUID", bsuid_problem(id.as_str(), false)),
            Self::ParentBsuid(id) => ("parent BSUID", bsuid_problem(id.as_str(), true)),
            Self::Group(id) => ("group ID", group_problem(id.as_str())),
        };
        problem.map(|problem| InvalidId::Malformed { kind, problem })
    }

    /// Converts the `to` of a body in the API's own form, in which a number without `+` means what the API assumes.
    pub(crate) fn from_to(to: String) -> Self {
        if let Some(number) = with_plus(&to) {
            return Self::Phone(number.into());
        }
        let national = phone_form(&to).is_none() && !is_international(&to);
        if national { Self::National(to.into()) } else { Self::Phone(to.into()) }
    }

    /// Returns the property of a message that contains it.
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
                "has no +, so the API prepends the business's own country code; use + and country code",
            );
        }
    }
}

impl Recipient {
    /// Returns the kind that `text` has the form of, valid or not.
    fn of(text: &str) -> Self {
        let text = text.trim();
        let country = text
            .split_once('.')
            .filter(|(cc, _)| cc.len() == 2 && cc.bytes().all(|b| b.is_ascii_uppercase()));
        let jid = ["@s.whatsapp.net", "@c.us"].iter().find_map(|host| text.strip_suffix(host));
        if let Some(id) = text.strip_prefix("group:") {
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
        }
    }

    /// Returns the text that [`parse`](Self#impl-FromStr-for-Recipient) reads as the same recipient.
    ///
    /// It is the complete phone number or ID. `Recipient` has no `Display`, so that a number does not end up in a log
    /// by accident.
    ///
    /// ```
    /// use d360_model::{Recipient, WaId};
    /// let recipient = Recipient::from(WaId::from("16505551234"));
    /// assert_eq!(recipient.to_text(), "16505551234@s.whatsapp.net");
    /// ```
    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Self::Phone(id) => id.as_str().to_owned(),
            Self::National(id) => format!("national:{}", id.as_str()),
            Self::WaId(id) => format!("{}@s.whatsapp.net", id.as_str()),
            Self::Bsuid(id) => id.as_str().to_owned(),
            Self::ParentBsuid(id) => id.as_str().to_owned(),
            Self::Group(id) => format!("group:{}", id.as_str()),
        }
    }
}

impl FromStr for Recipient {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let recipient = Self::of(text);
        match recipient.invalid() {
            Some(invalid) => Err(invalid),
            None => Ok(recipient),
        }
    }
}

/// Serializes like [`to_text`](Recipient::to_text).
impl Serialize for Recipient {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_text())
    }
}

/// Deserializes like [`parse`](Recipient#impl-FromStr-for-Recipient).
impl<'de> Deserialize<'de> for Recipient {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

macro_rules! from_text {
    ($($text:ty),+) => {$(
        /// Converts to the kind that the text has the form of. An invalid text is reported when the message is
        /// validated or sent; `parse()` reports it immediately.
        impl From<$text> for Recipient {
            fn from(text: $text) -> Self {
                Self::of(&text)
            }
        }
    )+};
}
from_text!(&str, &&str, String, &String, std::borrow::Cow<'_, str>);

impl From<&Recipient> for Recipient {
    fn from(recipient: &Recipient) -> Self {
        recipient.clone()
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
