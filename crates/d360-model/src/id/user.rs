//! Users that can be blocked.
use super::{
    invalid::{InvalidId, with_plus},
    recipient::Recipient,
    text::{Bsuid, PhoneNumber, WaId},
};
use serde::{Serialize, Serializer, ser::SerializeMap};
use std::str::FromStr;

/// A user that can be blocked. `parse()` distinguishes the kinds as for a [`Recipient`]. Digits alone are a WhatsApp
/// ID, as in a list of blocked users; the API accepts it in place of a number (360dialog, "Contacts", 2026).
///
/// Parent BSUIDs cannot be blocked (Meta, 2026-05-04), and groups are not users.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum User {
    /// A phone number with `+` and country code; sent in `user` as written. On-Premise accepts any form.
    Phone(PhoneNumber),
    /// A WhatsApp ID; sent in `user`.
    WaId(WaId),
    /// A business-scoped user ID; sent in `user_id`.
    Bsuid(Bsuid),
}

impl User {
    /// Returns the text that is sent, and that the response repeats as `input`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Phone(id) => id.as_str(),
            Self::WaId(id) => id.as_str(),
            Self::Bsuid(id) => id.as_str(),
        }
    }
    /// Returns what the API would refuse about it.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        Recipient::from(self.clone()).problem()
    }
}

impl From<User> for Recipient {
    fn from(user: User) -> Self {
        match user {
            User::Phone(id) => Self::Phone(id),
            User::WaId(id) => Self::WaId(id),
            User::Bsuid(id) => Self::Bsuid(id),
        }
    }
}

impl From<&User> for Recipient {
    fn from(user: &User) -> Self {
        user.clone().into()
    }
}

impl From<PhoneNumber> for User {
    /// `00` becomes `+`.
    fn from(id: PhoneNumber) -> Self {
        Self::Phone(with_plus(id.as_str()).map_or(id, PhoneNumber::from))
    }
}

impl From<WaId> for User {
    fn from(id: WaId) -> Self {
        Self::WaId(id)
    }
}

impl From<Bsuid> for User {
    fn from(id: Bsuid) -> Self {
        Self::Bsuid(id)
    }
}

impl TryFrom<Recipient> for User {
    type Error = InvalidId;
    fn try_from(recipient: Recipient) -> Result<Self, InvalidId> {
        match recipient {
            Recipient::Phone(id) => Ok(Self::Phone(id)),
            Recipient::National(_) => Err(InvalidId::NotAUser(
                "has no country code; to block a user, use + and country code, a WhatsApp ID (…@s.whatsapp.net) or a BSUID",
            )),
            Recipient::WaId(id) => Ok(Self::WaId(id)),
            Recipient::Bsuid(id) => Ok(Self::Bsuid(id)),
            Recipient::ParentBsuid(_) => Err(InvalidId::NotAUser(
                "is a parent BSUID, which cannot be blocked; use the user's own BSUID or number",
            )),
            Recipient::Group(_) => Err(InvalidId::NotAUser("is a group; only users can be blocked")),
        }
    }
}

impl FromStr for User {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        match text.parse::<Recipient>() {
            // The form in lists and webhooks, which the API accepts. No WhatsApp ID begins with 0.
            Err(InvalidId::NoCountryCode) => {
                let id = Self::WaId(text.trim().into());
                let is_id = !text.trim_start().starts_with('0') && id.problem().is_none();
                if is_id { Ok(id) } else { Err(InvalidId::NoCountryCode) }
            }
            recipient => recipient?.try_into(),
        }
    }
}

impl Serialize for User {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        let key = if matches!(self, Self::Bsuid(_)) { "user_id" } else { "user" };
        map.serialize_entry(key, self.as_str())?;
        map.end()
    }
}
