//! The outgoing message.
use super::{
    contact::Contact,
    content::{Content, Raw, Text},
    interactive::Interactive,
    location::Location,
    media::{Audio, Document, Image, Reaction, Sticker, Video},
    template::Template,
};
pub use crate::enums::MessageCategory;
use crate::{
    check::{At, Findings, Invalid, Validate},
    id::{MessageId, Recipient},
    wire::{FromJson, Object, Reader},
    wire_struct,
};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

/// The maximum length of callback data in characters (Meta; older pages say 256).
pub const MAX_CALLBACK_DATA: usize = 512;
/// The maximum length of a message ID in characters.
pub const MAX_MESSAGE_ID: usize = 128;

/// A message: recipient, content, and callback data.
///
/// `messaging_product` and `recipient_type` are always written. The kind of recipient determines whether `to` or
/// `recipient` is written. Unset properties are omitted.
///
/// Messages other than templates and Direct Send ([`category`](Self::category)) can only be sent within 24 hours of
/// the recipient's last message.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Message {
    /// The recipient.
    pub to: Recipient,
    /// The content.
    pub content: Content,
    /// The message it replies to (`context.message_id` on the wire). It is shown as a quote, unless it was deleted or
    /// is older than 30 days.
    pub reply_to: Option<MessageId>,
    /// Data that is returned in every status webhook of the message; up to 512 characters.
    pub biz_opaque_callback_data: Option<String>,
    /// Refuses the message with code 137000 if the recipient's identity has changed since.
    pub recipient_identity_key_hash: Option<String>,
    /// Sends the message by Direct Send, which needs neither a template nor an open window (beta, 2026).
    pub category: Option<MessageCategory>,
    /// The number of seconds for which delivery is attempted; only for Direct Send.
    pub ttl_seconds: Option<u32>,
}

crate::masked_fields!(Message {
    to,
    content,
    reply_to,
    biz_opaque_callback_data,
    recipient_identity_key_hash,
    category,
    ttl_seconds
});

impl Message {
    /// Creates a message with any content.
    pub fn new(to: impl Into<Recipient>, content: Content) -> Self {
        Self {
            to: to.into(),
            content,
            reply_to: None,
            biz_opaque_callback_data: None,
            recipient_identity_key_hash: None,
            category: None,
            ttl_seconds: None,
        }
    }
    /// Creates a message with 1 to 257 contacts.
    pub fn contacts(
        to: impl Into<Recipient>,
        contacts: impl IntoIterator<Item = impl Into<Contact>>,
    ) -> Self {
        Self::new(to, Content::Contacts(contacts.into_iter().map(Into::into).collect()))
    }
    /// Creates a location message.
    pub fn location(to: impl Into<Recipient>, location: Location) -> Self {
        Self::new(to, Content::Location(location))
    }
    /// Creates a text message.
    pub fn text(to: impl Into<Recipient>, body: impl Into<String>) -> Self {
        Self::new(to, Content::Text(Text::new(body)))
    }
    /// Creates an image message.
    pub fn image(to: impl Into<Recipient>, image: Image) -> Self {
        Self::new(to, Content::Image(image))
    }
    /// Creates a video message.
    pub fn video(to: impl Into<Recipient>, video: Video) -> Self {
        Self::new(to, Content::Video(video))
    }
    /// Creates an audio or voice message.
    pub fn audio(to: impl Into<Recipient>, audio: Audio) -> Self {
        Self::new(to, Content::Audio(audio))
    }
    /// Creates a document message.
    pub fn document(to: impl Into<Recipient>, document: Document) -> Self {
        Self::new(to, Content::Document(document))
    }
    /// Creates a sticker message.
    pub fn sticker(to: impl Into<Recipient>, sticker: Sticker) -> Self {
        Self::new(to, Content::Sticker(sticker))
    }
    /// Creates an emoji reaction to a message.
    pub fn reaction(to: impl Into<Recipient>, reaction: Reaction) -> Self {
        Self::new(to, Content::Reaction(reaction))
    }
    /// Creates a template message, which needs no open window.
    pub fn template(to: impl Into<Recipient>, template: Template) -> Self {
        Self::new(to, Content::Template(template))
    }
    /// Creates an interactive message: buttons, a list, products, a flow and others.
    pub fn interactive(to: impl Into<Recipient>, interactive: Interactive) -> Self {
        Self::new(to, Content::Interactive(Box::new(interactive)))
    }
    /// Creates a message of any other type: `content` is sent as property `kind`, unchecked.
    pub fn raw(to: impl Into<Recipient>, kind: impl Into<String>, content: Value) -> Self {
        Self::new(to, Content::Raw(Raw::new(kind, content)))
    }
    /// Sets the message that this one replies to.
    #[must_use]
    pub fn reply_to(mut self, message: impl Into<MessageId>) -> Self {
        self.reply_to = Some(message.into());
        self
    }
    /// Sets data that is returned in every status webhook of the message; up to 512 characters.
    #[must_use]
    pub fn biz_opaque_callback_data(mut self, data: impl Into<String>) -> Self {
        self.biz_opaque_callback_data = Some(data.into());
        self
    }
    /// Requires that the recipient's identity is the one with this hash.
    #[must_use]
    pub fn recipient_identity_key_hash(mut self, hash: impl Into<String>) -> Self {
        self.recipient_identity_key_hash = Some(hash.into());
        self
    }
    /// Sends the message by Direct Send (beta, 2026): Meta creates the template for it, and no open window is needed.
    ///
    /// Direct Send supports text, and interactive messages with reply buttons or a URL button. It must be enabled for
    /// the account; otherwise the response is code 100, or 139200 once it is blocked (Meta, "Direct Send",
    /// 2026-07-31; 360dialog, "Direct Send", 2026).
    ///
    /// ```
    /// use d360_model::{Message, MessageCategory};
    /// let message = Message::text("+16505551234", "Your order 7 has shipped.")
    ///     .category(MessageCategory::Utility)
    ///     .ttl_seconds(3_600);
    /// assert!(message.validate().is_empty() && !message.needs_open_window());
    /// ```
    #[must_use]
    pub fn category(mut self, category: impl Into<MessageCategory>) -> Self {
        self.category = Some(category.into());
        self
    }
    /// Sets the number of seconds for which delivery is attempted, only for Direct Send: 30 to 43,200 for utility (30
    /// days if not set), 30 to 900 for authentication (600 if not set) (Meta, "Configure message time-to-live",
    /// 2026-07-31).
    #[must_use]
    pub fn ttl_seconds(mut self, seconds: u32) -> Self {
        self.ttl_seconds = Some(seconds);
        self
    }
    /// Whether the message needs an open 24-hour window: every message except templates and Direct Send.
    #[must_use]
    pub fn needs_open_window(&self) -> bool {
        self.category.is_none() && !matches!(self.content, Content::Template(_))
    }

    /// Parses a complete message body in the documented form, and validates it.
    ///
    /// Returns the message with the advice. `null` counts as absent.
    ///
    /// # Errors
    /// Returns [`Invalid`] with **all** problems: invalid JSON or types, unknown properties, and the findings of
    /// [`validate`](Self::validate).
    ///
    /// ```
    /// use d360_model::Message;
    /// let body = r#"{"to": "+16505551234", "type": "location", "location": {"latitude": 91, "lon": 0}}"#;
    /// let problems = Message::from_json(body.as_bytes()).unwrap_err().to_string();
    /// assert!(problems.contains("location.latitude: is outside"));
    /// assert!(problems.contains("location.longitude: is required"));
    /// assert!(problems.contains("location.lon: unknown property"));
    /// ```
    pub fn from_json(json: &[u8]) -> Result<(Self, Findings), Invalid> {
        crate::wire::from_slice_checked(json, Self::validate)
    }
}

impl Validate for Message {
    fn check(&self, at: &At<'_>, out: &mut Findings) {
        self.to.check(at, out);
        self.content.check(&at.key(self.content.kind()), out);
        if let (Content::Reaction(_), Some(_)) = (&self.content, &self.reply_to) {
            out.error(at.key("context"), "is not allowed in a reaction, which has its own message_id");
        }
        if let Some(id) = &self.reply_to {
            let context = at.key("context");
            out.require_id(context.key("message_id"), id.as_str());
            out.at_most(context.key("message_id"), id.as_str(), MAX_MESSAGE_ID);
        }
        if let Some(data) = &self.biz_opaque_callback_data {
            out.at_most(at.key("biz_opaque_callback_data"), data, MAX_CALLBACK_DATA);
        }
        self.check_direct_send(at, out);
    }
}

impl Message {
    fn check_direct_send(&self, at: &At<'_>, out: &mut Findings) {
        let longest = match &self.category {
            None => {
                if self.ttl_seconds.is_some() {
                    let message =
                        "is only for Direct Send; set `category` too, or the time to live in the template";
                    out.error(at.key("ttl_seconds"), message);
                }
                return;
            }
            Some(MessageCategory::Utility) => 43_200,
            Some(MessageCategory::Authentication) => 900,
            Some(_) => {
                out.error(at.key("category"), "must be \"utility\" or \"authentication\"");
                return;
            }
        };
        if self.ttl_seconds.is_some_and(|seconds| !(30..=longest).contains(&seconds)) {
            out.error(at.key("ttl_seconds"), format!("must be 30 to {longest} seconds for this category"));
        }
        if !matches!(self.content, Content::Text(_) | Content::Interactive(_) | Content::Raw(_)) {
            out.advise(
                at.key("category"),
                "is for Direct Send, which supports text, and interactive messages with reply buttons or a URL button",
            );
        }
    }
}

impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("messaging_product", "whatsapp")?;
        let group = matches!(self.to, Recipient::Group(_));
        map.serialize_entry("recipient_type", if group { "group" } else { "individual" })?;
        match &self.to {
            Recipient::Phone(id) | Recipient::National(id) => map.serialize_entry("to", id)?,
            Recipient::WaId(id) => map.serialize_entry("to", &format!("+{}", id.as_str()))?,
            Recipient::Group(id) => map.serialize_entry("to", id)?,
            Recipient::Bsuid(id) => map.serialize_entry("recipient", id)?,
            Recipient::ParentBsuid(id) => map.serialize_entry("recipient", id)?,
        }
        map.serialize_entry("type", self.content.kind())?;
        map.serialize_entry(self.content.kind(), &self.content)?;
        if let Some(id) = &self.reply_to {
            map.serialize_entry("context", &Context { message_id: id.clone() })?;
        }
        if let Some(data) = &self.biz_opaque_callback_data {
            map.serialize_entry("biz_opaque_callback_data", data)?;
        }
        if let Some(hash) = &self.recipient_identity_key_hash {
            map.serialize_entry("recipient_identity_key_hash", hash)?;
        }
        if let Some(category) = &self.category {
            map.serialize_entry("category", category)?;
        }
        if let Some(seconds) = &self.ttl_seconds {
            map.serialize_entry("ttl_seconds", seconds)?;
        }
        map.end()
    }
}

wire_struct! {
    /// The wire form of a reply.
    pub(crate) struct Context {
        req {
            /// The message that is replied to.
            message_id: MessageId = "message_id",
        }
    }
}

impl FromJson for Message {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        let mut object = reader.object(value)?;
        if object.is_read_mark(reader) {
            return None;
        }
        if let Some(product) = object.optional::<String>("messaging_product", reader)
            && product != "whatsapp"
        {
            reader.at_key("messaging_product", |r| r.error("must be \"whatsapp\""));
        }
        let to = read_recipient(&mut object, reader);
        let content = Content::read_from(&mut object, reader);
        let reply_to = object.optional::<Context>("context", reader).map(|context| context.message_id);
        let biz_opaque_callback_data = object.optional("biz_opaque_callback_data", reader);
        let recipient_identity_key_hash = object.optional("recipient_identity_key_hash", reader);
        let category = object.optional::<String>("category", reader);
        let category = category.map(|text| MessageCategory::from(text.to_ascii_lowercase()));
        let ttl_seconds = object.optional("ttl_seconds", reader);
        // Without a type, the other properties cannot be assigned.
        let content = content?;
        object.finish(reader);
        Some(Self {
            to,
            content,
            reply_to,
            biz_opaque_callback_data,
            recipient_identity_key_hash,
            category,
            ttl_seconds,
        })
    }
}

/// Reads `to` or `recipient`, together with `recipient_type`.
fn read_recipient(object: &mut Object<'_>, reader: &mut Reader) -> Recipient {
    let group = object.says_group(reader) == Some(true);
    let to = object.optional::<String>("to", reader);
    match (to, object.optional::<String>("recipient", reader)) {
        (Some(to), None) if group => Recipient::Group(to.into()),
        (Some(to), None) => {
            if crate::id::with_plus(&to).is_some() {
                reader.at_key("to", |r| r.advise("begins with 00; sent with + instead"));
            }
            Recipient::from_to(to)
        }
        (None, Some(recipient)) if group => {
            reader.at_key("recipient_type", |r| r.error("is \"group\", but `to` is not a group"));
            Recipient::Bsuid(recipient.into())
        }
        (None, Some(recipient)) => match recipient.get(2..) {
            Some(rest) if rest.starts_with(".ENT.") => Recipient::ParentBsuid(recipient.into()),
            _ => Recipient::Bsuid(recipient.into()),
        },
        (Some(to), Some(_)) => {
            reader.at_key("recipient", |r| {
                r.error("conflicts with `to`, which the API would prefer; remove one")
            });
            Recipient::Phone(to.into())
        }
        (None, None) => {
            reader.at_key("to", |r| r.error("is required (or `recipient`, for a BSUID)"));
            Recipient::default()
        }
    }
}

impl<'de> serde::Deserialize<'de> for Message {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        crate::wire::deserialize(d)
    }
}
