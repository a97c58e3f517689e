//! The delivery status of messages.
use super::{
    content::InboundContent,
    error::WebhookError,
    inbound::{inbound, inbound_object, lenient, lenient_vec},
    message::InboundMessage,
    people::People,
    sender::Sender,
    timestamp::Timestamp,
};
pub use crate::enums::StatusKind;
use crate::{
    id::{Bsuid, GroupId, MessageId, ParentBsuid, Recipient, WaId},
    masked_fields,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A change of a sent message's delivery status. Statuses may arrive twice and out of order.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct MessageStatusEvent {
    /// The message ID, as returned when it was sent.
    pub id: MessageId,
    /// The status.
    pub status: StatusKind,
    /// The time.
    pub timestamp: Option<Timestamp>,
    /// The WhatsApp ID of the recipient; absent if it was sent to a [`Bsuid`].
    pub recipient_id: Option<WaId>,
    /// The business-scoped ID of the recipient.
    pub recipient_user_id: Option<Bsuid>,
    /// The business-scoped ID of the parent portfolio.
    pub recipient_parent_user_id: Option<ParentBsuid>,
    /// The group, if the recipient was a group.
    pub group: Option<GroupId>,
    /// The member of the group, if the recipient was a group.
    pub participant_id: Option<WaId>,
    /// The business-scoped ID of that member.
    pub participant_user_id: Option<Bsuid>,
    /// The business-scoped ID of the parent portfolio.
    pub participant_parent_user_id: Option<ParentBsuid>,
    /// The hash of the recipient's identity, if it is checked.
    pub recipient_identity_key_hash: Option<String>,
    /// Other information on the recipient, such as the username (`delivered` and `read`).
    pub contact: Option<Sender>,
    /// The type of a status of something else than a message: `payment`.
    pub kind: Option<String>,
    /// Why it failed.
    pub errors: Vec<WebhookError>,
    /// The conversation that the message belongs to (until Graph v24).
    pub conversation: Option<Conversation>,
    /// The price.
    pub pricing: Option<Pricing>,
    /// The callback data: `Message::biz_opaque_callback_data`, or the label of its call.
    pub biz_opaque_callback_data: Option<String>,
}

masked_fields!(MessageStatusEvent {
    id,
    status,
    timestamp,
    recipient_id,
    recipient_user_id,
    recipient_parent_user_id,
    group,
    participant_id,
    participant_user_id,
    participant_parent_user_id,
    recipient_identity_key_hash,
    contact,
    kind,
    errors,
    conversation,
    pricing,
    biz_opaque_callback_data
});

/// The form in webhooks, for reading and writing.
#[derive(Serialize, Deserialize)]
struct Wire {
    id: MessageId,
    status: StatusKind,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    timestamp: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    recipient_id: Option<WaId>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    recipient_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    recipient_user_id: Option<Bsuid>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    recipient_parent_user_id: Option<ParentBsuid>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    recipient_participant_id: Option<WaId>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    recipient_participant_user_id: Option<Bsuid>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    recipient_participant_parent_user_id: Option<ParentBsuid>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    recipient_identity_key_hash: Option<String>,
    /// Not part of a status webhook; saved events have it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    contact: Option<Sender>,
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    kind: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "lenient_vec")]
    errors: Vec<WebhookError>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    conversation: Option<Conversation>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pricing: Option<Pricing>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    biz_opaque_callback_data: Option<String>,
    #[serde(default, skip_serializing, deserialize_with = "lenient")]
    message: Option<Inner>,
}

/// Some On-Premise clients put the recipient here.
#[derive(Deserialize)]
struct Inner {
    #[serde(default, deserialize_with = "lenient")]
    recipient_id: Option<WaId>,
}

inbound_object!(Inner);

impl<'de> Deserialize<'de> for MessageStatusEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = Wire::deserialize(deserializer)?;
        let recipient = wire.recipient_id.or_else(|| wire.message?.recipient_id);
        let is_group = wire.recipient_type.as_deref() == Some("group");
        let (recipient_id, group) = match recipient {
            Some(id) if is_group => (None, Some(GroupId::from(id.as_str()))),
            other => (other, None),
        };
        Ok(Self {
            id: wire.id,
            status: wire.status,
            timestamp: wire.timestamp,
            recipient_id,
            recipient_user_id: wire.recipient_user_id,
            recipient_parent_user_id: wire.recipient_parent_user_id,
            group,
            participant_id: wire.recipient_participant_id,
            participant_user_id: wire.recipient_participant_user_id,
            participant_parent_user_id: wire.recipient_participant_parent_user_id,
            recipient_identity_key_hash: wire.recipient_identity_key_hash,
            contact: wire.contact,
            kind: wire.kind,
            errors: wire.errors,
            conversation: wire.conversation,
            pricing: wire.pricing,
            biz_opaque_callback_data: wire.biz_opaque_callback_data,
        })
    }
}

/// Serializes in the form of webhooks, with the [`contact`](MessageStatusEvent::contact) added.
impl Serialize for MessageStatusEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let status = self.clone();
        let group = status.group.map(|group| WaId::from(group.as_str()));
        Wire {
            id: status.id,
            status: status.status,
            timestamp: status.timestamp,
            recipient_type: group.is_some().then(|| "group".to_owned()),
            recipient_id: group.or(status.recipient_id),
            recipient_user_id: status.recipient_user_id,
            recipient_parent_user_id: status.recipient_parent_user_id,
            recipient_participant_id: status.participant_id,
            recipient_participant_user_id: status.participant_user_id,
            recipient_participant_parent_user_id: status.participant_parent_user_id,
            recipient_identity_key_hash: status.recipient_identity_key_hash,
            contact: status.contact,
            kind: status.kind,
            errors: status.errors,
            conversation: status.conversation,
            pricing: status.pricing,
            biz_opaque_callback_data: status.biz_opaque_callback_data,
            message: None,
        }
        .serialize(serializer)
    }
}

impl MessageStatusEvent {
    /// Returns the recipient: the group, the WhatsApp ID or the business-scoped ID.
    #[must_use]
    pub fn recipient(&self) -> Option<Recipient> {
        let group = self.group.clone().map(Recipient::Group);
        let user = || self.recipient_id.clone().map(Recipient::WaId);
        group.or_else(user).or_else(|| self.recipient_user_id.clone().map(Recipient::Bsuid))
    }
    /// Adds the information on the recipient.
    pub(super) fn of(mut self, people: &People) -> Self {
        self.contact = people.find(self.recipient_id.as_ref(), self.recipient_user_id.as_ref()).cloned();
        self
    }
}

inbound! {
    /// The conversation that a message belongs to.
    Conversation {
        /// The ID.
        id: String = "id",
        /// The expiry; only in `sent`.
        expiration_timestamp: Timestamp = "expiration_timestamp",
        /// The origin.
        origin: ConversationOrigin = "origin",
    }
    /// The origin of a conversation.
    ConversationOrigin {
        /// The type, such as `marketing`.
        kind: String = "type",
    }
    /// The price of a message.
    Pricing {
        /// Whether it is billed. Do not derive this from the category: since 2026-10-01 service messages beyond 1,000
        /// per number and month are charged, and utility messages within the window too (several providers; Meta's
        /// own page could not be read).
        billable: bool = "billable",
        /// `CBP` by conversation, `PMP` by message.
        pricing_model: String = "pricing_model",
        /// `regular`, `free_customer_service` or `free_entry_point`.
        kind: String = "type",
        /// The category, such as `utility`.
        category: String = "category",
    }
    /// A user's previous and current business-scoped ID.
    UserIdChange {
        /// The previous ID.
        previous: Bsuid = "previous",
        /// The current ID.
        current: Bsuid = "current",
    }
    /// A change of a user's business-scoped ID, and with `user_changed_number` of the number too (Meta, "System
    /// messages", 2026-08-11).
    ///
    /// It is a `system` message of type `user_changed_user_id` or `user_changed_number`. The earlier field
    /// `user_id_update` is still read.
    UserIdUpdate {
        /// The message ID, for deduplication. The old form had none.
        id: MessageId = "id",
        /// The WhatsApp ID, if known; the new one if it changed.
        wa_id: WaId = "wa_id",
        /// The previous WhatsApp ID, if it changed.
        previous_wa_id: WaId = "previous_wa_id",
        /// The description.
        detail: String = "detail",
        /// The business-scoped IDs.
        user_id: UserIdChange = "user_id",
        /// The business-scoped IDs of the parent portfolio.
        parent_user_id: UserIdChange = "parent_user_id",
        /// The time.
        timestamp: Timestamp = "timestamp",
    }
}

impl UserIdUpdate {
    /// Returns the change of IDs in a system message, if it is one.
    pub(super) fn of(message: &InboundMessage) -> Option<Box<Self>> {
        let InboundContent::System(system) = &message.content else { return None };
        let tells = system.kind.as_deref() == Some("user_changed_user_id")
            || system.previous_user_id.is_some()
            || system.previous_parent_user_id.is_some();
        tells.then_some(())?;
        let changed = |previous: Option<&str>, current: Option<&str>| {
            let change =
                UserIdChange { previous: previous.map(Bsuid::new), current: current.map(Bsuid::new) };
            (change != UserIdChange::default()).then_some(change)
        };
        let current = system.user_id.as_ref().or(message.from_user_id.as_ref());
        let parent = (system.previous_parent_user_id.as_ref(), system.parent_user_id.as_ref());
        let number = system.new_number();
        Some(Box::new(Self {
            id: message.id.clone(),
            wa_id: number.or(message.from.as_ref()).cloned(),
            previous_wa_id: message.from.clone().filter(|from| number.is_some_and(|number| number != from)),
            detail: system.body.clone(),
            user_id: changed(system.previous_user_id.as_ref().map(Bsuid::as_str), current.map(Bsuid::as_str)),
            parent_user_id: changed(parent.0.map(ParentBsuid::as_str), parent.1.map(ParentBsuid::as_str)),
            timestamp: message.timestamp,
        }))
    }
}
