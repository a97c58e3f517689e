//! The content of a user's message.
use super::{
    contact::InboundContact,
    inbound::{inbound, lenient, lenient_vec},
};
use crate::{
    id::{Bsuid, MediaId, MessageId, ParentBsuid, WaId},
    masked_fields,
    message::{Latitude, Longitude},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned, ser::SerializeMap};
use serde_json::{Map, Value};
use std::{collections::HashMap, fmt};

/// The content of a user's message. `Debug` masks the numbers in it.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum InboundContent {
    /// Text.
    Text(String),
    /// An image.
    Image(InboundMedia),
    /// A video.
    Video(InboundMedia),
    /// Audio or a voice message.
    Audio(InboundMedia),
    /// A document.
    Document(InboundMedia),
    /// A sticker.
    Sticker(InboundMedia),
    /// A location.
    Location(InboundLocation),
    /// Contacts.
    Contacts(Vec<InboundContact>),
    /// An emoji reaction to a message, or its removal.
    Reaction(InboundReaction),
    /// A reply to an interactive message.
    Interactive(Box<InboundInteractive>),
    /// A tap on a template's button.
    Button(InboundReply),
    /// Products of a catalog.
    Order(InboundOrder),
    /// A change of the user's number or identity.
    System(Box<InboundSystem>),
    /// A message of a type that the API does not forward; the errors say why.
    Unsupported(Option<String>),
    /// A type that this version does not know; `Event::raw` has the content.
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

impl InboundContent {
    /// Returns the type on the wire, such as `image`.
    #[must_use]
    pub fn kind(&self) -> &str {
        match self {
            Self::Text(_) => "text",
            Self::Image(_) => "image",
            Self::Video(_) => "video",
            Self::Audio(_) => "audio",
            Self::Document(_) => "document",
            Self::Sticker(_) => "sticker",
            Self::Location(_) => "location",
            Self::Contacts(_) => "contacts",
            Self::Reaction(_) => "reaction",
            Self::Interactive(_) => "interactive",
            Self::Button(_) => "button",
            Self::Order(_) => "order",
            Self::System(_) => "system",
            Self::Unsupported(_) => "unsupported",
            Self::Other(kind) => kind,
        }
    }

    /// Writes `type`, and the property of its name.
    pub(super) fn serialize_into<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let kind = self.kind();
        map.serialize_entry("type", kind)?;
        match self {
            Self::Text(body) => map.serialize_entry(kind, &HashMap::from([("body", body)])),
            Self::Image(media)
            | Self::Video(media)
            | Self::Audio(media)
            | Self::Document(media)
            | Self::Sticker(media) => map.serialize_entry(kind, media),
            Self::Location(place) => map.serialize_entry(kind, place),
            Self::Contacts(cards) => map.serialize_entry(kind, cards),
            Self::Reaction(reaction) => map.serialize_entry(kind, reaction),
            Self::Interactive(answer) => map.serialize_entry(kind, answer),
            Self::Button(reply) => map.serialize_entry(kind, reply),
            Self::Order(order) => map.serialize_entry(kind, order),
            Self::System(system) => map.serialize_entry(kind, system),
            Self::Unsupported(Some(what)) => map.serialize_entry(kind, &HashMap::from([("type", what)])),
            Self::Unsupported(None) | Self::Other(_) => Ok(()),
        }
    }
}

/// Serializes in the form of webhooks: `type`, and the property of its name.
impl Serialize for InboundContent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.serialize_into(&mut map)?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for InboundContent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let message = Map::<String, Value>::deserialize(deserializer)?;
        content(&message).map_err(serde::de::Error::custom)
    }
}

/// The content of a text message.
#[derive(Deserialize)]
pub(super) struct Text {
    pub(super) body: String,
}

/// Reads `type`, and the property of its name.
pub(super) fn content(message: &Map<String, Value>) -> Result<InboundContent, String> {
    let kind = match message.get("type").and_then(Value::as_str).filter(|kind| !kind.is_empty()) {
        Some(kind) => kind,
        None => only_content(message).ok_or("a message without a type")?,
    };
    #[derive(Deserialize)]
    struct Cards(#[serde(deserialize_with = "lenient_vec")] Vec<InboundContact>);
    fn part<T: DeserializeOwned>(message: &Map<String, Value>, kind: &str) -> Result<T, String> {
        let part = message.get(kind).ok_or_else(|| format!("a message of type {kind} without {kind}"))?;
        T::deserialize(part).map_err(|error| format!("{kind}: {error}"))
    }
    Ok(match kind {
        "text" => InboundContent::Text(part::<Text>(message, kind)?.body),
        "image" => InboundContent::Image(part(message, kind)?),
        "video" => InboundContent::Video(part(message, kind)?),
        // On-Premise has a separate type for voice messages.
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
        // On-Premise uses `unknown` for what it does not forward.
        "unsupported" | "unknown" => {
            let told = message.get("unsupported").and_then(|told| told.get("type")).and_then(Value::as_str);
            InboundContent::Unsupported(told.map(str::to_owned))
        }
        other => InboundContent::Other(other.to_owned()),
    })
}

/// Returns the only known content of a message without a type.
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

/// A location that a user shared. A pin may have no name; the location of a business has a URL.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct InboundLocation {
    /// The latitude.
    pub latitude: Latitude,
    /// The longitude.
    pub longitude: Longitude,
    /// The name.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub name: Option<String>,
    /// The address.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub address: Option<String>,
    /// The web page.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub url: Option<String>,
}
masked_fields!(InboundLocation { latitude, longitude, name, address, url });

inbound! {
    /// The message that this one replies to, or whether it was forwarded.
    InboundContext {
        /// The author of the original message.
        from: WaId = "from",
        /// The original message.
        id: MessageId = "id",
        /// Whether the message was forwarded.
        forwarded: bool = "forwarded",
        /// Whether the message was forwarded many times.
        frequently_forwarded: bool = "frequently_forwarded",
        /// The product that the message asks about.
        referred_product: OrderItem = "referred_product",
    }
    /// The advertisement that led to the message.
    Referral {
        /// The URL.
        source_url: String = "source_url",
        /// The ID.
        source_id: String = "source_id",
        /// `ad` or `post`.
        source_type: String = "source_type",
        /// The text.
        body: String = "body",
        /// The headline.
        headline: String = "headline",
        /// `image` or `video`.
        media_type: String = "media_type",
        /// The URL of the image.
        image_url: String = "image_url",
        /// The URL of the video.
        video_url: String = "video_url",
        /// The URL of a small image.
        thumbnail_url: String = "thumbnail_url",
        /// The ID of the click.
        ctwa_clid: String = "ctwa_clid",
        /// The greeting that the advertisement showed.
        welcome_message: WelcomeMessage = "welcome_message",
    }
    /// The greeting of an advertisement.
    WelcomeMessage {
        /// The text.
        text: String = "text",
    }
    /// The identity of a number's owner (On-Premise). A new hash must be acknowledged before anything more is sent.
    InboundIdentity {
        /// Whether it was acknowledged.
        acknowledged: bool = "acknowledged",
        /// The time of creation, in milliseconds.
        created_timestamp: i64 = "created_timestamp",
        /// The hash.
        hash: String = "hash",
    }
    /// A file. Its ID is valid for about seven days, its URL for five minutes.
    InboundMedia {
        /// The media ID.
        id: MediaId = "id",
        /// The MIME type.
        mime_type: String = "mime_type",
        /// The hash, in Base64.
        sha256: String = "sha256",
        /// The URL (since October 2025).
        url: String = "url",
        /// The text below it.
        caption: String = "caption",
        /// The name of a document.
        filename: String = "filename",
        /// Whether it is a voice message.
        voice: bool = "voice",
        /// Whether a sticker is animated.
        animated: bool = "animated",
    }
    /// An emoji reaction to a message.
    InboundReaction {
        /// The message.
        message_id: MessageId = "message_id",
        /// The emoji; absent or empty if it was removed.
        emoji: String = "emoji",
    }
    /// A reply to an interactive message.
    InboundInteractive {
        /// The type.
        kind: String = "type",
        /// A tapped button.
        button_reply: InboundReply = "button_reply",
        /// A chosen row of a list.
        list_reply: InboundReply = "list_reply",
        /// The documented result of a flow or an address form: `name`, `body`, `response_json`.
        nfm_reply: Map<String, Value> = "nfm_reply",
    }
    /// The tapped button or row.
    InboundReply {
        /// The ID that the business gave it.
        id: String = "id",
        /// The label.
        title: String = "title",
        /// The description of a list row.
        description: String = "description",
        /// The label of a template's button.
        text: String = "text",
        /// The payload of a template's button.
        payload: String = "payload",
    }
    /// Products of a catalog.
    InboundOrder {
        /// The catalog.
        catalog_id: String = "catalog_id",
        /// The text of the user.
        text: String = "text",
        ; many
        /// The products.
        product_items: OrderItem = "product_items",
    }
    /// A product.
    OrderItem {
        /// The catalog.
        catalog_id: String = "catalog_id",
        /// The ID in the catalog.
        product_retailer_id: String = "product_retailer_id",
        /// The quantity.
        quantity: Value = "quantity",
        /// The price of one item.
        item_price: Value = "item_price",
        /// The currency.
        currency: String = "currency",
    }
    /// A change of a user's number or identity.
    InboundSystem {
        /// `user_changed_number`, `user_changed_user_id`, `customer_identity_changed`; On-Premise: `user_identity_changed`.
        kind: String = "type",
        /// The description, including numbers.
        body: String = "body",
        /// The new WhatsApp ID.
        wa_id: WaId = "wa_id",
        /// The new WhatsApp ID on On-Premise.
        new_wa_id: WaId = "new_wa_id",
        /// The new business-scoped ID.
        user_id: Bsuid = "user_id",
        /// The new business-scoped ID of the parent portfolio.
        parent_user_id: ParentBsuid = "parent_user_id",
        /// The previous business-scoped ID. A message with one is an `EventKind::UserIdUpdate`.
        previous_user_id: Bsuid = "previous_user_id",
        /// The previous business-scoped ID of the parent portfolio.
        previous_parent_user_id: ParentBsuid = "previous_parent_user_id",
        /// The hash of the identity, to be acknowledged.
        identity: String = "identity",
        /// The user of the identity (On-Premise).
        user: WaId = "user",
    }
}

impl InboundInteractive {
    /// Returns the button or list row that the user tapped.
    #[must_use]
    pub fn reply(&self) -> Option<&InboundReply> {
        self.button_reply.as_ref().or(self.list_reply.as_ref())
    }
}

impl InboundSystem {
    /// Returns the user's new WhatsApp ID, if there is one.
    #[must_use]
    pub fn new_number(&self) -> Option<&WaId> {
        self.new_wa_id.as_ref().or(self.wa_id.as_ref())
    }
}
