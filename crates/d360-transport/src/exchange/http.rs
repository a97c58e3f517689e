//! Requests and responses as transports see them.
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri};
use std::{fmt, io, path::PathBuf, sync::Arc, time::Duration};

/// The maximum duration of an attempt or a wait. Clocks overflow far beyond it.
pub(crate) const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A response of any status with its complete body (empty if a [`BodySink`] received it).
pub type HttpResponse = http::Response<Bytes>;

/// A request, ready to send. `Debug` shows neither keys nor numbers.
#[derive(Clone)]
#[non_exhaustive]
pub struct HttpRequest {
    /// The method. `DELETE` may have a body.
    pub method: Method,
    /// The complete URL.
    pub uri: Uri,
    /// The headers set by the client. The value of the key is marked as sensitive.
    pub headers: HeaderMap,
    /// The body.
    pub payload: Payload,
    /// The time limit for the whole attempt, from connecting to the last byte of the response.
    pub time_limit: Duration,
    /// The maximum size of the response body in bytes, after decompression.
    pub response_limit: u64,
    /// The destination of the body of a 2xx response, instead of the [`HttpResponse`]. The size limit does not apply
    /// to it.
    pub sink: Option<Arc<dyn BodySink>>,
    /// The callback for the progress of a body of [`Parts`](Payload::Parts).
    pub progress: Option<Progress>,
}

impl HttpRequest {
    /// Creates a request without headers or body, with limits of 30 s and 1 MiB.
    #[must_use]
    pub fn new(method: Method, uri: Uri) -> Self {
        Self {
            method,
            uri,
            headers: HeaderMap::new(),
            payload: Payload::Empty,
            time_limit: Duration::from_secs(30),
            response_limit: 1024 * 1024,
            sink: None,
            progress: None,
        }
    }
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("uri", &d360_model::mask(&self.uri.to_string()))
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("payload", &self.payload)
            .field("time_limit", &self.time_limit)
            .finish_non_exhaustive()
    }
}

/// The body of a request.
#[derive(Clone)]
#[non_exhaustive]
pub enum Payload {
    /// No body.
    Empty,
    /// Bytes in memory.
    Bytes(Bytes),
    /// Consecutive parts, possibly files, which a transport streams.
    Parts(Vec<Part>),
}

/// A part of a [`Payload`].
#[derive(Clone)]
#[non_exhaustive]
pub enum Part {
    /// Bytes in memory.
    Bytes(Bytes),
    /// A file, from its beginning. Sending fails if it is shorter than `length`.
    File {
        /// The path of the file.
        path: PathBuf,
        /// The number of bytes to send.
        length: u64,
    },
}

/// Shows the length only: a path can contain a number.
impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, length) = match self {
            Self::Bytes(bytes) => ("Bytes", bytes.len() as u64),
            Self::File { length, .. } => ("File", *length),
        };
        f.debug_tuple(kind).field(&length).finish()
    }
}

impl Part {
    /// Returns the length in bytes.
    #[must_use]
    pub fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File { length, .. } => *length,
        }
    }
}

impl Payload {
    /// Returns the length in bytes: `Content-Length`.
    #[must_use]
    pub fn length(&self) -> u64 {
        match self {
            Self::Empty => 0,
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Parts(parts) => parts.iter().map(Part::length).sum(),
        }
    }
    /// Returns the bytes if all of them are in memory.
    #[must_use]
    pub fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Empty => Some(&[]),
            Self::Bytes(bytes) => Some(bytes),
            Self::Parts(_) => None,
        }
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.length())
    }
}

/// Receives the body of a 2xx response piece by piece, so that it need not fit in memory.
///
/// It is called on the thread that drives the call, async or not, and should not block.
pub trait BodySink: fmt::Debug + Send + Sync {
    /// Receives the status of every response before its body is read. Does nothing by default.
    fn head(&self, status: StatusCode) {
        let _ = status;
    }
    /// Begins an attempt. Everything before it belongs to a failed attempt and must be discarded.
    ///
    /// # Errors
    /// An error ends the call.
    fn begin(&self) -> io::Result<()>;
    /// Receives the next piece.
    ///
    /// # Errors
    /// An error ends the call.
    fn write(&self, piece: &[u8]) -> io::Result<()>;
}

/// A callback for the progress of a body: bytes so far, and the total. A new attempt begins at 0 again.
///
/// It is called on the thread that drives the call, async or not, and should return immediately.
#[derive(Clone)]
pub struct Progress(Arc<dyn Fn(u64, u64) + Send + Sync>);

impl Progress {
    /// Creates a callback with the bytes so far and the total.
    pub fn new(tell: impl Fn(u64, u64) + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }
    /// Reports that `so_far` of `total` bytes are done.
    pub fn tell(&self, so_far: u64, total: u64) {
        (self.0)(so_far, total);
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Progress")
    }
}
