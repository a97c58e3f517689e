//! Declares outgoing structs.

/// Generates `Serialize`, `Deserialize`, setters and [`FromJson`] from one declaration.
///
/// `req` is required and a parameter of the constructor. `opt` is omitted if it is `None`. `many` is an array that is
/// omitted if it is empty. `typo` is a misspelling that is read and never sent. `unless_empty` reads an object
/// without values as absent, with advice.
#[doc(hidden)]
#[macro_export]
macro_rules! wire_struct {
    ($(#[$meta:meta])* $vis:vis struct $name:ident {
        $( req { $($(#[$rmeta:meta])* $req:ident: $rty:ty = $rkey:literal,)* } )?
        $( opt { $($(#[$ometa:meta])* $opt:ident: $oty:ty = $okey:literal $(typo $typo:literal)? $([$unless:ident])?,)* } )?
        $( many { $($(#[$mmeta:meta])* $many:ident: $mty:ty = $mkey:literal, by $add:ident,)* } )?
    }) => {
        $(#[$meta])*
        #[derive(Clone, Default, PartialEq, ::serde::Serialize)]
        #[non_exhaustive]
        $vis struct $name {
            $($($(#[$rmeta])* #[serde(rename = $rkey)] pub $req: $rty,)*)?
            $($($(#[$ometa])* #[serde(rename = $okey, skip_serializing_if = "Option::is_none")] pub $opt: Option<$oty>,)*)?
            $($($(#[$mmeta])* #[serde(rename = $mkey, skip_serializing_if = "Vec::is_empty")] pub $many: Vec<$mty>,)*)?
        }
        impl $name {
            $($(
                $(#[$ometa])*
                #[must_use]
                pub fn $opt(mut self, $opt: impl Into<$oty>) -> Self {
                    self.$opt = Some($opt.into());
                    self
                }
            )*)?
            $($(
                $(#[$mmeta])*
                ///
                /// Adds one.
                #[must_use]
                pub fn $add(mut self, $add: impl Into<$mty>) -> Self {
                    self.$many.push($add.into());
                    self
                }
            )*)?
        }
        $crate::masked_fields!($name { $($($req,)*)? $($($opt,)*)? $($($many,)*)? });
        impl $crate::wire::FromJson for $name {
            fn read(value: &::serde_json::Value, reader: &mut $crate::wire::Reader) -> Option<Self> {
                let mut object = reader.object(value)?;
                let read = Self {
                    $($($req: object.required($rkey, reader),)*)?
                    $($($opt: $crate::wire_struct!(@opt object reader $okey $($typo)? $($unless)?),)*)?
                    $($($many: object.many($mkey, reader),)*)?
                };
                object.finish(reader);
                Some(read)
            }
        }
        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                $crate::wire::deserialize(d)
            }
        }
    };
    (@opt $object:ident $reader:ident $key:literal) => { $object.optional($key, $reader) };
    (@opt $object:ident $reader:ident $key:literal unless_empty) => { $object.optional_unless_empty($key, $reader) };
    (@opt $object:ident $reader:ident $key:literal $typo:literal) => { $object.optional_or($key, $typo, $reader) };
}
