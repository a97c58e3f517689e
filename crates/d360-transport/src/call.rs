//! One call as a state machine. Both clients drive it, and neither has policy of its own.
use crate::{
    Body, Endpoint, Error, ErrorKind, HttpRequest, HttpResponse, Payload, TransportError, Undecodable,
    Unreadable, config::Core,
};
use http::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT};
use std::{
    marker::PhantomData,
    time::{Duration, SystemTime},
};

const USER_AGENT_VALUE: HeaderValue = HeaderValue::from_static(concat!("d360/", env!("CARGO_PKG_VERSION")));
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What the driver is to do next.
#[allow(
    clippy::large_enum_variant,
    reason = "it lives for a moment on the driver's stack; a box would cost more"
)]
#[derive(Debug)]
pub(crate) enum Step<R> {
    Wait(Duration),
    Send(HttpRequest),
    Done(Result<R, Error>),
}

/// A call of endpoint `E`.
pub(crate) struct Call<'c, E: Endpoint> {
    core: &'c Core,
    request: HttpRequest,
    made: u32,
    /// What the last attempt took from the retry budget.
    taken: Option<u32>,
    next: Next<E::Response>,
    endpoint: PhantomData<fn() -> E>,
}

enum Next<R> {
    Send,
    Wait(Duration),
    Done(Result<R, Error>),
    /// The answer was handed out.
    Over,
}

impl<'c, E: Endpoint> Call<'c, E> {
    /// Checks and builds the request.
    pub(crate) fn new(core: &'c Core, endpoint: &E) -> Result<Self, Error> {
        let request = request(core, endpoint)?;
        Ok(Self { core, request, made: 0, taken: None, next: Next::Send, endpoint: PhantomData })
    }

    pub(crate) fn step(&mut self) -> Step<E::Response> {
        match std::mem::replace(&mut self.next, Next::Over) {
            Next::Send => {
                self.made += 1;
                Step::Send(self.request.clone())
            }
            Next::Wait(wait) => {
                self.next = Next::Send;
                Step::Wait(wait)
            }
            Next::Done(result) => Step::Done(result),
            // No driver steps on after `Done`, nor without having answered.
            Next::Over => unreachable!("a call was driven beyond its end"),
        }
    }

    pub(crate) fn answered(&mut self, outcome: Result<HttpResponse, TransportError>) {
        let failure = match outcome {
            Ok(response) => match E::decode(&response) {
                Ok(answer) => {
                    self.core.budget.succeeded(self.taken);
                    self.next = Next::Done(Ok(answer));
                    return;
                }
                Err(Unreadable::Refusal) => ErrorKind::Api(refusal::<E>(&response)),
                Err(Unreadable::Shape(_)) if !response.status().is_success() => {
                    ErrorKind::Api(refusal::<E>(&response))
                }
                Err(Unreadable::Shape(reason)) => {
                    let (status, body) = (response.status().as_u16(), response.into_body());
                    ErrorKind::Undecodable(Undecodable { status, reason, body })
                }
            },
            Err(error) => ErrorKind::Transport(error),
        };
        let wait = self.core.config.retry.wait(E::META.effect, &failure, self.made, (self.core.jitter)());
        let wait = wait.filter(|_| {
            self.taken = self.core.budget.take(&failure);
            self.taken.is_some()
        });
        self.next = match wait {
            Some(wait) => Next::Wait(wait),
            None => Next::Done(Err(Error::new(&E::META, self.made, failure))),
        };
    }
}

/// The request that a call of `endpoint` sends.
pub(crate) fn request<E: Endpoint>(core: &Core, endpoint: &E) -> Result<HttpRequest, Error> {
    let fail = |kind| Error::new(&E::META, 0, kind);
    let build = |error| fail(ErrorKind::Build(error));
    endpoint.check().into_result(core.config.strict).map_err(|invalid| fail(ErrorKind::Invalid(invalid)))?;
    let mut path = endpoint.path();
    endpoint.query(&mut path);
    let mut request = HttpRequest::new(E::META.method, core.host.uri(path).map_err(build)?);
    let mut headers = HeaderMap::with_capacity(4);
    if let Some((name, value)) = core.auth.clone() {
        headers.insert(name, value);
    }
    headers.insert(USER_AGENT, USER_AGENT_VALUE);
    let (content_type, payload) = match endpoint.body().map_err(build)? {
        Body::Empty => (None, Payload::Empty),
        Body::Json(bytes) => (Some(JSON), Payload::Bytes(bytes)),
        Body::Raw { content_type, bytes } => (Some(content_type), Payload::Bytes(bytes)),
        Body::Parts { content_type, parts } => (Some(content_type), Payload::Parts(parts)),
    };
    if let Some(content_type) = content_type {
        headers.insert(CONTENT_TYPE, content_type);
    }
    request.headers = headers;
    request.payload = payload;
    request.time_limit = core.config.attempt_timeout;
    request.response_limit = core.config.response_limit;
    request.sink = endpoint.sink();
    Ok(request)
}

fn refusal<E: Endpoint>(response: &HttpResponse) -> d360_model::error::ApiError {
    use crate::Api as _;
    E::Api::refusal(response).with_retry_after(retry_after(response.headers()))
}

/// `Retry-After`: seconds, or a date, which counts from the answer's own `Date` so that clocks need not agree.
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
