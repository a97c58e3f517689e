//! Small things about JSON that both directions need.
use serde_json::{Map, Value};

/// One item, or many; null counts as none.
pub(crate) fn list(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        Value::Null => Vec::new(),
        one => vec![one],
    }
}

/// The same without taking it.
pub(crate) fn items(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        Value::Null => &[],
        one => std::slice::from_ref(one),
    }
}

/// A list of one. (`json!` would copy what it is given.)
pub(crate) fn one(value: impl Into<Value>) -> Value {
    Value::Array(vec![value.into()])
}

/// A text, or a number as one.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A text that is there and not blank.
pub(crate) fn text_of(map: &Map<String, Value>, key: &str) -> Option<String> {
    map.get(key).and_then(text).filter(|text| !text.trim().is_empty())
}

/// `value` without properties that are null: On-Premise passed over them, and Cloud does not.
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

/// Renames a property where it stands.
pub(crate) fn rename(map: &mut Map<String, Value>, from: &str, to: &str) -> bool {
    match map.remove(from) {
        Some(value) => map.insert(to.to_owned(), value).is_none(),
        None => false,
    }
}

/// `CC.` and letters and digits, as Cloud's ids of users without a number are.
pub(crate) fn is_bsuid(text: &str) -> bool {
    use d360_model::Recipient;
    matches!(text.parse(), Ok(Recipient::Bsuid(_) | Recipient::ParentBsuid(_)))
}
