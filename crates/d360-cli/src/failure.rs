//! Failures of a command: exit code, error message, and JSON document.
use crate::output::{Output, findings};
use d360::{
    Error, Outcome,
    model::{Findings, Invalid, Severity, error::ErrorDetails},
    transport::{BlockUsersError, ErrorKind, SetupError},
};
use serde_json::{Value, json};
use std::sync::OnceLock;

/// The documented exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Done = 0,
    Local = 1,
    Usage = 2,
    Invalid = 3,
    Refused = 4,
    Unknown = 5,
    Partly = 6,
    NotSent = 7,
}

/// A usage error.
#[derive(Clone, Debug)]
pub(crate) struct Mistake {
    pub(crate) message: String,
    /// Lines printed below the message.
    pub(crate) details: Vec<String>,
    /// Hints, printed last.
    pub(crate) hints: Vec<String>,
}

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A failure on this machine.
    Local(String),
    /// Flags that cannot be combined.
    Usage(String),
    /// A command line that cannot be parsed.
    Mistake(Mistake),
    /// Invalid settings.
    Setup(SetupError),
    /// The profile file, or something it refers to.
    Settings(String),
    /// Invalid input, with every problem.
    Invalid(Invalid),
    /// A failed call.
    Call(Error),
    /// A failed call out of several.
    Block(BlockUsersError),
}

impl From<SetupError> for Box<Failure> {
    fn from(error: SetupError) -> Self {
        Self::new(Failure::Setup(error))
    }
}

impl From<Invalid> for Box<Failure> {
    fn from(invalid: Invalid) -> Self {
        Self::new(Failure::Invalid(invalid))
    }
}

impl From<Error> for Box<Failure> {
    fn from(error: Error) -> Self {
        match error.invalid() {
            Some(invalid) => Self::new(Failure::Invalid(invalid.clone())),
            None => Self::new(Failure::Call(error)),
        }
    }
}

impl From<BlockUsersError> for Box<Failure> {
    fn from(error: BlockUsersError) -> Self {
        match error.error().invalid() {
            Some(invalid) => Self::new(Failure::Invalid(invalid.clone())),
            None => Self::new(Failure::Block(error)),
        }
    }
}

impl Failure {
    pub(crate) fn local(message: impl Into<String>) -> Box<Self> {
        Box::new(Self::Local(message.into()))
    }
    pub(crate) fn usage(message: impl Into<String>) -> Box<Self> {
        Box::new(Self::Usage(message.into()))
    }
    /// A usage error with its own hint.
    pub(crate) fn mistake(message: impl Into<String>, hint: impl Into<String>) -> Box<Self> {
        let hints = vec![hint.into()];
        Box::new(Self::Mistake(Mistake { message: message.into(), details: Vec::new(), hints }))
    }
    pub(crate) fn settings(message: impl Into<String>) -> Box<Self> {
        Box::new(Self::Settings(message.into()))
    }
    /// Invalid input with one problem.
    pub(crate) fn invalid(path: &str, message: impl Into<String>) -> Box<Self> {
        let mut findings = Findings::new();
        findings.error(path, message);
        Box::new(Self::Invalid(findings.into()))
    }

    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Local(_) | Self::Setup(SetupError::Library(_)) => Exit::Local,
            Self::Usage(_) | Self::Mistake(_) | Self::Setup(_) | Self::Settings(_) => Exit::Usage,
            Self::Invalid(_) => Exit::Invalid,
            Self::Call(error) => call_exit(error),
            Self::Block(error) if !error.report().done.is_empty() => Exit::Partly,
            Self::Block(error) => call_exit(error.error()),
        }
    }
}

pub(crate) fn call_exit(error: &Error) -> Exit {
    match (error.kind(), error.outcome()) {
        (ErrorKind::Invalid(_) | ErrorKind::Build(_), _) => Exit::Invalid,
        (_, Outcome::NotSent) => Exit::NotSent,
        (_, Outcome::Refused { .. }) => Exit::Refused,
        _ => Exit::Unknown,
    }
}

/// The running command.
static COMMAND: OnceLock<String> = OnceLock::new();

/// Sets the running command, for example `send text`, for hints.
pub(crate) fn at(command: &str) {
    let _ = COMMAND.set(command.to_owned());
}

fn help_hint() -> String {
    format!("see `d360 {} -h`", COMMAND.get().map_or("", String::as_str)).replace("  ", " ")
}

impl Output {
    /// Prints why a command failed and what to do.
    pub(crate) fn failure(self, failure: &Failure) -> Exit {
        if self.is_json() {
            self.document(&failure_document(failure, self.sends()));
        } else {
            self.explain(failure);
        }
        failure.exit()
    }

    pub(crate) fn explain(self, failure: &Failure) {
        match failure {
            Failure::Local(message) => self.error(format!("error: {message}")),
            Failure::Usage(message) => {
                self.error(format!("error: {message}"));
                self.error(format!("hint: {}", help_hint()));
            }
            Failure::Mistake(mistake) => {
                self.error(format!("error: {}", mistake.message));
                mistake.details.iter().for_each(|line| self.error(line));
                mistake.hints.iter().for_each(|hint| self.error(format!("hint: {hint}")));
            }
            Failure::Settings(message) => self.error(format!("error: {message}")),
            Failure::Setup(error) => {
                self.error(format!("error: {error}"));
                causes(error).iter().for_each(|cause| self.error(format!("  because: {cause}")));
                if matches!(error, SetupError::NoKey) {
                    self.error("hint: keep keys in profiles with `d360 profile add NAME`");
                }
            }
            Failure::Invalid(invalid) => {
                let count = invalid.findings().iter().count();
                let problems = if count == 1 { "problem" } else { "problems" };
                let sent = if self.sends() { "; nothing was sent" } else { "" };
                self.error(format!("error: {count} {problems} in the input{sent}"));
                for finding in invalid.findings().iter() {
                    let advice = if finding.severity == Severity::Advice { " (advice)" } else { "" };
                    self.error(format!("  {finding}{advice}"));
                }
            }
            Failure::Call(error) => self.call_error(error),
            Failure::Block(error) => {
                self.call_error(error.error());
                error.left().iter().for_each(|user| self.line(format!("left {}", user.as_str())));
                self.error(format!(
                    "{} users have no result; fix the cause, then run again with the users left",
                    error.left().len()
                ));
            }
        }
    }

    fn call_error(self, error: &Error) {
        let text = error.to_string();
        self.error(format!("error: {text}"));
        // Meta's text for the end user, unless the error already contains it.
        let api = error.api();
        let told = [api.and_then(|api| api.user_title()), api.and_then(|api| api.user_message())];
        for told in told.into_iter().flatten().map(d360::model::mask) {
            if !told.is_empty() && !text.contains(&told) {
                self.error(format!("  {told}"));
            }
        }
        let causes = causes(error);
        // The error may already contain the first cause.
        if causes.last().is_some_and(|first| !text.contains(first)) {
            causes.iter().for_each(|cause| self.error(format!("  because: {cause}")));
        }
        self.error(format!("outcome: {}", outcome(error.outcome())));
        self.error(format!("hint: {}", error.hint()));
    }
}

/// Returns the causes of an error, with numbers masked.
pub(crate) fn causes(error: &dyn std::error::Error) -> Vec<String> {
    std::iter::successors(error.source(), |cause| cause.source())
        .map(|cause| d360::model::mask(&cause.to_string()))
        .collect()
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::NotSent => "not sent",
        Outcome::Refused { retryable: true } => "refused; may be accepted later",
        Outcome::Refused { retryable: false } => "refused",
        _ => "unknown",
    }
}

pub(crate) fn failure_document(failure: &Failure, sends: bool) -> Value {
    match failure {
        Failure::Local(message) => json!({ "error": { "kind": "local", "message": message } }),
        Failure::Usage(message) => {
            json!({ "error": { "kind": "usage", "message": message, "hint": help_hint() } })
        }
        Failure::Mistake(mistake) => {
            let hint = mistake.hints.join("; ");
            json!({ "error": { "kind": "usage", "message": mistake.message, "hint": hint } })
        }
        Failure::Settings(message) => json!({ "error": { "kind": "setup", "message": message } }),
        Failure::Setup(error) => {
            let kind = if failure.exit() == Exit::Local { "local" } else { "setup" };
            json!({ "error": { "kind": kind, "message": error.to_string(), "causes": causes(error) } })
        }
        Failure::Invalid(invalid) => {
            let problems = findings(invalid.findings().iter());
            let message =
                if sends { "the input is invalid; nothing was sent" } else { "the input is invalid" };
            json!({ "error": { "kind": "invalid", "message": message, "problems": problems } })
        }
        Failure::Call(error) => json!({ "error": error_document(error) }),
        Failure::Block(error) => {
            let left: Vec<&str> = error.left().iter().map(|user| user.as_str()).collect();
            let report = error.report();
            json!({ "done": report.done, "failed": report.failed, "left": left, "error": error_document(error.error()) })
        }
    }
}

pub(crate) fn error_document(error: &Error) -> Value {
    let api = error.api();
    let details = api.and_then(|api| api.details()).map(|details| {
        let text = ErrorDetails::text(details).map_or_else(|| details.value().to_string(), str::to_owned);
        d360::model::mask(&text)
    });
    json!({
        "kind": "call",
        "message": error.to_string(),
        "causes": causes(error),
        "endpoint": error.endpoint(),
        "attempts": error.attempts(),
        "outcome": match error.outcome() {
            Outcome::NotSent => "not_sent",
            Outcome::Refused { .. } => "refused",
            _ => "unknown",
        },
        "http_status": api.map(|api| api.status()),
        "code": error.code(),
        "user_title": api.and_then(|api| api.user_title()).map(d360::model::mask),
        "user_message": api.and_then(|api| api.user_message()).map(d360::model::mask),
        "details": details,
        "trace_id": api.and_then(|api| api.trace_id()),
        "hint": error.hint(),
    })
}
