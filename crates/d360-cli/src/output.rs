//! Results on standard output, everything else on standard error, and the exit codes.
use crate::{
    args::{Format, Global},
    ordered::Ordered,
    table::{Table, Tone},
    usage::Mistake,
};
use d360::{
    Error, Outcome,
    model::{Finding, Findings, Invalid, Severity, error::ErrorDetails},
    transport::{BlockUsersError, ErrorKind, HttpRequest, SetupError},
};
use serde::Serialize;
use serde_json::{Value, json};
use std::{
    io::{IsTerminal as _, Write as _},
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

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

/// Whether a result could not be written.
static CUT: AtomicBool = AtomicBool::new(false);

pub(crate) fn was_cut() -> bool {
    CUT.load(Ordering::Relaxed)
}

/// Whether a character changes what a terminal does or how it orders text: control characters, and those that set the direction
/// of text (Unicode "Bidi_Control") or separate lines and paragraphs.
fn is_disruptive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{206f}' | '\u{feff}')
}

/// Text that other people may have written, for a terminal: what could disrupt it is escaped.
pub(crate) fn visible(text: &str) -> String {
    let show = |c: char| {
        let escaped = is_disruptive(c) && c != '\n' && c != '\t';
        if escaped { c.escape_default().to_string() } else { c.to_string() }
    };
    text.chars().map(show).collect()
}

/// The same for JSON, with JSON's own escapes. A line break in it lies between its tokens.
pub(crate) fn json_visible(text: &str) -> String {
    let show = |c: char| {
        if is_disruptive(c) && c != '\n' { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() }
    };
    text.chars().map(show).collect()
}

/// Labels at the start of a line on standard error, and how a terminal shows them.
const LABELS: [(&str, &str); 4] = [
    ("error:", "\u{1b}[1;31m"),
    ("hint:", "\u{1b}[1;36m"),
    ("advice:", "\u{1b}[1;33m"),
    ("outcome:", "\u{1b}[1m"),
];

/// Sets when colors are used. `auto` asks the terminal, `NO_COLOR`, `CLICOLOR` and `TERM`.
pub(crate) fn use_colors(when: clap::ColorChoice) {
    let choice = match when {
        clap::ColorChoice::Auto => anstream::ColorChoice::Auto,
        clap::ColorChoice::Always => anstream::ColorChoice::Always,
        clap::ColorChoice::Never => anstream::ColorChoice::Never,
    };
    choice.write_global();
}

/// Whether standard output shows colors.
fn has_colors() -> bool {
    anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never
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

/// Where and how to print.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    json: bool,
    /// Whether lists are tables even where standard output is no terminal.
    table: bool,
    /// Whether the command sends something: then a failure says that nothing was sent.
    sends: bool,
    /// Whether remarks beside results are left out.
    quiet: bool,
}

impl Output {
    pub(crate) fn new(format: Format) -> Self {
        Self {
            json: matches!(format, Format::Json),
            table: matches!(format, Format::Table),
            sends: false,
            quiet: false,
        }
    }
    /// As the flags say.
    pub(crate) fn of(global: &Global) -> Self {
        Self { quiet: global.quiet, ..Self::new(global.output) }
    }
    pub(crate) fn is_quiet(self) -> bool {
        self.quiet
    }
    pub(crate) fn sending(self, sends: bool) -> Self {
        Self { sends, ..self }
    }
    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// A line of a result for people.
    pub(crate) fn line(self, text: impl AsRef<str>) {
        self.exact(&format!("{}\n", visible(text.as_ref())));
    }
    /// A result as it is, to the last byte; whether it could be written. A reader who has gone away is no failure; a full disk is.
    pub(crate) fn exact(self, text: &str) -> bool {
        let mut stdout = std::io::stdout();
        let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
        if let Err(error) = &written
            && error.kind() != std::io::ErrorKind::BrokenPipe
            && !CUT.swap(true, Ordering::Relaxed)
        {
            self.error(format!(
                "error: standard output could not be written: {error}; what was done was done all the same"
            ));
        }
        written.is_ok()
    }
    /// A page of help, with styles on a terminal.
    pub(crate) fn page(self, page: &clap::builder::StyledStr) {
        self.exact(&if has_colors() { page.ansi().to_string() } else { page.to_string() });
    }
    /// Whether a list is a table.
    pub(crate) fn is_table(self) -> bool {
        !self.json && (self.table || std::io::stdout().is_terminal())
    }
    /// A list as a table, as wide as the terminal.
    pub(crate) fn table(self, table: &Table) {
        if !table.is_empty() {
            let width = terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| width.0);
            self.exact(&table.render(width, has_colors()));
        }
    }
    /// What is known of one thing: with names on a terminal, the values alone elsewhere.
    pub(crate) fn facts(self, facts: &[(&str, Option<String>)]) {
        let told = facts.iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
        if !self.is_table() {
            told.for_each(|(_, value)| self.line(value));
            return;
        }
        let width = facts.iter().map(|(name, _)| name.len()).max().unwrap_or_default() + 1;
        for (name, value) in told {
            let name = format!("{:width$}", format!("{name}:"));
            self.state(Tone::Head, &name, value);
        }
    }
    /// A line whose first word is a state.
    pub(crate) fn state(self, tone: Tone, word: &str, rest: impl AsRef<str>) {
        self.state_after("", tone, word, rest);
    }
    /// The same with something before it; whether it could be written.
    pub(crate) fn state_after(self, before: &str, tone: Tone, word: &str, rest: impl AsRef<str>) -> bool {
        let (word, rest) = (visible(word), visible(rest.as_ref()));
        let word = if has_colors() { tone.paint(&word) } else { word };
        self.exact(&format!("{}\n", format!("{before}{word} {rest}").trim_end()))
    }
    /// A result for programs; whether it could be written.
    pub(crate) fn document(self, value: &impl Serialize) -> bool {
        let text = serde_json::to_string(value)
            .unwrap_or_else(|error| json!({ "error": error.to_string() }).to_string());
        self.exact(&format!("{}\n", json_visible(&text)))
    }
    /// A remark beside the result.
    pub(crate) fn note(self, text: impl AsRef<str>) {
        if !self.quiet {
            self.error(text);
        }
    }
    /// Part of an error, which is printed even with `--quiet`. A label such as `error:` at its start is colored on a terminal.
    pub(crate) fn error(self, text: impl AsRef<str>) {
        let text = visible(text.as_ref());
        let label = LABELS.iter().find(|(label, _)| text.starts_with(label));
        let text = match label {
            Some((label, style)) => format!("{style}{label}\u{1b}[0m{}", &text[label.len()..]),
            None => text,
        };
        let _ = writeln!(anstream::stderr(), "{text}");
    }
    /// Advice, for people.
    pub(crate) fn advice(self, findings: &Findings) {
        for finding in findings.advice().filter(|_| !self.json) {
            self.note(format!("advice: {finding}"));
        }
    }

    /// The request that would be sent, the key masked.
    pub(crate) fn request(self, request: &HttpRequest, advice: &Findings) {
        let body = request.payload.bytes().unwrap_or_default();
        let headers: Vec<(String, String)> = headers(request).collect();
        if self.json {
            let headers: serde_json::Map<String, Value> =
                headers.into_iter().map(|(k, v)| (k, v.into())).collect();
            self.document(&json!({
                "method": request.method.as_str(),
                "url": request.uri.to_string(),
                "headers": headers,
                "body": serde_json::from_slice::<Value>(body).unwrap_or_default(),
                "advice": findings(advice.advice()),
            }));
        } else {
            self.line(format!("{} {}", request.method, request.uri));
            headers.iter().for_each(|(name, value)| self.line(format!("{name}: {value}")));
            self.line("");
            let pretty = if std::io::stdout().is_terminal() { Ordered::pretty(body) } else { None };
            let text = pretty.unwrap_or_else(|| String::from_utf8_lossy(body).into_owned());
            self.exact(&format!("{}\n", json_visible(&text)));
            self.advice(advice);
        }
    }

    /// Says why a verb failed, and what to do.
    pub(crate) fn failure(self, failure: &Failure) -> Exit {
        if self.json {
            self.document(&failure_document(failure, self.sends));
        } else {
            self.explain(failure);
        }
        failure.exit()
    }

    fn explain(self, failure: &Failure) {
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
                let sent = if self.sends { "; nothing was sent" } else { "" };
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

/// The headers as the documents spell them, the key masked.
pub(crate) fn headers(request: &HttpRequest) -> impl Iterator<Item = (String, String)> {
    request.headers.iter().map(|(name, value)| {
        let shown = match name.as_str() {
            "d360-api-key" => "D360-API-KEY".to_owned(),
            "x-api-key" => "X-API-Key".to_owned(),
            "authorization" => "Authorization".to_owned(),
            "content-type" => "Content-Type".to_owned(),
            "user-agent" => "User-Agent".to_owned(),
            other => other.to_owned(),
        };
        let value = match value.is_sensitive() {
            true if name == "authorization" => "Bearer ••••",
            true => "••••",
            false => value.to_str().unwrap_or("••••"),
        };
        (shown, value.to_owned())
    })
}

pub(crate) fn findings<'f>(findings: impl Iterator<Item = &'f Finding>) -> Value {
    let one = |finding: &Finding| {
        let severity = if finding.severity == Severity::Error { "error" } else { "advice" };
        json!({ "severity": severity, "path": finding.path, "message": finding.message })
    };
    findings.map(one).collect()
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
