//! JSON helpers.
use serde_json::Value;
use std::fmt::Write as _;

/// Parses a request body and drops `null` members.
///
/// It is an assumption that Meta ignores them. It is not documented, but clients that serialize empty properties as
/// `null` (pywa, heyoo) work with the real API.
pub(crate) fn read(body: &[u8]) -> Option<Value> {
    let mut value = serde_json::from_slice(body).ok()?;
    if has_null(&value) {
        drop_nulls(&mut value);
    }
    Some(value)
}

/// Returns whether there is a `null` to drop. Few bodies have one.
fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(map) => map.values().any(has_null),
        Value::Array(items) => items.iter().any(has_null),
        _ => false,
    }
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, member| !member.is_null());
            map.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

/// Escapes non-ASCII characters as lower-case `\uXXXX`, the payload form described by Meta's page on signatures.
pub(crate) fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut units = [0; 2];
    for character in json.chars() {
        if character.is_ascii() {
            out.push(character);
        } else {
            for unit in character.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}
