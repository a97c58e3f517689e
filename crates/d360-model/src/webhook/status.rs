//! What became of a message, and what is wrong.
use super::{
    content::InboundContent, error::WebhookError, macros::inbound, message::InboundMessage, people::People,
    sender::Sender, timestamp::Timestamp,
};
pub use crate::enums::StatusKind;
use crate::{
    id::{Bsuid, GroupId, MessageId, ParentBsuid, Recipient, WaId},
    masked_fields,
    wire::{lenient, lenient_list},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How far a message of ours got. Statuses may come twice and out of order.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct MessageStatusEvent {
    /// The message, as its sending answered.
    pub id: MessageId,
    /// How far it got.
    pub status: StatusKind,
    /// When.
    pub timestamp: Option<Timestamp>,
    /// Who it went to; absent where it went to a [`Bsuid`].
    pub recipient_id: Option<WaId>,
    /// The recipient's business-scoped id.
    pub recipient_user_id: Option<Bsuid>,
    /// And that of the parent portfolio.
    pub recipient_parent_user_id: Option<ParentBsuid>,
    /// The group that it went to, where it went to one.
    pub group: Option<GroupId>,
    /// Which member of the group it is about, where it went to one.
    pub participant_id: Option<WaId>,
    /// That member's business-scoped id.
    pub participant_user_id: Option<Bsuid>,
    /// And that of the parent portfolio.
    pub participant_parent_user_id: Option<ParentBsuid>,
    /// The recipient's identity hash, where it is checked.
    pub recipient_identity_key_hash: Option<String>,
    /// What else is told of the recipient, such as the user name (`delivered` and `read`).
    pub contact: Option<Sender>,
    /// Why it failed.
    pub errors: Vec<WebhookError>,
    /// The conversation that it counts for (until Graph v24).
    pub conversation: Option<Conversation>,
    /// What it costs.
    pub pricing: Option<Pricing>,
    /// What was sent with it: `Message::biz_opaque_callback_data`, or the label of its call.
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
    errors,
    conversation,
    pricing,
    biz_opaque_callback_data
});

/// The form of webhooks, for reading and writing.
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
    /// Not in a webhook's status: saved events have it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    contact: Option<Sender>,
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "lenient_list")]
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

/// Some On-Premise clients put the recipient in here.
#[derive(Deserialize)]
struct Inner {
    recipient_id: Option<WaId>,
}

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
            errors: wire.errors,
            conversation: wire.conversation,
            pricing: wire.pricing,
            biz_opaque_callback_data: wire.biz_opaque_callback_data,
        })
    }
}

/// In the form of webhooks, with the [`contact`](MessageStatusEvent::contact) beside it.
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
    /// Joins what is told of the recipient.
    pub(super) fn of(mut self, people: &People) -> Self {
        self.contact = people.find(self.recipient_id.as_ref(), self.recipient_user_id.as_ref());
        self
    }
}

inbound! {
    /// The conversation that a message counts for.
    Conversation {
        /// Its id.
        id: String = "id",
        /// When it ends; in `sent` alone.
        expiration_timestamp: Timestamp = "expiration_timestamp",
        /// What it is.
        origin: ConversationOrigin = "origin",
    }
    /// What a conversation is.
    ConversationOrigin {
        /// Such as `marketing`.
        kind: String = "type",
    }
    /// What a message costs.
    Pricing {
        /// Whether it is paid for. Do not conclude it from the category: since 2026-10-01 service messages are charged beyond 1,000 a
        /// number and month, and utility within the window too (several providers; Meta's own page was not readable).
        billable: bool = "billable",
        /// `CBP` by conversation, `PMP` by message.
        pricing_model: String = "pricing_model",
        /// `regular`, `free_customer_service` or `free_entry_point`.
        kind: String = "type",
        /// Such as `utility`.
        category: String = "category",
    }
    /// A user's business-scoped id before and now.
    UserIdChange {
        /// Before.
        previous: Bsuid = "previous",
        /// Now.
        current: Bsuid = "current",
    }
    /// A user has another business-scoped id now, and with `user_changed_number` another number too.
    ///
    /// Meta, "System messages" (2026-08-11): `system` messages of type `user_changed_user_id` and `user_changed_number`. Until then
    /// field `user_id_update`, which is read still.
    UserIdUpdate {
        /// The message's id, to tell duplicates by; the old form had none.
        id: MessageId = "id",
        /// The user's WhatsApp ID, where it is known; the new one if it changed.
        wa_id: WaId = "wa_id",
        /// The user's WhatsApp ID before, if it changed.
        previous_wa_id: WaId = "previous_wa_id",
        /// What happened, in words.
        detail: String = "detail",
        /// The ids.
        user_id: UserIdChange = "user_id",
        /// The ids of the parent portfolio.
        parent_user_id: UserIdChange = "parent_user_id",
        /// When.
        timestamp: Timestamp = "timestamp",
    }
}

impl UserIdUpdate {
    /// What a system message tells of new ids; nothing where it tells of something else.
    pub(super) fn of(message: &InboundMessage) -> Option<Self> {
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
        Some(Self {
            id: message.id.clone(),
            wa_id: number.or(message.from.as_ref()).cloned(),
            previous_wa_id: message.from.clone().filter(|from| number.is_some_and(|number| number != from)),
            detail: system.body.clone(),
            user_id: changed(system.previous_user_id.as_ref().map(Bsuid::as_str), current.map(Bsuid::as_str)),
            parent_user_id: changed(parent.0.map(ParentBsuid::as_str), parent.1.map(ParentBsuid::as_str)),
            timestamp: message.timestamp,
        })
    }
}
