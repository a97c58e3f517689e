//! Turns a request into a status and new events.
use crate::{Seen, Verification, answer_challenge, origin::is_foreign_page, verify::not_empty};
use bytes::Bytes;
use d360_model::webhook::{self, Event};
use http::{Method, Request, Response, StatusCode, header};
use secrecy::{ExposeSecret as _, SecretString};
use std::{
    future::Future,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The maximum size of a body in bytes. Meta posts up to 3 MB.
pub const MAX_BODY: usize = 4 * 1024 * 1024;

/// Verifies and parses requests, and drops duplicates. Share one among all threads of a server.
#[derive(Debug)]
pub struct Receiver {
    verification: Verification,
    verify_token: Option<SecretString>,
    seen: Mutex<Seen>,
    max_body: usize,
}

/// The result of a webhook request.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Received {
    /// The status to respond with, immediately: 200; 401 if the sender is not verified; 413 if the body is too large;
    /// 400 if it is not a webhook; 503 if its events were not accepted.
    pub status: StatusCode,
    /// The new events, without duplicates. Empty unless the status is 200.
    pub events: Vec<Event>,
    /// Why the request was refused.
    pub reason: Option<String>,
}

impl Receiver {
    /// Creates a receiver that accepts what `verification` accepts, and remembers the last 100,000 events.
    #[must_use]
    pub fn new(verification: Verification) -> Self {
        Self { verification, verify_token: None, seen: Mutex::new(Seen::new(100_000)), max_body: MAX_BODY }
    }
    /// Sets the number of events to remember.
    #[must_use]
    pub fn remembering(mut self, events: usize) -> Self {
        self.seen = Mutex::new(Seen::new(events));
        self
    }
    /// Sets the maximum size of a body in bytes.
    #[must_use]
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }
    /// Answers Meta's verification request for this token, which checks a new URL; see [`answer_challenge`].
    ///
    /// # Errors
    /// Returns an error if the token is empty, because anybody could answer that.
    pub fn verify_token(mut self, token: impl Into<String>) -> Result<Self, crate::InvalidVerification> {
        self.verify_token = Some(not_empty(token.into())?);
        Ok(self)
    }
    /// Returns the maximum size of a body in bytes. A server need not read more.
    #[must_use]
    pub fn longest_body(&self) -> usize {
        self.max_body
    }

    /// Responds to a request. `store` receives the new events; the response is 200 only after it returned `Ok`.
    ///
    /// If it fails, the response is 503. 360dialog repeats the webhook, and its events are new then. A program that
    /// responds before it stores the events loses those in memory when it stops. Store them before you return `Ok`.
    /// 360dialog waits for 5 seconds and recommends a response within 250 ms. The error is not logged here; log it in
    /// `store` if you need it.
    ///
    /// `POST` is a webhook, `GET` is Meta's request for the [verify token](Self::verify_token), and anything else gets a
    /// 405. For an async `store`, use [`answer_async`](Self::answer_async).
    pub fn answer<E>(
        &self,
        request: &Request<Bytes>,
        store: impl FnOnce(Vec<Event>) -> Result<(), E>,
    ) -> Response<Bytes> {
        match self.begin(request) {
            Ok((events, taking)) => taking.end(if events.is_empty() { Ok(()) } else { store(events) }),
            Err(response) => response,
        }
    }

    /// Responds to a request like [`answer`](Self::answer), with an async `store`.
    ///
    /// If the future is dropped before `store` is done, the events are new when the webhook is repeated. Servers drop it
    /// when the client closes the connection, so spawn it as a task, as the [axum router](crate::axum::router) does.
    pub async fn answer_async<E, F>(
        &self,
        request: &Request<Bytes>,
        store: impl FnOnce(Vec<Event>) -> F,
    ) -> Response<Bytes>
    where
        F: Future<Output = Result<(), E>>,
    {
        match self.begin(request) {
            Ok((events, taking)) => taking.end(if events.is_empty() { Ok(()) } else { store(events).await }),
            Err(response) => response,
        }
    }

    /// Returns the new events of a webhook, or the response to any other request.
    #[allow(clippy::result_large_err, reason = "it is moved immediately; a box would cost more")]
    fn begin(&self, request: &Request<Bytes>) -> Result<(Vec<Event>, Taking<'_>), Response<Bytes>> {
        match *request.method() {
            Method::POST => self
                .take(request)
                .map_err(|refused| response(refused.status, refused.reason.unwrap_or_default())),
            Method::GET => Err(match &self.verify_token {
                Some(token) => match answer_challenge(request.uri(), token.expose_secret()) {
                    Ok(challenge) => response(StatusCode::OK, challenge),
                    Err(refused) => response(StatusCode::FORBIDDEN, refused.to_string()),
                },
                None => response(StatusCode::METHOD_NOT_ALLOWED, String::new()),
            }),
            _ => Err(response(StatusCode::METHOD_NOT_ALLOWED, String::new())),
        }
    }

    /// Processes a posted webhook. The body must be unchanged to the last byte. Its events are duplicates from then
    /// on. A program that may fail to store them uses [`answer`](Self::answer).
    pub fn receive(&self, request: &Request<Bytes>) -> Received {
        match self.take(request) {
            Ok((events, taking)) => {
                let _ = taking.end(Ok::<(), ()>(()));
                Received { status: StatusCode::OK, events, reason: None }
            }
            Err(refused) => refused,
        }
    }

    /// Verifies the sender and the size of a posted webhook, without parsing or remembering it.
    ///
    /// # Errors
    /// Returns the response for a request that is refused.
    pub fn check(&self, request: &Request<Bytes>) -> Result<(), Received> {
        self.check_head(request)?;
        let body = request.body();
        if body.len() > self.max_body {
            let reason = format!("{} bytes; the limit is {}", body.len(), self.max_body);
            return Err(refuse(StatusCode::PAYLOAD_TOO_LARGE, reason));
        }
        let verified = self.verification.verify(request.headers(), body);
        verified.map_err(|refused| refuse(StatusCode::UNAUTHORIZED, refused.to_string()))
    }

    /// Refuses a POST whose headers do not verify its sender, so that a server need not read its body.
    ///
    /// # Errors
    /// Returns [`Received`] with status 401. Without a configured verification, returns it with status 403 if a page of
    /// another origin sends the request.
    pub fn check_head<B>(&self, request: &Request<B>) -> Result<(), Received> {
        if *request.method() != Method::POST {
            return Ok(());
        }
        if self.verification.is_none() && is_foreign_page(request.headers()) {
            let reason = "webhooks from pages in a browser are refused";
            return Err(refuse(StatusCode::FORBIDDEN, reason.to_owned()));
        }
        let proven = self.verification.verify_head(request.headers());
        proven.map(drop).map_err(|refused| refuse(StatusCode::UNAUTHORIZED, refused.to_string()))
    }

    /// Returns the new events of a posted webhook, marked as being stored.
    fn take(&self, request: &Request<Bytes>) -> Result<(Vec<Event>, Taking<'_>), Received> {
        self.check(request)?;
        let events = webhook::read(request.body())
            .map_err(|error| refuse(StatusCode::BAD_REQUEST, error.to_string()))?;
        // The same webhook may arrive on two threads at once. The second gets a 503 and is repeated; by then the first is
        // stored or not.
        let mut seen = self.seen();
        let events = seen.new_of(events);
        match seen.begin(&events) {
            Some(keys) => Ok((events, Taking { receiver: self, keys, taken: false })),
            None => Err(refuse(StatusCode::SERVICE_UNAVAILABLE, UNDER_WAY.to_owned())),
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const UNDER_WAY: &str = "the same webhook is being stored";

/// Events that are being stored.
struct Taking<'r> {
    receiver: &'r Receiver,
    keys: Vec<u64>,
    taken: bool,
}

impl Taking<'_> {
    /// Creates the response. The reason of a failure is not disclosed.
    fn end<E>(mut self, stored: Result<(), E>) -> Response<Bytes> {
        self.taken = stored.is_ok();
        match stored {
            Ok(()) => response(StatusCode::OK, String::new()),
            Err(_) => response(StatusCode::SERVICE_UNAVAILABLE, "the events were not stored".to_owned()),
        }
    }
}

// Runs in any case, including a panic or a dropped future.
impl Drop for Taking<'_> {
    fn drop(&mut self) {
        self.receiver.seen().end(&self.keys, self.taken);
    }
}

fn response(status: StatusCode, text: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(text));
    *response.status_mut() = status;
    // Untrusted input is returned as text, never as HTML.
    let plain = header::HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, plain);
    response
        .headers_mut()
        .insert(header::X_CONTENT_TYPE_OPTIONS, header::HeaderValue::from_static("nosniff"));
    response
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
        // The memory is limited.
        assert_eq!(posted(&[message("a")], &[]), 1);
        // An event without an ID is always new.
        assert_eq!(posted(&[json!({ "type": "text", "text": { "body": "x" } })], &[]), 1);
        assert_eq!(posted(&[json!({ "type": "text", "text": { "body": "x" } })], &[]), 1);
    }

    #[test]
    fn every_member_of_a_group_has_statuses_of_its_own() {
        let status = |member: &str| json!({ "id": "w", "status": "read", "recipient_type": "group", "recipient_id": "g", "recipient_participant_id": member });
        let body = json!({ "statuses": [status("1"), status("2"), status("1")] }).to_string();
        assert_eq!(receiver().receive(&post(body)).events.len(), 2);
    }

    #[test]
    fn a_payment_may_fail_more_than_once() {
        let status = |at: &str| json!({ "id": "w", "status": "failed", "type": "payment", "timestamp": at });
        let body = json!({ "statuses": [status("1"), status("2"), status("1")] }).to_string();
        assert_eq!(receiver().receive(&post(body)).events.len(), 2);
    }

    #[test]
    fn one_that_is_being_taken_on_comes_again() {
        let receiver = receiver();
        let body =
            json!({ "messages": [{ "id": "a", "type": "text", "text": { "body": "Hi" } }] }).to_string();
        let again = || {
            receiver
                .answer(&post(body.clone()), |_| -> Result<(), ()> {
                    unreachable!("another thread is storing it")
                })
                .status()
        };
        let first = receiver.answer(&post(body.clone()), |_| {
            // Meanwhile the sender times out and posts it again. Nothing is locked, and nothing counts as stored.
            assert_eq!(again(), 503);
            Ok::<(), ()>(())
        });
        assert_eq!((first.status().as_u16(), again().as_u16()), (200, 200));
        let other =
            json!({ "messages": [{ "id": "b", "type": "text", "text": { "body": "Hi" } }] }).to_string();
        let failing = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            receiver.answer(&post(other.clone()), |_| -> Result<(), ()> { panic!("a bug of the program") })
        }));
        assert!(failing.is_err());
        assert_eq!(receiver.answer(&post(other), |_| Ok::<(), ()>(())).status(), 200);
    }

    #[test]
    fn pages_in_a_browser_forge_nothing_where_nothing_is_proven() {
        let open = Receiver::new(Verification::none());
        let post = |name: &str, value: &str| {
            let request = Request::post("/").header("host", "localhost:8080").header(name, value);
            open.receive(&request.body(Bytes::from_static(b"{\"messages\": []}")).unwrap()).status.as_u16()
        };
        for (name, value, status) in [
            ("origin", "http://evil.example", 403),
            ("sec-fetch-site", "cross-site", 403),
            ("origin", "http://localhost:8080", 200),
            ("x-other", "1", 200),
        ] {
            assert_eq!(post(name, value), status, "{name}: {value}");
        }
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

    #[test]
    fn what_is_not_taken_comes_again() {
        let receiver = receiver().verify_token("t\u{f6}ken").unwrap();
        let body =
            json!({ "messages": [{ "id": "a", "type": "text", "text": { "body": "Hi" } }] }).to_string();
        let answer = |take: &dyn Fn(Vec<Event>) -> Result<(), &'static str>| {
            receiver.answer(&post(body.clone()), take).status()
        };
        assert_eq!(answer(&|_| Err("the queue of +16505551234 is full")), 503);
        let taken = std::cell::Cell::new(0);
        let take = |events: Vec<Event>| {
            taken.set(taken.get() + events.len());
            Ok(())
        };
        assert_eq!(answer(&take), 200);
        assert_eq!(taken.get(), 1);
        // A duplicate is acknowledged without calling the program.
        assert_eq!(answer(&|_| unreachable!("it is a duplicate")), 200);
        let refused = receiver
            .answer(&post(json!({ "messages": [{ "id": "b" }] }).to_string()), |_| Err("+16505551234"));
        assert!(!String::from_utf8_lossy(refused.body()).contains("16505551234"));

        let ask = |method: Method, query: &str| {
            let request =
                Request::builder().method(method).uri(format!("/w?{query}")).body(Bytes::new()).unwrap();
            receiver.answer(&request, |_| -> Result<(), ()> { unreachable!() })
        };
        let good = ask(Method::GET, "hub.mode=subscribe&hub.challenge=%3Cb%3E7&hub.verify_token=t%C3%B6ken");
        assert_eq!((good.status().as_u16(), &good.body()[..]), (200, &b"<b>7"[..]));
        assert_eq!(good.headers()[header::CONTENT_TYPE], "text/plain; charset=utf-8");
        assert_eq!(ask(Method::GET, "hub.mode=subscribe&hub.challenge=1&hub.verify_token=x").status(), 403);
        assert_eq!(ask(Method::PUT, "").status(), 405);
        let deaf =
            self::receiver().answer(&Request::new(Bytes::new()), |_| -> Result<(), ()> { unreachable!() });
        assert_eq!(deaf.status(), 405);
        assert!(self::receiver().verify_token(" ").is_err());
    }
}
