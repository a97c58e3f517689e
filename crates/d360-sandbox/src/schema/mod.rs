//! Schemas of request bodies.

pub(crate) mod contents;
pub(crate) mod kind;
pub(crate) mod onprem_contents;
