//! `d360 sandbox fail`.
use super::control::Control;
use crate::{
    Result,
    args::Fail as Args,
    failure::{Exit, Failure},
    output::Output,
};
use d360::model::error::ErrorCode;
use serde_json::{Value, json};

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

pub(super) fn run(args: &Args, control: &Control, output: Output) -> Result {
    if args.list {
        return list(control, output);
    }
    if args.clear {
        let dropped = control.delete("errors")?["dropped"].clone();
        if output.is_json() {
            output.document(&json!({ "dropped": dropped }));
        } else {
            output.line(format!("dropped: {dropped}"));
        }
        return Ok(Exit::Done);
    }
    let (method, path) = match &args.endpoint {
        Some(endpoint) => endpoint_of(endpoint)?,
        None => (None, None),
    };
    let failure = json!({ "code": args.code, "http": args.http, "retry_after": args.retry_after, "times": args.times,
        "method": method, "path": path });
    control.post("errors", &failure)?;
    if output.is_json() {
        output.document(&failure);
    } else {
        output.line(shown(&failure));
    }
    if let Some(code) = args.code.filter(|code| ErrorCode(*code).info().is_none()) {
        output.note(format!("{code} is not a documented code; the sandbox answers it with HTTP 400"));
    }
    Ok(Exit::Done)
}

/// Parses `POST /messages` or a path alone.
fn endpoint_of(text: &str) -> std::result::Result<(Option<String>, Option<String>), Box<Failure>> {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    let is_method = |word: &str| METHODS.iter().any(|known| known.eq_ignore_ascii_case(word));
    let method = if words.first().is_some_and(|word| is_method(word)) {
        Some(words.remove(0).to_ascii_uppercase())
    } else {
        None
    };
    let path = match words[..] {
        [] if method.is_some() => None,
        [path] if path.starts_with('/') => Some(path.to_owned()),
        [path] => Some(format!("/{path}")),
        _ => {
            return Err(Failure::usage(format!(
                "--endpoint: {text:?} is not a path with an optional method; give one such as \"POST /messages\""
            )));
        }
    };
    Ok((method, path))
}

fn list(control: &Control, output: Output) -> Result {
    let answer = control.get("errors")?;
    if output.is_json() {
        output.document(&answer);
        return Ok(Exit::Done);
    }
    let failures = answer["errors"].as_array().cloned().unwrap_or_default();
    if failures.is_empty() {
        output.note("no failures are pending");
    }
    failures.iter().for_each(|failure| output.line(shown(failure)));
    Ok(Exit::Done)
}

/// Returns `the next 3 calls of POST /messages fail with code 131049, HTTP 400`.
fn shown(failure: &Value) -> String {
    let times = failure["times"].as_u64().unwrap_or(1);
    let calls = if times == 1 { "the next call".to_owned() } else { format!("the next {times} calls") };
    let endpoint: Vec<&str> =
        [&failure["method"], &failure["path"]].into_iter().filter_map(Value::as_str).collect();
    let of = if endpoint.is_empty() { String::new() } else { format!(" of {}", endpoint.join(" ")) };
    let mut with = Vec::new();
    if let Some(code) = failure["code"].as_i64() {
        with.push(format!("code {code}"));
    }
    if let Some(status) = failure["http"].as_u64() {
        with.push(format!("HTTP {status}"));
    }
    if let Some(seconds) = failure["retry_after"].as_u64() {
        with.push(format!("Retry-After {seconds}"));
    }
    let verb = if times == 1 { "fails" } else { "fail" };
    format!("{calls}{of} {verb} with {}", with.join(", "))
}
