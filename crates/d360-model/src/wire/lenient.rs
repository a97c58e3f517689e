//! Lenient parsing of responses: an unusual value only affects itself.
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _},
};
use serde_json::Value;

/// Reads a list leniently: `null` is empty, one object is a list of one, and an item of unknown form does not affect
/// the others.
///
/// # Errors
/// Returns an error if the text is not JSON.
pub fn lenient_list<'de, T: DeserializeOwned, D: Deserializer<'de>>(d: D) -> Result<Vec<T>, D::Error> {
    Ok(lenient_some_list(d)?.unwrap_or_default())
}

/// Reads an optional list; anything other than a list or an object counts as none.
///
/// # Errors
/// Returns an error if the text is not JSON.
pub fn lenient_some_list<'de, T: DeserializeOwned, D: Deserializer<'de>>(
    d: D,
) -> Result<Option<Vec<T>>, D::Error> {
    let items = match Value::deserialize(d)? {
        Value::Array(items) => items,
        object @ Value::Object(_) => vec![object],
        _ => return Ok(None),
    };
    Ok(Some(items.into_iter().filter_map(|item| serde_json::from_value(item).ok()).collect()))
}

/// Reads the items of a page with `read`. An unknown item does not affect the others. A page with only unknown items
/// is an error, because an empty list would mean that there are none. `null` is an empty page.
///
/// # Errors
/// Returns an error if it is not a list, or if all its items are unknown.
pub fn page_items<'de, I: DeserializeOwned, T, D: Deserializer<'de>>(
    d: D,
    read: impl Fn(I) -> Option<T>,
) -> Result<Vec<T>, D::Error> {
    let items = match Value::deserialize(d)? {
        Value::Array(items) => items,
        Value::Null => Vec::new(),
        object @ Value::Object(_) => vec![object],
        _ => return Err(D::Error::custom("expected a list of items")),
    };
    let count = items.len();
    let known: Vec<T> =
        items.into_iter().filter_map(|item| read(serde_json::from_value(item).ok()?)).collect();
    if known.is_empty() && count > 0 {
        return Err(D::Error::custom(format_args!("none of the {count} items on the page has a known form")));
    }
    Ok(known)
}

/// Reads a value; one of unknown form counts as absent.
///
/// # Errors
/// Returns an error if the text is not JSON.
pub fn lenient<'de, T: DeserializeOwned, D: Deserializer<'de>>(d: D) -> Result<Option<T>, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(d)?).ok())
}

/// Reads text, or a number as text; anything else counts as absent.
///
/// # Errors
/// Returns an error if the text is not JSON.
pub fn lenient_text<'de, D: Deserializer<'de>>(d: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(d)? {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}
