//! Requests and responses as transports see them.
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri};
use std::{fmt, io, path::PathBuf, sync::Arc, time::Duration};

/// Longest time that an attempt or a wait may take: far beyond it, clocks overflow.
pub(crate) const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A response of any status, its body read to the end (empty where a [`BodySink`] took it).
pub type HttpResponse = http::Response<Bytes>;

/// A request, ready to send. `Debug` shows neither key nor numbers.
#[derive(Clone)]
#[non_exhaustive]
pub struct HttpRequest {
    /// The method. `DELETE` may carry a body.
    pub method: Method,
    /// The whole URL.
    pub uri: Uri,
    /// Every header that is ours. The key's value is marked sensitive.
    pub headers: HeaderMap,
    /// The body.
    pub payload: Payload,
    /// Time for the whole attempt, from connecting to the last byte of the answer.
    pub time_limit: Duration,
    /// Most bytes of a body, after decompression, that the answer may have.
    pub response_limit: u64,
    /// Where the body of a 2xx answer goes, if not into the [`HttpResponse`]. The limit does not hold for it.
    pub sink: Option<Arc<dyn BodySink>>,
    /// Who is told how far a body of [`Parts`](Payload::Parts) has come.
    pub progress: Option<Progress>,
}

impl HttpRequest {
    /// A request without headers or body, with 30 s and 1 MiB as limits.
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

/// A body to send.
#[derive(Clone)]
#[non_exhaustive]
pub enum Payload {
    /// None.
    Empty,
    /// Bytes in memory.
    Bytes(Bytes),
    /// Parts one behind the other, files among them, which a transport streams.
    Parts(Vec<Part>),
}

/// A part of a [`Payload`].
#[derive(Clone)]
#[non_exhaustive]
pub enum Part {
    /// Bytes in memory.
    Bytes(Bytes),
    /// A file, from its beginning. Where it turns out shorter than `length`, sending fails.
    File {
        /// Where it is.
        path: PathBuf,
        /// How many bytes of it are sent.
        length: u64,
    },
}

impl Part {
    /// How many bytes it is.
    #[must_use]
    pub fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File { length, .. } => *length,
        }
    }
}

impl Payload {
    /// How many bytes it is: `Content-Length`.
    #[must_use]
    pub fn length(&self) -> u64 {
        match self {
            Self::Empty => 0,
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Parts(parts) => parts.iter().map(Part::length).sum(),
        }
    }
    /// The bytes, where all of them are in memory.
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

/// Takes the body of a 2xx answer piece by piece, so that it need not fit in memory.
///
/// It is called on the thread that drives the call, async or not: it should take a piece without delay.
pub trait BodySink: fmt::Debug + Send + Sync {
    /// Is told the status of an answer of any kind once its head is there, before any of its body is read. Does nothing by default.
    fn head(&self, status: StatusCode) {
        let _ = status;
    }
    /// An attempt begins: whatever came before belongs to one that failed, and is to be dropped.
    ///
    /// # Errors
    /// Ends the call.
    fn begin(&self) -> io::Result<()>;
    /// Takes the next piece.
    ///
    /// # Errors
    /// Ends the call.
    fn write(&self, piece: &[u8]) -> io::Result<()>;
}

/// Told how far a body has come: bytes so far, and of how many. A new attempt begins at 0 again.
///
/// It is called on the thread that drives the call, async or not: it should return without delay.
#[derive(Clone)]
pub struct Progress(Arc<dyn Fn(u64, u64) + Send + Sync>);

impl Progress {
    /// Calls `tell` with bytes so far, and of how many.
    pub fn new(tell: impl Fn(u64, u64) + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }
    /// Says that `so_far` of `total` bytes are through.
    pub fn tell(&self, so_far: u64, total: u64) {
        (self.0)(so_far, total);
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Progress")
    }
}
