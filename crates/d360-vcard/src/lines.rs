//! What the parser does not tell: lines that are no property, values as they were written, cards within cards.
use crate::{Loss, VcardError};
use std::collections::HashMap;

/// As much of a folded line as is kept beside what the parser reads.
const MOST_KEPT: usize = 4096;

/// A card's lines, before they are parsed.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    /// What was left out before parsing.
    pub(crate) losses: Vec<Loss>,
    /// The values of each property as they were written, in order.
    values: HashMap<String, Vec<String>>,
    /// The property whose quoted-printable value goes on behind a `=`.
    quoted: Option<String>,
}

impl Lines {
    /// The value of the property's next occurrence.
    pub(crate) fn take(&mut self, property: &str) -> Option<String> {
        let values = self.values.get_mut(&property.to_uppercase())?;
        (!values.is_empty()).then(|| values.remove(0))
    }
}

/// The file as text for the parser, and each card's lines.
///
/// A file that is not UTF-8 is unfolded as bytes, because lines may be folded within a character; a line that is not
/// UTF-8 then is read as Latin-1, as old phones write it.
pub(crate) fn scan(file: &[u8]) -> Result<(String, Vec<Lines>), VcardError> {
    let (text, odd) = match std::str::from_utf8(file) {
        Ok(text) => (text.to_owned(), false),
        Err(_) => decode(&unfold(file)),
    };
    let text = text.trim_start_matches('\u{feff}');
    let mut kept = String::with_capacity(text.len());
    let mut cards: Vec<Lines> = Vec::new();
    let mut depth = 0usize;
    // The line that folded lines may still continue, and the one before it.
    let (mut whole, mut before) = (String::new(), String::new());
    for line in text.lines() {
        // What begins with a space goes on from the line before.
        let bare = line.trim_end();
        let folded = line.starts_with([' ', '\t']);
        let (begin, end) = (bare.eq_ignore_ascii_case("BEGIN:VCARD"), bare.eq_ignore_ascii_case("END:VCARD"));
        if begin {
            depth += 1;
            if depth == 1 {
                cards.push(Lines::default());
            } else if let Some(card) = cards.last_mut() {
                card.lose("AGENT", None, "a card within a card has no place in a WhatsApp contact");
            }
        }
        if depth <= 1 {
            kept.push_str(line);
            kept.push_str("\r\n");
            if depth == 0 {
                // Between cards.
            } else if folded {
                // Nobody needs more than the beginning of a picture.
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
        card.lose("CHARSET", None, "some lines of the file are not UTF-8 and were read as Latin-1");
    }
    Ok((kept, cards))
}

impl Lines {
    fn lose(&mut self, property: &str, value: Option<&str>, reason: &'static str) {
        self.losses.push(Loss { property: property.to_owned(), value: value.map(str::to_owned), reason });
    }

    /// Keeps the value of a property, or reports a line that is none. `before` becomes this line.
    fn note(&mut self, line: &str, before: &mut String) {
        let line = line.trim_end();
        let before = std::mem::replace(before, line.to_owned());
        // vCard 2.1 writes base64 over lines of its own.
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
            _ => self.lose("?", Some(line), "is no vCard property; a line before it may have been cut"),
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

/// Each line as UTF-8, or else as Latin-1; whether there was one of those.
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
