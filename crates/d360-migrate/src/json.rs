//! JSON helpers for both directions.
use serde_json::{Map, Value};

/// Returns one item or many as a list. Null becomes an empty list.
pub(crate) fn list(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        Value::Null => Vec::new(),
        one => vec![one],
    }
}

/// Like [`list`], without consuming the value.
pub(crate) fn items(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        Value::Null => &[],
        one => std::slice::from_ref(one),
    }
}

/// Returns a list of one. `json!` would copy its argument.
pub(crate) fn one(value: impl Into<Value>) -> Value {
    Value::Array(vec![value.into()])
}

/// Returns a text, or a number as text.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Returns a text that is present and not blank.
pub(crate) fn text_of(map: &Map<String, Value>, key: &str) -> Option<String> {
    map.get(key).and_then(text).filter(|text| !text.trim().is_empty())
}

/// Removes properties that are null: On-Premise ignored them, and Cloud does not.
pub(crate) fn without_nulls(mut value: Value) -> Value {
    remove_nulls(&mut value);
    value
}

fn remove_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(remove_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(remove_nulls),
        _ => {}
    }
}

/// Renames a property in place.
pub(crate) fn rename(map: &mut Map<String, Value>, from: &str, to: &str) -> bool {
    match map.remove(from) {
        Some(value) => map.insert(to.to_owned(), value).is_none(),
        None => false,
    }
}

/// Whether a text has the form of a BSUID: `CC.` followed by letters and digits.
pub(crate) fn is_bsuid(text: &str) -> bool {
    use d360_model::Recipient;
    matches!(text.parse(), Ok(Recipient::Bsuid(_) | Recipient::ParentBsuid(_)))
}
