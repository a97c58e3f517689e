//! Collects the notes of translations per call: what to change in the old program to no longer need the gateway.
use d360::migrate::Note;
use serde_json::{Value, json};
use std::{
    borrow::Cow,
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// The maximum number of distinct notes per number.
const KEPT: usize = 1_000;
/// The maximum length of a path in characters. A path may contain arbitrary keys from requests.
const LONGEST: usize = 200;
/// The maximum length of the header in bytes.
const HEADER: usize = 2 << 10;
/// The maximum length of an original value in characters.
const ORIGINAL: usize = 1_000;

/// The notes of a number.
#[derive(Debug, Default)]
pub(crate) struct Notes(Mutex<All>);

#[derive(Debug, Default)]
struct All {
    notes: BTreeMap<Key, Told>,
    /// How often notes beyond the maximum occurred.
    more: u64,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    call: &'static str,
    path: String,
    kind: &'static str,
    why: Cow<'static, str>,
}

#[derive(Debug)]
struct Told {
    times: u64,
    what_to_do: Cow<'static, str>,
    /// The last original value that was dropped or changed, with its numbers masked.
    original: Option<String>,
}

impl Notes {
    pub(crate) fn take(&self, call: &'static str, notes: &[Note]) {
        if notes.is_empty() {
            return;
        }
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for note in notes {
            let key = Key {
                call,
                path: short(without_indexes(&note.path).into()).into_owned(),
                kind: note.kind.as_str(),
                why: short(note.why.clone()),
            };
            let original = note.original.as_ref().map(original);
            if let Some(told) = all.notes.get_mut(&key) {
                told.times += 1;
                told.original = original;
            } else if all.notes.len() < KEPT {
                let what_to_do = short(note.what_to_do.clone());
                all.notes.insert(key, Told { times: 1, what_to_do, original });
            } else {
                all.more += 1;
            }
        }
    }

    pub(crate) fn document(&self) -> Value {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let notes: Vec<Value> = all
            .notes
            .iter()
            .map(|(key, told)| {
                json!({ "call": key.call, "path": key.path, "kind": key.kind, "times": told.times, "why": key.why,
                    "what_to_do": told.what_to_do, "original": told.original })
            })
            .collect();
        json!({ "notes": notes, "more": all.more })
    }
}

fn short(text: Cow<'static, str>) -> Cow<'static, str> {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text,
    }
}

/// Returns the masked beginning of a value.
fn original(value: &Value) -> String {
    d360::model::mask(&value.to_string().chars().take(ORIGINAL).collect::<String>())
}

/// Converts `contacts[3].ims` to `contacts[].ims`.
fn without_indexes(path: &str) -> String {
    let mut inside = false;
    path.chars()
        .filter(|c| {
            if *c == '[' {
                inside = true;
            } else if *c == ']' {
                inside = false;
            }
            !(inside && c.is_ascii_digit())
        })
        .collect()
}

/// Formats notes for a header, as many as fit: `lost ttl, changed to`.
pub(crate) fn header(notes: &[Note]) -> Option<String> {
    if notes.is_empty() {
        return None;
    }
    let mut text = String::new();
    for (at, note) in notes.iter().enumerate() {
        // A path may contain arbitrary keys from the request.
        let plain = |c: char| if c.is_ascii_graphic() || c == ' ' { c } else { '?' };
        let part: String = note.path.chars().take(LONGEST).map(plain).collect();
        let part = format!("{}{} {part}", if at == 0 { "" } else { ", " }, note.kind.as_str());
        let more = format!("{}and {} more", if at == 0 { "" } else { ", " }, notes.len() - at);
        if text.len() + part.trim_end().len() + more.len() > HEADER {
            text.push_str(&more);
            break;
        }
        text.push_str(part.trim_end());
    }
    Some(text)
}
