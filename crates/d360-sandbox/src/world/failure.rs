//! Errors that are asked for.
use serde_json::{Value, json};

/// An error to answer the next calls with, instead of what the sandbox would.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Failure {
    /// Meta's error code, with the title and HTTP status of Meta's page.
    pub code: Option<i64>,
    /// Another HTTP status; alone, a failure of the gateway or a proxy with that status.
    pub http: Option<u16>,
    /// Another body.
    pub body: Option<String>,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<u64>,
    /// How many calls fail. One, if not said.
    pub times: Option<u32>,
    /// Only calls of this method, such as `POST`.
    pub method: Option<String>,
    /// Only calls of this path, such as `/messages`.
    pub path: Option<String>,
}

impl Failure {
    /// The error `code`, with the title and HTTP status of Meta's page.
    #[must_use]
    pub fn code(code: i64) -> Self {
        Self { code: Some(code), ..Self::default() }
    }
    /// The HTTP status, with a body that a gateway or proxy sends with it.
    #[must_use]
    pub fn http(status: u16) -> Self {
        Self { http: Some(status), ..Self::default() }
    }
    /// Another body.
    #[must_use]
    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.body = Some(body.into());
        self
    }
    /// Another HTTP status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.http = Some(status);
        self
    }
    /// `Retry-After`, in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }
    /// How many calls fail.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }
    /// Only calls of this method and path.
    #[must_use]
    pub fn on(mut self, method: impl Into<String>, path: impl Into<String>) -> Self {
        (self.method, self.path) = (Some(method.into()), Some(path.into()));
        self
    }
}

/// The failures that wait for a call.
#[derive(Debug, Default)]
pub(crate) struct Failures(Vec<Failure>);

impl Failures {
    /// Those that wait, in the order in which they are taken.
    pub(crate) fn shown(&self) -> Vec<Value> {
        let shown = |failure: &Failure| {
            json!({ "code": failure.code, "http": failure.http, "body": failure.body, "retry_after": failure.retry_after,
                "times": failure.times.unwrap_or(1), "method": failure.method, "path": failure.path })
        };
        self.0.iter().map(shown).collect()
    }
    /// Drops them all. Returns how many there were.
    pub(crate) fn clear(&mut self) -> usize {
        std::mem::take(&mut self.0).len()
    }
    pub(crate) fn push(&mut self, failure: Failure) {
        self.0.push(failure);
    }
    /// Takes the failure of a call of this method and path.
    pub(crate) fn take(&mut self, method: &str, path: &str) -> Option<Failure> {
        let fits = |failure: &Failure| {
            failure.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
                && failure.path.as_deref().is_none_or(|wanted| wanted == path)
        };
        let found = self.0.iter().position(fits)?;
        let left = self.0[found].times.unwrap_or(1).saturating_sub(1);
        let failure = self.0[found].clone();
        if left == 0 {
            self.0.remove(found);
        } else {
            self.0[found].times = Some(left);
        }
        Some(failure)
    }
}
