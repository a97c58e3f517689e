//! Answers to old programs, including errors of Cloud in On-Premise's codes.
use crate::{
    notes,
    number::Number,
    web::body::{self, Response},
};
use d360::{
    Error, Outcome,
    migrate::{
        Note, NoteKind, answers, calls,
        errors::{self, Answer, Call},
    },
    transport::ErrorKind,
};
use http::{HeaderName, header};
use serde::Serialize;

/// An answer to an old program, with its notes and headers.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(super) status: u16,
    pub(super) body: String,
    pub(super) notes: Vec<Note>,
    headers: Vec<(HeaderName, String)>,
    /// Whether nothing was done for a reason outside the request, so that the same request may be retried.
    pub(super) free: bool,
}

impl Reply {
    pub(crate) fn new(answer: Answer) -> Self {
        Self::plain(answer.status, &answer.body)
    }
    /// Returns an answer with any serializable body.
    pub(crate) fn plain(status: u16, body: &impl Serialize) -> Self {
        let body = serde_json::to_string(body).unwrap_or_default();
        Self { status, body, notes: Vec::new(), headers: Vec::new(), free: matches!(status, 429 | 503) }
    }
    pub(crate) fn noted(mut self, notes: Vec<Note>) -> Self {
        self.notes = notes;
        self
    }
    pub(crate) fn header(mut self, name: HeaderName, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
    /// Returns the answer to a body that is not JSON.
    pub(crate) fn not_json() -> Self {
        Self::new(Answer::error(1025, "The body is not JSON"))
    }
    /// Returns the answer to a request that cannot be translated.
    pub(crate) fn refused(notes: &[Note]) -> Self {
        Self::new(refused(notes))
    }
    /// Returns the answer to a failed call to Cloud.
    pub(crate) fn failed(error: &Error, call: Call) -> Self {
        Self::new(failed(error, call).0).retried_after(error)
    }
    /// Returns the answer to a failed call to Cloud, with the notes of the translation and of the error.
    pub(crate) fn failed_with(error: &Error, call: Call, mut notes: Vec<Note>) -> Self {
        let (answer, more) = failed(error, call);
        notes.extend(more);
        Self::new(answer).noted(notes).retried_after(error)
    }
    /// Sets `Retry-After`, and whether the same request may be retried.
    fn retried_after(mut self, error: &Error) -> Self {
        let refused_key = error.api().is_some_and(|api| api.status() == 401);
        self.free |= error.outcome() == Outcome::NotSent && error.invalid().is_none() || refused_key;
        match error.api().and_then(|api| api.retry_after()) {
            Some(wait) => self.header(header::RETRY_AFTER, &wait.as_secs().to_string()),
            // The gateway's own queue is too long. The wait is unknown, so use a default.
            None if self.status == 429 => self.header(header::RETRY_AFTER, "5"),
            None => self,
        }
    }
    /// Adds the notes of the table of calls.
    pub(super) fn noted_as_call(self, number: &Number, parts: &http::request::Parts, sent: &[u8]) -> Self {
        let body = serde_json::from_slice(sent).unwrap_or_default();
        let translated = calls::to_cloud(parts.method.as_str(), parts.uri.path(), &body, &number.options);
        let mut notes = translated.notes;
        notes.extend(self.notes);
        Self { notes, ..self }
    }
    pub(super) fn into_response(self) -> Response {
        let mut response = body::json_text(self.status, self.body);
        if let Some(text) = notes::header(&self.notes) {
            response = body::with(response, body::NOTES, &text);
        }
        self.headers.into_iter().fold(response, |response, (name, value)| body::with(response, name, &value))
    }
}

/// Converts the refused parts of a translation to On-Premise's error.
fn refused(notes: &[Note]) -> Answer {
    let refused: Vec<&Note> = notes.iter().filter(|note| note.kind == NoteKind::Refused).collect();
    let code = match refused.first() {
        Some(note) if note.why.starts_with("is required") => 1008,
        Some(note) if note.path == "to" => 1013,
        Some(note) if note.path == "recipient_type" => 1002,
        Some(note) if note.path == "text.body" && note.why.contains("characters") => 1001,
        _ => 1009,
    };
    let told: Vec<String> = refused.iter().map(|note| format!("{}: {}", note.path, note.why)).collect();
    Answer::error(code, told.join("; ").trim_start_matches(": "))
}

/// Converts a failed call to Cloud to On-Premise's error.
fn failed(error: &Error, call: Call) -> (Answer, Vec<Note>) {
    let nothing = "Nothing was sent";
    let answer = match (error.outcome(), error.kind()) {
        (Outcome::Unknown, _) if error.endpoint() == "cloud.messages.send" => {
            answers::unknown(&error.to_string())
        }
        (Outcome::Unknown, _) if error.endpoint() == "cloud.templates.create" => {
            let why = "The outcome is unknown; list the templates before you submit it again";
            Answer::error_with(504, 1000, &format!("{why}: {error}"))
        }
        (Outcome::Unknown, _) => {
            let details = format!("The outcome is unknown; the call is safe to retry: {error}");
            Answer::error_with(504, 1000, &details)
        }
        (_, ErrorKind::Api(api)) => {
            let told = errors::to_onprem(api, call);
            let mut answer = told.value.unwrap_or_else(|| Answer::error(1000, "the API gave no reason"));
            if answer.status == 401 {
                // Cloud rejects the gateway's key, not the old program's.
                answer =
                    Answer::error_with(403, 1005, "Cloud rejects the gateway's key; check its configuration");
            }
            return (answer, told.notes);
        }
        (_, ErrorKind::WouldWait(_) | ErrorKind::Deadline) => {
            Answer::error(1015, &format!("{nothing}: the rate limit would delay the message too long"))
        }
        (_, ErrorKind::Transport(_)) => {
            Answer::error(1016, &format!("{nothing}: Cloud cannot be reached ({error})"))
        }
        _ => Answer::error(1009, &format!("{nothing}: {error}")),
    };
    (answer, Vec::new())
}
