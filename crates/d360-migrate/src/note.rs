//! The notes of a translation.
use serde::Serialize;
use serde_json::{Map, Value};
use std::{borrow::Cow, fmt};

/// A note on what a translation did, and where.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Note {
    /// The JSON path in the input (`image.provider`); empty for the whole input.
    pub path: String,
    /// The kind of the note.
    pub kind: NoteKind,
    /// What happened, and why.
    pub why: Cow<'static, str>,
    /// What to do about it.
    pub what_to_do: Cow<'static, str>,
    /// The original value, if nothing of it is in the translation. It may contain personal data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original: Option<Value>,
}

/// The kinds of [`Note`]s, from the least to the most severe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum NoteKind {
    /// The translation has another form and the same meaning.
    Changed,
    /// Something was unknown, and the most likely value was assumed.
    Assumed,
    /// The other side does not support it.
    Lost,
    /// There is no translation, and no result.
    Refused,
}

impl NoteKind {
    /// Returns the name in JSON: `changed`, `assumed`, `lost`, `refused`.
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

/// A translated value and its notes.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Translation<T> {
    /// The value; `None` exactly if a note is [`NoteKind::Refused`].
    pub value: Option<T>,
    /// The notes, in the order of the input.
    pub notes: Vec<Note>,
}

impl<T> Translation<T> {
    /// Returns the most severe kind of note.
    #[must_use]
    pub fn worst(&self) -> Option<NoteKind> {
        self.notes.iter().map(|note| note.kind).max()
    }
    /// Whether the other side does not support some of it.
    #[must_use]
    pub fn loses(&self) -> bool {
        self.notes.iter().any(|note| note.kind == NoteKind::Lost)
    }
    /// Returns the value, or the notes that say why there is none.
    ///
    /// # Errors
    /// Returns the notes if the input was refused.
    pub fn into_result(self) -> Result<T, Vec<Note>> {
        self.value.ok_or(self.notes)
    }
    /// Replaces the value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Translation<U> {
        Translation { value: self.value.map(change), notes: self.notes }
    }
}

/// Collects notes.
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
        // A path may contain a key made of a number.
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
    /// Adds a note with the value that is lost.
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
    /// Removes and returns an object. A value of another type is lost, with a note.
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
                self.lost(path, "is not an object", "use an object, or remove it");
                None
            }
        }
    }
    pub(crate) fn take(&mut self, others: impl IntoIterator<Item = Note>) {
        self.0.extend(others);
    }
    /// Finishes a translation. If anything was refused, there is no result.
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
