//! What users write.
use super::{
    contact::InboundContact, error::WebhookError, macros::inbound, people::People, sender::Sender,
    timestamp::Timestamp,
};
use crate::{
    id::{Bsuid, GroupId, MediaId, MessageId, ParentBsuid, WaId},
    masked_fields,
    message::{Latitude, Longitude},
    wire::{lenient, lenient_list},
};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::{Map, Value};
use std::fmt;

/// A message of a user.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct InboundMessage {
    /// Its id: what to mark as read, to reply to, and to tell duplicates by.
    pub id: Option<MessageId>,
    /// Who wrote; absent where the user goes by a user name.
    pub from: Option<WaId>,
    /// The sender's business-scoped id.
    pub from_user_id: Option<Bsuid>,
    /// What else is told of the sender, such as the name.
    pub sender: Option<Sender>,
    /// When.
    pub timestamp: Option<Timestamp>,
    /// The group that it was written in.
    pub group_id: Option<GroupId>,
    /// What it replies to, or that it was forwarded.
    pub context: Option<InboundContext>,
    /// The advertisement that it came by.
    pub referral: Option<Referral>,
    /// Who is behind the number (On-Premise; on Cloud it is [`Sender::identity_key_hash`]).
    pub identity: Option<InboundIdentity>,
    /// What it says.
    pub content: InboundContent,
    /// Why it could not be told in full.
    pub errors: Vec<WebhookError>,
}

masked_fields!(InboundMessage {
    id,
    from,
    from_user_id,
    sender,
    timestamp,
    group_id,
    context,
    referral,
    identity,
    content,
    errors
});

/// What a message of a user says. `Debug` masks the numbers in it.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum InboundContent {
    /// Text.
    Text(String),
    /// An image.
    Image(InboundMedia),
    /// A video.
    Video(InboundMedia),
    /// Audio, a voice message among it.
    Audio(InboundMedia),
    /// A document.
    Document(InboundMedia),
    /// A sticker.
    Sticker(InboundMedia),
    /// A place.
    Location(InboundLocation),
    /// Contact cards.
    Contacts(Vec<InboundContact>),
    /// An emoji on a message of ours, or none any more.
    Reaction(InboundReaction),
    /// An answer to an interactive message.
    Interactive(InboundInteractive),
    /// A tap on a template's button.
    Button(InboundReply),
    /// Products of a catalog.
    Order(InboundOrder),
    /// The user has another number or identity.
    System(InboundSystem),
    /// A message of a type that the API does not pass on; the errors say why.
    Unsupported(Option<String>),
    /// A type that this version does not know; the whole stands in `Event::raw`.
    Other(String),
}

impl fmt::Debug for InboundContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, content): (&str, &dyn fmt::Debug) = match self {
            Self::Text(text) => ("Text", text),
            Self::Image(media) => ("Image", media),
            Self::Video(media) => ("Video", media),
            Self::Audio(media) => ("Audio", media),
            Self::Document(media) => ("Document", media),
            Self::Sticker(media) => ("Sticker", media),
            Self::Location(place) => ("Location", place),
            Self::Contacts(cards) => ("Contacts", cards),
            Self::Reaction(reaction) => ("Reaction", reaction),
            Self::Interactive(reply) => ("Interactive", reply),
            Self::Button(reply) => ("Button", reply),
            Self::Order(order) => ("Order", order),
            Self::System(system) => ("System", system),
            Self::Unsupported(what) => ("Unsupported", what),
            Self::Other(kind) => ("Other", kind),
        };
        f.debug_tuple(name).field(&crate::Masked(content)).finish()
    }
}

impl<'de> Deserialize<'de> for InboundMessage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let message = Map::<String, Value>::deserialize(deserializer)?;
        Self::of(&message).map_err(serde::de::Error::custom)
    }
}

/// A property, which costs no other where it is of unknown shape.
fn property<T: DeserializeOwned>(message: &Map<String, Value>, name: &str) -> Option<T> {
    T::deserialize(message.get(name)?).ok()
}

/// Reads what stands in the property of the type's name.
fn content(kind: &str, message: &Map<String, Value>) -> Result<InboundContent, String> {
    #[derive(Deserialize)]
    struct Text {
        body: String,
    }
    #[derive(Deserialize)]
    struct Cards(#[serde(deserialize_with = "lenient_list")] Vec<InboundContact>);
    fn part<T: DeserializeOwned>(message: &Map<String, Value>, kind: &str) -> Result<T, String> {
        let part = message.get(kind).ok_or_else(|| format!("a message of type {kind} without {kind}"))?;
        T::deserialize(part).map_err(|error| format!("{kind}: {error}"))
    }
    Ok(match kind {
        "text" => InboundContent::Text(part::<Text>(message, kind)?.body),
        "image" => InboundContent::Image(part(message, kind)?),
        "video" => InboundContent::Video(part(message, kind)?),
        // On-Premise calls a voice message a type of its own.
        "audio" | "voice" => InboundContent::Audio(part(message, kind)?),
        "document" => InboundContent::Document(part(message, kind)?),
        "sticker" => InboundContent::Sticker(part(message, kind)?),
        "location" => InboundContent::Location(part(message, kind)?),
        "contacts" => InboundContent::Contacts(part::<Cards>(message, kind)?.0),
        "reaction" => InboundContent::Reaction(part(message, kind)?),
        "interactive" => InboundContent::Interactive(part(message, kind)?),
        "button" => InboundContent::Button(part(message, kind)?),
        "order" => InboundContent::Order(part(message, kind)?),
        "system" => InboundContent::System(part(message, kind)?),
        // On-Premise says `unknown` of what it does not pass on.
        "unsupported" | "unknown" => {
            let told = message.get("unsupported").and_then(|told| told.get("type")).and_then(Value::as_str);
            InboundContent::Unsupported(told.map(str::to_owned))
        }
        other => InboundContent::Other(other.to_owned()),
    })
}

/// The one known content of a message that does not name its type.
fn only_content(message: &Map<String, Value>) -> Option<&'static str> {
    const KNOWN: [&str; 15] = [
        "text",
        "image",
        "video",
        "audio",
        "voice",
        "document",
        "sticker",
        "location",
        "contacts",
        "reaction",
        "interactive",
        "button",
        "order",
        "system",
        "unsupported",
    ];
    let mut held =
        KNOWN.into_iter().filter(|kind| message.get(*kind).is_some_and(|content| !content.is_null()));
    held.next().filter(|_| held.next().is_none())
}

impl InboundMessage {
    /// Reads one from its JSON, which the event keeps.
    pub(super) fn of(message: &Map<String, Value>) -> Result<Self, String> {
        let kind = match message.get("type").and_then(Value::as_str).filter(|kind| !kind.is_empty()) {
            Some(kind) => kind,
            None => only_content(message).ok_or("a message without a type")?,
        };
        Ok(Self {
            id: property(message, "id"),
            from: property(message, "from"),
            from_user_id: property(message, "from_user_id"),
            sender: None,
            timestamp: property(message, "timestamp"),
            group_id: property(message, "group_id"),
            context: property(message, "context"),
            referral: property(message, "referral"),
            identity: property(message, "identity"),
            content: content(kind, message)?,
            errors: message.get("errors").and_then(|errors| lenient_list(errors).ok()).unwrap_or_default(),
        })
    }
    /// Joins what is told of the sender.
    pub(super) fn by(mut self, people: &People) -> Self {
        self.sender = people.find(self.from.as_ref(), self.from_user_id.as_ref());
        self
    }
}

/// A place that a user shared: a pin may have no name, and a business's place has a URL.
#[derive(Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct InboundLocation {
    /// Degrees north.
    pub latitude: Latitude,
    /// Degrees east.
    pub longitude: Longitude,
    /// What it is called.
    #[serde(default, deserialize_with = "lenient")]
    pub name: Option<String>,
    /// Where it is, in words.
    #[serde(default, deserialize_with = "lenient")]
    pub address: Option<String>,
    /// Its page.
    #[serde(default, deserialize_with = "lenient")]
    pub url: Option<String>,
}
masked_fields!(InboundLocation { latitude, longitude, name, address, url });

inbound! {
    /// What a message replies to, or that it was forwarded.
    InboundContext {
        /// Who wrote what it replies to.
        from: WaId = "from",
        /// The message that it replies to.
        id: MessageId = "id",
        /// Whether it was forwarded.
        forwarded: bool = "forwarded",
        /// Whether it was forwarded many times.
        frequently_forwarded: bool = "frequently_forwarded",
        /// The product that it asks about.
        referred_product: OrderItem = "referred_product",
    }
    /// The advertisement that a message came by.
    Referral {
        /// Its URL.
        source_url: String = "source_url",
        /// Its id.
        source_id: String = "source_id",
        /// `ad` or `post`.
        source_type: String = "source_type",
        /// Its text.
        body: String = "body",
        /// Its headline.
        headline: String = "headline",
        /// `image` or `video`.
        media_type: String = "media_type",
        /// The image.
        image_url: String = "image_url",
        /// The video.
        video_url: String = "video_url",
        /// A small image.
        thumbnail_url: String = "thumbnail_url",
        /// The click's id.
        ctwa_clid: String = "ctwa_clid",
        /// The greeting that the advertisement showed.
        welcome_message: WelcomeMessage = "welcome_message",
    }
    /// The greeting of an advertisement.
    WelcomeMessage {
        /// What it says.
        text: String = "text",
    }
    /// Who is behind a number, as far as On-Premise tells: a new hash is to be acknowledged before anything more is sent.
    InboundIdentity {
        /// Whether it was acknowledged.
        acknowledged: bool = "acknowledged",
        /// Since when, in milliseconds.
        created_timestamp: i64 = "created_timestamp",
        /// The hash.
        hash: String = "hash",
    }
    /// A file. Its id is good for seven days or so, its URL for five minutes.
    InboundMedia {
        /// What to fetch it by.
        id: MediaId = "id",
        /// Its type.
        mime_type: String = "mime_type",
        /// Its hash, in Base64.
        sha256: String = "sha256",
        /// Where it is (since October 2025).
        url: String = "url",
        /// The text below it.
        caption: String = "caption",
        /// The name of a document.
        filename: String = "filename",
        /// Whether it is a voice message.
        voice: bool = "voice",
        /// Whether a sticker moves.
        animated: bool = "animated",
    }
    /// An emoji on a message.
    InboundReaction {
        /// The message.
        message_id: MessageId = "message_id",
        /// The emoji; absent or empty where it was taken back.
        emoji: String = "emoji",
    }
    /// An answer to an interactive message: one of these.
    InboundInteractive {
        /// Which one.
        kind: String = "type",
        /// A button.
        button_reply: InboundReply = "button_reply",
        /// A row of a list.
        list_reply: InboundReply = "list_reply",
        /// What a flow or an address form brought, as the documents have it: `name`, `body`, `response_json`.
        nfm_reply: Map<String, Value> = "nfm_reply",
    }
    /// What was tapped.
    InboundReply {
        /// The id that we gave it.
        id: String = "id",
        /// What it says.
        title: String = "title",
        /// More of what it says, in a list.
        description: String = "description",
        /// What it says, on a template's button.
        text: String = "text",
        /// What we gave a template's button to send back.
        payload: String = "payload",
    }
    /// Products of a catalog.
    InboundOrder {
        /// The catalog.
        catalog_id: String = "catalog_id",
        /// What the user wrote with it.
        text: String = "text",
        ; many
        /// The products.
        product_items: OrderItem = "product_items",
    }
    /// A product.
    OrderItem {
        /// The catalog.
        catalog_id: String = "catalog_id",
        /// Its id in the catalog.
        product_retailer_id: String = "product_retailer_id",
        /// How many.
        quantity: Value = "quantity",
        /// What one costs.
        item_price: Value = "item_price",
        /// In which currency.
        currency: String = "currency",
    }
    /// A user has another number or identity.
    InboundSystem {
        /// `user_changed_number`, `user_changed_user_id`, `customer_identity_changed`; On-Premise: `user_identity_changed`.
        kind: String = "type",
        /// What happened, in words, numbers included.
        body: String = "body",
        /// The new WhatsApp ID.
        wa_id: WaId = "wa_id",
        /// The same on On-Premise.
        new_wa_id: WaId = "new_wa_id",
        /// The new business-scoped id.
        user_id: Bsuid = "user_id",
        /// And that of the parent portfolio.
        parent_user_id: ParentBsuid = "parent_user_id",
        /// The business-scoped id before. A message with one comes as `EventKind::UserIdUpdate`.
        previous_user_id: Bsuid = "previous_user_id",
        /// And that of the parent portfolio.
        previous_parent_user_id: ParentBsuid = "previous_parent_user_id",
        /// The identity's hash, to be acknowledged.
        identity: String = "identity",
        /// Whose identity (On-Premise).
        user: WaId = "user",
    }
}

impl InboundSystem {
    /// The user's new WhatsApp ID, where there is one.
    #[must_use]
    pub fn new_number(&self) -> Option<&WaId> {
        self.new_wa_id.as_ref().or(self.wa_id.as_ref())
    }
}
