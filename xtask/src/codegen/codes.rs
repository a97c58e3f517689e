//! Generates the error codes: constants with meaning and retry rule for the model, titles for sandbox and migration,
//! and a page.
use super::{MARKDOWN_HEADER, RUST_HEADER};
use crate::Result;
use std::fmt::Write as _;

/// The tables of both systems.
pub(super) struct Codes {
    pub(super) cloud: Vec<Code>,
    pub(super) onprem: Vec<Code>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    pub(super) codes: Vec<Code>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Code {
    code: Span,
    name: String,
    retry: String,
    http: Option<u16>,
    title: Option<String>,
    meaning: String,
    hint: Option<String>,
}

/// A code, or a range `"200-299"`.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Span {
    One(i64),
    Range(String),
}

impl Code {
    fn span(&self) -> Result<(i64, i64)> {
        let bad = |text: &str| format!("error_codes.toml: {text:?} is not a code or a range of codes");
        match &self.code {
            Span::One(code) => Ok((*code, *code)),
            Span::Range(text) => {
                let (first, last) = text.split_once('-').ok_or_else(|| bad(text))?;
                Ok((first.parse().map_err(|_| bad(text))?, last.parse().map_err(|_| bad(text))?))
            }
        }
    }
    fn pattern(&self) -> Result<String> {
        let (first, last) = self.span()?;
        Ok(if first == last { first.to_string() } else { format!("{first}..={last}") })
    }
    fn rule(&self) -> Result<&'static str> {
        Ok(match self.retry.as_str() {
            "no" => "No",
            "no_auto" => "NoAuto",
            "backoff" => "Backoff",
            "backoff_long" => "BackoffLong",
            "pair_backoff" => "PairBackoff",
            "fixed_delay" => "FixedDelay",
            "maybe" => "Maybe",
            "partial" => "Partial",
            "restart_pagination" => "RestartPagination",
            other => return Err(format!("error_codes.toml: {}: {other:?} is not a retry rule", self.name)),
        })
    }
}

impl Codes {
    /// System, prefix of the constants, and code. Single codes come before ranges, so that they win.
    fn tables(&self) -> Result<Vec<(&'static str, &'static str, &Code)>> {
        let cloud = self.cloud.iter().map(|code| ("Cloud", "", code));
        let onprem = self.onprem.iter().map(|code| ("OnPremise", "ONPREM_", code));
        let mut all: Vec<_> = cloud.chain(onprem).collect();
        all.sort_by_key(|(_, _, code)| {
            (matches!(code.code, Span::Range(_)), code.span().unwrap_or_default())
        });
        for pair in all.windows(2) {
            if pair[0].2.span()? == pair[1].2.span()? {
                return Err(format!("error_codes.toml: {} is listed twice", pair[0].2.pattern()?));
            }
        }
        Ok(all)
    }
}

pub(super) fn model_codes(codes: &Codes) -> Result<String> {
    let tables = codes.tables()?;
    let mut consts = String::new();
    let mut arms = String::new();
    let mut infos = String::new();
    for (i, (system, prefix, code)) in tables.iter().enumerate() {
        let (first, last) = code.span()?;
        // The prefix distinguishes codes that both systems have. This code exists only on On-Premise and has a name of its own.
        let name = if code.name == "NOT_ENGAGED_CONTACT" {
            code.name.clone()
        } else {
            format!("{prefix}{}", code.name)
        };
        let shown = if first == last { first.to_string() } else { format!("{first} to {last}") };
        let _ = writeln!(consts, "/// {shown}: {}\npub const {name}: Self = Self({first});", code.meaning);
        let _ = writeln!(arms, "{} => {i},", code.pattern()?);
        let hint = code.hint.as_ref().map_or("None".to_owned(), |hint| format!("Some({hint:?})"));
        let _ = writeln!(
            infos,
            "CodeInfo {{ code: ErrorCode({first}), last: ErrorCode({last}), system: System::{system}, name: {name:?}, \
             meaning: {:?}, hint: {hint}, retry: RetryRule::{} }},",
            code.meaning,
            code.rule()?
        );
    }
    Ok(format!(
        "{RUST_HEADER}
use super::{{CodeInfo, ErrorCode, RetryRule, System}};

impl ErrorCode {{
{consts}
/// Returns the documented meaning of this code, or `None` if it is not documented.
#[must_use]
#[allow(clippy::match_overlapping_arm, reason = \"a single code wins over the range that contains it\")]
pub const fn info(self) -> Option<CodeInfo> {{
let row = match self.0 {{
{arms}
_ => return None,
}};
Some(ALL[row])
}}
}}

/// All documented codes: single codes in order, then ranges.
pub const ALL: &[CodeInfo] = &[
{infos}];
"
    ))
}

/// The sandbox depends on no crate of this workspace, so it gets its own table of the vendors' titles and statuses.
pub(super) fn sandbox_codes(codes: &Codes) -> Result<String> {
    let rows = |wanted: &str| -> Result<String> {
        let mut rows = String::new();
        for (_, _, code) in codes.tables()?.iter().filter(|(system, _, _)| *system == wanted) {
            let (first, last) = code.span()?;
            let title = code.title.as_deref().unwrap_or("Error");
            let _ = writeln!(rows, "({first}, {last}, {}, {title:?}),", code.http.unwrap_or(400));
        }
        Ok(rows)
    };
    let (cloud, onprem) = (rows("Cloud")?, rows("OnPremise")?);
    Ok(format!(
        "{RUST_HEADER}
/// First code, last code, HTTP status and title, from the vendors' pages (400 if they name no status).
pub(crate) const CLOUD: &[(i64, i64, u16, &str)] = &[
{cloud}];

/// The same for On-Premise.
pub(crate) const ONPREM: &[(i64, i64, u16, &str)] = &[
{onprem}];
"
    ))
}

/// Generates the titles of the codes, and the HTTP statuses of On-Premise.
pub(super) fn titles(codes: &Codes) -> Result<String> {
    let rows = |codes: &[Code], with_status: bool| -> Result<String> {
        let mut rows: Vec<(i64, String)> = Vec::new();
        for code in codes {
            let ((first, last), Some(title)) = (code.span()?, &code.title) else { continue };
            if first == last {
                let status =
                    if with_status { format!("{}, ", code.http.unwrap_or(400)) } else { String::new() };
                rows.push((first, format!("({first}, {status}{title:?}),\n")));
            }
        }
        rows.sort();
        Ok(rows.into_iter().map(|(_, row)| row).collect())
    };
    let (cloud, onprem) = (rows(&codes.cloud, false)?, rows(&codes.onprem, true)?);
    Ok(format!(
        "{RUST_HEADER}
/// Code and title, from Meta's page.
pub(crate) const CLOUD: &[(i64, &str)] = &[
{cloud}];

/// Code, HTTP status and title of On-Premise (400 if the pages name no status).
pub(crate) const ONPREM: &[(i64, u16, &str)] = &[
{onprem}];
"
    ))
}

pub(super) fn code_page(codes: &Codes) -> String {
    let mut page = format!(
        "{MARKDOWN_HEADER}# Error codes\n\nThis page lists the meaning of each code and whether the client retries automatically. A message whose outcome is\n\
         unknown is never retried, whatever the rule.\n"
    );
    for (heading, table) in
        [("Cloud (Meta and 360dialog)", &codes.cloud), ("On-Premise (retired 2025-10-23)", &codes.onprem)]
    {
        let _ = writeln!(
            page,
            "\n## {heading}\n\n| code | name | meaning | retry | what to do |\n|---|---|---|---|---|"
        );
        for code in table {
            let shown = match &code.code {
                Span::One(code) => code.to_string(),
                Span::Range(range) => range.clone(),
            };
            let hint = code.hint.as_deref().unwrap_or_default();
            let _ =
                writeln!(page, "| {shown} | `{}` | {} | {} | {hint} |", code.name, code.meaning, code.retry);
        }
    }
    page
}
