//! When and how often to send: retries, the retry budget, rate limits, options of single calls. No I/O.
mod budget;
mod options;
mod rate_limit;
mod retry;

pub(crate) use self::{budget::Budget, rate_limit::Place};
pub use self::{options::CallOptions, rate_limit::RateLimit, retry::RetryPolicy};
