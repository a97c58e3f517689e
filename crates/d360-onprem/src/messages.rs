//! `/messages`. (Meta retired On-Premise on 2025-10-23; Cloud's `/messages` replaces it.)
use crate::{Message, OnPrem, endpoints};
use d360_model::{Findings, MessageId, Recipient, SendResponse};
use d360_transport::{Body, BuildError, Endpoint, HttpResponse, Meta, Path, Unreadable, sent};

/// `POST /v1/messages`: sends a message. (Meta retired On-Premise on 2025-10-23; `POST /messages` of Cloud replaces
/// it.)
///
/// The response contains an ID even for a message that fails: the outcome arrives by webhook. IDs are not `wamid.…`
/// (360dialog, "Contacts and Location Messages", On-Premise part).
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
    type Api = OnPrem;
    type Response = SendResponse;
    const META: Meta = endpoints::MESSAGES_SEND;

    fn body(&self) -> Result<Body, BuildError> {
        Body::json(&self.0)
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

/// `PUT /v1/messages/{id}` `{"status": "read"}`: marks a message as read. (Meta retired On-Premise on 2025-10-23; on
/// Cloud it is `POST /messages` with `status` `read`.)
///
/// The response may be empty or `null` (Meta, On-Premise reference).
#[derive(Clone, Debug)]
#[must_use = "an endpoint does nothing until a client calls it"]
pub struct MarkMessageRead(MessageId);

impl MarkMessageRead {
    /// Marks the message with this id.
    pub fn new(message: impl Into<MessageId>) -> Self {
        Self(message.into())
    }
}

impl Endpoint for MarkMessageRead {
    type Api = OnPrem;
    type Response = ();
    const META: Meta = endpoints::MESSAGES_MARK_READ;

    fn path(&self) -> Path {
        Path::fixed("/messages").segment(self.0.as_str())
    }
    fn body(&self) -> Result<Body, BuildError> {
        Body::json(&serde_json::json!({ "status": "read" }))
    }
    fn check(&self) -> Findings {
        let mut findings = Findings::new();
        findings.require("message_id", self.0.as_str());
        findings
    }
    fn decode(response: &HttpResponse) -> Result<(), Unreadable> {
        d360_transport::success(response)
    }
}
