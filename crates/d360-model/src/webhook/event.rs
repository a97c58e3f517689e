//! Events of a webhook.
use super::{
    error::WebhookError,
    message::InboundMessage,
    status::{MessageStatusEvent, UserIdUpdate},
    tolerant,
};
use crate::{Masked, id::PhoneNumber};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::{
    borrow::Cow,
    fmt,
    ops::Range,
    sync::{Arc, OnceLock},
};

/// An event of a webhook.
///
/// Events can be saved and loaded with serde, including [`raw`](Self::raw), [`envelope`](Self::envelope) and the typed
/// parts. The JSON form may gain properties.
///
/// The events of a body share its text, which is freed with the last of them. To keep one event for long, keep its
/// `kind`.
#[derive(Clone)]
#[non_exhaustive]
pub struct Event {
    /// The system that sent it.
    pub generation: Generation,
    /// The kind of event.
    pub kind: EventKind,
    origin: Arc<Origin>,
    source: Source,
}

/// The account, the number and the field of the events of one value.
#[derive(Default)]
pub(super) struct Origin {
    /// It may follow the entry's changes.
    pub(super) account: OnceLock<Text>,
    pub(super) phone_number_id: Option<Text>,
    pub(super) display_phone_number: Option<Text>,
    pub(super) field: Option<Text>,
}

/// A text of the body: its place, or a copy if it has escapes there.
#[derive(Clone)]
pub(super) enum Text {
    At(Range<usize>),
    Own(Box<str>),
}

/// The body of a webhook that was read in one pass.
pub(super) struct Body {
    text: Box<str>,
    /// The original item and the envelope of each event, in order.
    items: OnceLock<Vec<(Value, Arc<Value>)>>,
}

#[derive(Clone)]
enum Source {
    /// The position among the events of the body.
    Body(Arc<Body>, usize),
    Json(Box<Value>, Arc<Value>),
}

impl Body {
    pub(super) fn new(text: &str) -> Self {
        Self { text: text.into(), items: OnceLock::new() }
    }

    fn item(&self, at: usize) -> Option<&(Value, Arc<Value>)> {
        let read = || {
            let events = tolerant::json(self.text.as_bytes()).and_then(tolerant::read_value);
            events.unwrap_or_default().into_iter().map(Event::into_json).collect()
        };
        self.items.get_or_init(read).get(at)
    }
}

impl Event {
    /// Creates an event of a body that was read in one pass.
    pub(super) fn of_body(body: &Arc<Body>, at: usize, origin: &Arc<Origin>, kind: EventKind) -> Self {
        let source = Source::Body(Arc::clone(body), at);
        Self { generation: Generation::Cloud, kind, origin: Arc::clone(origin), source }
    }
    pub(super) fn of_json(
        generation: Generation,
        kind: EventKind,
        origin: &Arc<Origin>,
        raw: Value,
        envelope: &Arc<Value>,
    ) -> Self {
        let source = Source::Json(Box::new(raw), Arc::clone(envelope));
        Self { generation, kind, origin: Arc::clone(origin), source }
    }
    fn into_json(self) -> (Value, Arc<Value>) {
        match self.source {
            Source::Json(raw, envelope) => (*raw, envelope),
            Source::Body(body, at) => body.item(at).cloned().unwrap_or_default(),
        }
    }
    /// Sets the account of an entry whose ID follows its changes.
    pub(super) fn set_account(&self, account: &Text) {
        // The events of a change share it.
        self.origin.account.get_or_init(|| account.clone());
    }

    /// Returns the ID of the WhatsApp Business Account (Cloud).
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        self.text(self.origin.account.get())
    }
    /// Returns the ID of the phone number (Cloud).
    #[must_use]
    pub fn phone_number_id(&self) -> Option<&str> {
        self.text(self.origin.phone_number_id.as_ref())
    }
    /// Returns the phone number (Cloud).
    #[must_use]
    pub fn display_phone_number(&self) -> Option<PhoneNumber> {
        self.text(self.origin.display_phone_number.as_ref()).map(PhoneNumber::from)
    }
    /// Returns the field of the webhook, `messages` for messages and statuses (Cloud).
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        self.text(self.origin.field.as_ref())
    }
    /// Returns the original item, with properties that this version does not know.
    ///
    /// The first call for any event of a body parses the whole body to JSON. Further calls cost nothing. Saving an event
    /// calls it too.
    #[must_use]
    pub fn raw(&self) -> &Value {
        match &self.source {
            Source::Json(raw, _) => raw,
            Source::Body(body, at) => body.item(*at).map_or(&Value::Null, |(raw, _)| raw),
        }
    }
    /// Returns the context of the item: the entry without its changes, and the value without its items (`metadata`,
    /// `contacts`, …). It costs as much as [`raw`](Self::raw).
    #[must_use]
    pub fn envelope(&self) -> &Value {
        match &self.source {
            Source::Json(_, envelope) => envelope,
            Source::Body(body, at) => body.item(*at).map_or(&Value::Null, |(_, envelope)| envelope),
        }
    }

    fn text<'e>(&'e self, text: Option<&'e Text>) -> Option<&'e str> {
        match (text?, &self.source) {
            (Text::Own(text), _) => Some(text),
            (Text::At(at), Source::Body(body, _)) => body.text.get(at.clone()),
            (Text::At(_), Source::Json(..)) => None,
        }
    }
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        (self.generation, &self.kind) == (other.generation, &other.kind)
            && (self.account(), self.field()) == (other.account(), other.field())
            && self.phone_number_id() == other.phone_number_id()
            && self.display_phone_number() == other.display_phone_number()
            && (self.raw(), self.envelope()) == (other.raw(), other.envelope())
    }
}

/// Masks the numbers in each part.
impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("generation", &self.generation)
            .field("account", &Masked(&self.account()))
            .field("phone_number_id", &Masked(&self.phone_number_id()))
            .field("display_phone_number", &Masked(&self.display_phone_number()))
            .field("field", &Masked(&self.field()))
            .field("kind", &Masked(&self.kind))
            .field("raw", &Masked(self.raw()))
            .field("envelope", &Masked(self.envelope()))
            .finish()
    }
}

/// The form in which events are saved.
#[derive(Serialize, Deserialize)]
struct Saved<'e, K, V> {
    generation: Generation,
    account: Option<Cow<'e, str>>,
    phone_number_id: Option<Cow<'e, str>>,
    display_phone_number: Option<PhoneNumber>,
    field: Option<Cow<'e, str>>,
    kind: K,
    raw: V,
    envelope: V,
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Saved {
            generation: self.generation,
            account: self.account().map(Cow::Borrowed),
            phone_number_id: self.phone_number_id().map(Cow::Borrowed),
            display_phone_number: self.display_phone_number(),
            field: self.field().map(Cow::Borrowed),
            kind: &self.kind,
            raw: self.raw(),
            envelope: self.envelope(),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let saved = Saved::<'de, EventKind, Value>::deserialize(deserializer)?;
        let own = |text: Option<Cow<'de, str>>| text.map(|text| Text::Own(text.into()));
        let origin = Origin {
            account: own(saved.account).map_or_else(OnceLock::new, OnceLock::from),
            phone_number_id: own(saved.phone_number_id),
            display_phone_number: saved.display_phone_number.map(|number| Text::Own(number.as_str().into())),
            field: own(saved.field),
        };
        let envelope = Arc::new(saved.envelope);
        Ok(Self::of_json(saved.generation, saved.kind, &Arc::new(origin), saved.raw, &envelope))
    }
}

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
    Error(Box<WebhookError>),
    /// A user's business-scoped ID changed: a system message with the previous ID (since August 2026), or field
    /// `user_id_update` before that.
    UserIdUpdate(Box<UserIdUpdate>),
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
