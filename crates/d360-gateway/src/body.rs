//! Answers, and bodies that come in.
use axum::body::{Body, Bytes, to_bytes};
use d360::migrate::errors::Answer;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::Value;
use std::time::Duration;

pub(crate) type Response = http::Response<Body>;

/// What a translation left out or changed: `lost ttl, changed to`.
pub(crate) const NOTES: HeaderName = HeaderName::from_static("x-d360-notes");
/// What the gateway did instead of asking Cloud.
pub(crate) const GATEWAY: HeaderName = HeaderName::from_static("x-d360-gateway");

/// How long a body may take.
const BODY_TIME: Duration = Duration::from_secs(30);

pub(crate) fn json(status: u16, value: &Value) -> Response {
    // Texts and numbers can be written.
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

/// The same answer with a header.
pub(crate) fn with(mut response: Response, name: HeaderName, value: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
    response
}

/// A whole body, or the answer to one that is too long or too slow.
pub(crate) async fn read(body: Body, most: usize) -> Result<Bytes, Answer> {
    match tokio::time::timeout(BODY_TIME, to_bytes(body, most)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => {
            let error: axum::BoxError = error.into_inner();
            if error.is::<http_body_util::LengthLimitError>() {
                let details = format!("The body is longer than {most} bytes");
                Err(Answer::error_with(413, 1009, &details))
            } else {
                Err(Answer::error(1025, "The body broke off"))
            }
        }
        Err(_) => Err(Answer::error_with(408, 1025, "The body took too long")),
    }
}
