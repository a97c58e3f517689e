//! Settings of the connections that a transport opens.
use std::time::Duration;

/// Settings of the connections that a transport opens.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Connection {
    /// Time to connect, TLS included. 5 s by default.
    pub connect_timeout: Duration,
    /// Which proxy to go through. From the environment by default.
    pub proxy: Proxy,
    /// Whom to trust. The platform's certificates by default.
    pub roots: Roots,
    /// Which version of HTTP to speak. HTTP/1.1 by default.
    pub protocol: Protocol,
}

impl Default for Connection {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            proxy: Proxy::FromEnvironment,
            roots: Roots::Platform,
            protocol: Protocol::Http1,
        }
    }
}

impl Connection {
    /// The default settings.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
    /// Another time to connect.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }
    /// Another proxy, or none.
    #[must_use]
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = proxy;
        self
    }
    /// Others to trust.
    #[must_use]
    pub fn roots(mut self, roots: Roots) -> Self {
        self.roots = roots;
        self
    }
    /// Sets the version of HTTP.
    #[must_use]
    pub fn protocol(mut self, protocol: Protocol) -> Self {
        self.protocol = protocol;
        self
    }
}

/// A version of HTTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// HTTP/1.1, one request at a time on each connection. A connection that fails or falls silent costs one request.
    #[default]
    Http1,
    /// HTTP/2 over TLS where the server offers it (ALPN), HTTP/1.1 elsewhere. Needs feature `http2`.
    ///
    /// Many requests share a connection: up to 50 before another is opened, up to 32 connections. A connection without a frame for 5 s
    /// is pinged and closed if no answer comes within another 5 s. After a time-out no new request uses its connection. A stream that
    /// the server refuses, or that is above the last one of a GOAWAY, was [not
    /// sent](crate::TransportErrorKind::NotSent) (RFC 9113 6.8, 8.7).
    ///
    /// The blocking transport speaks HTTP/1.1 with this setting too: ureq has no HTTP/2.
    #[cfg(feature = "http2")]
    #[cfg_attr(docsrs, doc(cfg(feature = "http2")))]
    Http2,
}

/// Which proxy to go through.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Proxy {
    /// The proxy of `HTTPS_PROXY` or `ALL_PROXY` (in capitals or not), except for this machine and for the hosts of `NO_PROXY`.
    ///
    /// `NO_PROXY` is a list, separated by commas or spaces, of names (`example.com`, `.example.com` and `*.example.com` all stand for
    /// the name and everything below it), IP addresses (IPv6 with or without brackets), networks (`10.0.0.0/8`), any of them but
    /// networks with a port (`example.com:8443`), and patterns (`192.168.*`, `*` for all).
    FromEnvironment,
    /// None, whatever the environment says.
    None,
    /// This one, such as `http://user:password@proxy.example:3128`, for every https host. User and password are percent-encoded, the
    /// password may be missing. The port is 80 by default, 443 for a proxy behind TLS. What goes over http stays on this machine, and
    /// never through a proxy.
    Url(String),
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::FromEnvironment => "FromEnvironment",
            Self::None => "None",
            // It may hold a password.
            Self::Url(_) => "Url(••••)",
        })
    }
}

/// Whom to trust.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Roots {
    /// The certificates of the platform.
    Platform,
    /// Mozilla's, compiled in: for containers that have none. Needs feature `webpki-roots`.
    #[cfg(feature = "webpki-roots")]
    #[cfg_attr(docsrs, doc(cfg(feature = "webpki-roots")))]
    WebPki,
    /// The CA certificates of this PEM text, and no others.
    Pem(Vec<u8>),
}

impl std::fmt::Debug for Roots {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Platform => "Platform",
            #[cfg(feature = "webpki-roots")]
            Self::WebPki => "WebPki",
            Self::Pem(_) => "Pem(..)",
        })
    }
}
