//! Persistent state: one SQLite file and the thread that writes it.

pub(crate) mod error;
mod file;
pub(crate) mod store;
