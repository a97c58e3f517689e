//! The async transport, over reqwest.
#[cfg(feature = "http2")]
mod http2;

use super::{
    body::{Parts, Start},
    collected::Collected,
    connection::{Connection, Protocol, Roots},
    proxy::ProxyServer,
    traits::AsyncTransport,
};
use crate::{
    error::{SetupError, TransportError, TransportErrorKind, refuses_certificate},
    exchange::{BodySink, HttpRequest, HttpResponse, LONGEST},
};
use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderValue, Method, Uri, header::CONTENT_LENGTH};
use std::{
    fmt,
    future::Future,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

/// How long an idle connection is kept: less than servers do, because a request on a connection that the server is
/// closing has an unknown outcome.
const IDLE: Duration = Duration::from_secs(20);

/// An async transport over reqwest. Needs feature `reqwest`.
///
/// It speaks HTTP/1.1, or with feature `http2` and [`Protocol::Http2`] HTTP/2 where the server offers it.
#[derive(Clone)]
pub struct ReqwestTransport {
    direct: Connections,
    /// For https if there is a proxy.
    proxied: Option<(Arc<ProxyServer>, Connections)>,
    /// The last URL, parsed. A client requests the same few again and again, and parsing is expensive.
    last_url: Arc<RwLock<Option<(Uri, reqwest::Url)>>>,
}

/// Where requests get a connection from.
#[derive(Clone)]
enum Connections {
    /// reqwest's own pool.
    Http1(reqwest::Client),
    #[cfg(feature = "http2")]
    Http2(Arc<http2::Pool>),
}

impl fmt::Debug for ReqwestTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReqwestTransport")
    }
}

impl ReqwestTransport {
    /// Creates a transport that follows no redirects, makes no retries and keeps no cookies.
    ///
    /// # Errors
    /// Returns [`SetupError`] if a proxy or certificate is malformed, or TLS cannot be set up.
    pub fn new(connection: &Connection) -> Result<Self, SetupError> {
        let proxy = ProxyServer::find(&connection.proxy, |name| std::env::var(name).ok())?;
        let proxied = proxy
            .map(|proxy| {
                Ok::<_, SetupError>((Arc::new(proxy.clone()), connections(connection, Some(proxy))?))
            })
            .transpose()?;
        Ok(Self { direct: connections(connection, None)?, proxied, last_url: Arc::default() })
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

    /// Passes `request` to reqwest. It is consumed here, so that it is not held while waiting for the response.
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
            // An empty POST must have a Content-Length of 0, which hyper would omit. Its body is not requested then.
            outgoing.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
            start.begin();
        }
        *outgoing.body_mut() = Some(reqwest::Body::wrap(Parts::new(payload, start.clone(), progress)));
        let proxied = self.proxied.as_ref().filter(|(proxy, _)| proxy.serves(&uri));
        let lane = proxied.map_or(&self.direct, |(_, connections)| connections).lane()?;
        Ok(Attempt {
            answering: lane.execute(outgoing, &start),
            lane,
            start,
            time_limit: time_limit.min(LONGEST),
            response_limit,
            sink,
        })
    }
}

/// A request in flight, and how to read its response.
struct Attempt<F> {
    answering: F,
    lane: Lane,
    start: Arc<Start>,
    time_limit: Duration,
    response_limit: u64,
    sink: Option<Arc<dyn BodySink>>,
}

/// How a request is sent.
enum Lane {
    Http1(reqwest::Client),
    #[cfg(feature = "http2")]
    Http2(http2::Lane),
}

impl Lane {
    #[cfg_attr(
        not(feature = "http2"),
        allow(unused_variables, reason = "an HTTP/1.1 connection serves one request")
    )]
    fn execute(
        &self,
        request: reqwest::Request,
        start: &Start,
    ) -> impl Future<Output = reqwest::Result<reqwest::Response>> + use<> {
        enum Answering<F> {
            Http1(F),
            #[cfg(feature = "http2")]
            Http2(http2::Answering),
        }
        let answering = match self {
            Self::Http1(client) => Answering::Http1(client.execute(request)),
            #[cfg(feature = "http2")]
            Self::Http2(lane) => Answering::Http2(lane.execute(request, start)),
        };
        async {
            match answering {
                Answering::Http1(answering) => answering.await,
                #[cfg(feature = "http2")]
                Answering::Http2(answering) => answering.await,
            }
        }
    }
    /// Handles a failure before the response.
    fn failed(&self, _error: &reqwest::Error) {
        #[cfg(feature = "http2")]
        if let Self::Http2(lane) = self
            && !http2::is_of_stream(_error)
        {
            lane.retire();
        }
    }
    /// Handles a timeout. It closes an HTTP/1.1 connection; an HTTP/2 connection would be used again.
    fn timed_out(&self) {
        #[cfg(feature = "http2")]
        if let Self::Http2(lane) = self {
            lane.retire();
        }
    }
}

impl Connections {
    fn lane(&self) -> Result<Lane, TransportError> {
        match self {
            Self::Http1(client) => Ok(Lane::Http1(client.clone())),
            #[cfg(feature = "http2")]
            Self::Http2(pool) => {
                let not_sent = |error| TransportError::new(TransportErrorKind::NotSent, error);
                pool.lane().map(Lane::Http2).map_err(not_sent)
            }
        }
    }
}

fn connections(connection: &Connection, proxy: Option<ProxyServer>) -> Result<Connections, SetupError> {
    match connection.protocol {
        Protocol::Http1 => client(connection, proxy.as_ref(), http1).map(Connections::Http1),
        #[cfg(feature = "http2")]
        Protocol::Http2 => {
            let connection = connection.clone();
            let pool = http2::Pool::new(move || client(&connection, proxy.as_ref(), http2::settings))?;
            Ok(Connections::Http2(Arc::new(pool)))
        }
    }
}

/// Enforces HTTP/1.1, whatever features other crates of the program have enabled.
fn http1(builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    builder.http1_only()
}

fn client(
    connection: &Connection,
    proxy: Option<&ProxyServer>,
    protocol: fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
) -> Result<reqwest::Client, SetupError> {
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(connection.connect_timeout.min(LONGEST))
        .pool_idle_timeout(IDLE)
        .tcp_nodelay(true)
        .no_proxy();
    if let Some(ProxyServer { https, host, port, login, .. }) = proxy {
        let scheme = if *https { "https" } else { "http" };
        let proxy = reqwest::Proxy::all(format!("{scheme}://{host}:{port}"))
            .map_err(|_| SetupError::Proxy("is not supported by reqwest"))?;
        builder = builder.proxy(match login {
            Some((user, password)) => proxy.basic_auth(user, password),
            None => proxy,
        });
    }
    let builder = protocol(roots(builder, &connection.roots)?);
    builder.build().map_err(|error| SetupError::Library(error.into()))
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
        let Attempt { answering, lane, start, time_limit, response_limit, sink } = self.begin(request)?;
        let attempt = async {
            let mut answer = answering.await.map_err(|error| {
                lane.failed(&error);
                before_answer(error, &start)
            })?;
            if let Some(sink) = &sink {
                sink.head(answer.status());
            }
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
            lane.timed_out();
            Err(start.expired(time_limit))
        })
    }
}

async fn read(
    answer: &mut reqwest::Response,
    limit: u64,
    sink: Option<&dyn BodySink>,
) -> Result<Bytes, TransportError> {
    let mut body = Collected::begin(limit, sink)?;
    while let Some(piece) = answer.chunk().await.map_err(in_answer)? {
        body.push(piece)?;
    }
    Ok(body.finish())
}

/// Classifies an error before the status line. If hyper has not begun to write the request, the server cannot have
/// acted on it.
fn before_answer(error: reqwest::Error, start: &Start) -> TransportError {
    let kind = if refuses_certificate(&error) {
        TransportErrorKind::Certificate
    } else if error.is_connect() || error.is_builder() || start.give_up() || was_not_processed(&error) {
        TransportErrorKind::NotSent
    } else {
        TransportErrorKind::Interrupted
    };
    let timed_out = error.is_timeout();
    TransportError::new(kind, error.without_url()).timed_out(timed_out)
}

/// Classifies an error after the status line. reqwest reports a truncated body as a decoding error.
fn in_answer(error: reqwest::Error) -> TransportError {
    TransportError::new(TransportErrorKind::Interrupted, error.without_url())
}

#[cfg(feature = "http2")]
use self::http2::was_not_processed;

/// HTTP/1.1 cannot express it.
#[cfg(not(feature = "http2"))]
fn was_not_processed(_: &reqwest::Error) -> bool {
    false
}
