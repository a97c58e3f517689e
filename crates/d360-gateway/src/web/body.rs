//! Responses, and reading of request bodies.
use axum::body::Body;
use d360::migrate::errors::Answer;
use http::{HeaderName, HeaderValue, StatusCode, header};
use http_body_util::BodyExt as _;
use hyper::body::Body as _;
use serde_json::Value;
use std::{sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub(crate) type Response = http::Response<Body>;

/// The header that lists what a translation dropped or changed: `lost ttl, changed to`.
pub(crate) const NOTES: HeaderName = HeaderName::from_static("x-d360-notes");
/// The header that says what the gateway did instead of calling Cloud.
pub(crate) const GATEWAY: HeaderName = HeaderName::from_static("x-d360-gateway");

/// The timeout of a body.
const BODY_TIME: Duration = Duration::from_secs(30);

pub(crate) fn json(status: u16, value: &Value) -> Response {
    // Serializing a Value cannot fail.
    json_text(status, serde_json::to_vec(value).unwrap_or_default())
}

pub(crate) fn json_text(status: u16, text: impl Into<Body>) -> Response {
    let mut response = Response::new(text.into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

pub(crate) fn answer(answer: &Answer) -> Response {
    json(answer.status, &answer.body)
}

pub(crate) fn text(status: StatusCode, text: impl Into<Body>) -> Response {
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// Adds a header to a response.
pub(crate) fn with(mut response: Response, name: HeaderName, value: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
    response
}

/// Limits the bytes of bodies in memory, over all connections.
#[derive(Clone, Debug)]
pub(crate) struct Budget(Arc<Semaphore>);

/// How long an unwanted body is read.
const DISCARD_TIME: Duration = Duration::from_millis(100);
/// The bytes that one permit of the budget represents.
const UNIT: usize = 1 << 10;
/// How long a chunk waits for a share of the budget.
const BUDGET_TIME: Duration = Duration::from_secs(2);

impl Budget {
    pub(crate) fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes.div_ceil(UNIT).min(Semaphore::MAX_PERMITS))))
    }
}

/// A body with its share of the budget.
#[derive(Debug)]
pub(crate) struct Kept {
    bytes: Vec<u8>,
    share: Option<OwnedSemaphorePermit>,
}

impl std::ops::Deref for Kept {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Why a body could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    TooLarge(usize),
    BrokenOff,
    TooSlow,
    /// The budget is used up.
    Overload,
}

impl Unread {
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::TooLarge(_) => "too_large",
            Self::BrokenOff => "malformed",
            Self::TooSlow => "too_slow",
            Self::Overload => "overload",
        }
    }
    pub(crate) fn answer(self) -> Response {
        match self {
            Self::TooLarge(most) => {
                answer(&Answer::error_with(413, 1009, &format!("The body is longer than {most} bytes")))
            }
            Self::BrokenOff => answer(&Answer::error(1025, "The body is incomplete")),
            Self::TooSlow => answer(&Answer::error_with(408, 1025, "The body took too long")),
            Self::Overload => {
                let details = "Nothing was done: too many requests are being read; try again";
                with(answer(&Answer::error_with(503, 1016, details)), header::RETRY_AFTER, "1")
            }
        }
    }
}

/// Reads a whole body. The budget is charged per received chunk, so an announced body that is never sent costs nothing.
pub(crate) async fn read(mut body: Body, most: usize, budget: &Budget) -> Result<Kept, Unread> {
    let read = if body.size_hint().lower() > most as u64 {
        Err(Unread::TooLarge(most))
    } else {
        let read = tokio::time::timeout(BODY_TIME, collect(&mut body, most, budget)).await;
        read.unwrap_or(Err(Unread::TooSlow))
    };
    if matches!(read, Err(Unread::TooLarge(_) | Unread::Overload)) {
        discard(body).await;
    }
    read
}

/// Discards the body of a rejected request. With `Expect: 100-continue` the client has not sent it, and is not asked
/// to.
pub(crate) async fn discard_of(headers: &http::HeaderMap, body: Body) {
    if !headers.contains_key(header::EXPECT) {
        discard(body).await;
    }
}

/// Reads and discards an unwanted body for a short time. If a connection is closed while data arrives, the client may
/// lose the answer.
pub(crate) async fn discard(mut body: Body) {
    let all = async { while let Some(Ok(_)) = body.frame().await {} };
    let _ = tokio::time::timeout(DISCARD_TIME, all).await;
}

async fn collect(body: &mut Body, most: usize, budget: &Budget) -> Result<Kept, Unread> {
    let mut kept = Kept { bytes: Vec::new(), share: None };
    let mut paid = 0;
    while let Some(frame) = body.frame().await {
        let Ok(piece) = frame.map_err(|_| Unread::BrokenOff)?.into_data() else { continue };
        let length = kept.bytes.len() + piece.len();
        if length > most {
            return Err(Unread::TooLarge(most));
        }
        let units = length.div_ceil(UNIT);
        if units > paid {
            let more = u32::try_from(units - paid).unwrap_or(u32::MAX);
            let permit = tokio::time::timeout(BUDGET_TIME, budget.0.clone().acquire_many_owned(more)).await;
            let Ok(Ok(permit)) = permit else { return Err(Unread::Overload) };
            match &mut kept.share {
                Some(share) => share.merge(permit),
                None => kept.share = Some(permit),
            }
            paid = units;
        }
        kept.bytes.extend_from_slice(&piece);
    }
    Ok(kept)
}
