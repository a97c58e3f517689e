//! Delivery of webhooks to old programs.

pub(crate) mod lines;
pub(crate) mod outbox;
mod post;
pub(crate) mod targets;
pub(crate) mod worker;
