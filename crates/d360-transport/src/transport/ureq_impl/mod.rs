//! The blocking transport, over ureq.
mod early;
mod veil;

use self::{
    early::HearsEarlyAnswers,
    veil::{Unveil, Veil},
};
use super::{connection::Connection, proxy::ProxyServer, traits::BlockingTransport};
use crate::{
    error::{SetupError, TransportError, TransportErrorKind, refuses_certificate, too_large},
    exchange::{HttpRequest, HttpResponse, LONGEST, Part, Payload, Progress},
};
use bytes::Bytes;
use http::{Method, Uri, header::CONTENT_LENGTH};
use std::{
    collections::HashMap,
    fmt,
    fs::File,
    io::{self, Read},
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use ureq::{
    Agent, SendBody,
    config::Config,
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::{ConnectProxyConnector, ConnectionDetails, Connector, NextTimeout, TcpConnector},
    },
};

/// How long an idle connection is kept: less than servers do.
const IDLE: Duration = Duration::from_secs(20);
/// How long an address is cached. ureq looks it up for every request, in a separate thread if there is a time limit.
const ADDRESS_KEPT: Duration = Duration::from_secs(30);
/// The maximum number of idle connections. ureq's default of 3 per host would close the rest of a busy pool.
const IDLE_CONNECTIONS: usize = 128;
/// A response above this size gets memory for its limit at once, up to the next constant.
const LARGE: u64 = 1024 * 1024;
const LARGEST_ROOM: u64 = 16 * LARGE;
/// The default time limit. Set on the agent it costs less than on each request.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// A blocking transport over ureq, with HTTP/1.1. Needs feature `ureq`.
#[derive(Clone)]
pub struct UreqTransport {
    direct: Agent,
    /// For https if there is a proxy.
    proxied: Option<(Arc<ProxyServer>, Agent)>,
}

impl fmt::Debug for UreqTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UreqTransport")
    }
}

impl UreqTransport {
    /// Creates a transport that follows no redirects, makes no retries and keeps no cookies. Every status is a
    /// response.
    ///
    /// # Errors
    /// Returns [`SetupError`] if a proxy or certificate is malformed.
    pub fn new(connection: &Connection) -> Result<Self, SetupError> {
        let proxy = ProxyServer::find(&connection.proxy, |name| std::env::var(name).ok())?;
        let proxied = match proxy {
            Some(proxy) => Some((Self::agent(connection, Some(self::proxy(&proxy)?))?, proxy)),
            None => None,
        };
        let proxied = proxied.map(|(agent, proxy)| (Arc::new(proxy), agent));
        Ok(Self { direct: Self::agent(connection, None)?, proxied })
    }

    fn agent(connection: &Connection, proxy: Option<ureq::Proxy>) -> Result<Agent, SetupError> {
        let builder = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(TIME_LIMIT))
            .timeout_resolve(Some(connection.connect_timeout.min(LONGEST)))
            .timeout_connect(Some(connection.connect_timeout.min(LONGEST)))
            .max_idle_age(IDLE)
            .max_idle_connections(IDLE_CONNECTIONS)
            .max_idle_connections_per_host(IDLE_CONNECTIONS);
        let proxied = proxy.is_some();
        let builder = builder.proxy(proxy);
        #[cfg(feature = "rustls")]
        let builder = builder.tls_config(tls(&connection.roots)?);
        // ureq's own chain, with early responses detected below TLS and everything else.
        let connector =
            ConnectProxyConnector::default().chain(TcpConnector::default()).chain(HearsEarlyAnswers);
        #[cfg(feature = "rustls")]
        let connector = connector.chain(ureq::unversioned::transport::RustlsConnector::default());
        let connector = Unveiling { connector, proxied };
        // Every agent has its own cache of addresses.
        Ok(Agent::with_parts(builder.build(), connector, Addresses::default()))
    }
}

fn proxy(proxy: &ProxyServer) -> Result<ureq::Proxy, SetupError> {
    let protocol = if proxy.https { ureq::ProxyProtocol::Https } else { ureq::ProxyProtocol::Http };
    let mut builder = ureq::Proxy::builder(protocol).host(&proxy.host).port(proxy.port);
    if let Some((user, password)) = &proxy.login {
        builder = builder.username(user).password(password);
    }
    // ureq's own error repeats the URL, which may contain a password.
    builder.build().map_err(|_| SetupError::Proxy("is not supported by ureq"))
}

#[cfg(feature = "rustls")]
fn tls(roots: &super::connection::Roots) -> Result<ureq::tls::TlsConfig, SetupError> {
    use super::connection::Roots;
    use std::sync::Arc;
    use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider};
    let roots = match roots {
        Roots::Platform => RootCerts::PlatformVerifier,
        #[cfg(feature = "webpki-roots")]
        Roots::WebPki => {
            let certs = webpki_root_certs::TLS_SERVER_ROOT_CERTS;
            RootCerts::from(certs.iter().map(|der| Certificate::from_der(der).to_owned()).collect::<Vec<_>>())
        }
        Roots::Pem(pem) => {
            let items = ureq::tls::parse_pem(pem).collect::<Result<Vec<_>, _>>();
            let items = items.map_err(|error| SetupError::Certificates(error.to_string()))?;
            let certificate =
                |item| if let PemItem::Certificate(certificate) = item { Some(certificate) } else { None };
            let certs: Vec<Certificate<'static>> = items.into_iter().filter_map(certificate).collect();
            if certs.is_empty() {
                return Err(SetupError::Certificates("no certificate found".to_owned()));
            }
            RootCerts::from(certs)
        }
    };
    // The provider is explicit: with two providers in a program, rustls panics.
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = TlsConfig::builder().provider(TlsProvider::Rustls).root_certs(roots);
    Ok(builder.unversioned_rustls_crypto_provider(provider).build())
}

impl BlockingTransport for UreqTransport {
    fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let HttpRequest { method, uri, headers, payload, time_limit, response_limit, sink, progress } =
            request;
        let length = payload.length();
        let bodiless = matches!(payload, Payload::Empty)
            && !matches!(method, Method::POST | Method::PUT | Method::PATCH);
        let mut outgoing = http::Request::new(());
        *outgoing.method_mut() = method;
        *outgoing.uri_mut() = uri;
        *outgoing.headers_mut() = headers;
        let veil = Veil::over(outgoing.headers_mut());
        let limit = (time_limit != TIME_LIMIT).then_some(time_limit.min(LONGEST));
        let answer = match &payload {
            _ if bodiless => self.run(outgoing, (), limit),
            // An empty slice has a Content-Length of 0; `()` would be sent chunked.
            Payload::Empty => self.run(outgoing, &[][..], limit),
            Payload::Bytes(bytes) => self.run(outgoing, &bytes[..], limit),
            Payload::Parts(parts) => {
                outgoing.headers_mut().insert(CONTENT_LENGTH, length.into());
                let mut reader = Parts { left: parts.iter(), file: None, sent: 0, total: length, progress };
                self.run(outgoing, SendBody::from_reader(&mut reader), limit)
            }
        };
        let begun = veil.has_begun();
        let (parts, body) = answer.map_err(|error| classify(error, begun))?.into_parts();
        if let Some(sink) = &sink {
            sink.head(parts.status);
        }
        let sink = sink.filter(|_| parts.status.is_success());
        // ureq's limit refuses a body of exactly that size.
        let limit = if sink.is_some() { u64::MAX } else { response_limit.saturating_add(1) };
        let expected =
            body.content_length().map_or(0, |length| length.min(response_limit).min(64 * 1024) as usize);
        let mut reader = body.into_with_config().limit(limit).reader();
        let other = |error: io::Error| TransportError::new(TransportErrorKind::Other, error);
        let body = match sink {
            None => {
                // A little more memory than bytes, so that the end is detected without growing.
                let mut collected = Vec::with_capacity(expected + 64);
                let failed = |error: io::Error| classify(error.into(), true);
                reader.by_ref().take(LARGE).read_to_end(&mut collected).map_err(failed)?;
                if collected.len() as u64 == LARGE {
                    // Reserved once: growing by doubling would write to more than twice as much. Unwritten memory
                    // costs nothing.
                    let mut piece = vec![0; 64 * 1024];
                    collected.reserve_exact(response_limit.min(LARGEST_ROOM) as usize + piece.len());
                    loop {
                        match reader.read(&mut piece).map_err(failed)? {
                            0 => break,
                            n => collected.extend_from_slice(&piece[..n]),
                        }
                    }
                }
                Bytes::from(collected)
            }
            Some(sink) => {
                sink.begin().map_err(other)?;
                let mut piece = vec![0; 64 * 1024];
                loop {
                    match reader.read(&mut piece).map_err(|error| classify(error.into(), true))? {
                        0 => break,
                        n => sink.write(&piece[..n]).map_err(other)?,
                    }
                }
                Bytes::new()
            }
        };
        Ok(http::Response::from_parts(parts, body))
    }
}

impl UreqTransport {
    fn run<B: ureq::AsSendBody>(
        &self,
        request: http::Request<()>,
        body: B,
        limit: Option<Duration>,
    ) -> Result<http::Response<ureq::Body>, ureq::Error> {
        let request = request.map(|()| body);
        let proxied = self.proxied.as_ref().filter(|(proxy, _)| proxy.serves(request.uri()));
        let agent = proxied.map_or(&self.direct, |(_, agent)| agent);
        match limit {
            None => agent.run(request),
            Some(limit) => agent.run(agent.configure_request(request).timeout_global(Some(limit)).build()),
        }
    }
}

/// Connections that carry requests without ureq seeing the key.
#[derive(Debug)]
struct Unveiling<C> {
    connector: C,
    /// Whether the agent has a proxy.
    proxied: bool,
}

impl<C: Connector<()>> Connector<()> for Unveiling<C> {
    type Out = Unveil<C::Out>;
    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<()>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        // The connection to a proxy itself is created with settings that have no proxy.
        let lifts = self.proxied == details.config.proxy().is_some();
        Ok(self.connector.connect(details, chained)?.map(|inner| Unveil { inner, lifts, in_head: true }))
    }
}

/// The addresses of a host and port, and the time of their lookup.
type Known = HashMap<(String, u16), (Vec<SocketAddr>, Instant)>;

/// Looks up a host at intervals, and a literal address not at all.
#[derive(Debug, Default)]
struct Addresses {
    known: Mutex<Known>,
    system: DefaultResolver,
}

impl Resolver for Addresses {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let host = uri.host().unwrap_or_default();
        let default = if uri.scheme_str() == Some("https") { 443 } else { 80 };
        let port = uri.port_u16().unwrap_or(default);
        let mut found = self.empty();
        if let Ok(ip) = host.trim_start_matches('[').trim_end_matches(']').parse() {
            found.push(SocketAddr::new(ip, port));
            return Ok(found);
        }
        let key = (host.to_owned(), port);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, (_, at)| at.elapsed() < ADDRESS_KEPT);
        if let Some((addresses, _)) = known.get(&key) {
            addresses.iter().for_each(|address| found.push(*address));
            return Ok(found);
        }
        drop(known);
        let found = self.system.resolve(uri, config, timeout)?;
        let addresses = found.iter().copied().collect();
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(key, (addresses, Instant::now()));
        Ok(found)
    }
}

/// Classifies an error. If sending has not `begun`, the server cannot have acted on the request.
fn classify(error: ureq::Error, begun: bool) -> TransportError {
    let kind = match &error {
        _ if !begun && is_certificate(&error) => TransportErrorKind::Certificate,
        _ if !begun => TransportErrorKind::NotSent,
        ureq::Error::Timeout(_) => TransportErrorKind::Timeout,
        // One byte more than allowed was requested.
        ureq::Error::BodyExceedsLimit(limit) => return too_large(limit.saturating_sub(1)),
        _ => TransportErrorKind::Interrupted,
    };
    let timed_out = matches!(error, ureq::Error::Timeout(_));
    TransportError::new(kind, error).timed_out(timed_out)
}

/// ureq's errors have no source, so they are inspected here.
fn is_certificate(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::Io(error) => match error.get_ref().and_then(|held| held.downcast_ref::<ureq::Error>()) {
            Some(held) => is_certificate(held),
            None => refuses_certificate(error),
        },
        #[cfg(feature = "rustls")]
        ureq::Error::Rustls(error) => refuses_certificate(error),
        _ => false,
    }
}

/// A body of parts, possibly files, as one reader.
struct Parts<'p> {
    left: std::slice::Iter<'p, Part>,
    file: Option<(Box<dyn Read + 'p>, u64)>,
    sent: u64,
    total: u64,
    progress: Option<Progress>,
}

impl Read for Parts<'_> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some((reader, left)) = &mut self.file
                && *left > 0
            {
                let most = usize::try_from(*left).unwrap_or(usize::MAX).min(space.len());
                let read = reader.read(&mut space[..most])?;
                if read == 0 && most > 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                *left -= read as u64;
                self.sent += read as u64;
                if let Some(progress) = &self.progress {
                    progress.tell(self.sent, self.total);
                }
                return Ok(read);
            }
            let Some(part) = self.left.next() else { return Ok(0) };
            let reader: Box<dyn Read> = match part {
                Part::Bytes(bytes) => Box::new(&bytes[..]),
                Part::File { path, .. } => Box::new(File::open(path)?),
            };
            self.file = Some((reader, part.length()));
        }
    }
}
