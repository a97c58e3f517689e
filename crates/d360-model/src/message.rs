//! The outgoing message.
use crate::check::{At, Findings, Validate};
use crate::wire::{FromJson, Object, Reader};
use crate::{Contact, Invalid, Location, MessageId, Recipient, wire_struct};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

/// Most cards in a message (360dialog and Meta, 2026; Meta's OpenAPI file says 5, its page and 360dialog's 257).
pub const MAX_CONTACTS: usize = 257;
/// Longest text, in characters.
const MAX_TEXT: usize = 4096;
/// Longest callback data, in characters.
const MAX_CALLBACK_DATA: usize = 512;
/// Longest message ID, in characters.
const MAX_MESSAGE_ID: usize = 128;

/// A message: who it goes to, what it says, and what comes back with its status.
///
/// `messaging_product` and `recipient_type` are always written; the recipient's kind decides between `to` and
/// `recipient`. Nothing that is not set is written.
///
/// Anything but a template can only be sent within 24 hours of the recipient's last message.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Message {
    /// Who it goes to.
    pub to: Recipient,
    /// What it says.
    pub content: Content,
    /// The message it replies to (`context.message_id` on the wire). It is shown as a quotation, unless it was
    /// deleted or is older than 30 days.
    pub reply_to: Option<MessageId>,
    /// Comes back in every status webhook of the message; up to 512 characters.
    pub biz_opaque_callback_data: Option<String>,
    /// Refuses the message with code 137000 where the recipient's identity has changed since.
    pub recipient_identity_key_hash: Option<String>,
}

crate::masked_fields!(Message {
    to,
    content,
    reply_to,
    biz_opaque_callback_data,
    recipient_identity_key_hash
});

/// What a message says; its kind is the message's `type`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Content {
    /// 1 to 257 contact cards.
    Contacts(Vec<Contact>),
    /// A place on the map.
    Location(Location),
    /// Text.
    Text(Text),
}

wire_struct! {
    /// Text, up to 4,096 characters.
    pub struct Text {
        req {
            /// The text. URLs in it, beginning with `http://` or `https://`, can be tapped.
            body: String = "body",
        }
        opt {
            /// Whether the first URL is shown with a preview.
            preview_url: bool = "preview_url",
        }
    }
}

impl Text {
    /// A text.
    pub fn new(body: impl Into<String>) -> Self {
        Self { body: body.into(), preview_url: None }
    }
}

impl Validate for Text {
    fn check(&self, at: &At<'_>, out: &mut Findings) {
        if self.body.trim().is_empty() {
            out.error(at.key("body"), "is required and may not be blank");
        }
        at_most(&self.body, MAX_TEXT, at.key("body"), out);
    }
}

fn at_most(text: &str, limit: usize, at: At<'_>, out: &mut Findings) {
    // A text of no more bytes than that cannot have more characters.
    if text.len() > limit && text.chars().count() > limit {
        out.error(at, format!("has {} characters; at most {limit} are allowed", text.chars().count()));
    }
}

impl Content {
    /// The message's `type`, which is also the name of the property that holds the content.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Contacts(_) => "contacts",
            Self::Location(_) => "location",
            Self::Text(_) => "text",
        }
    }
}

impl Message {
    /// A message of any content.
    #[must_use]
    pub fn new(to: Recipient, content: Content) -> Self {
        Self {
            to,
            content,
            reply_to: None,
            biz_opaque_callback_data: None,
            recipient_identity_key_hash: None,
        }
    }
    /// 1 to 257 contact cards.
    pub fn contacts(to: Recipient, contacts: impl IntoIterator<Item = Contact>) -> Self {
        Self::new(to, Content::Contacts(contacts.into_iter().collect()))
    }
    /// A place on the map.
    pub fn location(to: Recipient, location: Location) -> Self {
        Self::new(to, Content::Location(location))
    }
    /// Text.
    pub fn text(to: Recipient, body: impl Into<String>) -> Self {
        Self::new(to, Content::Text(Text::new(body)))
    }
    /// Replies to a message.
    #[must_use]
    pub fn reply_to(mut self, message: impl Into<MessageId>) -> Self {
        self.reply_to = Some(message.into());
        self
    }
    /// Sets what comes back in every status webhook of the message; up to 512 characters.
    #[must_use]
    pub fn biz_opaque_callback_data(mut self, data: impl Into<String>) -> Self {
        self.biz_opaque_callback_data = Some(data.into());
        self
    }
    /// Sends only while the recipient's identity is the one with this hash.
    #[must_use]
    pub fn recipient_identity_key_hash(mut self, hash: impl Into<String>) -> Self {
        self.recipient_identity_key_hash = Some(hash.into());
        self
    }

    /// Reads a whole message body as the documents show it, and checks it.
    ///
    /// Returns the message with the advice that was found. `null` counts as absent.
    ///
    /// # Errors
    /// [`Invalid`] with **all** problems: what is not JSON or of another type, unknown properties, and whatever
    /// [`validate`](Self::validate) finds.
    ///
    /// ```
    /// use d360_model::Message;
    /// let body = r#"{"to": "+16505551234", "type": "location", "location": {"latitude": 91, "lon": 0}}"#;
    /// let problems = Message::from_json(body.as_bytes()).unwrap_err().to_string();
    /// assert!(problems.contains("location.latitude: lies outside"));
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
        match &self.content {
            Content::Contacts(contacts) => {
                if contacts.is_empty() || contacts.len() > MAX_CONTACTS {
                    let found = contacts.len();
                    out.error(
                        at.key("contacts"),
                        format!("has {found} contacts; 1 to {MAX_CONTACTS} are allowed"),
                    );
                }
                at.each("contacts", contacts, out);
            }
            Content::Location(location) => location.check(&at.key("location"), out),
            Content::Text(text) => text.check(&at.key("text"), out),
        }
        if let Some(id) = &self.reply_to {
            let context = at.key("context");
            if id.as_str().trim().is_empty() {
                out.error(context.key("message_id"), "is required and may not be blank");
            }
            at_most(id.as_str(), MAX_MESSAGE_ID, context.key("message_id"), out);
        }
        if let Some(data) = &self.biz_opaque_callback_data {
            at_most(data, MAX_CALLBACK_DATA, at.key("biz_opaque_callback_data"), out);
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
            Recipient::Phone(id) => map.serialize_entry("to", id)?,
            Recipient::WaId(id) => map.serialize_entry("to", &format!("+{}", id.as_str()))?,
            Recipient::Group(id) => map.serialize_entry("to", id)?,
            Recipient::Bsuid(id) => map.serialize_entry("recipient", id)?,
            Recipient::ParentBsuid(id) => map.serialize_entry("recipient", id)?,
        }
        map.serialize_entry("type", self.content.kind())?;
        match &self.content {
            Content::Contacts(contacts) => map.serialize_entry("contacts", contacts)?,
            Content::Location(location) => map.serialize_entry("location", location)?,
            Content::Text(text) => map.serialize_entry("text", text)?,
        }
        if let Some(id) = &self.reply_to {
            map.serialize_entry("context", &Context { message_id: id.clone() })?;
        }
        if let Some(data) = &self.biz_opaque_callback_data {
            map.serialize_entry("biz_opaque_callback_data", data)?;
        }
        if let Some(hash) = &self.recipient_identity_key_hash {
            map.serialize_entry("recipient_identity_key_hash", hash)?;
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
        if let Some(product) = object.optional::<String>("messaging_product", reader)
            && product != "whatsapp"
        {
            reader.at_key("messaging_product", |r| r.error("must be \"whatsapp\""));
        }
        let to = read_recipient(&mut object, reader);
        let kind: String = object.required("type", reader);
        let content = match kind.as_str() {
            "contacts" => Some(Content::Contacts(object.required("contacts", reader))),
            "location" => Some(Content::Location(object.required("location", reader))),
            "text" => Some(Content::Text(object.required("text", reader))),
            "" => None,
            other => {
                let message = format!(
                    "{:?} is no type that this version knows: contacts, location, text",
                    crate::mask(other)
                );
                reader.at_key("type", |r| r.error(message));
                None
            }
        };
        let reply_to = object.optional::<Context>("context", reader).map(|context| context.message_id);
        let biz_opaque_callback_data = object.optional("biz_opaque_callback_data", reader);
        let recipient_identity_key_hash = object.optional("recipient_identity_key_hash", reader);
        // Without a type there is no telling which of the other properties belong here.
        let content = content?;
        object.finish(reader);
        Some(Self { to, content, reply_to, biz_opaque_callback_data, recipient_identity_key_hash })
    }
}

/// `to` or `recipient`, and what `recipient_type` makes of it.
fn read_recipient(object: &mut Object<'_>, reader: &mut Reader) -> Recipient {
    let group = object.says_group(reader) == Some(true);
    let to = object.optional::<String>("to", reader);
    match (to, object.optional::<String>("recipient", reader)) {
        (Some(to), None) if group => Recipient::Group(to.into()),
        (Some(to), None) => Recipient::Phone(to.into()),
        (None, Some(recipient)) if group => {
            reader.at_key("recipient_type", |r| r.error("is \"group\", but a group stands in `to`"));
            Recipient::Bsuid(recipient.into())
        }
        (None, Some(recipient)) => match recipient.get(2..) {
            Some(rest) if rest.starts_with(".ENT.") => Recipient::ParentBsuid(recipient.into()),
            _ => Recipient::Bsuid(recipient.into()),
        },
        (Some(to), Some(_)) => {
            reader.at_key("recipient", |r| {
                r.error("stands beside `to`, which the API would prefer; leave one out")
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
