//! The blocking transport, over ureq.
mod veil;

use self::veil::{Unveil, Veil};
use crate::{
    BlockingTransport, Connection, HttpRequest, HttpResponse, Part, Payload, Progress, SetupError,
    TransportError, TransportErrorKind,
};
use bytes::Bytes;
use http::{Method, Uri, header::CONTENT_LENGTH};
use std::{
    collections::HashMap,
    fmt,
    fs::File,
    io::{self, Read},
    net::SocketAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};
use ureq::{
    Agent, SendBody,
    config::Config,
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::{ConnectionDetails, Connector, DefaultConnector, NextTimeout},
    },
};

/// How long an idle connection is kept: shorter than servers keep theirs.
const IDLE: Duration = Duration::from_secs(20);
/// How long an address is kept. ureq looks it up for every request, on a thread of its own where there is a time limit.
const ADDRESS_KEPT: Duration = Duration::from_secs(30);
/// Idle connections kept; ureq's own default of 3 a host closes the rest of a busy pool.
const IDLE_CONNECTIONS: usize = 128;
/// The attempt's time, where nothing else is asked for; on the agent it costs less than on each request.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// Blocking, over ureq. Needs feature `ureq`.
#[derive(Clone)]
pub struct UreqTransport {
    direct: Agent,
    /// For https, where there is a proxy. What goes over http stays on this machine.
    proxied: Option<Agent>,
}

impl fmt::Debug for UreqTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UreqTransport")
    }
}

impl UreqTransport {
    /// An agent of its own: no redirects, no retries, no cookies, every status an answer.
    ///
    /// # Errors
    /// [`SetupError`] where a proxy or certificate is malformed.
    pub fn new(connection: &Connection) -> Result<Self, SetupError> {
        let proxy = connection.proxy.resolve(|name| std::env::var(name).ok())?;
        let proxy = proxy.map(|(url, direct)| self::proxy(&url, &direct)).transpose()?;
        let proxied = proxy.map(|proxy| Self::agent(connection, Some(proxy))).transpose()?;
        Ok(Self { direct: Self::agent(connection, None)?, proxied })
    }

    fn agent(connection: &Connection, proxy: Option<ureq::Proxy>) -> Result<Agent, SetupError> {
        let builder = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(TIME_LIMIT))
            .timeout_resolve(Some(connection.connect_timeout))
            .timeout_connect(Some(connection.connect_timeout))
            .max_idle_age(IDLE)
            .max_idle_connections(IDLE_CONNECTIONS)
            .max_idle_connections_per_host(IDLE_CONNECTIONS);
        let proxied = proxy.is_some();
        let builder = builder.proxy(proxy);
        #[cfg(feature = "rustls")]
        let builder = builder.tls_config(tls(&connection.roots)?);
        let connector = Unveiling { connector: DefaultConnector::new(), proxied };
        // Every agent has a cache of addresses of its own.
        Ok(Agent::with_parts(builder.build(), connector, Addresses::default()))
    }
}

/// The proxy at `url`, but for the hosts `direct` and what lies below them, as reqwest reads such a list.
fn proxy(url: &str, direct: &[String]) -> Result<ureq::Proxy, SetupError> {
    // ureq's own error repeats the URL, in which a password may stand.
    let bad = |_| SetupError::Proxy;
    let known = ureq::Proxy::new(url).map_err(bad)?;
    let mut builder = ureq::Proxy::builder(known.protocol()).host(known.host()).port(known.port());
    if let (Some(user), Some(password)) = (known.username(), known.password()) {
        builder = builder.username(user).password(password);
    }
    for host in direct {
        builder = builder.no_proxy(host);
        if !host.starts_with(['.', '*']) {
            builder = builder.no_proxy(&format!(".{host}"));
        }
    }
    builder.build().map_err(bad)
}

#[cfg(feature = "rustls")]
fn tls(roots: &crate::Roots) -> Result<ureq::tls::TlsConfig, SetupError> {
    use crate::Roots;
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
    // The provider is named: with two in a program rustls panics rather than choose.
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
        let limit = (time_limit != TIME_LIMIT).then_some(time_limit.min(crate::exchange::LONGEST));
        let answer = match &payload {
            _ if bodiless => self.run(outgoing, (), limit),
            // A slice of no bytes is a body of no bytes; `()` would go out chunked.
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
        let sink = sink.filter(|_| parts.status.is_success());
        // ureq's limit refuses a body that just fits.
        let limit = if sink.is_some() { u64::MAX } else { response_limit.saturating_add(1) };
        let expected =
            body.content_length().map_or(0, |length| length.min(response_limit).min(64 * 1024) as usize);
        let mut reader = body.into_with_config().limit(limit).reader();
        let other = |error: io::Error| TransportError::new(TransportErrorKind::Other, error);
        let body = match sink {
            None => {
                // A little more room than bytes, so that the end is found without growing.
                let mut collected = Vec::with_capacity(expected + 64);
                reader.read_to_end(&mut collected).map_err(|error| classify(error.into(), true))?;
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
        let proxied = self.proxied.as_ref().filter(|_| request.uri().scheme_str() == Some("https"));
        let agent = proxied.unwrap_or(&self.direct);
        match limit {
            None => agent.run(request),
            Some(limit) => agent.run(agent.configure_request(request).timeout_global(Some(limit)).build()),
        }
    }
}

/// Connections that requests go over without ureq seeing the key.
#[derive(Debug)]
struct Unveiling {
    connector: DefaultConnector,
    /// Whether the agent has a proxy.
    proxied: bool,
}

impl Connector<()> for Unveiling {
    type Out = Unveil<<DefaultConnector as Connector<()>>::Out>;
    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<()>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        // The connection to a proxy itself is made with settings that name none.
        let lifts = self.proxied == details.config.proxy().is_some();
        Ok(self.connector.connect(details, chained)?.map(|inner| Unveil { inner, lifts }))
    }
}

/// The addresses of a host and port, and when they were looked up.
type Known = HashMap<(String, u16), (Vec<SocketAddr>, Instant)>;

/// Looks up a host once in a while, and an address that is written out not at all.
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

/// Where nothing of the request has `begun` to leave, the server cannot have acted on it.
fn classify(error: ureq::Error, begun: bool) -> TransportError {
    let kind = match &error {
        _ if !begun => TransportErrorKind::NotSent,
        ureq::Error::Timeout(_) => TransportErrorKind::Timeout,
        ureq::Error::BodyExceedsLimit(_) => TransportErrorKind::TooLarge,
        _ => TransportErrorKind::Interrupted,
    };
    TransportError::new(kind, error)
}

/// A body of parts, files among them, as one reader.
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
