//! `d360 errors`: the table of error codes.
use crate::{
    Result,
    args::Errors,
    failure::{Exit, Failure},
    output::Output,
    table::Table,
};
use d360::model::error::{ALL_CODES, CodeInfo, ErrorCode, RetryRule, System};
use serde_json::{Value, json};

pub(crate) fn run(args: &Errors, output: Output) -> Result {
    let what = args.what.join(" ");
    let found: Vec<CodeInfo> = match what.trim() {
        "" => ALL_CODES.to_vec(),
        text => match text.trim_start_matches('#').parse::<i64>() {
            Ok(code) => ErrorCode(code).info().into_iter().collect(),
            Err(_) => ALL_CODES.iter().filter(|info| holds(info, &words(text))).copied().collect(),
        },
    };
    if found.is_empty() {
        // A code of seven digits must not be masked like a phone number.
        let code = what.trim().trim_start_matches('#');
        let is_code = code.len() <= 7 && code.bytes().all(|b| b.is_ascii_digit());
        let what = if is_code { what } else { d360::model::mask(&what) };
        let message = format!("no documented code matches {what:?}; run `d360 errors` to list all codes");
        return Err(Failure::invalid("", message));
    }
    if output.is_json() {
        output.document(&json!({ "codes": found.iter().map(document).collect::<Vec<_>>() }));
    } else if let [info] = found[..] {
        output.line(format!("{} {} ({})", codes(&info), info.name, system(info.system)));
        output.line(info.meaning);
        output.line(format!("what to do: {}", what_to_do(&info)));
        output.line(format!("retried automatically: {}", again(info.retry)));
    } else if output.is_table() {
        let mut table = Table::new(&["CODE", "SYSTEM", "RETRIED", "MEANING"]);
        for info in &found {
            let retried = if info.retry.is_automatic() { "yes" } else { "no" };
            let cells = [&codes(info), system(info.system), retried, info.meaning];
            table.row(cells.map(|cell| Some(cell.to_owned())).into());
        }
        output.table(&table);
    } else {
        for info in &found {
            output.line(format!("{:>8}  {:<10}  {}", codes(info), system(info.system), info.meaning));
        }
    }
    Ok(Exit::Done)
}

/// Whether each word of `text` is the start of a word in the name, the meaning or the advice.
fn holds(info: &CodeInfo, text: &str) -> bool {
    let told = words(&[info.name, info.meaning, what_to_do(info)].join(" "));
    let told: Vec<&str> = told.split(|c: char| !c.is_alphanumeric()).collect();
    text.split_whitespace().all(|word| told.iter().any(|told| told.starts_with(word)))
}

fn what_to_do(info: &CodeInfo) -> &'static str {
    info.hint.unwrap_or(info.retry.advice())
}

/// Normalizes text: `RE_ENGAGEMENT`, `Re-engagement` and `re engagement` become equal.
fn words(text: &str) -> String {
    text.to_lowercase().replace(['_', '-'], " ")
}

fn codes(info: &CodeInfo) -> String {
    if info.code == info.last { info.code.to_string() } else { format!("{}-{}", info.code, info.last) }
}

fn system(system: System) -> &'static str {
    if system == System::OnPremise { "On-Premise" } else { "Cloud" }
}

fn again(rule: RetryRule) -> &'static str {
    match rule {
        RetryRule::Backoff => "yes, up to three attempts, after up to 1 s, then 2 s",
        RetryRule::BackoffLong => "yes, up to three attempts, after 5 s, then 10 s",
        RetryRule::PairBackoff => "yes, up to three attempts, after 1 s, then 4 s",
        RetryRule::RestartPagination => "lists only, from the first page, up to ten times",
        _ => "no",
    }
}

fn document(info: &CodeInfo) -> Value {
    json!({
        "code": info.code, "last": info.last, "system": system(info.system), "name": info.name, "meaning": info.meaning,
        "what_to_do": what_to_do(info), "retried": info.retry.is_automatic(),
    })
}
