//! Reads files and standard input.
use crate::{args::ApiName, failure::Failure};
use d360::{
    model::{Contact, Findings, Invalid, InvalidId, Severity, block::User},
    onprem::OnPrem,
    transport::BlocksUsers as _,
};
use serde_json::Value;
use std::{
    io::Read as _,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

static STDIN_READ: AtomicBool = AtomicBool::new(false);

/// The largest input that is read into memory.
const MAX_INPUT: u64 = 64 * 1024 * 1024;

/// Reads a file. `-` is standard input.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Box<Failure>> {
    read_as(path, &name(path))
}

/// Reads a file that messages refer to as `name`.
pub(crate) fn read_as(path: &Path, name: &str) -> Result<Vec<u8>, Box<Failure>> {
    let mut content = bytes(path, name)?;
    // Windows editors write a byte order mark.
    if content.starts_with(b"\xef\xbb\xbf") {
        content.drain(..3);
    }
    Ok(content)
}

/// Reads a file without changing a byte.
pub(crate) fn read_exact(path: &Path) -> Result<Vec<u8>, Box<Failure>> {
    bytes(path, &name(path))
}

fn bytes(path: &Path, name: &str) -> Result<Vec<u8>, Box<Failure>> {
    let fail = |error: std::io::Error| {
        if name.starts_with(['{', '[']) {
            return Failure::invalid(
                "FILE",
                "is JSON, not a file name; give - and write the JSON to standard input",
            );
        }
        Failure::invalid(name, format!("cannot be read: {error}"))
    };
    let mut content = Vec::new();
    if path == Path::new("-") {
        if STDIN_READ.swap(true, Ordering::Relaxed) {
            return Err(Failure::usage(
                "standard input (-) can be read only once; give the other inputs as files",
            ));
        }
        std::io::stdin().lock().take(MAX_INPUT + 1).read_to_end(&mut content).map_err(fail)?;
    } else {
        std::fs::File::open(path)
            .map_err(fail)?
            .take(MAX_INPUT + 1)
            .read_to_end(&mut content)
            .map_err(fail)?;
    }
    // Truncated input would be different input.
    if content.len() as u64 > MAX_INPUT {
        return Err(Failure::invalid(name, format!("is larger than {MAX_INPUT} bytes")));
    }
    Ok(content)
}

/// Returns the name of an input for messages. Phone numbers in it are masked.
pub(crate) fn name(path: &Path) -> String {
    if path == Path::new("-") {
        "standard input".to_owned()
    } else {
        d360::model::mask(&path.display().to_string())
    }
}

/// Uses the input's name as the path of findings about the whole input.
pub(crate) fn named(path: &Path, invalid: &Invalid) -> Box<Failure> {
    let mut findings = Findings::new();
    for finding in invalid.findings().iter() {
        let place = if finding.path.is_empty() { name(path) } else { finding.path.clone() };
        match finding.severity {
            Severity::Error => findings.error(place, finding.message.clone()),
            _ => findings.advise(place, finding.message.clone()),
        }
    }
    Box::new(Failure::Invalid(findings.into()))
}

/// Reads JSON, and detects vCard files given by mistake.
fn json(path: &Path) -> Result<Value, Box<Failure>> {
    let content = read(path)?;
    d360::model::wire::distinct(&content).map_err(|error| {
        let is_vcard =
            content.trim_ascii_start().get(..11).is_some_and(|s| s.eq_ignore_ascii_case(b"BEGIN:VCARD"));
        let message = if is_vcard {
            "is a vCard file, not JSON; give it with --vcard".to_owned()
        } else {
            format!("is not JSON: {error}")
        };
        Failure::invalid(&name(path), message)
    })
}

/// Reads the contact cards of a JSON file: one card, a list, or an object with the list as `contacts`. Findings have the
/// paths of a message in which these cards start at index `first`.
pub(crate) fn cards(path: &Path, first: usize) -> Result<(Vec<Contact>, Findings), Box<Failure>> {
    let mut list = match json(path)? {
        Value::Array(list) => list,
        Value::Object(mut map) if map.contains_key("contacts") && !map.contains_key("name") => {
            // The output of `vcard to-contacts --output json`. Other properties would be dropped silently, so they are refused.
            map.remove("left_out");
            if let Some(other) = map.keys().find(|key| *key != "contacts") {
                let message = format!(
                    "has {:?} next to contacts; send a whole message with `send raw`",
                    d360::model::mask(other)
                );
                return Err(Failure::invalid(&name(path), message));
            }
            match map.remove("contacts") {
                Some(Value::Array(list)) => list,
                _ => return Err(Failure::invalid(&name(path), "contacts is not a list")),
            }
        }
        one => vec![one],
    };
    // Placeholders shift the cards to their index, so that the paths are right.
    list.splice(
        0..0,
        vec![serde_json::json!({ "name": { "formatted_name": "-", "first_name": "-" } }); first],
    );
    let (mut cards, found) = Contact::list_from_value(&Value::Array(list));
    cards.drain(..first.min(cards.len()));
    let mut findings = Findings::new();
    for finding in found {
        let message = format!("{} (in {})", finding.message, name(path));
        match finding.severity {
            Severity::Error => findings.error(format_args!("contacts{}", finding.path), message),
            _ => findings.advise(format_args!("contacts{}", finding.path), message),
        }
    }
    Ok((cards, findings))
}

const NO_COUNTRY_CODE: &str = "has no + and no country code, so it might be read as a number of the business's own country: write \
    + and country code, or 16505551234@s.whatsapp.net for a WhatsApp ID";

/// Parses a user. On-Premise accepts numbers in any form. Digits alone are a WhatsApp ID if the user comes from a list.
/// Otherwise a number needs its country code.
pub(crate) fn user(text: &str, api: ApiName, listed: bool) -> Result<User, String> {
    let any = || {
        let user = User::Phone(text.trim().into());
        (api == ApiName::Onprem && OnPrem::problem(&user).is_none()).then_some(user)
    };
    let refused = |user: &User| {
        !listed && api != ApiName::Onprem && matches!(user, User::WaId(_)) && !text.contains('@')
    };
    let read = match text.parse::<User>() {
        Ok(user) if refused(&user) => Err(InvalidId::NoCountryCode),
        read => read,
    };
    read.or_else(|error| {
        any().ok_or_else(|| match error {
            InvalidId::NoCountryCode => NO_COUNTRY_CODE.to_owned(),
            other => other.problem().to_owned(),
        })
    })
}

/// Returns the lines of a file with their positions. `#` starts a comment.
pub(crate) fn lines(path: &Path) -> Result<Vec<(String, String)>, Box<Failure>> {
    let content =
        String::from_utf8(read(path)?).map_err(|_| Failure::invalid(&name(path), "is not text (UTF-8)"))?;
    let texts = content.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    let texts = texts.enumerate().filter(|(_, text)| !text.is_empty());
    Ok(texts.map(|(n, text)| (format!("{}:{}", name(path), n + 1), text.to_owned())).collect())
}

/// Reads users from arguments and a file, and reports all mistakes at once.
pub(crate) fn users(
    given: &[String],
    file: Option<&PathBuf>,
    api: ApiName,
    listed: bool,
) -> Result<Vec<User>, Box<Failure>> {
    let mut texts: Vec<(String, String)> =
        given.iter().enumerate().map(|(i, text)| (format!("user {}", i + 1), text.clone())).collect();
    if let Some(path) = file {
        texts.extend(lines(path)?);
    }
    let mut findings = Findings::new();
    let mut users = Vec::with_capacity(texts.len());
    for (place, text) in texts {
        match user(&text, api, listed) {
            Ok(user) => users.push(user),
            Err(problem) => findings.error(place, problem),
        }
    }
    if users.is_empty() && findings.is_empty() {
        findings.error("users", "no user was given; give at least one");
    }
    if findings.is_empty() { Ok(users) } else { Err(Box::new(Failure::Invalid(findings.into()))) }
}
