//! What translations had to say, gathered call by call: what an owner has to change to do without the gateway.
use d360::migrate::Note;
use serde_json::{Value, json};
use std::{
    borrow::Cow,
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// Different notes that are kept, at most.
const KEPT: usize = 1_000;
/// Characters of an original that are kept.
const ORIGINAL: usize = 1_000;

#[derive(Debug, Default)]
pub(crate) struct Notes(Mutex<BTreeMap<Key, Told>>);

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
    /// The last value that was not left, its numbers masked.
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
                path: without_indexes(&note.path),
                kind: note.kind.as_str(),
                why: note.why.clone(),
            };
            let original = note.original.as_ref().map(short);
            if let Some(told) = all.get_mut(&key) {
                told.times += 1;
                told.original = original;
            } else if all.len() < KEPT {
                all.insert(key, Told { times: 1, what_to_do: note.what_to_do.clone(), original });
            }
        }
    }

    pub(crate) fn document(&self) -> Value {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let notes: Vec<Value> = all
            .iter()
            .map(|(key, told)| {
                json!({ "call": key.call, "path": key.path, "kind": key.kind, "times": told.times, "why": key.why,
                    "what_to_do": told.what_to_do, "original": told.original })
            })
            .collect();
        json!({ "notes": notes })
    }
}

/// The beginning of a value.
fn short(value: &Value) -> String {
    d360::model::mask(&value.to_string().chars().take(ORIGINAL).collect::<String>())
}

/// `contacts[3].ims` as `contacts[].ims`.
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

/// For a header: `lost ttl, changed to`, at most so many.
pub(crate) fn header(notes: &[Note]) -> Option<String> {
    const MOST: usize = 20;
    if notes.is_empty() {
        return None;
    }
    let mut parts: Vec<String> = notes
        .iter()
        .take(MOST)
        .map(|note| format!("{} {}", note.kind.as_str(), note.path).trim().to_owned())
        .collect();
    if notes.len() > MOST {
        parts.push(format!("and {} more", notes.len() - MOST));
    }
    let text = parts.join(", ");
    // A path may hold whatever key somebody thought of.
    Some(text.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).collect())
}
