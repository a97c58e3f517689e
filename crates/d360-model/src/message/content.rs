//! The content of a message.
use super::{
    contact::Contact,
    interactive::Interactive,
    location::Location,
    media::{Audio, Document, Image, Reaction, Sticker, Video},
    template::Template,
};
use crate::{
    check::{At, Findings, Validate, blank},
    wire::{Object, Reader},
    wire_struct,
};
use serde_json::Value;

/// The maximum number of contacts in a message (360dialog and Meta, 2026; Meta's OpenAPI file has 5, its page and
/// 360dialog's 257).
pub const MAX_CONTACTS: usize = 257;
/// The maximum length of a text in characters.
const MAX_TEXT: usize = 4096;

/// Declares the content of messages, with one variant per type. `or` is another spelling of the type, which is read
/// and never sent.
#[doc(hidden)]
#[macro_export]
macro_rules! contents {
    ($(#[$emeta:meta])* pub enum Content {
        $($(#[$meta:meta])* $variant:ident($ty:ty) = $key:literal $(or $typo:literal)?,)+
    }) => {
        $(#[$emeta])*
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum Content {
            $($(#[$meta])* $variant($ty),)+
            /// Any other content, for example of a newer type. It is sent unchanged and unchecked.
            Raw($crate::Raw),
        }
        impl Content {
            /// Returns the message's `type`, which is also the name of the property with the content.
            #[must_use]
            pub fn kind(&self) -> &str {
                match self {
                    $(Self::$variant(_) => $key,)+
                    Self::Raw(raw) => &raw.kind,
                }
            }
            /// Reads the type and the property of that name. `None` if a problem leaves nothing to read.
            pub(crate) fn read_from(
                object: &mut $crate::wire::Object<'_>,
                reader: &mut $crate::wire::Reader,
            ) -> Option<Self> {
                const KNOWN: &[&str] = &[$($key),+];
                match object.kind(KNOWN, reader)? {
                    $($key $(| $typo)? => Some(Self::$variant(object.required($key, reader))),)+
                    other => $crate::Raw::read(other, object, KNOWN, reader).map(Self::Raw),
                }
            }
        }
        impl $crate::Validate for Content {
            fn check(&self, at: &$crate::At<'_>, out: &mut $crate::Findings) {
                match self {
                    $(Self::$variant(content) => content.check(at, out),)+
                    Self::Raw(raw) => raw.check(at, out),
                }
            }
        }
        impl ::serde::Serialize for Content {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $(Self::$variant(content) => content.serialize(serializer),)+
                    Self::Raw(raw) => raw.content.serialize(serializer),
                }
            }
        }
    };
}

contents! {
    /// The content of a message. Its kind is the message's `type`, and the name of the property that contains it.
    pub enum Content {
        /// 1 to 257 contacts.
        Contacts(Vec<Contact>) = "contacts",
        /// A location.
        Location(Location) = "location",
        /// Text.
        Text(Text) = "text",
        /// An image.
        Image(Image) = "image",
        /// A video.
        Video(Video) = "video",
        /// Audio or a voice message.
        Audio(Audio) = "audio",
        /// A document.
        Document(Document) = "document",
        /// A sticker.
        Sticker(Sticker) = "sticker",
        /// An emoji reaction to a message.
        Reaction(Reaction) = "reaction",
        /// A template message.
        Template(Template) = "template",
        /// Buttons, a list, products, a flow and others.
        Interactive(Box<Interactive>) = "interactive",
    }
}

/// Content that is sent unchanged.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Raw {
    /// The message's `type`.
    pub kind: String,
    /// The value of the property of that name.
    pub content: Value,
}

crate::masked_fields!(Raw { kind, content });

impl Raw {
    /// Creates content with `content` as property `kind`.
    pub fn new(kind: impl Into<String>, content: Value) -> Self {
        Self { kind: kind.into(), content }
    }
    /// Reads the property that the type names.
    #[doc(hidden)]
    pub fn read<'v>(
        kind: &'v str,
        object: &mut Object<'v>,
        known: &[&str],
        reader: &mut Reader,
    ) -> Option<Self> {
        let shown = crate::mask(kind);
        let Some(content) = object.other(kind) else {
            let message = format!("{shown:?} is not a type that this version knows: {}", known.join(", "));
            reader.at_key("type", |r| r.error(message));
            return None;
        };
        let message =
            format!("{shown:?} is not a type that this version knows; it is sent unchanged and unchecked");
        reader.at_key("type", |r| r.advise(message));
        Some(Self { kind: kind.to_owned(), content: content.clone() })
    }
}

wire_struct! {
    /// Text, up to 4,096 characters.
    pub struct Text {
        req {
            /// The text. URLs that begin with `http://` or `https://` can be tapped.
            body: String = "body",
        }
        opt {
            /// Whether to show a preview of the first URL.
            preview_url: bool = "preview_url",
        }
    }
}

impl Text {
    /// Creates a text.
    pub fn new(body: impl Into<String>) -> Self {
        Self { body: body.into(), preview_url: None }
    }
}

impl Validate for Text {
    fn check(&self, at: &At<'_>, out: &mut Findings) {
        out.require(at.key("body"), &self.body);
        out.at_most(at.key("body"), &self.body, MAX_TEXT);
    }
}

impl Validate for Raw {
    fn check(&self, at: &At<'_>, out: &mut Findings) {
        if blank(&self.kind) {
            out.error(at, "has no type");
        }
    }
}

/// A contact of one of the systems.
#[doc(hidden)]
pub trait Card: Validate {}

impl Card for Contact {}

impl<T: Card> Validate for Vec<T> {
    fn check(&self, at: &At<'_>, out: &mut Findings) {
        if self.is_empty() || self.len() > MAX_CONTACTS {
            out.error(at, format!("has {} contacts; 1 to {MAX_CONTACTS} are allowed", self.len()));
        }
        for (i, contact) in self.iter().enumerate() {
            contact.check(&at.index(i), out);
        }
    }
}
