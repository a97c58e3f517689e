//! Reads a webhook: in one pass where its form is the documented one, and otherwise tolerantly.
use super::{
    event::{Event, NotAWebhook},
    quick, tolerant,
};

/// Parses the body of a webhook: Cloud's envelope, On-Premise's flat form, or the bare `{field, value}` of Meta's
/// test button.
///
/// An invalid scalar only affects itself: half an emoji and invalid bytes become U+FFFD, and a number out of range
/// becomes text.
///
/// # Errors
/// Returns [`NotAWebhook`] if the body is not a JSON object. Any other body yields events; unknown ones are
/// [`EventKind::Other`](super::EventKind::Other).
pub fn read(body: &[u8]) -> Result<Vec<Event>, NotAWebhook> {
    let text = std::str::from_utf8(body).ok();
    match text.and_then(quick::read) {
        Some(events) => Ok(events),
        None => tolerant::json(body).and_then(tolerant::read_value),
    }
}
