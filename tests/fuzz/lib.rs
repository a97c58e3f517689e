//! The same functions that the tests run on stable.
pub mod targets;
