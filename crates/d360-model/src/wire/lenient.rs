//! Reading answers in which something odd costs nothing but itself.
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error, IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::Value;
use std::{fmt, marker::PhantomData};

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

/// Reads a list of objects whose own properties cost no neighbour either: what is no object is left out, and what is no list is an
/// empty one. Unlike [`lenient_list`] it reads each in place; where `T` fails, so does the whole.
///
/// # Errors
/// Where it is not JSON, or a `T` fails.
pub fn lenient_objects<'de, T: Deserialize<'de>, D: Deserializer<'de>>(d: D) -> Result<Vec<T>, D::Error> {
    d.deserialize_any(Objects(PhantomData))
}

struct Objects<T>(PhantomData<T>);

/// An item of it.
struct Object<T>(Option<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_any(Items(PhantomData))
    }
}

struct Items<T>(PhantomData<T>);

/// What is neither list nor object counts as `$nothing`.
macro_rules! or_nothing {
    ($nothing:expr) => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("JSON")
        }
        fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
            Ok($nothing)
        }
        fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
            Ok($nothing)
        }
        fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
            Ok($nothing)
        }
        fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
            Ok($nothing)
        }
        fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
            Ok($nothing)
        }
        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok($nothing)
        }
    };
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Items<T> {
    type Value = Object<T>;
    or_nothing!(Object(None));
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Object(None))
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(|item| Object(Some(item)))
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Objects<T> {
    type Value = Vec<T>;
    or_nothing!(Vec::new());
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(Object(item)) = items.next_element()? {
            all.extend(item);
        }
        Ok(all)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Vec::new())
    }
}
