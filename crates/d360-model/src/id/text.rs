//! Identities. The kind of an identity determines the property it is sent in. Its text is sent as given.
//!
//! `Debug` never shows a complete number. IDs of messages, files and groups have a `Display`. The others identify a
//! person; use `as_str()` for their text.
use crate::redact::masked_debug;

macro_rules! text_ids {
    ($($(#[$meta:meta])* $name:ident,)+) => {$(
        $(#[$meta])*
        #[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Accepts any text; it is validated when it is sent.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }
            /// Returns the complete text.
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
        /// Digits that arrive as a number are text too.
        impl crate::webhook::inbound::Inbound for $name {
            fn of_u64(number: u64) -> Option<Self> {
                Some(Self(number.to_string()))
            }
            fn of_text(text: &str) -> Option<Self> {
                Some(Self(text.to_owned()))
            }
            fn of_string(text: String) -> Option<Self> {
                Some(Self(text))
            }
        }
        masked_debug!($name);
    )+};
}

/// Reads an ID: text, or digits that arrive as a number.
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
    /// As a recipient or a user to block it needs `+` and country code. Otherwise the API prepends the business's own
    /// country code, and the message may reach somebody else (Meta, "Messages API"). For such a number, use
    /// [`Recipient::national`](super::Recipient::national).
    PhoneNumber,
    /// A WhatsApp ID: the digits of an international number, without `+`.
    ///
    /// It may differ from the dialed number (Brazil, Mexico). Do not compare the two.
    WaId,
    /// A business-scoped user ID (since 2026): a country code, a dot, and up to 128 letters and digits, such as
    /// `US.13491208655302741918`. Send it completely.
    Bsuid,
    /// A business-scoped user ID of a parent portfolio, such as `US.ENT.11815799212886844830`. It can receive
    /// messages, but cannot be blocked.
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
        /// Shows the complete ID.
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }
    )+};
}

shown!(MessageId, MediaId, GroupId);
