//! Injected errors.
use serde_json::{Value, json};

/// An injected error, returned by the next calls in place of the sandbox's own response.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Failure {
    /// Meta's error code. Its title and HTTP status are those of Meta's documentation.
    pub code: Option<i64>,
    /// The HTTP status. Without a code, the failure looks like that of a gateway or proxy.
    pub http: Option<u16>,
    /// The body, in place of the default one.
    pub body: Option<String>,
    /// The `Retry-After` header, in seconds.
    pub retry_after: Option<u64>,
    /// How many calls fail. The default is one.
    pub times: Option<u32>,
    /// The method of the calls that fail, for example `POST`. The default is any.
    pub method: Option<String>,
    /// The path of the calls that fail, for example `/messages`. The default is any.
    pub path: Option<String>,
}

impl Failure {
    /// Returns the error `code`, with the title and HTTP status of Meta's documentation.
    #[must_use]
    pub fn code(code: i64) -> Self {
        Self { code: Some(code), ..Self::default() }
    }
    /// Returns a failure with an HTTP status, and a body that a gateway or proxy sends with it.
    #[must_use]
    pub fn http(status: u16) -> Self {
        Self { http: Some(status), ..Self::default() }
    }
    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.body = Some(body.into());
        self
    }
    /// Sets the HTTP status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.http = Some(status);
        self
    }
    /// Sets the `Retry-After` header, in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }
    /// Sets how many calls fail.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }
    /// Fails only calls with this method and path.
    #[must_use]
    pub fn on(mut self, method: impl Into<String>, path: impl Into<String>) -> Self {
        (self.method, self.path) = (Some(method.into()), Some(path.into()));
        self
    }
}

/// The failures that are not used up, in the order in which they apply.
#[derive(Debug, Default)]
pub(crate) struct Failures(Vec<Failure>);

impl Failures {
    /// Returns the failures as JSON.
    pub(crate) fn shown(&self) -> Vec<Value> {
        let shown = |failure: &Failure| {
            json!({ "code": failure.code, "http": failure.http, "body": failure.body, "retry_after": failure.retry_after,
                "times": failure.times.unwrap_or(1), "method": failure.method, "path": failure.path })
        };
        self.0.iter().map(shown).collect()
    }
    /// Drops all failures. Returns how many there were.
    pub(crate) fn clear(&mut self) -> usize {
        std::mem::take(&mut self.0).len()
    }
    pub(crate) fn push(&mut self, failure: Failure) {
        self.0.push(failure);
    }
    /// Takes the first failure that applies to a call.
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
