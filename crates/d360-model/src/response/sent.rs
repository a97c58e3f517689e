//! The answer to a send.
pub use crate::enums::MessageStatus;
use crate::{
    id::{Bsuid, GroupId, MessageId, PhoneNumber, WaId},
    response::Extra,
};
use serde::{Deserialize, Deserializer, Serialize};

/// Answer of `POST /messages`: the API **accepted** the message. That is not delivery, and it may still fail: the
/// outcome comes by webhook.
///
/// Source: 360dialog "Contacts" (always with `message_status`), Meta "Contacts messages" (without), 2026.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SendResponse {
    /// The product, `whatsapp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messaging_product: Option<String>,
    /// Who it goes to.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "lenient")]
    pub contacts: Vec<SentTo>,
    /// What was accepted: one message.
    #[serde(default)]
    pub messages: Vec<SentMessage>,
    /// Properties that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Who a message goes to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SentTo {
    /// As it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<PhoneNumber>,
    /// As WhatsApp knows them. Need not equal `input`; absent where a BSUID was sent to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wa_id: Option<WaId>,
    /// As the business knows them, where a BSUID was sent to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Bsuid>,
}

/// An accepted message.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SentMessage {
    /// Its ID, which webhooks refer to.
    pub id: MessageId,
    /// Told by 360dialog for every message, by Meta for templates alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_status: Option<MessageStatus>,
    /// The group, where one was sent to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_id: Option<GroupId>,
}

impl SendResponse {
    /// The id of an answer that is odd otherwise: `messages` may be an object, hold `null` or texts, or items with more than the
    /// documents say. The whole answer is kept in [`extra`](Self::extra).
    #[doc(hidden)]
    #[must_use]
    pub fn from_odd(answer: serde_json::Map<String, serde_json::Value>) -> Option<Self> {
        use serde_json::Value;
        let text = |value: &Value| match value {
            Value::String(id) => Some(id.clone()),
            Value::Number(id) => Some(id.to_string()),
            _ => None,
        };
        let id = |message: &Value| {
            let id = message.as_str().map(str::to_owned).or_else(|| text(message.get("id")?))?;
            (!id.trim().is_empty()).then_some(id)
        };
        let id = match answer.get("messages")? {
            Value::Array(items) => items.iter().find_map(id),
            message @ Value::Object(_) => id(message),
            _ => None,
        };
        let messages = vec![SentMessage { id: id?.into(), ..SentMessage::default() }];
        Some(Self { messages, extra: Extra(answer), ..Self::default() })
    }

    /// The message's ID, which webhooks refer to.
    #[must_use]
    pub fn message_id(&self) -> Option<&MessageId> {
        self.messages.iter().map(|message| &message.id).find(|id| !id.as_str().is_empty())
    }
}

/// A list in which neither an item of another shape nor another shape of the whole costs the rest of the answer.
fn lenient<'de, T: serde::de::DeserializeOwned, D: Deserializer<'de>>(d: D) -> Result<Vec<T>, D::Error> {
    let serde_json::Value::Array(items) = serde_json::Value::deserialize(d)? else { return Ok(Vec::new()) };
    Ok(items.into_iter().filter_map(|item| serde_json::from_value(item).ok()).collect())
}
