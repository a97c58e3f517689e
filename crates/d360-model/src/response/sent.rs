//! The response to a message.
pub use crate::enums::MessageStatus;
use crate::{
    id::{Bsuid, GroupId, MessageId, PhoneNumber, WaId},
    response::Extra,
};
use serde::{Deserialize, Deserializer, Serialize};

/// The response of `POST /messages`: the API **accepted** the message. It is not delivered yet, and may still fail;
/// the delivery status arrives by webhook (360dialog, "Contacts", always with `message_status`; Meta, "Contacts
/// messages", without; 2026).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SendResponse {
    /// The product, `whatsapp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messaging_product: Option<String>,
    /// The recipient.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "lenient")]
    pub contacts: Vec<SentTo>,
    /// The accepted message.
    #[serde(default)]
    pub messages: Vec<SentMessage>,
    /// Properties that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The recipient of a message.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SentTo {
    /// The recipient as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<PhoneNumber>,
    /// The WhatsApp ID. It may differ from `input`, and is absent for a BSUID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wa_id: Option<WaId>,
    /// The business-scoped user ID, if the recipient was a BSUID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Bsuid>,
}

/// An accepted message.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SentMessage {
    /// The ID, which webhooks refer to.
    pub id: MessageId,
    /// The immediate status. 360dialog returns it for every message, Meta only for templates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_status: Option<MessageStatus>,
    /// The group, if the recipient was a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_id: Option<GroupId>,
}

impl SendResponse {
    /// Reads the ID of an unusual response: `messages` may be an object, contain `null` or texts, or items with
    /// undocumented properties. [`extra`](Self::extra) keeps the complete response.
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

    /// Returns the message ID, which webhooks refer to.
    #[must_use]
    pub fn message_id(&self) -> Option<&MessageId> {
        self.messages.iter().map(|message| &message.id).find(|id| !id.as_str().is_empty())
    }
}

/// Reads a list leniently: an item or a list of another form does not affect the rest of the response.
fn lenient<'de, T: serde::de::DeserializeOwned, D: Deserializer<'de>>(d: D) -> Result<Vec<T>, D::Error> {
    let serde_json::Value::Array(items) = serde_json::Value::deserialize(d)? else { return Ok(Vec::new()) };
    Ok(items.into_iter().filter_map(|item| serde_json::from_value(item).ok()).collect())
}
