//! `/messages`.
use crate::{Cloud, endpoints};
use d360_model::{Findings, MAX_MESSAGE_ID, Message, MessageId, Recipient, SendResponse};
use d360_transport::{Body, BuildError, Endpoint, HttpResponse, Meta, Unreadable, sent, success};
use serde::Serialize;
use serde_json::{Map, Value};

/// `POST /messages`: sends a message.
///
/// The answer says that the message was *accepted*; whether it is *delivered* comes by webhook, and errors may come
/// that way too. Anything but a template or Direct Send needs an open 24-hour window (131047 otherwise).
///
/// Never sent again by itself while its outcome is unknown: the API has no idempotency key.
///
/// Limits: 80 messages a second and number by default (130429), one message in 6 s to the same recipient with bursts of
/// up to 45 (131056). Source: 360dialog "Contacts", Meta "Contacts messages" (2026-05-21).
#[derive(Clone, Debug)]
#[must_use = "an endpoint does nothing until a client calls it"]
pub struct SendMessage(Message);

impl SendMessage {
    /// Sends `message`.
    pub fn new(message: Message) -> Self {
        Self(message)
    }
}

impl Endpoint for SendMessage {
    type Api = Cloud;
    type Response = SendResponse;
    const META: Meta = endpoints::MESSAGES_SEND;

    fn body(&self) -> Result<Body, BuildError> {
        Body::json(&self.0)
    }
    fn labelled_body(&self, label: &str) -> Result<Body, BuildError> {
        if self.0.biz_opaque_callback_data.as_deref().is_some_and(|own| own != label) {
            return Err(BuildError::Label(
                "the message has a biz_opaque_callback_data of its own, which is where the label would stand",
            ));
        }
        Body::json(&self.0.clone().biz_opaque_callback_data(label))
    }
    fn recipient(&self) -> Option<&Recipient> {
        Some(&self.0.to)
    }
    fn check(&self) -> Findings {
        self.0.validate()
    }
    fn decode(response: &HttpResponse) -> Result<SendResponse, Unreadable> {
        sent(response)
    }
}

/// `POST /messages` with a body of your own: for what is newer than this version, beyond `Message::raw`.
///
/// Nothing is added, left out or checked but that it is an object with a recipient and no read mark; rate limits and the promise that
/// nothing is sent twice hold for it too. No label can be put into it. Source: as [`SendMessage`].
///
/// ```
/// use d360_cloud::messages::SendRaw;
/// let body = serde_json::json!({
///     "messaging_product": "whatsapp", "to": "+16505551234", "type": "text", "text": {"body": "Hi"}, "brand_new": true,
/// });
/// let send = SendRaw::new(body.as_object().cloned().unwrap());
/// ```
#[derive(Clone)]
#[must_use = "an endpoint does nothing until a client calls it"]
pub struct SendRaw {
    body: Map<String, Value>,
    to: Recipient,
}

impl SendRaw {
    /// Sends `body` as it stands.
    pub fn new(body: Map<String, Value>) -> Self {
        let text = |key| body.get(key).and_then(Value::as_str);
        let to = match (text("to"), text("recipient")) {
            (Some(to), _) if text("recipient_type") == Some("group") => Recipient::Group(to.into()),
            (Some(to), _) => Recipient::Phone(to.into()),
            (None, other) => Recipient::Bsuid(other.unwrap_or_default().into()),
        };
        Self { body, to }
    }
}

impl std::fmt::Debug for SendRaw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SendRaw({} properties to {:?})", self.body.len(), self.to)
    }
}

impl Endpoint for SendRaw {
    type Api = Cloud;
    type Response = SendResponse;
    const META: Meta = endpoints::MESSAGES_SEND;

    fn body(&self) -> Result<Body, BuildError> {
        Body::json(&self.body)
    }
    fn recipient(&self) -> Option<&Recipient> {
        Some(&self.to)
    }
    fn check(&self) -> Findings {
        let mut findings = Findings::new();
        findings.require("to", self.to.as_str());
        if self.body.contains_key("status") {
            findings.error(
                "status",
                "is a read mark, not a message; send it with `d360 read MESSAGE_ID` or MarkMessageRead",
            );
        }
        findings
    }
    fn decode(response: &HttpResponse) -> Result<SendResponse, Unreadable> {
        sent(response)
    }
}

/// `POST /messages` `{"status": "read"}`: marks a message as read, and every one before it in the chat.
///
/// With [`typing`](Self::typing) the user is shown that an answer is being typed, until it comes or for 25 seconds. Source: Meta
/// "Mark messages as read", "Typing indicators" (2025-11).
#[derive(Clone, Debug)]
#[must_use = "an endpoint does nothing until a client calls it"]
pub struct MarkMessageRead {
    message: MessageId,
    typing: bool,
}

impl MarkMessageRead {
    /// Marks the message with this id, which a webhook brought.
    pub fn new(message: impl Into<MessageId>) -> Self {
        Self { message: message.into(), typing: false }
    }
    /// Shows that an answer is being typed, too.
    pub fn typing(mut self) -> Self {
        self.typing = true;
        self
    }
}

#[derive(Serialize)]
struct ReadMark<'m> {
    messaging_product: &'static str,
    status: &'static str,
    message_id: &'m MessageId,
    #[serde(skip_serializing_if = "Option::is_none")]
    typing_indicator: Option<Typing>,
}

#[derive(Serialize)]
struct Typing {
    r#type: &'static str,
}

impl Endpoint for MarkMessageRead {
    type Api = Cloud;
    type Response = ();
    const META: Meta = endpoints::MESSAGES_MARK_READ;

    fn body(&self) -> Result<Body, BuildError> {
        let typing_indicator = self.typing.then_some(Typing { r#type: "text" });
        let message_id = &self.message;
        Body::json(&ReadMark { messaging_product: "whatsapp", status: "read", message_id, typing_indicator })
    }
    fn check(&self) -> Findings {
        let mut findings = Findings::new();
        findings.require_id("message_id", self.message.as_str());
        findings.at_most("message_id", self.message.as_str(), MAX_MESSAGE_ID);
        findings
    }
    fn decode(response: &HttpResponse) -> Result<(), Unreadable> {
        success(response)
    }
}
