//! What a translation has to say about itself.
use serde::Serialize;
use serde_json::{Map, Value};
use std::{borrow::Cow, fmt};

/// What a translation did that is worth knowing, and where.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Note {
    /// JSON path into what was given, such as `image.provider`; empty for the whole of it.
    pub path: String,
    /// What kind of note it is.
    pub kind: NoteKind,
    /// What happened, and why.
    pub why: Cow<'static, str>,
    /// What to do about it.
    pub what_to_do: Cow<'static, str>,
    /// The value as it came, where none of it is left in the translation. It may hold personal data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original: Option<Value>,
}

/// What kind of [`Note`] it is, from the least to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum NoteKind {
    /// It is said in another way, and means the same.
    Changed,
    /// Something was not known, and the likeliest was taken.
    Assumed,
    /// The other side has no place for it.
    Lost,
    /// There is no translation: nothing came out.
    Refused,
}

impl NoteKind {
    /// Its word in JSON: `changed`, `assumed`, `lost`, `refused`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Assumed => "assumed",
            Self::Lost => "lost",
            Self::Refused => "refused",
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        write!(f, "{}: {}", self.kind.as_str(), self.why)?;
        if self.what_to_do.is_empty() { Ok(()) } else { write!(f, "; {}", self.what_to_do) }
    }
}

impl fmt::Debug for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&d360_model::mask(&self.to_string()))
    }
}

/// A value on the other side, and what there is to know about it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Translation<T> {
    /// The value; `None` exactly where a note says [`NoteKind::Refused`].
    pub value: Option<T>,
    /// In the order in which they were met.
    pub notes: Vec<Note>,
}

impl<T> Translation<T> {
    /// The worst kind of note.
    #[must_use]
    pub fn worst(&self) -> Option<NoteKind> {
        self.notes.iter().map(|note| note.kind).max()
    }
    /// Whether the other side has no place for some of it.
    #[must_use]
    pub fn loses(&self) -> bool {
        self.notes.iter().any(|note| note.kind == NoteKind::Lost)
    }
    /// The value, or the notes that say why there is none.
    ///
    /// # Errors
    /// The notes.
    pub fn into_result(self) -> Result<T, Vec<Note>> {
        self.value.ok_or(self.notes)
    }
    /// The same with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Translation<U> {
        Translation { value: self.value.map(change), notes: self.notes }
    }
}

/// Notes being taken.
#[derive(Debug, Default)]
pub(crate) struct Notes(Vec<Note>);

impl Notes {
    fn add(
        &mut self,
        kind: NoteKind,
        path: &str,
        why: impl Into<Cow<'static, str>>,
        what_to_do: impl Into<Cow<'static, str>>,
    ) {
        // A path may hold a key that somebody made of a number.
        let path = d360_model::mask(path);
        self.0.push(Note { path, kind, why: why.into(), what_to_do: what_to_do.into(), original: None });
    }
    pub(crate) fn changed(
        &mut self,
        path: &str,
        why: impl Into<Cow<'static, str>>,
        what_to_do: impl Into<Cow<'static, str>>,
    ) {
        self.add(NoteKind::Changed, path, why, what_to_do);
    }
    pub(crate) fn assumed(
        &mut self,
        path: &str,
        why: impl Into<Cow<'static, str>>,
        what_to_do: impl Into<Cow<'static, str>>,
    ) {
        self.add(NoteKind::Assumed, path, why, what_to_do);
    }
    pub(crate) fn lost(
        &mut self,
        path: &str,
        why: impl Into<Cow<'static, str>>,
        what_to_do: impl Into<Cow<'static, str>>,
    ) {
        self.add(NoteKind::Lost, path, why, what_to_do);
    }
    /// The same with the value that is not left.
    pub(crate) fn replaced(
        &mut self,
        path: &str,
        original: Value,
        why: impl Into<Cow<'static, str>>,
        what_to_do: impl Into<Cow<'static, str>>,
    ) {
        self.lost(path, why, what_to_do);
        if let Some(note) = self.0.last_mut() {
            note.original = Some(original);
        }
    }
    pub(crate) fn refused(
        &mut self,
        path: &str,
        why: impl Into<Cow<'static, str>>,
        what_to_do: impl Into<Cow<'static, str>>,
    ) {
        self.add(NoteKind::Refused, path, why, what_to_do);
    }
    /// Takes an object out; anything else in its place is lost, and noted.
    pub(crate) fn object(
        &mut self,
        map: &mut Map<String, Value>,
        key: &str,
        path: &str,
    ) -> Option<Map<String, Value>> {
        match map.remove(key)? {
            Value::Object(object) => Some(object),
            Value::Null => None,
            _ => {
                self.lost(path, "is no object", "give an object, or leave it out");
                None
            }
        }
    }
    pub(crate) fn take(&mut self, others: impl IntoIterator<Item = Note>) {
        self.0.extend(others);
    }
    /// The end of a translation: where something was refused, nothing comes out.
    pub(crate) fn with<T>(self, value: impl Into<Option<T>>) -> Translation<T> {
        let refused = self.0.iter().any(|note| note.kind == NoteKind::Refused);
        Translation { value: value.into().filter(|_| !refused), notes: self.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_has_no_value() {
        let mut notes = Notes::default();
        notes.lost("a", "x", "");
        let lossy = notes.with(7);
        assert!(lossy.value == Some(7) && lossy.loses() && lossy.worst() == Some(NoteKind::Lost));
        let mut notes = Notes::default();
        notes.take(lossy.notes);
        notes.refused("b.16505551234", "no", "do it");
        let refused = notes.with(7);
        assert_eq!((refused.value, refused.worst()), (None, Some(NoteKind::Refused)));
        assert_eq!(refused.notes[1].to_string(), "b.•••••••••34: refused: no; do it");
    }
}
