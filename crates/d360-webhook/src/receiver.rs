//! A request in; a status, and the events to work on, out.
use crate::{Seen, Verification};
use bytes::Bytes;
use d360_model::webhook::{self, Event};
use http::{Request, StatusCode};
use std::sync::{Mutex, PoisonError};

/// Longest body that is taken, in bytes: Meta posts up to 3 MB.
pub const MAX_BODY: usize = 4 * 1024 * 1024;

/// Checks requests, reads them, and leaves out what came before. Share one among all of a server's threads.
#[derive(Debug)]
pub struct Receiver {
    verification: Verification,
    seen: Mutex<Seen>,
    max_body: usize,
}

/// What to answer, and what to work on.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Received {
    /// What to answer, at once: 200; 401 where it is not proven who sent it; 413 where it is too large; 400 where it is no
    /// webhook.
    pub status: StatusCode,
    /// What happened, without what came before. Empty unless the status is 200.
    pub events: Vec<Event>,
    /// Why it was not taken.
    pub reason: Option<String>,
}

impl Receiver {
    /// Takes what `verification` lets pass, and remembers the last 100,000 events.
    #[must_use]
    pub fn new(verification: Verification) -> Self {
        Self { verification, seen: Mutex::new(Seen::new(100_000)), max_body: MAX_BODY }
    }
    /// Remembers another number of events.
    #[must_use]
    pub fn remembering(mut self, events: usize) -> Self {
        self.seen = Mutex::new(Seen::new(events));
        self
    }
    /// Takes bodies of another length, in bytes.
    #[must_use]
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// Takes a posted webhook. The body has to be as it came, to the last byte.
    pub fn receive(&self, request: &Request<Bytes>) -> Received {
        let body = request.body();
        if body.len() > self.max_body {
            let reason = format!("{} bytes; {} are taken", body.len(), self.max_body);
            return refuse(StatusCode::PAYLOAD_TOO_LARGE, reason);
        }
        if let Err(refused) = self.verification.verify(request.headers(), body) {
            return refuse(StatusCode::UNAUTHORIZED, refused.to_string());
        }
        match webhook::read(body) {
            Err(error) => refuse(StatusCode::BAD_REQUEST, error.to_string()),
            Ok(mut events) => {
                let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
                events.retain(|event| seen.is_new(event));
                Received { status: StatusCode::OK, events, reason: None }
            }
        }
    }
}

fn refuse(status: StatusCode, reason: String) -> Received {
    Received { status, events: Vec::new(), reason: Some(reason) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn post(body: impl Into<Bytes>) -> Request<Bytes> {
        Request::post("/").header("x-secret", "s").body(body.into()).unwrap()
    }

    fn receiver() -> Receiver {
        Receiver::new(Verification::header("x-secret", "s").unwrap())
    }

    #[test]
    fn each_event_comes_once() {
        let receiver = receiver().remembering(3);
        let message = |id: &str| json!({ "id": id, "type": "text", "text": { "body": "Hi" } });
        let status = |id: &str, status: &str| json!({ "id": id, "status": status });
        let posted = |messages: &[serde_json::Value], statuses: &[serde_json::Value]| {
            let body = json!({ "messages": messages, "statuses": statuses }).to_string();
            let received = receiver.receive(&post(body));
            assert_eq!(received.status, 200);
            received.events.len()
        };
        assert_eq!(posted(&[message("a"), message("a")], &[status("a", "sent")]), 2);
        assert_eq!(posted(&[message("a")], &[status("a", "sent"), status("a", "read")]), 1);
        assert_eq!(posted(&[message("b")], &[]), 1);
        assert_eq!(posted(&[message("b")], &[status("a", "read")]), 0);
        // Only so many are remembered.
        assert_eq!(posted(&[message("a")], &[]), 1);
        // What has no id comes every time.
        assert_eq!(posted(&[json!({ "type": "text", "text": { "body": "x" } })], &[]), 1);
        assert_eq!(posted(&[json!({ "type": "text", "text": { "body": "x" } })], &[]), 1);
    }

    #[test]
    fn what_is_not_taken_says_why() {
        let small = receiver().max_body(10);
        for (received, status) in [
            (small.receive(&post("{\"messages\":[]}")), 413),
            (receiver().receive(&post("hello")), 400),
            (receiver().receive(&Request::post("/").body(Bytes::from_static(b"{}")).unwrap()), 401),
        ] {
            assert_eq!(received.status, status);
            assert!(received.events.is_empty() && received.reason.is_some(), "{received:?}");
        }
        assert_eq!(receiver().receive(&post("{}")).status, 200);
    }
}
