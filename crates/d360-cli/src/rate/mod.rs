//! The rate limit of a number across all processes on this machine: a transport that waits before each message.
//!
//! The library's own limit applies to one process. `xargs -P 8 d360 send` runs many.
mod schedule;
mod store;

use crate::{args::Global, commands::signals, output::Output};
use async_trait::async_trait;
use d360::{
    model::error::{ApiError, RetryRule},
    transport::{
        AsyncTransport, BlockingTransport, Effect, ErrorKind, HttpRequest, HttpResponse, RetryPolicy,
        TransportError, TransportErrorKind,
    },
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::Method;
use schedule::Turn;
use serde::Deserialize;
use sha2::Sha256;
use std::{
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use store::Store;

/// The default number of messages per second.
const STANDARD: u32 = 80;
/// How often to check whether the program was interrupted.
const SLICE: Duration = Duration::from_millis(200);
/// The shortest wait that is reported on standard error.
const LONG: Duration = Duration::from_secs(1);

/// A transport that enforces the limit.
#[derive(Debug)]
pub(crate) struct Limited<T> {
    inner: T,
    limit: Arc<Limit>,
}

/// The limit, and the deadline of the call in flight.
#[derive(Debug)]
pub(crate) struct Limit {
    rate: u32,
    deadline: Option<Duration>,
    /// The deadline of the call in flight.
    until: Mutex<Option<Instant>>,
    store: Mutex<Option<Store>>,
    output: Output,
}

impl<T> Limited<T> {
    pub(crate) fn new(inner: T, limit: Arc<Limit>) -> Self {
        Self { inner, limit }
    }
}

impl Limit {
    pub(crate) fn new(global: &Global) -> Self {
        let deadline = global.deadline.map(Duration::from_secs);
        let rate = global.messages_per_second.unwrap_or(STANDARD);
        Self { rate, deadline, until: Mutex::new(None), store: Mutex::new(None), output: Output::of(global) }
    }

    /// Starts a call. Its deadline counts from now.
    pub(crate) fn begin(&self) {
        let until = self.deadline.and_then(|deadline| Instant::now().checked_add(deadline));
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }

    /// Calls `run` with the schedule of a sender.
    fn with<R>(&self, sender: &str, run: impl FnOnce(&mut schedule::Schedule) -> R) -> R {
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        store.get_or_insert_with(|| Store::new(sender, self.output)).with(run)
    }

    /// Returns how long the message still has to wait, or zero if it can be sent. Fails if the deadline would pass first.
    fn step(&self, message: &mut Message) -> Result<Duration, TransportError> {
        let wait = self.with(&message.sender, |schedule| schedule.step(&mut message.turn, self.rate, now()));
        let wait = Duration::from_nanos(wait);
        let until = *self.until.lock().unwrap_or_else(PoisonError::into_inner);
        if until.is_some_and(|until| until.saturating_duration_since(Instant::now()) < wait) {
            self.with(&message.sender, |schedule| schedule.release(&message.turn, self.rate));
            let why = format!(
                "the rate limit allows the message in {:.1} s, after the deadline",
                wait.as_secs_f64()
            );
            return Err(TransportError::new(TransportErrorKind::NotSent, why));
        }
        if !wait.is_zero() && signals::interrupted() {
            self.with(&message.sender, |schedule| schedule.release(&message.turn, self.rate));
            return Err(TransportError::new(TransportErrorKind::NotSent, "interrupted"));
        }
        if wait >= LONG && !message.is_announced {
            message.is_announced = true;
            self.output.note(format!("waiting {:.1} s for the rate limit", wait.as_secs_f64()));
        }
        Ok(wait.min(SLICE))
    }

    /// Records the outcome. A message that was not accepted does not count for its recipient. Throttling holds all messages.
    fn done(&self, message: &Message, answer: &Result<HttpResponse, TransportError>) {
        let refusal = match answer {
            Ok(response) if response.status().is_client_error() => Some(response),
            Err(error) if error.is_not_sent() => None,
            _ => return,
        };
        let throttled = refusal.and_then(|response| {
            let error = ApiError::read(response.status().as_u16(), response.body());
            let after = response.headers().get("retry-after").and_then(|after| after.to_str().ok());
            let seconds = after.and_then(|after| after.trim().parse().ok());
            let error = error.with_retry_after(seconds.map(Duration::from_secs));
            let is_pair = error.retry_rule() == Some(RetryRule::PairBackoff);
            if !is_pair && !error.is_throttled() {
                return None;
            }
            let policy = RetryPolicy::default();
            let longest = policy.longest_retry_after;
            let hold = policy.wait(Effect::Once, &ErrorKind::Api(error), 1, 1.0).unwrap_or(longest);
            Some((is_pair, now().saturating_add(u64::try_from(hold.as_nanos()).unwrap_or(u64::MAX))))
        });
        self.with(&message.sender, |schedule| schedule.failed(&message.turn, throttled));
    }
}

fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_nanos()).unwrap_or(u64::MAX / 2)
}

/// A message waiting for its slot.
struct Message {
    sender: String,
    turn: Turn,
    is_announced: bool,
}

/// The part of a message's body that names the recipient.
#[derive(Deserialize)]
struct Addressed {
    to: Option<String>,
    recipient: Option<String>,
}

impl Message {
    /// Returns the message of a request, or `None` for any other call.
    fn of(request: &HttpRequest) -> Option<Self> {
        if request.method != Method::POST || !request.uri.path().ends_with("/messages") {
            return None;
        }
        let body = serde_json::from_slice::<Addressed>(request.payload.bytes()?).ok()?;
        let recipient = body.to.or(body.recipient)?;
        // A number is identified by its digits, however it is written.
        let digits: String = recipient.chars().filter(char::is_ascii_digit).collect();
        let is_number = recipient.chars().all(|c| c.is_ascii_digit() || c.is_ascii_punctuation() || c == ' ');
        let recipient = if is_number { digits } else { recipient };
        let uri = request.uri.to_string();
        let key: Vec<u8> = request
            .headers
            .values()
            .filter(|value| value.is_sensitive())
            .flat_map(|value| value.as_bytes().to_vec())
            .collect();
        let turn = Turn::new(hash(&key, &["pair", &uri, &recipient]));
        Some(Self { sender: hash(&key, &["sender", &uri]), turn, is_announced: false })
    }
}

/// Hashes values that must not be stored in a file. Without the key, a number cannot be found by trial.
fn hash(key: &[u8], parts: &[&str]) -> String {
    // HMAC accepts keys of any length.
    let Ok(mut hmac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    for part in parts {
        hmac.update(part.as_bytes());
        hmac.update(&[0]);
    }
    let mut text = String::with_capacity(32);
    for byte in hmac.finalize().into_bytes().iter().take(16) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[async_trait]
impl<T: AsyncTransport> AsyncTransport for Limited<T> {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let Some(mut message) = Message::of(&request) else { return self.inner.send(request).await };
        loop {
            let wait = self.limit.step(&mut message)?;
            if wait.is_zero() {
                break;
            }
            tokio::time::sleep(wait).await;
        }
        let answer = self.inner.send(request).await;
        self.limit.done(&message, &answer);
        answer
    }
}

impl<T: BlockingTransport> BlockingTransport for Limited<T> {
    fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let Some(mut message) = Message::of(&request) else { return self.inner.send(request) };
        loop {
            let wait = self.limit.step(&mut message)?;
            if wait.is_zero() {
                break;
            }
            std::thread::sleep(wait);
        }
        let answer = self.inner.send(request);
        self.limit.done(&message, &answer);
        answer
    }
}
