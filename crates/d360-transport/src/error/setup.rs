//! The error for a client that could not be set up.
use crate::endpoint::{InvalidHost, InvalidKey};
use std::error::Error as StdError;

/// A client that could not be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The environment contains no key.
    #[error(
        "no API key: set D360_API_KEY, or start a local sandbox with `d360 sandbox` and use the key that it prints"
    )]
    NoKey,
    /// The key is invalid.
    #[error(transparent)]
    Key(#[from] InvalidKey),
    /// The base URL is invalid.
    #[error(transparent)]
    Host(#[from] InvalidHost),
    /// The URL of a proxy is malformed or of an unsupported kind. The URL is not shown, because it may contain a
    /// password.
    #[error(
        "the proxy URL {0}; expected http://proxy.example:3128 or http://user:password@proxy.example:3128 (from \
         HTTPS_PROXY or ALL_PROXY, unless the program sets a proxy or none)"
    )]
    Proxy(&'static str),
    /// A CA certificate is invalid.
    #[error("the CA certificates are not PEM or contain no certificate: {0}")]
    Certificates(String),
    /// Feature `rustls` is off.
    #[error(
        "https needs feature rustls; enable it, or use a transport with its own TLS (Client::with_transport)"
    )]
    NoTls,
    /// The HTTP library failed.
    #[error("the HTTP library could not be set up: {0}")]
    Library(#[source] Box<dyn StdError + Send + Sync>),
}
