//! What an endpoint is: a request, and how its answer reads. No I/O, no host, no key.
use crate::{BodySink, BuildError, HttpResponse, Part, Path, Progress};
use bytes::Bytes;
use d360_model::{Findings, Recipient, error::ApiError};
use http::{HeaderValue, Method};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::{collections::HashMap, fmt, sync::Arc};

/// An API. Its endpoints do not compile against the client of another.
pub trait Api: Send + Sync + 'static {
    /// As it stands in errors: `cloud`.
    const NAME: &'static str;
    /// Where it is, if nothing else is said.
    fn default_host() -> crate::Host;
    /// Reads a refusal. The only place that knows the shapes of this API's errors.
    fn refusal(response: &HttpResponse) -> ApiError {
        ApiError::read(response.status().as_u16(), response.body())
    }
}

/// Whether doing it twice does more than doing it once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Effect {
    /// Somebody gets a message, or is reported: never sent again while the outcome is unknown.
    Once,
    /// Doing it again changes nothing more, whatever the method: sent again after a failure.
    Repeatable,
}

/// What is fixed about an endpoint; made by `cargo xtask codegen`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Meta {
    /// Unique and stable: `cloud.block_users.remove`.
    pub name: &'static str,
    /// HTTP method.
    pub method: Method,
    /// Path below the host, where it is fixed.
    pub path: &'static str,
    /// What doing it twice does.
    pub effect: Effect,
    /// What its path belongs to.
    pub scope: Scope,
}

impl Meta {
    /// For endpoints of your own.
    #[must_use]
    pub const fn new(name: &'static str, method: Method, path: &'static str, effect: Effect) -> Self {
        Self { name, method, path, effect, scope: Scope::Number }
    }
    /// What its path belongs to, where that is not the business number.
    #[must_use]
    pub const fn of(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }
}

/// What a path belongs to. 360dialog takes that from the key; Graph has it in its paths, so that its [`Host`](crate::Host) puts
/// something else before each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scope {
    /// The business number: `/messages`.
    Number,
    /// Its WhatsApp Business Account: `/message_templates`.
    Account,
    /// A thing with an id of its own: `/{media-id}`.
    Object,
    /// 360dialog's gateway, which alone has it: `/v1/configs/webhook`.
    Gateway,
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
    /// Whom it sends a message to. Calls that do keep the client's [`Pacing`](crate::Pacing).
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
    /// Reads an answer of any status: [`json`] takes a 2xx, others may also take a 400 that holds an answer.
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

/// Why an answer was not read.
#[derive(Debug)]
#[non_exhaustive]
pub enum Unreadable {
    /// It is a refusal; [`Api::refusal`] reads it.
    Refusal,
    /// It says success, but in no shape that this version knows.
    Shape(Box<dyn std::error::Error + Send + Sync>),
}

/// Reads a 2xx answer as JSON. An error object under a 2xx status counts as a refusal.
///
/// # Errors
/// [`Unreadable`] where it is another status or shape.
pub fn json<T: DeserializeOwned>(response: &HttpResponse) -> Result<T, Unreadable> {
    serde_json::from_slice(not_refused(response)?).map_err(|error| Unreadable::Shape(error.into()))
}

/// Takes a 2xx answer that is empty, `null` or an object without an error and without `"success": false`.
///
/// # Errors
/// [`Unreadable`] otherwise.
pub fn success(response: &HttpResponse) -> Result<(), Unreadable> {
    let body = not_refused(response)?;
    if body.trim_ascii().is_empty() {
        return Ok(());
    }
    // A page of a proxy says 200 too.
    let answer = serde_json::from_slice::<Option<HashMap<String, Value>>>(body);
    let answer = answer.map_err(|error| Unreadable::Shape(error.into()))?;
    let failed = answer.is_some_and(|answer| answer.get("success") == Some(&Value::Bool(false)));
    if failed { Err(Unreadable::Refusal) } else { Ok(()) }
}

/// The body of an answer without a byte order mark, which JSON parsers refuse and some servers write.
#[must_use]
pub fn text_of(response: &HttpResponse) -> &[u8] {
    let body = response.body();
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

/// The body of a 2xx answer that holds no error.
fn not_refused(response: &HttpResponse) -> Result<&[u8], Unreadable> {
    let body = text_of(response);
    let refused =
        !response.status().is_success() || (holds_error(body) && ApiError::read(200, body).is_certain());
    if refused { Err(Unreadable::Refusal) } else { Ok(body) }
}

/// Whether a body may hold an error: a look that costs nothing where there is none.
fn holds_error(body: &[u8]) -> bool {
    body.split(|byte| *byte == b'"').any(|text| text.starts_with(b"error") || text == b"meta")
}

/// A body, as an endpoint gives it. `Debug` shows its size alone.
#[derive(Clone)]
#[non_exhaustive]
pub enum Body {
    /// None.
    Empty,
    /// JSON text.
    Json(Bytes),
    /// Bytes of another type.
    Raw {
        /// Their type.
        content_type: HeaderValue,
        /// The bytes.
        bytes: Bytes,
    },
    /// Parts that a transport streams, multipart bodies among them.
    Parts {
        /// The type of the whole.
        content_type: HeaderValue,
        /// The parts.
        parts: Vec<Part>,
    },
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, length) = match self {
            Self::Empty => ("Empty", 0),
            Self::Json(bytes) => ("Json", bytes.len() as u64),
            Self::Raw { bytes, .. } => ("Raw", bytes.len() as u64),
            Self::Parts { parts, .. } => ("Parts", parts.iter().map(Part::length).sum()),
        };
        write!(f, "{kind}({length} bytes)")
    }
}

impl Body {
    /// `value` as JSON.
    ///
    /// # Errors
    /// Where `value` refuses.
    pub fn json(value: &impl Serialize) -> Result<Self, BuildError> {
        // Room for most messages; allocators begin to take more time above 1 KiB.
        let mut text = Vec::with_capacity(1_000);
        serde_json::to_writer(&mut text, value)?;
        Ok(Self::Json(text.into()))
    }
}
