//! Reads responses. Endpoints compose these functions in `decode`.
use crate::exchange::HttpResponse;
use d360_model::error::ApiError;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::HashMap;

/// Why a response could not be decoded.
#[derive(Debug)]
#[non_exhaustive]
pub enum Unreadable {
    /// The response is a refusal; [`Api::refusal`](crate::Api::refusal) parses it.
    Refusal,
    /// The response reports success in an unknown form.
    Shape(Box<dyn std::error::Error + Send + Sync>),
}

/// Parses a 2xx response as JSON. An error object under a 2xx status counts as a refusal.
///
/// # Errors
/// Returns [`Unreadable`] if the response has another status or form.
pub fn json<T: DeserializeOwned>(response: &HttpResponse) -> Result<T, Unreadable> {
    serde_json::from_slice(not_refused(response)?).map_err(|error| Unreadable::Shape(error.into()))
}

/// Accepts a 2xx response that is empty, `null`, or an object without an error and without `"success": false`.
///
/// # Errors
/// Returns [`Unreadable`] for any other response.
pub fn success(response: &HttpResponse) -> Result<(), Unreadable> {
    let body = not_refused(response)?;
    if body.trim_ascii().is_empty() {
        return Ok(());
    }
    // The page of a proxy has status 200 too.
    let answer = serde_json::from_slice::<Option<HashMap<String, Value>>>(body);
    let answer = answer.map_err(|error| Unreadable::Shape(error.into()))?;
    let failed = answer.is_some_and(|answer| answer.get("success") == Some(&Value::Bool(false)));
    if failed { Err(Unreadable::Refusal) } else { Ok(()) }
}

/// Returns the body without a byte order mark, which JSON parsers reject and some servers send.
#[must_use]
pub fn text_of(response: &HttpResponse) -> &[u8] {
    let body = response.body();
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

/// Returns the body of a 2xx response that contains no error.
fn not_refused(response: &HttpResponse) -> Result<&[u8], Unreadable> {
    let body = text_of(response);
    let refused =
        !response.status().is_success() || (holds_error(body) && ApiError::read(200, body).is_certain());
    if refused { Err(Unreadable::Refusal) } else { Ok(body) }
}

/// Whether a body may contain an error. Costs next to nothing if it does not.
fn holds_error(body: &[u8]) -> bool {
    body.split(|byte| *byte == b'"').any(|text| text.starts_with(b"error") || text == b"meta")
}
