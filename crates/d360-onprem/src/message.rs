//! The outgoing message: like Cloud's without `messaging_product`, with properties that Cloud dropped.
use crate::{Contact, Hsm, Media, Template, Ttl};
use d360_model::{
    At, Audio, Document, Findings, Image, Interactive, Invalid, Location, MessageId, Raw, Reaction,
    Recipient, Sticker, Validate, Video,
    wire::{self, FromJson, Reader},
    wire_struct,
};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

/// A message of the On-Premise API. (Meta retired On-Premise on 2025-10-23; `d360_model::Message` replaces it on
/// Cloud.)
///
/// It differs from Cloud's: there is no `messaging_product`; `recipient_type` is only sent for groups; a WhatsApp ID
/// is sent in `to` without `+`; [`preview_url`](Self::preview_url) is beside the text; templates have a namespace, a
/// policy and a [`ttl`](Self::ttl); files may have a provider (Meta, On-Premise reference "Messages", until 2025-10;
/// 360dialog's On-Premise pages).
///
/// ```
/// use d360_onprem::{Message, Template, Ttl};
/// let template = Template::new("cdb2df51_9816_c754_c5a4_64cdabdcad3e", "purchase", "en_US");
/// let message = Message::template("+16505551234", template).ttl(Ttl::days(2));
/// assert!(message.validate().is_empty());
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Message {
    /// The recipient: a WhatsApp ID, a phone number (since client v2.39.1) or a group.
    pub to: Recipient,
    /// The content.
    pub content: Content,
    /// Whether to show a preview of the first URL of a text.
    pub preview_url: Option<bool>,
    /// How long delivery of a template message is attempted.
    pub ttl: Option<Ttl>,
    /// Whether `recipient_type` is also sent for an individual, as it was read.
    pub reply_to: Option<MessageId>,
    /// Whether `recipient_type` is sent for an individual too, as it was read.
    says_individual: bool,
}

d360_model::contents! {
    /// The content of a message; its kind is the message's `type`. (Meta retired On-Premise on 2025-10-23;
    /// `d360_model::Content` replaces it.)
    pub enum Content {
        /// Contacts. One page calls the type `contact`; every example has `contacts`, which is sent.
        Contacts(Vec<Contact>) = "contacts" or "contact",
        /// A location.
        Location(Location) = "location",
        /// Text.
        Text(Text) = "text",
        /// An image.
        Image(Media<Image>) = "image",
        /// A video.
        Video(Media<Video>) = "video",
        /// Audio.
        Audio(Media<Audio>) = "audio",
        /// A voice message; on Cloud, audio with `voice`.
        Voice(Media<Audio>) = "voice",
        /// A document.
        Document(Media<Document>) = "document",
        /// A sticker.
        Sticker(Media<Sticker>) = "sticker",
        /// An emoji reaction to a message.
        Reaction(Reaction) = "reaction",
        /// A template message.
        Template(Template) = "template",
        /// A template message in the form before `template`.
        Hsm(Hsm) = "hsm",
        /// Buttons, a list, products, a flow.
        Interactive(Box<Interactive>) = "interactive",
    }
}

wire_struct! {
    /// Text, up to 4,096 characters. (Meta retired On-Premise on 2025-10-23; `d360_model::Text` replaces it.)
    pub struct Text {
        req {
            /// The text.
            body: String = "body",
        }
    }
}

impl<T: Into<String>> From<T> for Text {
    fn from(body: T) -> Self {
        Self { body: body.into() }
    }
}

impl Validate for Text {
    fn check(&self, at: &At<'_>, out: &mut Findings) {
        d360_model::Text::new(self.body.as_str()).check(at, out);
    }
}

wire_struct! {
    /// The wire form of a reply.
    struct Context {
        req {
            /// The message that is replied to.
            message_id: MessageId = "message_id",
        }
    }
}

impl Message {
    /// Creates a message with any content.
    pub fn new(to: impl Into<Recipient>, content: Content) -> Self {
        Self { to: to.into(), content, preview_url: None, ttl: None, reply_to: None, says_individual: false }
    }
    /// Creates a message with contacts.
    pub fn contacts(
        to: impl Into<Recipient>,
        contacts: impl IntoIterator<Item = impl Into<Contact>>,
    ) -> Self {
        Self::new(to, Content::Contacts(contacts.into_iter().map(Into::into).collect()))
    }
    /// Creates a location message.
    #[must_use]
    pub fn location(to: impl Into<Recipient>, location: Location) -> Self {
        Self::new(to, Content::Location(location))
    }
    /// Creates a text message.
    pub fn text(to: impl Into<Recipient>, body: impl Into<Text>) -> Self {
        Self::new(to, Content::Text(body.into()))
    }
    /// Creates an image message.
    pub fn image(to: impl Into<Recipient>, image: impl Into<Media<Image>>) -> Self {
        Self::new(to, Content::Image(image.into()))
    }
    /// Creates a video message.
    pub fn video(to: impl Into<Recipient>, video: impl Into<Media<Video>>) -> Self {
        Self::new(to, Content::Video(video.into()))
    }
    /// Creates an audio message.
    pub fn audio(to: impl Into<Recipient>, audio: impl Into<Media<Audio>>) -> Self {
        Self::new(to, Content::Audio(audio.into()))
    }
    /// Creates a voice message.
    pub fn voice(to: impl Into<Recipient>, audio: impl Into<Media<Audio>>) -> Self {
        Self::new(to, Content::Voice(audio.into()))
    }
    /// Creates a document message.
    pub fn document(to: impl Into<Recipient>, document: impl Into<Media<Document>>) -> Self {
        Self::new(to, Content::Document(document.into()))
    }
    /// Creates a sticker message.
    pub fn sticker(to: impl Into<Recipient>, sticker: impl Into<Media<Sticker>>) -> Self {
        Self::new(to, Content::Sticker(sticker.into()))
    }
    /// Creates an emoji reaction to a message.
    #[must_use]
    pub fn reaction(to: impl Into<Recipient>, reaction: Reaction) -> Self {
        Self::new(to, Content::Reaction(reaction))
    }
    /// Creates a template message, which needs no open window.
    #[must_use]
    pub fn template(to: impl Into<Recipient>, template: Template) -> Self {
        Self::new(to, Content::Template(template))
    }
    /// Creates a template message in the form before `template`.
    #[must_use]
    pub fn hsm(to: impl Into<Recipient>, hsm: Hsm) -> Self {
        Self::new(to, Content::Hsm(hsm))
    }
    /// Creates an interactive message: buttons, a list, products, a flow.
    #[must_use]
    pub fn interactive(to: impl Into<Recipient>, interactive: Interactive) -> Self {
        Self::new(to, Content::Interactive(Box::new(interactive)))
    }
    /// Creates a message of any other type: `content` is sent as property `kind`, unchecked.
    pub fn raw(to: impl Into<Recipient>, kind: impl Into<String>, content: Value) -> Self {
        Self::new(to, Content::Raw(Raw::new(kind, content)))
    }
    /// Sets whether to show a preview of the first URL of a text.
    #[must_use]
    pub fn preview_url(mut self, shown: bool) -> Self {
        self.preview_url = Some(shown);
        self
    }
    /// Sets how long delivery of a template message is attempted.
    #[must_use]
    pub fn ttl(mut self, ttl: Ttl) -> Self {
        self.ttl = Some(ttl);
        self
    }
    /// Sets the message that this one replies to.
    #[must_use]
    pub fn reply_to(mut self, message: impl Into<MessageId>) -> Self {
        self.reply_to = Some(message.into());
        self
    }
    /// Parses a complete message body in the documented form, and validates it; see `d360_model::Message::from_json`.
    ///
    /// # Errors
    /// Returns [`Invalid`] with all problems.
    pub fn from_json(json: &[u8]) -> Result<(Self, Findings), Invalid> {
        wire::from_slice_checked(json, Self::validate)
    }
}

d360_model::validated!(Message);

impl Validate for Message {
    fn check(&self, at: &At<'_>, out: &mut Findings) {
        if let Recipient::Bsuid(_) | Recipient::ParentBsuid(_) = self.to {
            out.error(
                at.key("to"),
                "is a BSUID, which On-Premise does not support; use a WhatsApp ID or a phone number",
            );
        } else {
            // On-Premise treats digits as a WhatsApp ID with country code.
            let problem = match &self.to {
                Recipient::Phone(number) => Recipient::National(number.clone()).problem(),
                other => other.problem(),
            };
            if let Some(problem) = problem {
                out.error(at.key("to"), problem);
            }
        }
        self.content.check(&at.key(self.content.kind()), out);
        if self.preview_url.is_some() && !matches!(self.content, Content::Text(_) | Content::Raw(_)) {
            out.advise(at.key("preview_url"), "applies only to the type text");
        }
        if let Some(ttl) = &self.ttl {
            if !matches!(self.content, Content::Template(_) | Content::Hsm(_) | Content::Raw(_)) {
                out.advise(at.key("ttl"), "applies only to the types template and hsm");
            }
            if let Some(problem) = ttl.problem() {
                out.error(at.key("ttl"), problem);
            }
        }
        if let Some(id) = &self.reply_to {
            let context = at.key("context");
            out.require_id(context.key("message_id"), id.as_str());
            if let Content::Reaction(_) = self.content {
                out.error(context, "is not allowed in a reaction, which has its own message_id");
            }
        }
    }
}

impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Recipient::Group(_) = self.to {
            map.serialize_entry("recipient_type", "group")?;
        } else if self.says_individual {
            map.serialize_entry("recipient_type", "individual")?;
        }
        map.serialize_entry("to", self.to.as_str())?;
        map.serialize_entry("type", self.content.kind())?;
        map.serialize_entry(self.content.kind(), &self.content)?;
        if let Some(shown) = &self.preview_url {
            map.serialize_entry("preview_url", shown)?;
        }
        if let Some(ttl) = &self.ttl {
            map.serialize_entry("ttl", ttl)?;
        }
        if let Some(id) = &self.reply_to {
            map.serialize_entry("context", &Context { message_id: id.clone() })?;
        }
        map.end()
    }
}

impl<'de> serde::Deserialize<'de> for Message {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        wire::deserialize(d)
    }
}

impl FromJson for Message {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        let mut object = reader.object(value)?;
        if object.is_read_mark(reader) {
            return None;
        }
        let to: String = object.required("to", reader);
        let says_group = object.says_group(reader);
        let to =
            if says_group == Some(true) { Recipient::Group(to.into()) } else { Recipient::Phone(to.into()) };
        let content = Content::read_from(&mut object, reader);
        let preview_url = object.optional("preview_url", reader);
        let ttl = object.optional("ttl", reader);
        let reply_to = object.optional::<Context>("context", reader).map(|context| context.message_id);
        let content = content?;
        object.finish(reader);
        Some(Self { to, content, preview_url, ttl, reply_to, says_individual: says_group == Some(false) })
    }
}
