//! Identities. The kind of an identity decides the property it is sent in; its text is sent as it was given.
//!
//! None of these shows a full number in `Debug`. IDs of messages, files and groups have a `Display`; the others name a person, so that their
//! text is taken with `as_str()`.
use crate::redact::masked_debug;

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
