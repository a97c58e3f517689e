//! The lean async transport, over hyper.
mod connect;
mod pool;

use self::{
    connect::Connector,
    pool::{Pool, Pooled, Target},
};
use super::{
    body::{Parts, Start},
    collected::Collected,
    connection::Connection,
    traits::AsyncTransport,
};
use crate::{
    error::{SetupError, TransportError, TransportErrorKind, refuses_certificate},
    exchange::{BodySink, HttpRequest, HttpResponse, LONGEST},
};
use async_trait::async_trait;
use bytes::Bytes;
use http::{
    HeaderValue, Method,
    header::{ACCEPT, CONTENT_LENGTH, HOST},
};
use http_body::Body as _;
use hyper::body::Incoming;
use std::{
    error::Error as StdError,
    fmt,
    future::{Future, poll_fn},
    io,
    pin::Pin,
    sync::Arc,
    time::Duration,
};

/// How long an idle connection is kept: less than servers do, because a request on a connection that the server is
/// closing has an unknown outcome.
const IDLE: Duration = Duration::from_secs(20);

/// A lean async transport over hyper, with HTTP/1.1. Needs feature `hyper` and, when it is used, a tokio runtime.
///
/// It behaves like [`ReqwestTransport`](crate::ReqwestTransport):
/// the same certificates, proxies, limits and outcomes. Use it for fewer crates, a smaller program and less work per
/// call. Use reqwest for HTTP/2, or if the program depends on reqwest anyway. [`Client::hyper`](crate::Client::hyper)
/// creates a client over it.
///
/// - **Protocol**: HTTP/1.1, also with [`Connection::protocol`]. https needs feature `rustls`.
/// - **Connections**: one per request in flight. Idle ones are kept for 20 s, without a limit on their number.
/// - **Limits**: [`Connection::connect_timeout`] for the host lookup, TCP, proxy and TLS together, and
///   [`HttpRequest::time_limit`] for the attempt. A connection whose attempt expires is closed.
/// - **Proxies**: [`Connection::proxy`], by CONNECT, over http or https, with basic authentication. No SOCKS.
/// - **Retries**: none. A request moves to another connection only if hyper returns it unwritten.
#[derive(Clone)]
pub struct HyperTransport {
    pool: Arc<Pool>,
}

impl fmt::Debug for HyperTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HyperTransport")
    }
}

impl HyperTransport {
    /// Creates a transport that follows no redirects, makes no retries and keeps no cookies.
    ///
    /// # Errors
    /// Returns [`SetupError`] if a proxy or certificate is malformed, or TLS cannot be set up.
    pub fn new(connection: &Connection) -> Result<Self, SetupError> {
        Ok(Self { pool: Pool::new(Connector::new(connection)?) })
    }

    /// Prepares `request` for hyper. It is consumed here, so that it is not held while waiting for the response.
    fn begin(&self, request: HttpRequest) -> Result<Attempt, TransportError> {
        let HttpRequest { method, uri, headers, payload, time_limit, response_limit, sink, progress } =
            request;
        let (target, path) = Target::of(uri)
            .ok_or_else(|| TransportError::new(TransportErrorKind::NotSent, "the URL is not absolute"))?;
        let start = Arc::<Start>::default();
        let bodiless = payload.length() == 0;
        let mut outgoing = http::Request::new(Parts::new(payload, start.clone(), progress));
        *outgoing.method_mut() = method;
        *outgoing.uri_mut() = path;
        *outgoing.headers_mut() = headers;
        outgoing.headers_mut().entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
        if bodiless && matches!(*outgoing.method(), Method::POST | Method::PUT | Method::PATCH) {
            // An empty POST must have a Content-Length of 0, which hyper would omit.
            outgoing.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        let answering = Box::pin(answer(self.pool.clone(), target, outgoing, start.clone()));
        Ok(Attempt { answering, start, time_limit: time_limit.min(LONGEST), response_limit, sink })
    }
}

/// A request in flight, and how to read its response.
struct Attempt {
    answering: Pin<Box<dyn Future<Output = Result<Answer, TransportError>> + Send>>,
    start: Arc<Start>,
    time_limit: Duration,
    response_limit: u64,
    sink: Option<Arc<dyn BodySink>>,
}

/// A response whose body is not read yet.
struct Answer {
    response: http::Response<Incoming>,
    target: Target,
    /// Its connection, which is closed if this is dropped.
    connection: Pooled,
}

/// Sends a request over an idle connection, or over a new one.
#[expect(clippy::manual_async_fn, reason = "an `async fn` would hold the request twice")]
fn answer(
    pool: Arc<Pool>,
    target: Target,
    mut outgoing: http::Request<Parts>,
    start: Arc<Start>,
) -> impl Future<Output = Result<Answer, TransportError>> + Send {
    async move {
        loop {
            let mut connection = match pool.idle(&target) {
                Some(connection) => connection,
                // Boxed, because it is rare and large.
                None => Box::pin(pool.connect(&target)).await.map_err(while_connecting)?,
            };
            outgoing.headers_mut().entry(HOST).or_insert_with(|| connection.name.clone());
            if outgoing.body().is_empty() && outgoing.headers().contains_key(CONTENT_LENGTH) {
                // hyper does not ask for a body of which the head says that it is empty.
                start.begin();
            }
            let mut failed = match connection.sender.try_send_request(outgoing).await {
                Ok(response) => return Ok(Answer { response, target, connection }),
                Err(failed) => failed,
            };
            // hyper gives back what it has not begun to write.
            match failed.take_message() {
                // The server had closed the connection.
                Some(unsent) if connection.is_reused => outgoing = unsent,
                Some(_) => return Err(TransportError::new(TransportErrorKind::NotSent, failed.into_error())),
                None => return Err(before_answer(failed.into_error(), &start)),
            }
        }
    }
}

#[async_trait]
impl AsyncTransport for HyperTransport {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let Attempt { answering, start, time_limit, response_limit, sink } = self.begin(request)?;
        let attempt = async {
            let Answer { response, target, connection } = answering.await?;
            let (head, body) = response.into_parts();
            if let Some(sink) = &sink {
                sink.head(head.status);
            }
            let sink = sink.as_deref().filter(|_| head.status.is_success());
            let body = read(body, response_limit, sink).await?;
            self.pool.put_back(target, connection);
            Ok(http::Response::from_parts(head, body))
        };
        tokio::time::timeout(time_limit, attempt).await.unwrap_or_else(|_| Err(start.expired(time_limit)))
    }
}

async fn read(
    mut answer: Incoming,
    limit: u64,
    sink: Option<&dyn BodySink>,
) -> Result<Bytes, TransportError> {
    let mut body = Collected::begin(limit, sink)?;
    while let Some(piece) = next(&mut answer).await? {
        body.push(piece)?;
    }
    Ok(body.finish())
}

/// Returns the next piece of a body, or `None` at its end. Trailers are skipped.
async fn next(answer: &mut Incoming) -> Result<Option<Bytes>, TransportError> {
    loop {
        let Some(frame) = poll_fn(|context| Pin::new(&mut *answer).poll_frame(context)).await else {
            return Ok(None);
        };
        let frame = frame.map_err(|error| TransportError::new(TransportErrorKind::Interrupted, error))?;
        if let Ok(piece) = frame.into_data() {
            return Ok(Some(piece));
        }
    }
}

/// Classifies an error without a connection. hyper does not have the request yet.
fn while_connecting(error: Box<dyn StdError + Send + Sync>) -> TransportError {
    let refused = refuses_certificate(&*error);
    let kind = if refused { TransportErrorKind::Certificate } else { TransportErrorKind::NotSent };
    let timed_out = is_timeout(&*error);
    TransportError::new(kind, error).timed_out(timed_out)
}

/// Classifies an error before the status line. If hyper has not begun to write the request, the server cannot have
/// acted on it.
fn before_answer(error: hyper::Error, start: &Start) -> TransportError {
    let kind = if start.give_up() { TransportErrorKind::NotSent } else { TransportErrorKind::Interrupted };
    let timed_out = is_timeout(&error);
    TransportError::new(kind, error).timed_out(timed_out)
}

/// Whether a time limit of connecting or of the system expired.
fn is_timeout(error: &(dyn StdError + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        let error_of_io = error.downcast_ref::<io::Error>();
        if error_of_io.is_some_and(|error| error.kind() == io::ErrorKind::TimedOut) {
            return true;
        }
        next = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For an allocation above 1 KiB glibc consolidates its whole heap, with each call.
    #[test]
    fn a_call_fits_in_a_small_allocation() {
        let transport = HyperTransport::new(&Connection::new()).unwrap();
        let request = || HttpRequest::new(Method::GET, http::Uri::from_static("http://localhost/"));
        let call = transport.send(request());
        assert!(size_of_val(&*call) <= 1_000, "{} bytes", size_of_val(&*call));
        let answering = transport.begin(request()).unwrap().answering;
        assert!(size_of_val(&*answering) <= 1_000, "{} bytes", size_of_val(&*answering));
    }
}
