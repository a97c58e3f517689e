//! Reads incoming data in one pass, where a value of unknown form does not affect the others.
use serde::{
    Deserialize, Deserializer,
    de::{
        DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
};
use serde_json::{Map, Value};
use std::{fmt, marker::PhantomData};

/// A type of incoming data. Each function reads one form of JSON, and returns `None` where the type has no such form.
pub(crate) trait Inbound: Sized {
    fn of_null() -> Option<Self> {
        None
    }
    fn of_bool(_: bool) -> Option<Self> {
        None
    }
    fn of_i64(_: i64) -> Option<Self> {
        None
    }
    fn of_u64(number: u64) -> Option<Self> {
        i64::try_from(number).ok().and_then(Self::of_i64)
    }
    fn of_f64(_: f64) -> Option<Self> {
        None
    }
    fn of_text(_: &str) -> Option<Self> {
        None
    }
    fn of_string(text: String) -> Option<Self> {
        Self::of_text(&text)
    }
    fn of_list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Option<Self>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }
    fn of_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Option<Self>, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

/// Reads a value; one of unknown form counts as absent.
pub(crate) fn lenient<'de, T: Inbound, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    One(PhantomData).deserialize(deserializer)
}

/// Reads a list; one object is a list of one, anything else counts as absent. An item of unknown form is left out.
pub(crate) fn lenient_list<'de, T: Inbound, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<T>>, D::Error> {
    List(PhantomData).deserialize(deserializer)
}

/// Reads a list like [`lenient_list`]; an absent one is empty.
pub(crate) fn lenient_vec<'de, T: Inbound, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    lenient_list(deserializer).map(Option::unwrap_or_default)
}

/// Reads one value leniently.
pub(super) struct One<T>(pub(super) PhantomData<T>);

impl<'de, T: Inbound> DeserializeSeed<'de> for One<T> {
    type Value = Option<T>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Inbound> Visitor<'de> for One<T> {
    type Value = Option<T>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }
    fn visit_unit<E>(self) -> Result<Option<T>, E> {
        Ok(T::of_null())
    }
    fn visit_bool<E>(self, value: bool) -> Result<Option<T>, E> {
        Ok(T::of_bool(value))
    }
    fn visit_i64<E>(self, number: i64) -> Result<Option<T>, E> {
        Ok(T::of_i64(number))
    }
    fn visit_u64<E>(self, number: u64) -> Result<Option<T>, E> {
        Ok(T::of_u64(number))
    }
    fn visit_f64<E>(self, number: f64) -> Result<Option<T>, E> {
        Ok(T::of_f64(number))
    }
    fn visit_str<E>(self, text: &str) -> Result<Option<T>, E> {
        Ok(T::of_text(text))
    }
    fn visit_string<E>(self, text: String) -> Result<Option<T>, E> {
        Ok(T::of_string(text))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Option<T>, A::Error> {
        T::of_list(list)
    }
    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Option<T>, A::Error> {
        T::of_object(object)
    }
}

/// Reads a list leniently.
pub(super) struct List<T>(pub(super) PhantomData<T>);

impl<'de, T: Inbound> DeserializeSeed<'de> for List<T> {
    type Value = Option<Vec<T>>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Vec<T>>, D::Error> {
        One::<Items<T>>(PhantomData).deserialize(deserializer).map(|items| items.map(|items| items.0))
    }
}

struct Items<T>(Vec<T>);

impl<T: Inbound> Inbound for Items<T> {
    fn of_list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Option<Self>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(One(PhantomData))? {
            items.extend(item);
        }
        Ok(Some(Self(items)))
    }
    fn of_object<'de, A: MapAccess<'de>>(object: A) -> Result<Option<Self>, A::Error> {
        Ok(Some(Self(T::of_object(object)?.into_iter().collect())))
    }
}

/// Reads an object into a box, for a property that is large and seldom present.
impl<T: Inbound> Inbound for Box<T> {
    fn of_object<'de, A: MapAccess<'de>>(object: A) -> Result<Option<Self>, A::Error> {
        Ok(T::of_object(object)?.map(Self::new))
    }
}

impl Inbound for String {
    fn of_text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
    fn of_string(text: String) -> Option<Self> {
        Some(text)
    }
}

impl Inbound for bool {
    fn of_bool(value: bool) -> Option<Self> {
        Some(value)
    }
}

impl Inbound for i64 {
    fn of_i64(number: i64) -> Option<Self> {
        Some(number)
    }
}

impl Inbound for Map<String, Value> {
    fn of_object<'de, A: MapAccess<'de>>(object: A) -> Result<Option<Self>, A::Error> {
        Self::deserialize(MapAccessDeserializer::new(object)).map(Some)
    }
}

impl Inbound for Value {
    fn of_null() -> Option<Self> {
        Some(Self::Null)
    }
    fn of_bool(value: bool) -> Option<Self> {
        Some(value.into())
    }
    fn of_i64(number: i64) -> Option<Self> {
        Some(number.into())
    }
    fn of_u64(number: u64) -> Option<Self> {
        Some(number.into())
    }
    fn of_f64(number: f64) -> Option<Self> {
        Some(number.into())
    }
    fn of_text(text: &str) -> Option<Self> {
        Some(text.into())
    }
    fn of_string(text: String) -> Option<Self> {
        Some(text.into())
    }
    fn of_list<'de, A: SeqAccess<'de>>(list: A) -> Result<Option<Self>, A::Error> {
        Self::deserialize(SeqAccessDeserializer::new(list)).map(Some)
    }
    fn of_object<'de, A: MapAccess<'de>>(object: A) -> Result<Option<Self>, A::Error> {
        Self::deserialize(MapAccessDeserializer::new(object)).map(Some)
    }
}

/// Reads the type from an object, by its `Deserialize`.
macro_rules! inbound_object {
    ($($name:ident),+) => {$(
        impl $crate::webhook::inbound::Inbound for $name {
            fn of_object<'de, A: serde::de::MapAccess<'de>>(object: A) -> Result<Option<Self>, A::Error> {
                serde::Deserialize::deserialize(serde::de::value::MapAccessDeserializer::new(object)).map(Some)
            }
        }
    )+};
}
pub(super) use inbound_object;

/// Declares structs of incoming data. Every property is optional, and one of unknown form does not affect the others.
/// `many` are lists in which an item of unknown form does not affect the others.
macro_rules! inbound {
    ($($(#[$meta:meta])* $name:ident {
        $($(#[$fmeta:meta])* $field:ident: $ty:ty = $key:literal,)*
        $(; many $($(#[$mmeta:meta])* $many:ident: $mty:ty = $mkey:literal,)*)?
    })+) => {$(
        $(#[$meta])*
        #[derive(Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$fmeta])* #[serde(rename = $key, default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::webhook::inbound::lenient")]
            pub $field: Option<$ty>,)*
            $($($(#[$mmeta])* #[serde(rename = $mkey, default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::webhook::inbound::lenient_list")]
            pub $many: Option<Vec<$mty>>,)*)?
        }
        $crate::masked_fields!($name { $($field,)* $($($many),*)? });
        $crate::webhook::inbound::inbound_object!($name);
    )+};
}
pub(super) use inbound;
