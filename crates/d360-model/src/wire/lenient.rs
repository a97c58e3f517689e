//! Reading answers in which something odd costs nothing but itself.
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _},
};
use serde_json::Value;

/// Reads a list of an answer, in which `null` counts as empty, one object as a list of one, and an item of unknown shape does not
/// cost its neighbours.
///
/// # Errors
/// Where it is not JSON.
pub fn lenient_list<'de, T: DeserializeOwned, D: Deserializer<'de>>(d: D) -> Result<Vec<T>, D::Error> {
    Ok(lenient_some_list(d)?.unwrap_or_default())
}

/// The same where it is told apart whether there is a list; what is neither list nor object counts as none.
///
/// # Errors
/// Where it is not JSON.
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

/// Reads the items of a page by `read`. An item that `read` does not know costs no other; a page without any that it knows is an error,
/// because an empty list would say that there is nothing. `null` is an empty page.
///
/// # Errors
/// If it is no list, or none of its items is known.
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
        return Err(D::Error::custom(format_args!("none of the page's {count} items has a known shape")));
    }
    Ok(known)
}

/// Reads a value of an answer; one of unknown shape counts as absent.
///
/// # Errors
/// Where it is not JSON.
pub fn lenient<'de, T: DeserializeOwned, D: Deserializer<'de>>(d: D) -> Result<Option<T>, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(d)?).ok())
}

/// Reads a text of an answer, or a number as one; anything else counts as absent.
///
/// # Errors
/// Where it is not JSON.
pub fn lenient_text<'de, D: Deserializer<'de>>(d: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(d)? {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}
