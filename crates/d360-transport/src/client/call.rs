//! A call as a state machine. Both clients drive it, and contain no policy of their own.
use super::{
    core::Core,
    trace::{Trace, Why},
};
use crate::{
    endpoint::{Api, Body, Endpoint, Unreadable},
    error::{Error, ErrorKind, TransportError, Undecodable},
    exchange::{BodySink, HttpRequest, HttpResponse, Payload, Progress},
    policy::{CallOptions, Place},
};
use d360_model::MAX_CALLBACK_DATA;
use http::{
    Method, Uri,
    header::{CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT},
};
use std::{
    marker::PhantomData,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

const USER_AGENT_VALUE: HeaderValue = HeaderValue::from_static(concat!("d360/", env!("CARGO_PKG_VERSION")));
/// The transfer rate that large bodies are given time for, in bytes per second. No fixed time limit fits both a
/// contact and a film.
const SLOWEST: u64 = 64 * 1024;
const DEFAULT_RESPONSE_LIMIT: u64 = 1024 * 1024;
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The next step of the driver. It fetches requests and results separately, because an async driver would hold
/// everything that this holds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Wait(Duration),
    /// Send [`Call::attempt`], and report the result.
    Send,
    /// Return [`Call::result`].
    Done,
}

/// A call of endpoint `E`. If it is dropped before its end, nothing is left except what was sent.
pub(crate) struct Call<'c, E: Endpoint> {
    core: &'c Core,
    options: &'c CallOptions,
    prepared: Prepared,
    place: Option<Place>,
    started: Instant,
    deadline: Option<Instant>,
    /// Never before the end of the last wait, whatever the clock says.
    now: Instant,
    made: u32,
    /// The tokens that the pending attempt took from the retry budget, and those of the last attempt.
    taken: Option<u32>,
    spent: Option<u32>,
    failure: Option<Error>,
    next: Next<E::Response>,
    done: bool,
    trace: Trace,
    endpoint: PhantomData<fn() -> E>,
}

enum Next<R> {
    Send,
    Wait(Duration),
    Done(Result<R, Error>),
    /// An attempt is in flight, or the result was returned.
    Nothing,
}

impl<'c, E: Endpoint> Call<'c, E> {
    /// Validates and builds the request. Consumes the endpoint, which an async driver would otherwise hold to its
    /// end.
    #[allow(clippy::needless_pass_by_value, reason = "see above")]
    pub(crate) fn new(
        core: &'c Core,
        options: &'c CallOptions,
        endpoint: E,
        place: Option<Place>,
        now: Instant,
    ) -> Result<Self, Error> {
        let trace = Trace::new(E::META.name);
        let prepared = prepare(core, options, &endpoint).inspect_err(|error| trace.done(0, Some(error)))?;
        Ok(Self {
            core,
            options,
            prepared,
            place: place.or_else(|| Place::new(&core.config.rate_limit, core.sender, endpoint.recipient())),
            // A deadline beyond the clock is none.
            deadline: options.deadline.and_then(|deadline| now.checked_add(deadline)),
            started: now,
            now,
            made: 0,
            taken: None,
            spent: None,
            failure: None,
            next: Next::Send,
            done: false,
            trace,
            endpoint: PhantomData,
        })
    }

    pub(crate) fn step(&mut self, now: Instant) -> Step {
        self.now = self.now.max(now);
        match self.next {
            Next::Send => self.send(),
            Next::Wait(wait) => self.wait(wait),
            Next::Done(_) => Step::Done,
            // Drivers report a result before each step.
            Next::Nothing => unreachable!("a call was driven on without an answer"),
        }
    }

    /// Returns the result for [`Step::Done`].
    pub(crate) fn result(mut self) -> Result<E::Response, Error> {
        let Next::Done(result) = std::mem::replace(&mut self.next, Next::Nothing) else {
            // Drivers call this after `Step::Done`, when `next` is the result.
            unreachable!("a call was asked for its result before its end")
        };
        self.done = true;
        self.trace.done(self.made, result.as_ref().err());
        result
    }

    fn send(&mut self) -> Step {
        match turn(self.place.as_mut(), self.deadline, self.options, self.now) {
            Ok(wait) if wait.is_zero() => {}
            Ok(wait) => {
                self.trace.waiting(wait, Why::RateLimit);
                return self.wait(wait);
            }
            Err(kind) => return self.give_up(kind),
        }
        if let Some(place) = &mut self.place {
            place.used();
        }
        self.made += 1;
        self.spent = self.taken.take();
        self.trace.sending(self.made);
        self.next = Next::Nothing;
        Step::Send
    }

    /// Returns the request of the attempt for [`Step::Send`].
    pub(crate) fn attempt(&self) -> HttpRequest {
        let mut request = self.prepared.request(self.core, E::META.method);
        request.time_limit = self.left().map_or(request.time_limit, |left| left.min(request.time_limit));
        request
    }

    fn wait(&mut self, wait: Duration) -> Step {
        // A wait beyond the clock is only as long as the sleep makes it.
        self.now = self.now.checked_add(wait).unwrap_or(self.now);
        self.next = Next::Send;
        Step::Wait(wait)
    }

    /// Ends the call. The error is the last attempt's failure, or `otherwise` if there was none.
    fn give_up(&mut self, otherwise: ErrorKind) -> Step {
        let error = self.failure.take().unwrap_or_else(|| self.error(otherwise));
        self.next = Next::Done(Err(error));
        Step::Done
    }

    fn error(&self, kind: ErrorKind) -> Error {
        let elapsed = self.now.saturating_duration_since(self.started);
        Error::of_request(&E::META, &self.prepared.uri, self.made, elapsed, kind)
    }

    fn left(&self) -> Option<Duration> {
        left(self.deadline, self.now)
    }

    pub(crate) fn answered(&mut self, outcome: Result<HttpResponse, TransportError>, now: Instant) {
        self.now = self.now.max(now);
        let outcome = outcome.map_err(ErrorKind::Transport);
        let failure = match outcome.and_then(read::<E>) {
            Ok(answer) => {
                self.core.budget.succeeded(self.spent);
                self.next = Next::Done(Ok(answer));
                return;
            }
            Err(failure) => failure,
        };
        let policy = self.options.retry.as_ref().unwrap_or(&self.core.config.retry);
        let wait = policy.wait(E::META.effect, &failure, self.made, (self.core.jitter)());
        let wait = wait.filter(|wait| !self.options.no_wait && self.left().is_none_or(|left| *wait < left));
        let wait = wait.filter(|_| {
            self.taken = self.core.budget.take(&failure);
            self.taken.is_some()
        });
        if let Some(place) = &mut self.place {
            // Other messages of its sender or pair pause too, whether or not this call is retried.
            let hold = wait.unwrap_or_else(|| policy.hold(&failure, self.made));
            place.failed(&failure, self.now, hold);
        }
        if let Some(wait) = wait {
            self.trace.waiting(wait, Why::Retry(&failure));
        }
        let error = self.error(failure);
        self.next = match wait {
            Some(wait) => {
                self.failure = Some(error);
                Next::Wait(wait)
            }
            None => Next::Done(Err(error)),
        };
    }
}

impl<E: Endpoint> Drop for Call<'_, E> {
    fn drop(&mut self) {
        if let Some(taken) = self.taken {
            self.core.budget.give_back(taken);
        }
        if !self.done {
            self.trace.dropped(self.made);
        }
    }
}

/// Returns the time until the deadline.
fn left(deadline: Option<Instant>, now: Instant) -> Option<Duration> {
    Some(deadline?.saturating_duration_since(now))
}

/// Returns how long a message waits for the rate limit, or why it is not sent.
#[allow(clippy::result_large_err, reason = "it is moved immediately; a box would cost more")]
pub(super) fn turn(
    place: Option<&mut Place>,
    deadline: Option<Instant>,
    options: &CallOptions,
    now: Instant,
) -> Result<Duration, ErrorKind> {
    let left = left(deadline, now);
    if left == Some(Duration::ZERO) {
        return Err(ErrorKind::Deadline);
    }
    let wait = place.map_or(Duration::ZERO, |place| place.wait(now));
    if !wait.is_zero() && options.no_wait {
        return Err(ErrorKind::WouldWait(wait));
    }
    if !wait.is_zero() && left.is_some_and(|left| wait >= left) {
        return Err(ErrorKind::Deadline);
    }
    Ok(wait)
}

/// Decodes a response of any status.
#[allow(clippy::result_large_err, reason = "it is moved immediately; a box would cost more")]
fn read<E: Endpoint>(response: HttpResponse) -> Result<E::Response, ErrorKind> {
    match E::decode(&response) {
        Ok(answer) => Ok(answer),
        Err(Unreadable::Shape(reason)) if response.status().is_success() => {
            let (status, body) = (response.status().as_u16(), response.into_body());
            Err(ErrorKind::Undecodable(Undecodable { status, reason, body }))
        }
        Err(_) => Err(ErrorKind::Api(refusal::<E>(&response))),
    }
}

/// The common parts of all attempts of a call. The headers are built for each: that costs less than keeping and
/// copying them.
struct Prepared {
    uri: Uri,
    content_type: Option<HeaderValue>,
    payload: Payload,
    time_limit: Duration,
    response_limit: u64,
    sink: Option<Arc<dyn BodySink>>,
    progress: Option<Progress>,
}

/// Returns the request that a call of `endpoint` sends.
pub(crate) fn request<E: Endpoint>(
    core: &Core,
    options: &CallOptions,
    endpoint: &E,
) -> Result<HttpRequest, Error> {
    prepare(core, options, endpoint).map(|prepared| prepared.request(core, E::META.method))
}

fn prepare<E: Endpoint>(core: &Core, options: &CallOptions, endpoint: &E) -> Result<Prepared, Error> {
    let mut path = endpoint.path();
    endpoint.query(&mut path);
    let uri = core.host.uri(path, E::META.scope);
    let fail = |kind| match &uri {
        Ok(uri) => Error::of_request(&E::META, uri, 0, Duration::ZERO, kind),
        Err(_) => Error::new(&E::META, kind),
    };
    let mut findings = endpoint.check();
    if options.label.as_deref().is_some_and(|label| !(1..=MAX_CALLBACK_DATA).contains(&label.chars().count()))
    {
        findings.error("label", format!("must have 1 to {MAX_CALLBACK_DATA} characters"));
    }
    findings.into_result(core.config.strict).map_err(|invalid| fail(ErrorKind::Invalid(invalid)))?;
    let body =
        options.label.as_deref().map_or_else(|| endpoint.body(), |label| endpoint.labelled_body(label));
    let body = body.map_err(|error| fail(ErrorKind::Build(error)))?;
    let uri = uri.map_err(|error| Error::new(&E::META, ErrorKind::Build(error)))?;
    let (content_type, payload) = match body {
        Body::Empty => (None, Payload::Empty),
        Body::Json(bytes) => (Some(JSON), Payload::Bytes(bytes)),
        Body::Raw { content_type, bytes } => (Some(content_type), Payload::Bytes(bytes)),
        Body::Parts { content_type, parts } => (Some(content_type), Payload::Parts(parts)),
    };
    let transfer = endpoint.transfer();
    let bulk = payload.length().saturating_add(transfer.answer_length);
    let default = || core.config.attempt_timeout.saturating_add(Duration::from_secs(bulk / SLOWEST));
    Ok(Prepared {
        uri,
        content_type,
        payload,
        time_limit: options.attempt_timeout.unwrap_or_else(default),
        response_limit: core
            .config
            .response_limit
            .or(transfer.response_limit)
            .unwrap_or(DEFAULT_RESPONSE_LIMIT),
        sink: transfer.sink,
        progress: transfer.progress,
    })
}

impl Prepared {
    fn request(&self, core: &Core, method: Method) -> HttpRequest {
        // Enough for these and the three that HTTP libraries add.
        let mut headers = HeaderMap::with_capacity(6);
        if let Some((name, value)) = core.auth.clone() {
            headers.insert(name, value);
        }
        headers.insert(USER_AGENT, USER_AGENT_VALUE);
        if let Some(content_type) = self.content_type.clone() {
            headers.insert(CONTENT_TYPE, content_type);
        }
        HttpRequest {
            method,
            uri: self.uri.clone(),
            headers,
            payload: self.payload.clone(),
            time_limit: self.time_limit,
            response_limit: self.response_limit,
            sink: self.sink.clone(),
            progress: self.progress.clone(),
        }
    }
}

fn refusal<E: Endpoint>(response: &HttpResponse) -> d360_model::error::ApiError {
    E::Api::refusal(response).with_retry_after(retry_after(response.headers()))
}

/// Parses `Retry-After`: seconds, or a date. A date is relative to the response's own `Date`, so that clocks need not
/// agree.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: HeaderName| headers.get(name)?.to_str().ok();
    let after = text(RETRY_AFTER)?.trim();
    if let Ok(seconds) = after.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(after).ok()?;
    let now =
        text(DATE).and_then(|date| httpdate::parse_http_date(date).ok()).unwrap_or_else(SystemTime::now);
    Some(until.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let read = |after: &'static str, date: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(after));
            if let Some(date) = date {
                headers.insert(DATE, HeaderValue::from_static(date));
            }
            retry_after(&headers).map(|wait| wait.as_secs())
        };
        let date = Some("Wed, 21 Oct 2026 07:28:00 GMT");
        assert_eq!(read("7", None), Some(7));
        assert_eq!(read("Wed, 21 Oct 2026 07:28:30 GMT", date), Some(30));
        assert_eq!(read("Wed, 21 Oct 2026 07:27:30 GMT", date), Some(0));
        assert_eq!(read("soon", date), None);
        assert_eq!(read("-1", date), None);
    }
}
