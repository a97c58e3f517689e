//! Writes results to standard output and everything else to standard error.
use crate::{
    args::{Format, Global},
    ordered::Ordered,
    table::{Table, Tone},
    visible::{json_visible, visible},
};
use d360::{
    model::{Finding, Findings, Severity},
    transport::HttpRequest,
};
use serde::Serialize;
use serde_json::{Value, json};
use std::{
    io::{IsTerminal as _, Write as _},
    sync::atomic::{AtomicBool, Ordering},
};

/// Whether a result could not be written.
static CUT: AtomicBool = AtomicBool::new(false);

pub(crate) fn was_cut() -> bool {
    CUT.load(Ordering::Relaxed)
}

/// Labels at the start of a line on standard error, with their terminal style.
const LABELS: [(&str, &str); 4] = [
    ("error:", "\u{1b}[1;31m"),
    ("hint:", "\u{1b}[1;36m"),
    ("advice:", "\u{1b}[1;33m"),
    ("outcome:", "\u{1b}[1m"),
];

/// Sets when colors are used. `auto` depends on the terminal, `NO_COLOR`, `CLICOLOR` and `TERM`.
pub(crate) fn use_colors(when: clap::ColorChoice) {
    let choice = match when {
        clap::ColorChoice::Auto => anstream::ColorChoice::Auto,
        clap::ColorChoice::Always => anstream::ColorChoice::Always,
        clap::ColorChoice::Never => anstream::ColorChoice::Never,
    };
    choice.write_global();
}

/// Whether standard output uses colors.
fn has_colors() -> bool {
    anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never
}

/// Where and how to print.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    json: bool,
    /// Whether lists are tables even if standard output is not a terminal.
    table: bool,
    /// Whether the command sends something. If so, a failure says that nothing was sent.
    sends: bool,
    /// Whether notes are left out.
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
    /// Creates the output for the flags.
    pub(crate) fn of(global: &Global) -> Self {
        Self { quiet: global.quiet, ..Self::new(global.output) }
    }
    pub(crate) fn is_quiet(self) -> bool {
        self.quiet
    }
    pub(crate) fn sending(self, sends: bool) -> Self {
        Self { sends, ..self }
    }
    pub(crate) fn sends(self) -> bool {
        self.sends
    }
    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// Prints a line of a result in text format.
    pub(crate) fn line(self, text: impl AsRef<str>) {
        self.exact(&format!("{}\n", visible(text.as_ref())));
    }
    /// Prints a result unchanged and returns whether it was written. A closed pipe is not a failure; a full disk is.
    pub(crate) fn exact(self, text: &str) -> bool {
        let mut stdout = std::io::stdout();
        let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
        if let Err(error) = &written
            && error.kind() != std::io::ErrorKind::BrokenPipe
            && !CUT.swap(true, Ordering::Relaxed)
        {
            self.error(format!(
                "error: cannot write to standard output: {error}; the command took effect all the same"
            ));
        }
        written.is_ok()
    }
    /// Prints a help page, with styles on a terminal.
    pub(crate) fn page(self, page: &clap::builder::StyledStr) {
        self.exact(&if has_colors() { page.ansi().to_string() } else { page.to_string() });
    }
    /// Whether lists are printed as tables.
    pub(crate) fn is_table(self) -> bool {
        !self.json && (self.table || std::io::stdout().is_terminal())
    }
    /// Prints a list as a table, as wide as the terminal.
    pub(crate) fn table(self, table: &Table) {
        if !table.is_empty() {
            let width = terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| width.0);
            self.exact(&table.render(width, has_colors()));
        }
    }
    /// Prints the properties of one item: names and values on a terminal, only values elsewhere.
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
    /// Prints a line that starts with a state.
    pub(crate) fn state(self, tone: Tone, word: &str, rest: impl AsRef<str>) {
        self.state_after("", tone, word, rest);
    }
    /// Prints a state line with a prefix and returns whether it was written.
    pub(crate) fn state_after(self, before: &str, tone: Tone, word: &str, rest: impl AsRef<str>) -> bool {
        let (word, rest) = (visible(word), visible(rest.as_ref()));
        let word = if has_colors() { tone.paint(&word) } else { word };
        self.exact(&format!("{}\n", format!("{before}{word} {rest}").trim_end()))
    }
    /// Prints a result as JSON and returns whether it was written.
    pub(crate) fn document(self, value: &impl Serialize) -> bool {
        let text = serde_json::to_string(value)
            .unwrap_or_else(|error| json!({ "error": error.to_string() }).to_string());
        self.exact(&format!("{}\n", json_visible(&text)))
    }
    /// Prints a note to standard error.
    pub(crate) fn note(self, text: impl AsRef<str>) {
        if !self.quiet {
            self.error(text);
        }
    }
    /// Prints part of an error, even with `--quiet`. A label at its start is colored on a terminal.
    pub(crate) fn error(self, text: impl AsRef<str>) {
        let text = visible(text.as_ref());
        let label = LABELS.iter().find(|(label, _)| text.starts_with(label));
        let text = match label {
            Some((label, style)) => format!("{style}{label}\u{1b}[0m{}", &text[label.len()..]),
            None => text,
        };
        let _ = writeln!(anstream::stderr(), "{text}");
    }
    /// Prints advice in text format.
    pub(crate) fn advice(self, findings: &Findings) {
        for finding in findings.advice().filter(|_| !self.json) {
            self.note(format!("advice: {finding}"));
        }
    }

    /// Prints the request that would be sent, with the key masked.
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
}

/// Returns the headers as the documentation spells them, with the key masked.
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
