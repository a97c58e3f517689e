//! Messages of users.
use super::{
    content::{InboundContent, InboundContext, InboundIdentity, InboundMedia, Referral, content},
    error::WebhookError,
    inbound::{Inbound, lenient, lenient_vec},
    people::People,
    sender::Sender,
    timestamp::Timestamp,
};
use crate::{
    id::{Bsuid, GroupId, MessageId, Recipient, WaId},
    masked_fields,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value};

/// A message of a user.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct InboundMessage {
    /// The ID, for read marks, replies and deduplication.
    pub id: Option<MessageId>,
    /// The WhatsApp ID of the sender; absent for a user with a username.
    pub from: Option<WaId>,
    /// The business-scoped ID of the sender.
    pub from_user_id: Option<Bsuid>,
    /// Other information on the sender, such as the name: the item of `contacts` that belongs to the message.
    pub contact: Option<Sender>,
    /// The time.
    pub timestamp: Option<Timestamp>,
    /// The group of the message.
    pub group_id: Option<GroupId>,
    /// The message that it replies to, or whether it was forwarded.
    pub context: Option<Box<InboundContext>>,
    /// The advertisement that led to it.
    pub referral: Option<Box<Referral>>,
    /// The identity of the number's owner (On-Premise; on Cloud see [`Sender::identity_key_hash`]).
    pub identity: Option<InboundIdentity>,
    /// The content.
    pub content: InboundContent,
    /// Why it is incomplete.
    pub errors: Vec<WebhookError>,
}

masked_fields!(InboundMessage {
    id,
    from,
    from_user_id,
    contact,
    timestamp,
    group_id,
    context,
    referral,
    identity,
    content,
    errors
});

impl<'de> Deserialize<'de> for InboundMessage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let message = Map::<String, Value>::deserialize(deserializer)?;
        Self::of(&message).map_err(serde::de::Error::custom)
    }
}

/// Reads a property. One of unknown form is absent.
fn property<T: Inbound>(message: &Map<String, Value>, name: &str) -> Option<T> {
    lenient(message.get(name)?).ok().flatten()
}

impl InboundMessage {
    /// Creates a message without anything.
    pub(super) fn empty() -> Self {
        Self {
            id: None,
            from: None,
            from_user_id: None,
            contact: None,
            timestamp: None,
            group_id: None,
            context: None,
            referral: None,
            identity: None,
            content: InboundContent::Other(String::new()),
            errors: Vec::new(),
        }
    }
    /// Parses a message from its JSON, which the event keeps.
    pub(super) fn of(message: &Map<String, Value>) -> Result<Self, String> {
        Ok(Self {
            id: property(message, "id"),
            from: property(message, "from"),
            from_user_id: property(message, "from_user_id"),
            contact: property(message, "contact"),
            timestamp: property(message, "timestamp"),
            group_id: property(message, "group_id"),
            context: property(message, "context"),
            referral: property(message, "referral"),
            identity: property(message, "identity"),
            content: content(message)?,
            errors: message.get("errors").and_then(|errors| lenient_vec(errors).ok()).unwrap_or_default(),
        })
    }
    /// Returns the text that the user wrote or tapped: the text, a caption, or the title of a button or list row.
    ///
    /// ```
    /// use d360_model::{Message, webhook::{self, EventKind}};
    /// let body = br#"{"messages": [{"from": "16505551234", "id": "gBG", "type": "text", "text": {"body": "Hi"}}]}"#;
    /// for event in webhook::read(body)? {
    ///     if let EventKind::Message(message) = event.kind {
    ///         assert_eq!(message.text(), Some("Hi"));
    ///         let answer = Message::text(&*message, "Hello!"); // goes to where the message came from
    ///     }
    /// }
    /// # Ok::<(), webhook::NotAWebhook>(())
    /// ```
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.content {
            InboundContent::Text(text) => Some(text),
            InboundContent::Image(media) | InboundContent::Video(media) | InboundContent::Document(media) => {
                media.caption.as_deref()
            }
            InboundContent::Button(reply) => reply.text.as_deref(),
            InboundContent::Interactive(answer) => answer.reply()?.title.as_deref(),
            InboundContent::Order(order) => order.text.as_deref(),
            _ => None,
        }
    }
    /// Returns the payload or ID of the button or list row that the user tapped.
    #[must_use]
    pub fn payload(&self) -> Option<&str> {
        match &self.content {
            InboundContent::Button(reply) => reply.payload.as_deref(),
            InboundContent::Interactive(answer) => answer.reply()?.id.as_deref(),
            _ => None,
        }
    }
    /// Returns the file of the message.
    #[must_use]
    pub fn media(&self) -> Option<&InboundMedia> {
        match &self.content {
            InboundContent::Image(media)
            | InboundContent::Video(media)
            | InboundContent::Audio(media)
            | InboundContent::Document(media)
            | InboundContent::Sticker(media) => Some(media),
            _ => None,
        }
    }
    /// Returns the sender: the WhatsApp ID, or the business-scoped ID of a user with a username.
    #[must_use]
    pub fn sender(&self) -> Option<Recipient> {
        let id =
            self.from_user_id.as_ref().or(self.contact.as_ref().and_then(|contact| contact.user_id.as_ref()));
        let user = || id.cloned().map(Recipient::Bsuid);
        self.from.clone().filter(|from| !from.as_str().is_empty()).map(Recipient::WaId).or_else(user)
    }
    /// Returns the sender's name as the user wrote it.
    #[must_use]
    pub fn sender_name(&self) -> Option<&str> {
        self.contact.as_ref()?.profile.as_ref()?.name.as_deref()
    }
    /// Returns the recipient of a reply: the group of the message, or else its sender.
    #[must_use]
    pub fn reply_to(&self) -> Option<Recipient> {
        self.group_id.clone().map(Recipient::Group).or_else(|| self.sender())
    }

    /// Adds the information on the sender.
    pub(super) fn by(mut self, people: &People) -> Self {
        self.contact = people.find(self.from.as_ref(), self.from_user_id.as_ref()).cloned();
        self
    }
}

/// Returns the recipient of a reply, like [`reply_to`](InboundMessage::reply_to). A message without a sender yields
/// an empty recipient, which is refused before anything is sent.
impl From<&InboundMessage> for Recipient {
    fn from(message: &InboundMessage) -> Self {
        message.reply_to().unwrap_or_default()
    }
}

/// Serializes in the form of webhooks, with the [`contact`](InboundMessage::contact) added.
impl Serialize for InboundMessage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        macro_rules! optional {
            ($($name:ident),+) => {$(
                if let Some(value) = &self.$name {
                    map.serialize_entry(stringify!($name), value)?;
                }
            )+};
        }
        optional!(id, from, from_user_id, contact, timestamp, group_id, context, referral, identity);
        self.content.serialize_into(&mut map)?;
        if !self.errors.is_empty() {
            map.serialize_entry("errors", &self.errors)?;
        }
        map.end()
    }
}
