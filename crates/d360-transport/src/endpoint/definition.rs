//! The definition of an endpoint: its request, and how to decode the response. No I/O, no host, no key.
use super::{body::Body, build_error::BuildError, decode::Unreadable, host::Host, meta::Meta, path::Path};
use crate::exchange::{BodySink, HttpResponse, Progress};
use d360_model::{Findings, Recipient, error::ApiError};
use std::sync::Arc;

/// An API. Its endpoints do not compile with the client of another API.
pub trait Api: Send + Sync + 'static {
    /// The name that errors show, such as `cloud`.
    const NAME: &'static str;
    /// Returns the host that is used by default.
    fn default_host() -> Host;
    /// Parses a refusal. This is the only place that knows the error forms of the API.
    fn refusal(response: &HttpResponse) -> ApiError {
        ApiError::read(response.status().as_u16(), response.body())
    }
}

/// Transfer options: response sink, upload progress, size limit.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Transfer {
    /// The destination of the body of a 2xx response, instead of memory.
    pub sink: Option<Arc<dyn BodySink>>,
    /// The callback for the progress of the request body.
    pub progress: Option<Progress>,
    /// The approximate size of the response in bytes, which extends the time limit.
    pub answer_length: u64,
    /// The maximum size of a response in memory in bytes, instead of 1 MiB, unless
    /// [`Config::response_limit`](crate::Config::response_limit) is set.
    pub response_limit: Option<u64>,
}

impl Transfer {
    /// Returns the options for a page of a list. A block list may have 64,000 users of up to 160 bytes (Meta, "Block
    /// users", 2026-05-21), and no source names the maximum page size.
    #[must_use]
    pub fn page() -> Self {
        Self { response_limit: Some(10 * 1024 * 1024), ..Self::default() }
    }
}

/// The definition of a call: its request, and how to decode the response. It has neither host nor key and does no
/// I/O, so one definition serves both clients, any transport, and tests without a transport.
pub trait Endpoint: Send + Sync {
    /// The API of the endpoint.
    type Api: Api;
    /// The type of a successful response.
    type Response: Send;
    /// The name, method, path and effect.
    const META: Meta;

    /// Returns the path below the host.
    fn path(&self) -> Path {
        Path::fixed(Self::META.path)
    }
    /// Adds query parameters. Adds none by default.
    fn query(&self, _path: &mut Path) {}
    /// Returns the body. Empty by default.
    ///
    /// # Errors
    /// Returns [`BuildError`] if the body cannot be built.
    fn body(&self) -> Result<Body, BuildError> {
        Ok(Body::Empty)
    }
    /// Returns the body with a label of the caller; see [`CallOptions::label`](crate::CallOptions::label).
    ///
    /// # Errors
    /// Returns [`BuildError::Label`] if the call does not support labels, which is the default.
    fn labelled_body(&self, _label: &str) -> Result<Body, BuildError> {
        Err(BuildError::Label("this call does not support a label; only messages of Cloud do"))
    }
    /// Returns the recipient if the call sends a message. Such calls are subject to the client's
    /// [`RateLimit`](crate::RateLimit).
    fn recipient(&self) -> Option<&Recipient> {
        None
    }
    /// Validates the request and returns what the API would refuse. Finds nothing by default.
    fn check(&self) -> Findings {
        Findings::new()
    }
    /// Returns the transfer options.
    fn transfer(&self) -> Transfer {
        Transfer::default()
    }
    /// Decodes a response of any status. [`json`](crate::json) accepts a 2xx; other functions may accept a 400 that
    /// contains a result.
    ///
    /// # Errors
    /// Returns [`Unreadable`] if the response is not a result.
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
