//! A client that could not be set up.
use crate::endpoint::{InvalidHost, InvalidKey};
use std::error::Error as StdError;

/// A client that could not be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// No key in the environment.
    #[error(
        "no API key: set D360_API_KEY, or start a local sandbox with `d360 sandbox` and use the key that it prints"
    )]
    NoKey,
    /// The key.
    #[error(transparent)]
    Key(#[from] InvalidKey),
    /// The base URL.
    #[error(transparent)]
    Host(#[from] InvalidHost),
    /// A proxy's URL is malformed, or of a kind that is not supported. The URL itself is not shown: it may hold a password.
    #[error(
        "the proxy URL {0}; expected http://proxy.example:3128 or http://user:password@proxy.example:3128 (from \
         HTTPS_PROXY or ALL_PROXY, unless the program sets a proxy or none)"
    )]
    Proxy(&'static str),
    /// A CA certificate.
    #[error("the CA certificates are not PEM, or there is none in them: {0}")]
    Certificates(String),
    /// Feature `rustls` is off.
    #[error("https needs feature rustls; or bring a transport with TLS of its own: Client::with_transport")]
    NoTls,
    /// The HTTP library.
    #[error("the HTTP library could not be set up: {0}")]
    Library(#[source] Box<dyn StdError + Send + Sync>),
}
