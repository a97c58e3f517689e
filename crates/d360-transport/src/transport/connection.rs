//! Settings of the connections that a transport opens.
use std::time::Duration;

/// Settings for the connections of a transport.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Connection {
    /// The time limit to connect, including TLS. 5 s by default.
    pub connect_timeout: Duration,
    /// The proxy. From the environment by default.
    pub proxy: Proxy,
    /// The trusted certificates. Those of the platform by default.
    pub roots: Roots,
    /// The version of HTTP. HTTP/1.1 by default.
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
    /// Creates the default settings.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
    /// Sets the time limit to connect.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }
    /// Sets the proxy.
    #[must_use]
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = proxy;
        self
    }
    /// Sets the trusted certificates.
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
    /// HTTP/2 over TLS where the server offers it (ALPN), otherwise HTTP/1.1. Needs feature `http2`.
    ///
    /// Requests share connections: up to 50 before another is opened, up to 32 connections. A connection without a
    /// frame for 5 s is pinged, and closed if no answer arrives within another 5 s. After a timeout no new request
    /// uses its connection. A stream that the server refuses, or that is above the last one of a GOAWAY, was
    /// [not sent](crate::TransportErrorKind::NotSent) (RFC 9113, 6.8 and 8.7).
    ///
    /// The transports over hyper and ureq use HTTP/1.1 with this setting too.
    #[cfg(feature = "http2")]
    #[cfg_attr(docsrs, doc(cfg(feature = "http2")))]
    Http2,
}

/// The proxy to use.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Proxy {
    /// The proxy of `HTTPS_PROXY` or `ALL_PROXY` (upper or lower case), except for loopback and the hosts of
    /// `NO_PROXY`.
    ///
    /// `NO_PROXY` is a list separated by commas or spaces. Its entries are names (`example.com`, `.example.com` and
    /// `*.example.com` all match the name and its subdomains), IP addresses (IPv6 with or without brackets), networks
    /// (`10.0.0.0/8`), and patterns (`192.168.*`, `*` for all). All but networks may have a port
    /// (`example.com:8443`).
    FromEnvironment,
    /// No proxy, whatever the environment says.
    None,
    /// This proxy, such as `http://user:password@proxy.example:3128`, for every https host. User and password are
    /// percent-encoded; the password is optional. The default port is 80, or 443 for a proxy with TLS. Requests over
    /// http go to loopback only, and never through a proxy.
    Url(String),
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::FromEnvironment => "FromEnvironment",
            Self::None => "None",
            // The URL may contain a password.
            Self::Url(_) => "Url(••••)",
        })
    }
}

/// The trusted certificates.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Roots {
    /// The certificates of the platform.
    Platform,
    /// Mozilla's certificates, compiled in, for containers without any. Needs feature `webpki-roots`.
    #[cfg(feature = "webpki-roots")]
    #[cfg_attr(docsrs, doc(cfg(feature = "webpki-roots")))]
    WebPki,
    /// Only the CA certificates in this PEM text.
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
