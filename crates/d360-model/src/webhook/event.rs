//! An event of a webhook.
use super::{
    error::WebhookError,
    message::InboundMessage,
    status::{MessageStatusEvent, UserIdUpdate},
};
use crate::{id::PhoneNumber, masked_fields};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::sync::Arc;

/// Something that happened.
///
/// Events can be saved and loaded with serde: what stands in `raw` and in the typed parts is kept. The JSON form may gain properties.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Event {
    /// Which system told it.
    pub generation: Generation,
    /// The WhatsApp Business account (Cloud).
    pub account: Option<String>,
    /// The id of the number that it happened to (Cloud).
    pub phone_number_id: Option<String>,
    /// That number.
    pub display_phone_number: Option<PhoneNumber>,
    /// The field of the webhook, `messages` for messages and statuses (Cloud).
    pub field: Option<String>,
    /// What happened.
    pub kind: EventKind,
    /// The item as it came, with everything that this version does not name.
    pub raw: Value,
    /// What stood around the item: the entry without its changes, and the value without its items (`metadata`, `contacts`, …). The
    /// items of a value share it.
    #[serde(serialize_with = "shared", deserialize_with = "share")]
    pub envelope: Arc<Value>,
}

fn shared<S: Serializer>(value: &Arc<Value>, serializer: S) -> Result<S::Ok, S::Error> {
    value.as_ref().serialize(serializer)
}

fn share<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<Value>, D::Error> {
    Value::deserialize(deserializer).map(Arc::new)
}

masked_fields!(Event {
    generation,
    account,
    phone_number_id,
    display_phone_number,
    field,
    kind,
    raw,
    envelope
});

/// Which system told something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Generation {
    /// 360dialog Cloud, or Meta itself.
    Cloud,
    /// On-Premise, which Meta shut on 2025-10-23.
    OnPremise,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EventKind {
    /// Somebody wrote to this program (field `messages`).
    Message(Box<InboundMessage>),
    /// A message of ours got further, or failed (field `messages`).
    Status(Box<MessageStatusEvent>),
    /// Somebody wrote, and another sender on this number, such as Meta Business Agent, holds the conversation (field `standby`).
    ///
    /// For reading along. An answer takes the conversation away from that sender. 360dialog delivers these to the number's webhook
    /// without being asked (360dialog, "Meta Business Agent webhooks", 2026; Meta, "Standby webhooks", 2026-08-04). Echoes and
    /// statuses of that sender's messages are [`Other`](Self::Other).
    Standby(Box<InboundMessage>),
    /// Something is wrong with the account or the number.
    Error(WebhookError),
    /// A user has another business-scoped id now: a system message with the previous id (since August 2026), or field
    /// `user_id_update` before that.
    UserIdUpdate(UserIdUpdate),
    /// Another field of the webhook, such as `message_template_status_update` or `messaging_handovers`: see [`Event::field`] and
    /// [`Event::raw`]. Whatever stands in it, it is neither a [`Message`](Self::Message) nor a [`Status`](Self::Status).
    Other,
    /// An item that could not be read. It stands in [`Event::raw`].
    Unreadable(String),
}

/// A body that is no webhook.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no webhook: {0}")]
pub struct NotAWebhook(pub(super) String);
