//! The verbs.
pub(crate) mod block;
pub(crate) mod channels;
pub(crate) mod contacts;
pub(crate) mod demo;
pub(crate) mod sandbox;
pub(crate) mod send;
pub(crate) mod vcard;
