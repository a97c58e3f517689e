//! Why a command failed: its exit code, what people are told, and the document for programs.
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

/// What is wrong with a command line.
#[derive(Clone, Debug)]
pub(crate) struct Mistake {
    pub(crate) message: String,
    /// Lines below the message.
    pub(crate) details: Vec<String>,
    /// What to do.
    pub(crate) hints: Vec<String>,
}

/// Why a verb failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Something on this machine.
    Local(String),
    /// Flags that do not go together.
    Usage(String),
    /// A command line that cannot be read.
    Mistake(Mistake),
    /// Settings.
    Setup(SetupError),
    /// The file of profiles, or what it names.
    Settings(String),
    /// What was given, with every problem.
    Invalid(Invalid),
    /// A call.
    Call(Error),
    /// A call among several.
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
    /// The same with a way out of its own.
    pub(crate) fn mistake(message: impl Into<String>, hint: impl Into<String>) -> Box<Self> {
        let hints = vec![hint.into()];
        Box::new(Self::Mistake(Mistake { message: message.into(), details: Vec::new(), hints }))
    }
    pub(crate) fn settings(message: impl Into<String>) -> Box<Self> {
        Box::new(Self::Settings(message.into()))
    }
    /// One problem with what was given.
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

/// The command that runs.
static COMMAND: OnceLock<String> = OnceLock::new();

/// Names the command that runs, such as `send text`, for hints.
pub(crate) fn at(command: &str) {
    let _ = COMMAND.set(command.to_owned());
}

fn help_hint() -> String {
    format!("see `d360 {} -h`", COMMAND.get().map_or("", String::as_str)).replace("  ", " ")
}

impl Output {
    /// Says why a verb failed, and what to do.
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
                    "{} not answered for; once the cause is mended, run again with those left",
                    error.left().len()
                ));
            }
        }
    }

    fn call_error(self, error: &Error) {
        let text = error.to_string();
        self.error(format!("error: {text}"));
        // What Meta wrote for whoever uses the app, where the error does not say it itself.
        let api = error.api();
        let told = [api.and_then(|api| api.user_title()), api.and_then(|api| api.user_message())];
        for told in told.into_iter().flatten().map(d360::model::mask) {
            if !told.is_empty() && !text.contains(&told) {
                self.error(format!("  {told}"));
            }
        }
        let causes = causes(error);
        // The error may name the first of them itself.
        if causes.last().is_some_and(|first| !text.contains(first)) {
            causes.iter().for_each(|cause| self.error(format!("  because: {cause}")));
        }
        self.error(format!("outcome: {}", outcome(error.outcome())));
        self.error(format!("hint: {}", error.hint()));
    }
}

/// What lies below an error, numbers masked.
pub(crate) fn causes(error: &dyn std::error::Error) -> Vec<String> {
    std::iter::successors(error.source(), |cause| cause.source())
        .map(|cause| d360::model::mask(&cause.to_string()))
        .collect()
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::NotSent => "not sent",
        Outcome::Refused { retryable: true } => "refused; may be taken later",
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
