//! What the parser does not report: lines without a property, values as written, nested cards.
use crate::{Loss, VcardError};
use std::collections::HashMap;

/// The maximum length kept of a folded line, besides what the parser reads.
const MOST_KEPT: usize = 4096;

/// The lines of a card before parsing.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    /// What was left out before parsing.
    pub(crate) losses: Vec<Loss>,
    /// The values of each property as written, in order.
    values: HashMap<String, Vec<String>>,
    /// The property whose quoted-printable value continues after a `=`.
    quoted: Option<String>,
}

impl Lines {
    /// Returns the value of the next occurrence of the property.
    pub(crate) fn take(&mut self, property: &str) -> Option<String> {
        let values = self.values.get_mut(&property.to_uppercase())?;
        (!values.is_empty()).then(|| values.remove(0))
    }
}

/// Returns the file as text for the parser, and the lines of each card.
///
/// A file that is not UTF-8 is unfolded as bytes, because lines may be folded within a character. A line that is then
/// not UTF-8 is decoded as Latin-1, as old phones write it.
pub(crate) fn scan(file: &[u8]) -> Result<(String, Vec<Lines>), VcardError> {
    let (text, odd) = match std::str::from_utf8(file) {
        Ok(text) => (text.to_owned(), false),
        Err(_) => decode(&unfold(file)),
    };
    let text = text.trim_start_matches('\u{feff}');
    let mut kept = String::with_capacity(text.len());
    let mut cards: Vec<Lines> = Vec::new();
    let mut depth = 0usize;
    // The line that folded lines may continue, and the line before it.
    let (mut whole, mut before) = (String::new(), String::new());
    for line in text.lines() {
        // A line that begins with a space continues the line before.
        let bare = line.trim_end();
        let folded = line.starts_with([' ', '\t']);
        let (begin, end) = (bare.eq_ignore_ascii_case("BEGIN:VCARD"), bare.eq_ignore_ascii_case("END:VCARD"));
        if begin {
            depth += 1;
            if depth == 1 {
                cards.push(Lines::default());
            } else if let Some(card) = cards.last_mut() {
                card.lose("AGENT", None, "WhatsApp contacts do not support nested cards");
            }
        }
        if depth <= 1 {
            kept.push_str(line);
            kept.push_str("\r\n");
            if depth == 0 {
                // Between cards.
            } else if folded {
                // The beginning of a picture is enough.
                if whole.len() < MOST_KEPT {
                    whole.push_str(&line[1..]);
                }
            } else if let Some(card) = cards.last_mut() {
                card.note(&std::mem::replace(&mut whole, line.to_owned()), &mut before);
            }
            if begin || end {
                whole.clear();
            }
        }
        if end {
            depth = depth.saturating_sub(1);
        }
    }
    if depth > 0 {
        return Err(VcardError::Unterminated { card: cards.len() });
    }
    if let Some(card) = cards.first_mut().filter(|_| odd) {
        card.lose("CHARSET", None, "some lines of the file are not UTF-8 and were decoded as Latin-1");
    }
    Ok((kept, cards))
}

impl Lines {
    fn lose(&mut self, property: &str, value: Option<&str>, reason: &'static str) {
        self.losses.push(Loss { property: property.to_owned(), value: value.map(str::to_owned), reason });
    }

    /// Keeps the value of a property, or reports a line without one. `before` becomes this line.
    fn note(&mut self, line: &str, before: &mut String) {
        let line = line.trim_end();
        let before = std::mem::replace(before, line.to_owned());
        // vCard 2.1 has base64 in separate lines.
        let base64 = |line: &str| {
            line.len() >= 40 && line.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b))
        };
        if let Some(property) = self.quoted.take() {
            if line.ends_with('=') {
                self.quoted = Some(property.clone());
            }
            if let Some(value) = self.values.get_mut(&property).and_then(|values| values.last_mut()) {
                value.truncate(value.trim_end_matches('=').len());
                value.push_str(line);
            }
            return;
        }
        match line.split_once(':') {
            _ if line.is_empty() => {}
            Some((name, value)) if name.starts_with(|c: char| c.is_ascii_alphanumeric()) => {
                let property = name.split(';').next().unwrap_or_default();
                let property = property.rsplit('.').next().unwrap_or_default().to_uppercase();
                if line.ends_with('=') && name.to_uppercase().contains("QUOTED-PRINTABLE") {
                    self.quoted = Some(property.clone());
                }
                self.values.entry(property).or_default().push(value.to_owned());
            }
            _ if base64(line) || base64(&before) => {}
            _ => self.lose("?", Some(line), "is not a vCard property; an earlier line may be truncated"),
        }
    }
}

/// Joins folded lines, as bytes.
fn unfold(file: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(file.len());
    let mut at = 0;
    while at < file.len() {
        let end = if file[at..].starts_with(b"\r\n") { 2 } else { usize::from(file[at] == b'\n') };
        if end > 0 && matches!(file.get(at + end), Some(b' ' | b'\t')) {
            at += end + 1;
        } else {
            out.push(file[at]);
            at += 1;
        }
    }
    out
}

/// Decodes each line as UTF-8, or else as Latin-1. Returns whether there was one of the latter.
fn decode(file: &[u8]) -> (String, bool) {
    let mut odd = false;
    let mut out = String::with_capacity(file.len());
    for line in file.split_inclusive(|&byte| byte == b'\n') {
        match std::str::from_utf8(line) {
            Ok(line) => out.push_str(line),
            Err(_) => {
                odd = true;
                out.extend(line.iter().map(|&byte| char::from(byte)));
            }
        }
    }
    (out, odd)
}
