//! What bodies may hold.

pub(crate) mod contents;
pub(crate) mod kind;
pub(crate) mod onprem_contents;
