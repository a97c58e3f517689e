//! What an endpoint is: a request, and how its answer reads. No I/O, no host, no key.
use super::{body::Body, build_error::BuildError, decode::Unreadable, host::Host, meta::Meta, path::Path};
use crate::exchange::{BodySink, HttpResponse, Progress};
use d360_model::{Findings, Recipient, error::ApiError};
use std::sync::Arc;

/// An API. Its endpoints do not compile against the client of another.
pub trait Api: Send + Sync + 'static {
    /// As it stands in errors: `cloud`.
    const NAME: &'static str;
    /// Where it is, if nothing else is said.
    fn default_host() -> Host;
    /// Reads a refusal. The only place that knows the shapes of this API's errors.
    fn refusal(response: &HttpResponse) -> ApiError {
        ApiError::read(response.status().as_u16(), response.body())
    }
}

/// What is out of the ordinary about how a request or its answer travels; nothing by default.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Transfer {
    /// Where the body of a 2xx answer goes, if not into memory.
    pub sink: Option<Arc<dyn BodySink>>,
    /// Who is told how far the body of the request has come.
    pub progress: Option<Progress>,
    /// About how many bytes the answer has: it is given more time then.
    pub answer_length: u64,
    /// Most bytes of an answer that are kept in memory, in place of 1 MiB, unless
    /// [`Config::response_limit`](crate::Config::response_limit) is set.
    pub response_limit: Option<u64>,
}

impl Transfer {
    /// For a page of a list. A block list may hold 64,000 users (Meta, "Block users", 2026-05-21) of up to 160 bytes, and no source names
    /// the most that a page holds.
    #[must_use]
    pub fn page() -> Self {
        Self { response_limit: Some(10 * 1024 * 1024), ..Self::default() }
    }
}

/// A request, and how its answer reads. Knows neither host nor key, and does no I/O: one definition serves both
/// clients, any transport, and tests without any.
pub trait Endpoint: Send + Sync {
    /// The API it belongs to.
    type Api: Api;
    /// What success answers.
    type Response: Send;
    /// Name, method, path, effect.
    const META: Meta;

    /// Path below the host.
    fn path(&self) -> Path {
        Path::fixed(Self::META.path)
    }
    /// Adds query parameters; none by default.
    fn query(&self, _path: &mut Path) {}
    /// The body; none by default.
    ///
    /// # Errors
    /// Where it cannot be written.
    fn body(&self) -> Result<Body, BuildError> {
        Ok(Body::Empty)
    }
    /// The body with a label of the caller's, where it has room for one; see [`CallOptions::label`](crate::CallOptions::label).
    ///
    /// # Errors
    /// Where it has none, which is the default.
    fn labelled_body(&self, _label: &str) -> Result<Body, BuildError> {
        Err(BuildError::Label("this call has no room for a label; messages of Cloud alone have"))
    }
    /// Whom it sends a message to. Calls that do keep the client's [`RateLimit`](crate::RateLimit).
    fn recipient(&self) -> Option<&Recipient> {
        None
    }
    /// What the API would refuse about this request; nothing by default.
    fn check(&self) -> Findings {
        Findings::new()
    }
    /// What is out of the ordinary about how it travels.
    fn transfer(&self) -> Transfer {
        Transfer::default()
    }
    /// Reads an answer of any status: [`json`](crate::json) takes a 2xx, others may also take a 400 that holds an answer.
    ///
    /// # Errors
    /// [`Unreadable`] where it is no answer.
    fn decode(response: &HttpResponse) -> Result<Self::Response, Unreadable>;
}

impl<E: Endpoint> Endpoint for &E {
    type Api = E::Api;
    type Response = E::Response;
    const META: Meta = E::META;
    fn path(&self) -> Path {
        (**self).path()
    }
    fn query(&self, path: &mut Path) {
        (**self).query(path);
    }
    fn body(&self) -> Result<Body, BuildError> {
        (**self).body()
    }
    fn labelled_body(&self, label: &str) -> Result<Body, BuildError> {
        (**self).labelled_body(label)
    }
    fn recipient(&self) -> Option<&Recipient> {
        (**self).recipient()
    }
    fn check(&self) -> Findings {
        (**self).check()
    }
    fn transfer(&self) -> Transfer {
        (**self).transfer()
    }
    fn decode(response: &HttpResponse) -> Result<Self::Response, Unreadable> {
        E::decode(response)
    }
}
