//! The async transport, over reqwest.
use crate::{
    AsyncTransport, BodySink, Connection, HttpRequest, HttpResponse, Part, Payload, Progress, Roots,
    SetupError, TransportError, TransportErrorKind,
};
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Method, Uri, header::CONTENT_LENGTH};
use http_body::{Frame, SizeHint};
use std::{
    collections::VecDeque,
    fmt,
    future::Future,
    io,
    pin::Pin,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::io::{AsyncRead, ReadBuf};

/// How long an idle connection is kept: shorter than servers keep theirs, because a request on a connection that the
/// server is closing ends in an unknown outcome.
const IDLE: Duration = Duration::from_secs(20);
/// Bytes read from a file at a time.
const CHUNK: usize = 64 * 1024;

/// Async, over reqwest. Needs feature `reqwest`.
#[derive(Clone)]
pub struct ReqwestTransport {
    direct: reqwest::Client,
    /// For https, where there is a proxy. What goes over http stays on this machine.
    proxied: Option<reqwest::Client>,
    /// The last URL, parsed: a client asks for the same few again and again, and parsing is dear.
    last_url: Arc<RwLock<Option<(Uri, reqwest::Url)>>>,
}

impl fmt::Debug for ReqwestTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReqwestTransport")
    }
}

impl ReqwestTransport {
    /// A client of its own: no redirects, no retries, no cookies.
    ///
    /// # Errors
    /// [`SetupError`] where a proxy or certificate is malformed, or TLS cannot be set up.
    pub fn new(connection: &Connection) -> Result<Self, SetupError> {
        let proxy = connection.proxy.resolve(|name| std::env::var(name).ok())?;
        let proxied = proxy.map(|proxy| Self::client(connection, Some(proxy))).transpose()?;
        Ok(Self { direct: Self::client(connection, None)?, proxied, last_url: Arc::default() })
    }

    fn client(
        connection: &Connection,
        proxy: Option<(String, Vec<String>)>,
    ) -> Result<reqwest::Client, SetupError> {
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(connection.connect_timeout)
            .pool_idle_timeout(IDLE)
            .tcp_nodelay(true);
        builder = builder.no_proxy();
        if let Some((url, direct)) = proxy {
            // reqwest's own error repeats the URL, in which a password may stand.
            let proxy = reqwest::Proxy::all(url).map_err(|_| SetupError::Proxy)?;
            builder = builder.proxy(proxy.no_proxy(reqwest::NoProxy::from_string(&direct.join(","))));
        }
        builder = roots(builder, &connection.roots)?;
        builder.build().map_err(|error| SetupError::Library(error.into()))
    }

    fn url(&self, uri: &Uri) -> Result<reqwest::Url, TransportError> {
        let last = self.last_url.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, url)) = &*last
            && known == uri
        {
            return Ok(url.clone());
        }
        drop(last);
        let url = reqwest::Url::parse(&uri.to_string())
            .map_err(|error| TransportError::new(TransportErrorKind::NotSent, error))?;
        *self.last_url.write().unwrap_or_else(PoisonError::into_inner) = Some((uri.clone(), url.clone()));
        Ok(url)
    }

    /// Hands `request` to reqwest. It is used up here, so that it is not held while the answer is waited for.
    fn begin(
        &self,
        request: HttpRequest,
    ) -> Result<Attempt<impl Future<Output = reqwest::Result<reqwest::Response>> + use<>>, TransportError>
    {
        let HttpRequest { method, uri, headers, payload, time_limit, response_limit, sink, progress } =
            request;
        let start = Arc::<Start>::default();
        let mut outgoing = reqwest::Request::new(method, self.url(&uri)?);
        *outgoing.headers_mut() = headers;
        if payload.length() == 0 && matches!(*outgoing.method(), Method::POST | Method::PUT | Method::PATCH) {
            // A POST of no bytes is to say so; left alone, it would say nothing of a length. Nobody asks for its body then.
            outgoing.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
            start.begin();
        }
        let parts = match payload {
            Payload::Empty => Vec::new(),
            Payload::Bytes(bytes) => vec![Part::Bytes(bytes)],
            Payload::Parts(parts) => parts,
        };
        *outgoing.body_mut() = Some(reqwest::Body::wrap(Parts::new(parts, start.clone(), progress)));
        let proxied = self.proxied.as_ref().filter(|_| uri.scheme() == Some(&http::uri::Scheme::HTTPS));
        let answering = proxied.unwrap_or(&self.direct).execute(outgoing);
        Ok(Attempt {
            answering,
            start,
            time_limit: time_limit.min(crate::exchange::LONGEST),
            response_limit,
            sink,
        })
    }
}

/// A request under way, and what its answer is read by.
struct Attempt<F> {
    answering: F,
    start: Arc<Start>,
    time_limit: Duration,
    response_limit: u64,
    sink: Option<Arc<dyn BodySink>>,
}

#[cfg(feature = "rustls")]
fn roots(builder: reqwest::ClientBuilder, roots: &Roots) -> Result<reqwest::ClientBuilder, SetupError> {
    let bad = |error: reqwest::Error| SetupError::Certificates(error.to_string());
    Ok(match roots {
        Roots::Platform => builder,
        #[cfg(feature = "webpki-roots")]
        Roots::WebPki => {
            let certs = webpki_root_certs::TLS_SERVER_ROOT_CERTS;
            let certs = certs.iter().map(|der| reqwest::Certificate::from_der(der));
            builder.tls_certs_only(certs.collect::<Result<Vec<_>, _>>().map_err(bad)?)
        }
        Roots::Pem(pem) => {
            let certs = reqwest::Certificate::from_pem_bundle(pem).map_err(bad)?;
            if certs.is_empty() {
                return Err(SetupError::Certificates("no certificate found".to_owned()));
            }
            builder.tls_certs_only(certs)
        }
    })
}

#[cfg(not(feature = "rustls"))]
fn roots(builder: reqwest::ClientBuilder, _: &Roots) -> Result<reqwest::ClientBuilder, SetupError> {
    Ok(builder)
}

#[async_trait]
impl AsyncTransport for ReqwestTransport {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let Attempt { answering, start, time_limit, response_limit, sink } = self.begin(request)?;
        let attempt = async {
            let mut answer = answering.await.map_err(|error| before_answer(error, &start))?;
            let sink = sink.as_deref().filter(|_| answer.status().is_success());
            let body = read(&mut answer, response_limit, sink).await?;
            let mut response = http::Response::new(body);
            *response.status_mut() = answer.status();
            *response.version_mut() = answer.version();
            *response.headers_mut() = std::mem::take(answer.headers_mut());
            Ok(response)
        };
        // reqwest's own limit would cost more allocations.
        tokio::time::timeout(time_limit, attempt).await.unwrap_or_else(|_| {
            let kind =
                if start.give_up() { TransportErrorKind::NotSent } else { TransportErrorKind::Timeout };
            Err(TransportError::new(kind, format!("no whole answer within {time_limit:?}")))
        })
    }
}

async fn read(
    answer: &mut reqwest::Response,
    limit: u64,
    sink: Option<&dyn BodySink>,
) -> Result<Bytes, TransportError> {
    if let Some(sink) = sink {
        let other = |error: io::Error| TransportError::new(TransportErrorKind::Other, error);
        sink.begin().map_err(other)?;
        while let Some(piece) = answer.chunk().await.map_err(in_answer)? {
            sink.write(&piece).map_err(other)?;
        }
        return Ok(Bytes::new());
    }
    // Nearly every answer is one piece, which needs no copy.
    let mut body = Bytes::new();
    let mut more = BytesMut::new();
    let mut length = 0u64;
    while let Some(piece) = answer.chunk().await.map_err(in_answer)? {
        length += piece.len() as u64;
        if length > limit {
            let message = format!("more than {limit} bytes");
            return Err(TransportError::new(TransportErrorKind::TooLarge, message));
        }
        if body.is_empty() && more.is_empty() {
            body = piece;
        } else {
            if more.is_empty() {
                more.extend_from_slice(&std::mem::take(&mut body));
            }
            more.extend_from_slice(&piece);
        }
    }
    Ok(if more.is_empty() { body } else { more.freeze() })
}

/// An error before the status line. Where hyper has not begun to write the request, the server cannot have acted on it.
fn before_answer(error: reqwest::Error, start: &Start) -> TransportError {
    let not_sent = error.is_connect() || error.is_builder() || start.give_up();
    let kind = if not_sent { TransportErrorKind::NotSent } else { TransportErrorKind::Interrupted };
    TransportError::new(kind, error.without_url())
}

/// An error after it. reqwest reports a body cut short as one of decoding.
fn in_answer(error: reqwest::Error) -> TransportError {
    TransportError::new(TransportErrorKind::Interrupted, error.without_url())
}

/// Whether a request has begun to leave. hyper writes it on a task of its own: whoever is first, that task or the caller who gives
/// up, decides for both, so that what is told as not sent is never sent.
#[derive(Default)]
struct Start(AtomicU8);

impl Start {
    const OPEN: u8 = 0;
    const BEGUN: u8 = 1;
    const GIVEN_UP: u8 = 2;

    /// Whether it may leave.
    fn begin(&self) -> bool {
        let before = self.0.compare_exchange(Self::OPEN, Self::BEGUN, Ordering::AcqRel, Ordering::Acquire);
        before != Err(Self::GIVEN_UP)
    }
    fn is_given_up(&self) -> bool {
        self.0.load(Ordering::Acquire) == Self::GIVEN_UP
    }
    /// Whether nothing of it has left, nor ever will.
    fn give_up(&self) -> bool {
        let before = self.0.compare_exchange(Self::OPEN, Self::GIVEN_UP, Ordering::AcqRel, Ordering::Acquire);
        before != Err(Self::BEGUN)
    }
}

/// A body of parts, files among them, streamed.
struct Parts {
    /// hyper asks for the body as soon as it has a connection, and before anything of the request leaves; of one that has no body it
    /// asks whether that is so. The answer to either may be that it is not to leave.
    start: Arc<Start>,
    left: VecDeque<Part>,
    /// Bytes left to give out, and all of them.
    length: u64,
    total: u64,
    file: Option<Reading>,
    progress: Option<Progress>,
}

/// A file of which some is left to send.
struct Reading {
    state: State,
    left: u64,
}

enum State {
    Opening(Pin<Box<dyn Future<Output = io::Result<tokio::fs::File>> + Send + Sync>>),
    Open(tokio::fs::File),
}

impl Parts {
    fn new(parts: Vec<Part>, start: Arc<Start>, progress: Option<Progress>) -> Self {
        let total = parts.iter().map(Part::length).sum();
        Self { start, length: total, total, left: parts.into(), file: None, progress }
    }

    /// Gives out a piece.
    fn give(&mut self, piece: Bytes) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.length -= piece.len() as u64;
        if let Some(progress) = &self.progress {
            progress.tell(self.total - self.length, self.total);
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }
}

impl http_body::Body for Parts {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if !self.start.begin() {
            return Poll::Ready(Some(Err(io::Error::other("the request was given up before it began"))));
        }
        loop {
            if let Some(reading) = &mut self.file {
                let piece = match ready!(reading.poll(context)) {
                    Ok(piece) => piece,
                    Err(error) => return Poll::Ready(Some(Err(error))),
                };
                if let Some(piece) = piece {
                    return self.give(piece);
                }
                self.file = None;
            }
            match self.left.pop_front() {
                None => return Poll::Ready(None),
                Some(Part::Bytes(mut bytes)) => {
                    if self.progress.is_some() && bytes.len() > CHUNK {
                        let rest = bytes.split_off(CHUNK);
                        self.left.push_front(Part::Bytes(rest));
                    }
                    return self.give(bytes);
                }
                Some(Part::File { path, length }) => {
                    let opening = Box::pin(tokio::fs::File::open(path));
                    self.file = Some(Reading { state: State::Opening(opening), left: length });
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.length == 0 && self.start.begin()
    }

    fn size_hint(&self) -> SizeHint {
        // What was given up has a body in any case, so that it is asked for, and fails: hyper takes a GET of unknown length for one
        // without, and writes it.
        SizeHint::with_exact(if self.start.is_given_up() { self.length.max(1) } else { self.length })
    }
}

impl Reading {
    /// The next piece; `None` when all is read.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Option<Bytes>>> {
        loop {
            match &mut self.state {
                State::Opening(opening) => match ready!(opening.as_mut().poll(context)) {
                    Ok(file) => self.state = State::Open(file),
                    Err(error) => return Poll::Ready(Err(error)),
                },
                State::Open(_) if self.left == 0 => return Poll::Ready(Ok(None)),
                State::Open(file) => {
                    let mut space = vec![0; usize::try_from(self.left).unwrap_or(CHUNK).min(CHUNK)];
                    let mut buffer = ReadBuf::new(&mut space);
                    ready!(Pin::new(file).poll_read(context, &mut buffer))?;
                    let read = buffer.filled().len();
                    if read == 0 {
                        return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
                    }
                    space.truncate(read);
                    self.left -= read as u64;
                    return Poll::Ready(Ok(Some(space.into())));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body::Body as _;

    fn poll(body: &mut Parts) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Pin::new(body).poll_frame(&mut Context::from_waker(std::task::Waker::noop()))
    }

    #[test]
    fn what_was_given_up_before_it_began_never_leaves() {
        for parts in [Vec::new(), vec![Part::Bytes("{}".into())]] {
            let start = Arc::<Start>::default();
            let mut body = Parts::new(parts, start.clone(), None);
            assert!(start.give_up() && start.give_up());
            // What hyper asks, in its order: only an error keeps the request from being written.
            assert!(!body.is_end_stream());
            assert!(body.size_hint().exact().is_some_and(|length| length > 0));
            assert!(matches!(poll(&mut body), Poll::Ready(Some(Err(_)))));
        }
    }

    #[test]
    fn what_has_begun_may_have_arrived() {
        let start = Arc::<Start>::default();
        let mut body = Parts::new(vec![Part::Bytes("{}".into())], start.clone(), None);
        assert!(!body.is_end_stream() && body.size_hint().exact() == Some(2));
        assert!(matches!(poll(&mut body), Poll::Ready(Some(Ok(_)))));
        assert!(body.is_end_stream() && !start.give_up());

        // Of a body of no bytes it is only asked whether it has ended.
        for parts in [Vec::new(), vec![Part::Bytes(Bytes::new())]] {
            let start = Arc::<Start>::default();
            assert!(Parts::new(parts, start.clone(), None).is_end_stream() && !start.give_up());
        }
    }
}
