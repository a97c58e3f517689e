//! Answers to old programs, and those of Cloud's failures in On-Premise's codes.
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

/// An answer to an old program, and what there is to know about it.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(super) status: u16,
    pub(super) body: String,
    pub(super) notes: Vec<Note>,
    headers: Vec<(HeaderName, String)>,
    /// Whether nothing was done for a reason that is not the request's: it may be made again as it is.
    pub(super) free: bool,
}

impl Reply {
    pub(crate) fn new(answer: Answer) -> Self {
        Self::plain(answer.status, &answer.body)
    }
    /// A body that is not On-Premise's own.
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
    /// The reply to a body that cannot be read.
    pub(crate) fn not_json() -> Self {
        Self::new(Answer::error(1025, "The body is not JSON"))
    }
    /// The reply to what a translation refused.
    pub(crate) fn refused(notes: &[Note]) -> Self {
        Self::new(refused(notes))
    }
    /// The reply to a call of Cloud that failed.
    pub(crate) fn failed(error: &Error, call: Call) -> Self {
        Self::new(failed(error, call).0).retried_after(error)
    }
    /// The same, with notes of the translation and of the error.
    pub(crate) fn failed_with(error: &Error, call: Call, mut notes: Vec<Note>) -> Self {
        let (answer, more) = failed(error, call);
        notes.extend(more);
        Self::new(answer).noted(notes).retried_after(error)
    }
    /// How long Cloud asks to wait, and whether the request may be made again as it is.
    fn retried_after(mut self, error: &Error) -> Self {
        let refused_key = error.api().is_some_and(|api| api.status() == 401);
        self.free |= error.outcome() == Outcome::NotSent && error.invalid().is_none() || refused_key;
        match error.api().and_then(|api| api.retry_after()) {
            Some(wait) => self.header(header::RETRY_AFTER, &wait.as_secs().to_string()),
            // The line is too long: how long it is then, nobody knows.
            None if self.status == 429 => self.header(header::RETRY_AFTER, "5"),
            None => self,
        }
    }
    /// Whatever the table of calls has to say about it.
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

/// What a translation refused, in On-Premise's codes.
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

/// A call of Cloud that failed, as On-Premise's answer.
fn failed(error: &Error, call: Call) -> (Answer, Vec<Note>) {
    let nothing = "Nothing was sent";
    let answer = match (error.outcome(), error.kind()) {
        (Outcome::Unknown, _) if error.endpoint() == "cloud.messages.send" => {
            answers::unknown(&error.to_string())
        }
        (Outcome::Unknown, _) if error.endpoint() == "cloud.templates.create" => {
            let why = "The outcome is unknown: list the templates before you submit it again";
            Answer::error_with(504, 1000, &format!("{why}: {error}"))
        }
        (Outcome::Unknown, _) => {
            let details = format!("The outcome is unknown; doing it again does no harm: {error}");
            Answer::error_with(504, 1000, &details)
        }
        (_, ErrorKind::Api(api)) => {
            let told = errors::to_onprem(api, call);
            let mut answer = told.value.unwrap_or_else(|| Answer::error(1000, "the API gave no reason"));
            if answer.status == 401 {
                // It is the gateway's key that Cloud does not take, and not the old program's.
                answer =
                    Answer::error_with(403, 1005, "Cloud refuses the gateway's key; see its configuration");
            }
            return (answer, told.notes);
        }
        (_, ErrorKind::WouldWait(_) | ErrorKind::Deadline) => {
            Answer::error(1015, &format!("{nothing}: more messages wait than may be sent in time"))
        }
        (_, ErrorKind::Transport(_)) => {
            Answer::error(1016, &format!("{nothing}: Cloud cannot be reached ({error})"))
        }
        _ => Answer::error(1009, &format!("{nothing}: {error}")),
    };
    (answer, Vec::new())
}
