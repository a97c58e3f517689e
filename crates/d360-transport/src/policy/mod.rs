//! When and how often to send: retries, the retry budget, rate limits, options of single calls. No I/O.
mod budget;
mod options;
mod pacing;
mod retry;

pub(crate) use self::{budget::Budget, pacing::Place};
pub use self::{options::CallOptions, pacing::Pacing, retry::RetryPolicy};
