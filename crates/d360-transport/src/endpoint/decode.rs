//! Reads responses. Endpoints compose these functions in `decode`.
use crate::exchange::HttpResponse;
use d360_model::error::ApiError;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::HashMap;

/// Why an answer was not read.
#[derive(Debug)]
#[non_exhaustive]
pub enum Unreadable {
    /// It is a refusal; [`Api::refusal`] reads it.
    Refusal,
    /// It says success, but in no shape that this version knows.
    Shape(Box<dyn std::error::Error + Send + Sync>),
}

/// Reads a 2xx answer as JSON. An error object under a 2xx status counts as a refusal.
///
/// # Errors
/// [`Unreadable`] where it is another status or shape.
pub fn json<T: DeserializeOwned>(response: &HttpResponse) -> Result<T, Unreadable> {
    serde_json::from_slice(not_refused(response)?).map_err(|error| Unreadable::Shape(error.into()))
}

/// Takes a 2xx answer that is empty, `null` or an object without an error and without `"success": false`.
///
/// # Errors
/// [`Unreadable`] otherwise.
pub fn success(response: &HttpResponse) -> Result<(), Unreadable> {
    let body = not_refused(response)?;
    if body.trim_ascii().is_empty() {
        return Ok(());
    }
    // A page of a proxy says 200 too.
    let answer = serde_json::from_slice::<Option<HashMap<String, Value>>>(body);
    let answer = answer.map_err(|error| Unreadable::Shape(error.into()))?;
    let failed = answer.is_some_and(|answer| answer.get("success") == Some(&Value::Bool(false)));
    if failed { Err(Unreadable::Refusal) } else { Ok(()) }
}

/// The body of an answer without a byte order mark, which JSON parsers refuse and some servers write.
#[must_use]
pub fn text_of(response: &HttpResponse) -> &[u8] {
    let body = response.body();
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

/// The body of a 2xx answer that holds no error.
fn not_refused(response: &HttpResponse) -> Result<&[u8], Unreadable> {
    let body = text_of(response);
    let refused =
        !response.status().is_success() || (holds_error(body) && ApiError::read(200, body).is_certain());
    if refused { Err(Unreadable::Refusal) } else { Ok(body) }
}

/// Whether a body may hold an error: a look that costs nothing where there is none.
fn holds_error(body: &[u8]) -> bool {
    body.split(|byte| *byte == b'"').any(|text| text.starts_with(b"error") || text == b"meta")
}
