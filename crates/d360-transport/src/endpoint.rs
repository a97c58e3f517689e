//! What an endpoint is: a request, and how its answer reads. No I/O, no host, no key.
use crate::{BodySink, BuildError, HttpResponse, Part};
use bytes::Bytes;
use d360_model::{Findings, Recipient, error::ApiError};
use http::{HeaderValue, Method};
use serde::{
    Serialize,
    de::{DeserializeOwned, IgnoredAny},
};
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
}

impl Meta {
    /// For endpoints of your own.
    #[must_use]
    pub const fn new(name: &'static str, method: Method, path: &'static str, effect: Effect) -> Self {
        Self { name, method, path, effect }
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
    /// Where the body of a 2xx answer goes, if not into memory.
    fn sink(&self) -> Option<Arc<dyn BodySink>> {
        None
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
    fn sink(&self) -> Option<Arc<dyn BodySink>> {
        (**self).sink()
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

/// Takes a 2xx answer that is empty, `null` or an object without an error.
///
/// # Errors
/// [`Unreadable`] otherwise.
pub fn success(response: &HttpResponse) -> Result<(), Unreadable> {
    let body = not_refused(response)?;
    if body.trim_ascii().is_empty() {
        return Ok(());
    }
    // A page of a proxy says 200 too.
    let answer = serde_json::from_slice::<Option<HashMap<String, IgnoredAny>>>(body);
    answer.map(drop).map_err(|error| Unreadable::Shape(error.into()))
}

/// The body of a 2xx answer that holds no error.
fn not_refused(response: &HttpResponse) -> Result<&[u8], Unreadable> {
    let body = response.body();
    let refused =
        !response.status().is_success() || (holds_error(body) && ApiError::read(200, body).is_certain());
    if refused { Err(Unreadable::Refusal) } else { Ok(body) }
}

/// Whether a body may hold an error: a look that costs nothing where there is none.
fn holds_error(body: &[u8]) -> bool {
    body.windows(6).any(|window| window == b"\"error") || body.windows(6).any(|window| window == b"\"meta\"")
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
        Ok(Self::Json(serde_json::to_vec(value)?.into()))
    }
}

/// A path and query, percent-encoded as it grows.
///
/// ```
/// use d360_transport::Path;
/// let path = Path::fixed("/contacts").segment("+1 631").param("limit", "10");
/// assert_eq!(path.as_str(), "/contacts/%2B1%20631?limit=10");
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Path {
    text: String,
    refused: Option<&'static str>,
}

impl Path {
    /// A path of fixed text, beginning with `/`.
    #[must_use]
    pub fn fixed(text: &'static str) -> Self {
        Self { text: text.to_owned(), refused: None }
    }
    /// Adds fixed text, beginning with `/`.
    #[must_use]
    pub fn then(mut self, text: &'static str) -> Self {
        self.text.push_str(text);
        self
    }
    /// Adds a segment. An empty one, `.` and `..` are refused when the request is built: encoded or not, they would
    /// lead to another path.
    #[must_use]
    pub fn segment(mut self, text: &str) -> Self {
        if matches!(text, "" | "." | "..") {
            self.refused = Some("a path segment is empty, `.` or `..`");
        } else if text.contains(['/', '\\']) || text.chars().any(char::is_control) {
            self.refused = Some("a path segment holds a slash or a control character");
        }
        self.text.push('/');
        self.escape(text);
        self
    }
    /// Adds a query parameter.
    #[must_use]
    pub fn param(mut self, name: &'static str, value: &str) -> Self {
        self.push_param(name, value);
        self
    }
    /// Adds a query parameter.
    pub fn push_param(&mut self, name: &'static str, value: &str) {
        self.text.push(if self.text.contains('?') { '&' } else { '?' });
        self.text.push_str(name);
        self.text.push('=');
        self.escape(value);
    }
    /// The text so far.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
    pub(crate) fn finish(self) -> Result<String, BuildError> {
        self.refused.map_or(Ok(self.text), |why| Err(BuildError::Path(why)))
    }
    fn escape(&mut self, text: &str) {
        const HEX: &[u8; 16] = b"0123456789ABCDEF";
        for byte in text.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                self.text.push(char::from(byte));
            } else {
                self.text.push('%');
                self.text.push(char::from(HEX[usize::from(byte >> 4)]));
                self.text.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Path").field(&d360_model::mask(&self.text)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_that_lead_elsewhere_are_refused() {
        for bad in ["", ".", "..", "a/b", "a\\b", "a\rb", "a\0"] {
            assert!(Path::fixed("/x").segment(bad).finish().is_err(), "{bad:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn only_unreserved_characters_are_left(text in ".+") {
            let path = Path::fixed("/x").segment(&text).param("q", &text);
            let kept = |c: char| c.is_ascii_alphanumeric() || "-._~%/?=".contains(c);
            proptest::prop_assert!(path.as_str().chars().all(kept));
        }
    }
}
