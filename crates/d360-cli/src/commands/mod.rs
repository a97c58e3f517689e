//! The verbs.
pub(crate) mod block;
pub(crate) mod demo;
pub(crate) mod sandbox;
pub(crate) mod send;
pub(crate) mod vcard;
