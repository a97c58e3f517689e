//! `/messages`.
use crate::{Cloud, endpoints};
use d360_model::{Findings, MAX_MESSAGE_ID, Message, MessageId, Recipient, SendResponse};
use d360_transport::{Body, BuildError, Endpoint, HttpResponse, Meta, Unreadable, sent, success};
use serde::Serialize;
use serde_json::{Map, Value};

/// `POST /messages`: sends a message.
///
/// The response means that the message was *accepted*. The delivery status arrives by webhook, as may errors.
/// Messages other than templates and Direct Send need an open 24-hour window (otherwise 131047).
///
/// Never retried automatically while the outcome is unknown, because the API has no idempotency key.
///
/// The limits are 80 messages per second per number by default (130429), and one message per 6 s to the same
/// recipient with bursts of 45 (131056) (360dialog, "Contacts"; Meta, "Contacts messages", 2026-05-21).
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
                "the message already has biz_opaque_callback_data, the property of the label",
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

/// `POST /messages` with a custom body, for properties that are newer than this version, beyond `Message::raw`.
///
/// The body is sent unchanged. It is only checked to be an object with a recipient, and not a read mark. Rate limits
/// apply, and it is never retried while the outcome is unknown. It supports no label. The sources are those of
/// [`SendMessage`].
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
    /// Sends `body` unchanged.
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

/// `POST /messages` `{"status": "read"}`: marks a message as read, and every earlier one in the chat.
///
/// With [`typing`](Self::typing) the user also sees a typing indicator until the answer arrives, or for 25 seconds
/// (Meta, "Mark messages as read", "Typing indicators", 2025-11).
#[derive(Clone, Debug)]
#[must_use = "an endpoint does nothing until a client calls it"]
pub struct MarkMessageRead {
    message: MessageId,
    typing: bool,
}

impl MarkMessageRead {
    /// Marks the message with this ID from a webhook.
    pub fn new(message: impl Into<MessageId>) -> Self {
        Self { message: message.into(), typing: false }
    }
    /// Also shows a typing indicator.
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
