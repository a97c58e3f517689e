//! Identities in a path.

/// Why a text is not the ID of a partner or channel.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidPathId {
    what: &'static str,
}

impl std::fmt::Display for InvalidPathId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "is not a {} ID: expected letters, digits, - and _, as shown in the hub", self.what)
    }
}

impl std::error::Error for InvalidPathId {}

macro_rules! path_ids {
    ($($(#[$meta:meta])* $name:ident, $what:literal;)+) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub struct $name(String);

        impl $name {
            /// Accepts letters, digits, `-` and `_`. Anything else would change the path.
            ///
            /// # Errors
            /// Returns [`InvalidPathId`] for any other text.
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidPathId> {
                let text = text.into();
                let good = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
                if good { Ok(Self(text)) } else { Err(InvalidPathId { what: $what }) }
            }
            /// Returns the text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    )+};
}

path_ids! {
    /// The ID of a partner, as shown in the hub.
    PartnerId, "partner";
    /// The ID of a channel (one phone number), as returned by [`ListChannels`](crate::channels::ListChannels).
    ChannelId, "channel";
}
