//! Declares the structs of incoming data.

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
            $($(#[$fmeta])* #[serde(rename = $key, default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::wire::lenient")]
            pub $field: Option<$ty>,)*
            $($($(#[$mmeta])* #[serde(rename = $mkey, default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::wire::lenient_some_list")]
            pub $many: Option<Vec<$mty>>,)*)?
        }
        $crate::masked_fields!($name { $($field,)* $($($many),*)? });
    )+};
}
pub(crate) use inbound;
