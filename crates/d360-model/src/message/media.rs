//! Images, videos, audio, documents and stickers in a message.
use crate::{
    check::{At, Findings, Validate},
    id::{MediaId, MessageId},
    wire::{FromJson, Reader},
    wire_struct,
};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

/// The maximum length of a caption in characters.
const MAX_CAPTION: usize = 1024;

/// The source of a message's file.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MediaSource {
    /// An uploaded file (`id` on the wire).
    Id(MediaId),
    /// A file on a public server that WhatsApp downloads (`link` on the wire): http or https.
    Link(String),
}

impl std::fmt::Debug for MediaSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Id(id) => f.debug_tuple("Id").field(id).finish(),
            Self::Link(link) => f.debug_tuple("Link").field(&crate::mask(link)).finish(),
        }
    }
}

impl MediaSource {
    fn check(&self, at: &At<'_>, out: &mut Findings) {
        match self {
            Self::Id(id) => out.require_id(at.key("id"), id.as_str()),
            Self::Link(link) if is_url(link) => {}
            Self::Link(_) => out.error(at.key("link"), NO_URL),
        }
    }
}

pub(crate) const NO_URL: &str = "is not a URL; expected one that begins with https:// or http://";

/// Returns `text` without `scheme`, in any case (RFC 3986, 3.1).
pub(crate) fn without_scheme<'t>(text: &'t str, scheme: &str) -> Option<&'t str> {
    let (start, rest) = text.split_at_checked(scheme.len())?;
    start.eq_ignore_ascii_case(scheme).then_some(rest)
}

pub(crate) fn is_url(text: &str) -> bool {
    let rest = without_scheme(text, "https://").or_else(|| without_scheme(text, "http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control()))
}

/// A kind of media: a file with its properties.
macro_rules! media {
    ($($(#[$meta:meta])* $name:ident { $($(#[$fmeta:meta])* $field:ident: $ty:ty = $key:literal,)* })+) => {$(
        $(#[$meta])*
        #[derive(Clone, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            /// The file.
            pub source: MediaSource,
            $($(#[$fmeta])* pub $field: Option<$ty>,)*
        }
        impl $name {
            /// Creates the message with an uploaded file.
            pub fn id(id: impl Into<MediaId>) -> Self {
                Self { source: MediaSource::Id(id.into()), $($field: None,)* }
            }
            /// Creates the message with a file on a public server that WhatsApp downloads.
            pub fn link(url: impl Into<String>) -> Self {
                Self { source: MediaSource::Link(url.into()), $($field: None,)* }
            }
            $(
                $(#[$fmeta])*
                #[must_use]
                pub fn $field(mut self, $field: impl Into<$ty>) -> Self {
                    self.$field = Some($field.into());
                    self
                }
            )*
        }
        impl Default for $name {
            /// Returns a message without an ID, which no validation accepts.
            fn default() -> Self {
                Self::id("")
            }
        }
        $crate::masked_fields!($name { source, $($field),* });
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(None)?;
                match &self.source {
                    MediaSource::Id(id) => map.serialize_entry("id", id)?,
                    MediaSource::Link(link) => map.serialize_entry("link", link)?,
                }
                $(if let Some(value) = &self.$field {
                    map.serialize_entry($key, value)?;
                })*
                map.end()
            }
        }
        impl FromJson for $name {
            fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
                let mut object = reader.object(value)?;
                let source = match (object.optional("id", reader), object.optional("link", reader)) {
                    (Some(id), None) => MediaSource::Id(id),
                    (None, Some(link)) => MediaSource::Link(link),
                    (Some(id), Some(_)) => {
                        reader.at_key("link", |r| r.error("conflicts with `id`; remove one"));
                        MediaSource::Id(id)
                    }
                    (None, None) => {
                        reader.at_key("id", |r| r.error("is required (or `link`)"));
                        MediaSource::Id(MediaId::default())
                    }
                };
                let read = Self { source, $($field: object.optional($key, reader),)* };
                object.finish(reader);
                Some(read)
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                $crate::wire::deserialize(d)
            }
        }
    )+};
}

media! {
    /// An image: JPEG or PNG, up to 5 MB.
    Image {
        /// The text below it, up to 1,024 characters.
        caption: String = "caption",
    }
    /// A video: MP4 or 3GPP with H.264 and AAC, up to 16 MB.
    Video {
        /// The text below it, up to 1,024 characters.
        caption: String = "caption",
    }
    /// Audio: AAC, AMR, MP3, M4A or Ogg with Opus, up to 16 MB.
    Audio {
        /// Whether to show it as a voice message, which needs Ogg with Opus.
        voice: bool = "voice",
    }
    /// A document of any type, up to 100 MB.
    Document {
        /// The text below it, up to 1,024 characters.
        caption: String = "caption",
        /// The name under which it is shown and saved. Its extension determines the icon.
        filename: String = "filename",
    }
    /// A sticker: WebP of 512 by 512 pixels, up to 100 KB, animated up to 500 KB.
    Sticker {}
}

fn check_caption(caption: Option<&String>, at: &At<'_>, out: &mut Findings) {
    if let Some(caption) = caption {
        out.at_most(at.key("caption"), caption, MAX_CAPTION);
    }
}

macro_rules! checked_media {
    ($($name:ident),+; $($captioned:ident),+) => {
        $(impl Validate for $name {
            fn check(&self, at: &At<'_>, out: &mut Findings) {
                self.source.check(at, out);
            }
        })+
        $(impl Validate for $captioned {
            fn check(&self, at: &At<'_>, out: &mut Findings) {
                self.source.check(at, out);
                check_caption(self.caption.as_ref(), at, out);
            }
        })+
    };
}
checked_media!(Audio, Sticker; Image, Video, Document);

wire_struct! {
    /// An emoji reaction to a message.
    pub struct Reaction {
        req {
            /// The message, at most 30 days old.
            message_id: MessageId = "message_id",
            /// One emoji, of any number of code points; empty to remove an earlier one.
            emoji: String = "emoji",
        }
    }
}

impl Reaction {
    /// Reacts to a message with `emoji`.
    pub fn new(message: impl Into<MessageId>, emoji: impl Into<String>) -> Self {
        Self { message_id: message.into(), emoji: emoji.into() }
    }
    /// Removes a reaction.
    pub fn remove(message: impl Into<MessageId>) -> Self {
        Self::new(message, "")
    }
}

impl Validate for Reaction {
    fn check(&self, at: &At<'_>, out: &mut Findings) {
        out.require_id(at.key("message_id"), self.message_id.as_str());
        out.at_most(at.key("message_id"), self.message_id.as_str(), crate::message::MAX_MESSAGE_ID);
        // The longest emoji, a family with skin tones, has about ten code points.
        out.at_most(at.key("emoji"), &self.emoji, 20);
        if self.emoji.chars().any(|c| c.is_ascii_alphabetic() || c.is_whitespace()) {
            out.error(at.key("emoji"), "is not an emoji");
        }
    }
}
