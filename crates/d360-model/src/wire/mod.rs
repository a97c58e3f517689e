//! How the JSON of outgoing types is declared: once, for writing and for reading.
//!
//! Reading reports every problem with its path, unknown properties among them, because Cloud refuses a body with
//! a property that it does not know. Responses and webhooks are read by plain serde instead.
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
