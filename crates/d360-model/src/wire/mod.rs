//! Declares the JSON of outgoing types once, for writing and for reading.
//!
//! Reading reports every problem with its path. Unknown properties are a problem, because Cloud refuses a body with
//! one. Responses and webhooks are parsed by plain serde instead.
mod distinct;
mod lenient;
pub mod open_enum;
mod reader;
mod structs;

pub use self::{
    distinct::distinct,
    lenient::{lenient, lenient_list, lenient_some_list, lenient_text, page_items},
    reader::{FromJson, Object, Reader, checked, deserialize, from_foreign, from_slice, from_slice_checked},
};
