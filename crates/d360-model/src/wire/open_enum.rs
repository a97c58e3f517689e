//! Open enums: an unknown value is kept and sent back unchanged.
use std::fmt;

/// A value that this version does not know.
///
/// It is opaque: read it through the enum's `as_str()`, so that a later release can add a variant without breaking
/// anybody.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Unknown(Box<str>);

impl Unknown {
    #[doc(hidden)]
    pub fn __new(value: &str) -> Self {
        Self(value.into())
    }
    #[doc(hidden)]
    pub fn __as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::mask(&self.0).fmt(f)
    }
}

/// Adds the empty value to open enums, which replaces a missing required value.
macro_rules! unset {
    ($($name:ident),+) => {$(
        impl Default for $name {
            fn default() -> Self {
                Self::from("")
            }
        }
    )+};
}
pub(crate) use unset;

/// Declares a `#[non_exhaustive]` string enum whose unknown values round-trip.
#[doc(hidden)]
#[macro_export]
macro_rules! open_enum {
    ($(#[$meta:meta])* $vis:vis enum $name:ident {
        $($(#[$vmeta:meta])* $variant:ident = $text:literal),+ $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        $vis enum $name {
            $($(#[$vmeta])* $variant,)+
            /// Any other value; see [`as_str`](Self::as_str).
            Unknown($crate::open_enum::Unknown),
        }
        impl $name {
            /// The known values.
            pub const KNOWN: &'static [&'static str] = &[$($text),+];
            /// Returns the text on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Unknown(value) => value.__as_str(),
                }
            }
        }
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $($text => Self::$variant,)+
                    other => Self::Unknown($crate::open_enum::Unknown::__new(other)),
                }
            }
        }
        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::from(text.as_str())
            }
        }
        /// Shows the text on the wire. Numbers in an unknown value are masked.
        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                match self {
                    Self::Unknown(value) => f.pad(&$crate::mask(value.__as_str())),
                    known => f.pad(known.as_str()),
                }
            }
        }
        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(self.as_str())
            }
        }
        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = <::std::borrow::Cow<'de, str> as ::serde::Deserialize>::deserialize(d)?;
                Ok(Self::from(&*text))
            }
        }
        impl $crate::wire::FromJson for $name {
            fn read(value: &::serde_json::Value, reader: &mut $crate::wire::Reader) -> Option<Self> {
                <String as $crate::wire::FromJson>::read(value, reader).map(Self::from)
            }
        }
    };
}
