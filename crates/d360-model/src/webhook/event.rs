//! Events of a webhook.
use super::{
    error::WebhookError,
    message::InboundMessage,
    status::{MessageStatusEvent, UserIdUpdate},
};
use crate::{id::PhoneNumber, masked_fields};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::sync::Arc;

/// An event of a webhook.
///
/// Events can be saved and loaded with serde, including `raw` and the typed parts. The JSON form may gain properties.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Event {
    /// The system that sent it.
    pub generation: Generation,
    /// The WhatsApp Business Account (Cloud).
    pub account: Option<String>,
    /// The ID of the phone number (Cloud).
    pub phone_number_id: Option<String>,
    /// The phone number.
    pub display_phone_number: Option<PhoneNumber>,
    /// The field of the webhook, `messages` for messages and statuses (Cloud).
    pub field: Option<String>,
    /// The kind of event.
    pub kind: EventKind,
    /// The original item, with properties that this version does not know.
    pub raw: Value,
    /// The context of the item: the entry without its changes, and the value without its items (`metadata`,
    /// `contacts`, …). The items of a value share it.
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

/// The system that sent an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Generation {
    /// 360dialog Cloud, or Meta itself.
    Cloud,
    /// On-Premise, which Meta retired on 2025-10-23.
    OnPremise,
}

/// The kind of event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EventKind {
    /// A user wrote to this program (field `messages`).
    Message(Box<InboundMessage>),
    /// The status of a sent message changed (field `messages`).
    Status(Box<MessageStatusEvent>),
    /// A user wrote while another sender on this number, such as Meta Business Agent, has the conversation (field
    /// `standby`).
    ///
    /// It is for reading only: a reply takes the conversation away from that sender. 360dialog delivers these to the
    /// number's webhook by default (360dialog, "Meta Business Agent webhooks", 2026; Meta, "Standby webhooks",
    /// 2026-08-04). Echoes and statuses of that sender's messages are [`Other`](Self::Other).
    Standby(Box<InboundMessage>),
    /// An error of the account or the number.
    Error(WebhookError),
    /// A user's business-scoped ID changed: a system message with the previous ID (since August 2026), or field
    /// `user_id_update` before that.
    UserIdUpdate(UserIdUpdate),
    /// Another field of the webhook, such as `message_template_status_update` or `messaging_handovers`: see
    /// [`Event::field`] and [`Event::raw`]. It is never a [`Message`](Self::Message) or a [`Status`](Self::Status).
    Other,
    /// An item that could not be parsed. [`Event::raw`] has it.
    Unreadable(String),
}

/// The error for a body that is not a webhook.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a webhook: {0}")]
pub struct NotAWebhook(pub(super) String);
