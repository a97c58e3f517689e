//! Parses JSON of a person or program, and reports every problem with its path.
use super::distinct::distinct;
use crate::check::{Findings, Invalid};
use serde_json::{Map, Value};
use std::{collections::BTreeSet, fmt::Write as _};

/// A type that can be parsed from JSON of a person or program. Returns `None` if a problem was reported.
pub trait FromJson: Sized {
    /// Parses `value`, which is at the position of `reader`.
    fn read(value: &Value, reader: &mut Reader) -> Option<Self>;
}

/// The current position, and the findings so far.
#[derive(Debug, Default)]
pub struct Reader {
    path: String,
    findings: Findings,
    /// If set, unknown properties are collected here instead of being reported.
    left_out: Option<Vec<String>>,
}

impl Reader {
    /// Returns all findings.
    pub fn into_findings(self) -> Findings {
        self.findings
    }
    /// Reports an error at the current position.
    pub fn error(&mut self, message: impl Into<String>) {
        let path = self.path.clone();
        self.findings.error(path, message);
    }
    /// Reports advice at the current position.
    pub fn advise(&mut self, message: impl Into<String>) {
        let path = self.path.clone();
        self.findings.advise(path, message);
    }
    /// Runs `f` one level deeper.
    fn within<T>(&mut self, step: impl FnOnce(&mut String), f: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.path.len();
        step(&mut self.path);
        let out = f(self);
        self.path.truncate(length);
        out
    }
    /// Runs `f` at property `key`.
    pub fn at_key<T>(&mut self, key: &str, f: impl FnOnce(&mut Self) -> T) -> T {
        let step = |path: &mut String| {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(key);
        };
        self.within(step, f)
    }
    /// Returns `value` as an object.
    pub fn object<'v>(&mut self, value: &'v Value) -> Option<Object<'v>> {
        match value {
            Value::Object(map) => Some(Object { map, asked: Vec::with_capacity(map.len()) }),
            other => self.mismatch("an object", other),
        }
    }
    /// Reports that `found` is not the `expected` type.
    pub fn mismatch<T>(&mut self, expected: &str, found: &Value) -> Option<T> {
        let found = match found {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        };
        self.error(format!("expected {expected}, found {found}"));
        None
    }
}

/// An object that is being parsed. It records the requested properties, so that others can be reported.
#[derive(Debug)]
pub struct Object<'v> {
    map: &'v Map<String, Value>,
    asked: Vec<&'v str>,
}

impl<'v> Object<'v> {
    /// Returns the property, unless it is absent or null.
    pub fn get(&mut self, key: &'static str) -> Option<&'v Value> {
        self.asked.push(key);
        self.map.get(key).filter(|value| !value.is_null())
    }
    /// Whether this is a read mark, which has the same path but is not a message. Reports it.
    pub fn is_read_mark(&self, reader: &mut Reader) -> bool {
        let is_it = self.map.contains_key("status") && !self.map.contains_key("type");
        if is_it {
            let id = crate::mask(self.map.get("message_id").and_then(Value::as_str).unwrap_or("MESSAGE_ID"));
            let message =
                format!("is a read mark, not a message; send it with `d360 read {id}` or MarkMessageRead");
            reader.at_key("status", |r| r.error(message));
        }
        is_it
    }
    /// Returns the property of a dynamic name.
    pub fn other(&mut self, key: &'v str) -> Option<&'v Value> {
        let value = self.map.get(key).filter(|value| value.is_object() || value.is_array())?;
        self.asked.push(key);
        Some(value)
    }
    /// Returns a message's `type`. If it is absent and exactly one property is a `known` content, as in two of Meta's
    /// examples, returns that.
    pub fn kind(&mut self, known: &[&'static str], reader: &mut Reader) -> Option<&'v str> {
        match self.get("type") {
            Some(Value::String(kind)) if !kind.is_empty() => return Some(kind),
            Some(Value::String(_)) => reader.at_key("type", |r| r.error("must not be blank")),
            Some(other) => drop(reader.at_key("type", |r| r.mismatch::<()>("a string", other))),
            None => match self.only_one_of(known) {
                Some(kind) => {
                    reader.at_key("type", |r| r.advise(format!("is missing; sent as {kind:?}")));
                    return Some(kind);
                }
                None => reader.at_key("type", |r| r.error("is required")),
            },
        }
        None
    }
    /// Returns the only one of `keys` that is present.
    fn only_one_of(&self, keys: &[&'static str]) -> Option<&'static str> {
        let mut held = keys.iter().copied().filter(|key| self.map.contains_key(*key));
        held.next().filter(|_| held.next().is_none())
    }
    /// Reads an optional property.
    pub fn optional<T: FromJson>(&mut self, key: &'static str, reader: &mut Reader) -> Option<T> {
        let value = self.get(key)?;
        reader.at_key(key, |reader| T::read(value, reader))
    }
    /// Reads an optional text or object. An empty one is omitted with advice, because programs fill in every kind of
    /// header.
    pub fn optional_unless_empty<T: FromJson>(
        &mut self,
        key: &'static str,
        reader: &mut Reader,
    ) -> Option<T> {
        if self.get(key).is_some_and(|value| value.as_str() == Some("") || is_empty(value)) {
            reader.at_key(key, |r| r.advise("is empty; omitted"));
            return None;
        }
        self.optional(key, reader)
    }
    /// Reads a property that the documentation also spells `typo`.
    pub fn optional_or<T: FromJson>(
        &mut self,
        key: &'static str,
        typo: &'static str,
        reader: &mut Reader,
    ) -> Option<T> {
        match (self.get(key), self.get(typo)) {
            (Some(_), Some(_)) => {
                reader.at_key(typo, |r| r.error(format!("conflicts with `{key}`; remove one")));
                None
            }
            (None, Some(value)) => reader.at_key(typo, |reader| {
                reader.advise(format!("is a misspelling of `{key}` in the documentation; sent as `{key}`"));
                T::read(value, reader)
            }),
            _ => self.optional(key, reader),
        }
    }
    /// Reads a required property. If it is missing, reports it and returns a default.
    pub fn required<T: FromJson + Default>(&mut self, key: &'static str, reader: &mut Reader) -> T {
        match self.get(key) {
            Some(value) => reader.at_key(key, |reader| T::read(value, reader)).unwrap_or_default(),
            None => {
                reader.at_key(key, |reader| reader.error("is required"));
                T::default()
            }
        }
    }
    /// Reads an array; absent counts as empty.
    pub fn many<T: FromJson + Default>(&mut self, key: &'static str, reader: &mut Reader) -> Vec<T> {
        self.optional(key, reader).unwrap_or_default()
    }
    /// Reads `recipient_type`: whether it says group, or `None` if it is absent or neither.
    pub fn says_group(&mut self, reader: &mut Reader) -> Option<bool> {
        match self.optional::<String>("recipient_type", reader)?.as_str() {
            "individual" => Some(false),
            "group" => Some(true),
            other => {
                let message = format!("{:?} is neither \"individual\" nor \"group\"", crate::mask(other));
                reader.at_key("recipient_type", |r| r.error(message));
                None
            }
        }
    }
    /// Reports every property that was not requested.
    pub fn finish(self, reader: &mut Reader) {
        for key in self.map.keys().filter(|key| !self.asked.contains(&key.as_str())) {
            // Two readers may request the same property.
            let known = self.asked.iter().collect::<BTreeSet<_>>().into_iter().copied().collect::<Vec<_>>();
            let known = known.join(", ");
            let key = crate::mask(key);
            reader.at_key(&key, |r| match &mut r.left_out {
                Some(left_out) => left_out.push(r.path.clone()),
                None => r.error(format!("unknown property; known here: {known}")),
            });
        }
    }
}

/// Whether an object has no values.
fn is_empty(value: &Value) -> bool {
    let unset = |value: &Value| value.is_null() || value.as_str() == Some("") || is_empty(value);
    value.as_object().is_some_and(|map| map.values().all(unset))
}

impl FromJson for String {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        match value {
            Value::String(text) => Some(text.clone()),
            other => reader.mismatch("a string", other),
        }
    }
}

impl FromJson for bool {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        match value {
            Value::Bool(value) => Some(*value),
            other => reader.mismatch("true or false", other),
        }
    }
}

impl<T: FromJson> FromJson for Box<T> {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        T::read(value, reader).map(Self::new)
    }
}

impl FromJson for i64 {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        match value {
            Value::Number(number) if number.as_i64().is_some() => number.as_i64(),
            other => reader.mismatch("a whole number", other),
        }
    }
}

impl FromJson for u32 {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        match value.as_u64().map(u32::try_from) {
            Some(Ok(number)) => Some(number),
            _ => reader.mismatch("a whole number from 0", value),
        }
    }
}

/// Reads an object unchanged.
impl FromJson for Map<String, Value> {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        match value {
            Value::Object(map) => Some(map.clone()),
            other => reader.mismatch("an object", other),
        }
    }
}

impl<T: FromJson + Default> FromJson for Vec<T> {
    /// Continues after an item with a problem; a default replaces it, so that later items keep their index.
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        let Value::Array(items) = value else {
            let expected = if value.is_object() { "an array of objects: [{…}]" } else { "an array" };
            return reader.mismatch(expected, value);
        };
        let read = |reader: &mut Reader, (i, item): (usize, &Value)| {
            let step = |path: &mut String| {
                let _ = write!(path, "[{i}]");
            };
            reader.within(step, |reader| T::read(item, reader)).unwrap_or_default()
        };
        Some(items.iter().enumerate().map(|item| read(reader, item)).collect())
    }
}

/// Parses `T` from JSON text, and reports every problem. A byte order mark is ignored.
pub fn from_slice<T: FromJson>(json: &[u8]) -> (Option<T>, Findings) {
    let mut reader = Reader::default();
    let value = match distinct(json) {
        Ok(value) => T::read(&value, &mut reader),
        Err(error) => {
            reader.error(format!("not valid JSON: {error}"));
            None
        }
    };
    (value, reader.into_findings())
}

/// Parses `T` from a value of another API. Properties that `T` does not know are omitted, and their paths returned.
pub fn from_foreign<T: FromJson>(value: &Value) -> (Option<T>, Findings, Vec<String>) {
    let mut reader = Reader { left_out: Some(Vec::new()), ..Reader::default() };
    let read = T::read(value, &mut reader);
    let left_out = reader.left_out.take().unwrap_or_default();
    (read, reader.into_findings(), left_out)
}

/// Parses `T` from JSON text and validates it. Returns the value with the advice, or all problems.
///
/// # Errors
/// Returns [`Invalid`] if there is an error.
pub fn from_slice_checked<T: FromJson>(
    json: &[u8],
    validate: impl FnOnce(&T) -> Findings,
) -> Result<(T, Findings), Invalid> {
    let (value, mut findings) = from_slice::<T>(json);
    if let Some(value) = &value {
        findings.merge(validate(value));
    }
    match value {
        Some(value) if !findings.refuses(false) => Ok((value, findings)),
        _ => Err(findings.into()),
    }
}

/// Implements the first step of a `Deserialize`: one message with all findings.
pub fn deserialize<'de, T: FromJson, D: serde::Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let value = <Value as serde::Deserialize>::deserialize(deserializer)?;
    let mut reader = Reader::default();
    let read = T::read(&value, &mut reader);
    let findings = reader.into_findings();
    match read {
        Some(read) if !findings.refuses(false) => Ok(read),
        _ => Err(serde::de::Error::custom(Invalid::from(findings))),
    }
}

/// Reports a value that a validated type refused.
pub fn checked<T, E: std::fmt::Display>(result: Result<T, E>, reader: &mut Reader) -> Option<T> {
    result.map_err(|error| reader.error(error.to_string())).ok()
}
