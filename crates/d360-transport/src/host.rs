//! Where an API is, and how it wants the key.
use crate::{ApiKey, BuildError, Path};
use http::{HeaderName, HeaderValue, Uri, uri};
use std::fmt;

/// How a key is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuthScheme {
    /// `D360-API-KEY: <key>`: 360dialog Cloud and On-Premise.
    D360ApiKey,
    /// `X-API-Key: <key>`: the Partner API.
    XApiKey,
    /// `Authorization: Bearer <token>`: Meta Graph.
    Bearer,
    /// Not at all: for calls that give out a token.
    None,
}

impl AuthScheme {
    /// The header that carries `key`, if one does.
    #[must_use]
    pub fn header(self, key: &ApiKey) -> Option<(HeaderName, HeaderValue)> {
        match self {
            Self::D360ApiKey => Some((HeaderName::from_static("d360-api-key"), key.header(""))),
            Self::XApiKey => Some((HeaderName::from_static("x-api-key"), key.header(""))),
            Self::Bearer => Some((http::header::AUTHORIZATION, key.header("Bearer "))),
            Self::None => None,
        }
    }
}

/// A host: where an API is, what stands before its paths, and how it wants the key.
///
/// Only `https` is taken, and `http` on this machine (localhost, 127.0.0.0/8, `[::1]`), where no key leaves it.
#[derive(Clone, PartialEq, Eq)]
pub struct Host {
    scheme: uri::Scheme,
    authority: uri::Authority,
    /// Path of the base URL, then the API's own; without a slash at the end.
    base_path: String,
    prefix: String,
    auth: AuthScheme,
}

/// Why a text is no base URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidHost {
    /// Not a URL with scheme and host.
    #[error("{0:?} is no base URL; expected a scheme and a host, such as https://waba-v2.360dialog.io")]
    Malformed(String),
    /// A user name or password, query or fragment.
    #[error("{0:?} is no base URL: it holds a user name, a query or a fragment")]
    NotABase(String),
    /// Not encrypted, and not on this machine.
    #[error(
        "{0:?} is not encrypted: use https (http is taken for localhost alone), or the key could be read on the way"
    )]
    Insecure(String),
    /// It ends in what the API puts before its paths, which would stand there twice.
    #[error("leave {0:?} out of the base URL: it is put behind it")]
    HoldsPrefix(String),
}

impl Host {
    /// The host at `base_url`.
    ///
    /// # Errors
    /// [`InvalidHost`].
    pub fn new(base_url: &str, auth: AuthScheme) -> Result<Self, InvalidHost> {
        let malformed = || InvalidHost::Malformed(base_url.to_owned());
        if base_url.contains(['?', '#', '@']) {
            return Err(InvalidHost::NotABase(redact_user(base_url)));
        }
        let parts = base_url.trim().parse::<Uri>().map_err(|_| malformed())?.into_parts();
        let (Some(scheme), Some(authority)) = (parts.scheme, parts.authority) else {
            return Err(malformed());
        };
        // The parser lets more through: `[::1]4360`, a port beyond 65535, raw UTF-8 in the path.
        let port = authority.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
        let is_whole = authority.as_str() == format!("{}{port}", authority.host());
        if !is_whole || !base_url.trim().bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(malformed());
        }
        if scheme != uri::Scheme::HTTPS && !(scheme == uri::Scheme::HTTP && is_loopback(authority.host())) {
            return Err(InvalidHost::Insecure(base_url.to_owned()));
        }
        let path = parts.path_and_query.map(|path| path.path().trim_end_matches('/').to_owned());
        Ok(Self { scheme, authority, base_path: path.unwrap_or_default(), prefix: String::new(), auth })
    }

    /// The same API at another base URL: scheme, host, port and a path in front are replaced; what the API itself
    /// puts before its paths (`/v1`, …) stays, and so does the way the key is sent.
    ///
    /// # Errors
    /// [`InvalidHost`].
    pub fn with_base_url(&self, base_url: &str) -> Result<Self, InvalidHost> {
        let other = Self { prefix: self.prefix.clone(), ..Self::new(base_url, self.auth)? };
        if !other.prefix.is_empty() && other.base_path.ends_with(&other.prefix) {
            return Err(InvalidHost::HoldsPrefix(other.prefix));
        }
        Ok(other)
    }

    /// The host with `prefix`, such as `/v1`, before every path.
    #[must_use]
    pub fn with_prefix(mut self, prefix: &Path) -> Self {
        prefix.as_str().trim_end_matches('/').clone_into(&mut self.prefix);
        self
    }

    /// How it wants the key.
    #[must_use]
    pub fn auth(&self) -> AuthScheme {
        self.auth
    }

    #[cfg(any(feature = "reqwest", feature = "ureq"))]
    pub(crate) fn is_https(&self) -> bool {
        self.scheme == uri::Scheme::HTTPS
    }

    /// The URL of `path` on this host.
    pub(crate) fn uri(&self, path: Path) -> Result<Uri, BuildError> {
        let path = path.finish()?;
        let whole = if self.base_path.is_empty() && self.prefix.is_empty() {
            path
        } else {
            format!("{}{}{path}", self.base_path, self.prefix)
        };
        let mut parts = uri::Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(whole.try_into().map_err(http::Error::from)?);
        Ok(Uri::from_parts(parts).map_err(http::Error::from)?)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}{}", self.scheme, self.authority, self.base_path, self.prefix)
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Host({self}, {:?})", self.auth)
    }
}

/// The URL without whatever stands before an `@`: it may be a password.
fn redact_user(url: &str) -> String {
    url.rsplit_once('@').map_or(url.to_owned(), |(_, rest)| format!("••••@{rest}"))
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(url: &str) -> Result<Host, InvalidHost> {
        Host::new(url, AuthScheme::D360ApiKey)
    }

    #[test]
    fn only_encrypted_hosts_and_this_machine_are_taken() {
        for good in [
            "https://waba-v2.360dialog.io",
            "http://127.0.0.1:4360",
            "http://localhost:1/",
            "http://[::1]:2/a",
        ] {
            host(good).unwrap();
        }
        for bad in [
            "http://waba-v2.360dialog.io",
            "http://localhost.evil.example",
            "ftp://x",
            "waba-v2.360dialog.io",
            "",
            "/x",
            "http://1.2.3.4",
            "http://[::1]4360",
            "http://localhost:99999",
            "http://localhost:",
            "https://x.example/\u{e9}",
            "https://x.example/a b",
        ] {
            host(bad).unwrap_err();
        }
    }

    #[test]
    fn a_password_in_a_url_is_not_shown() {
        let error = host("https://me:hush@x.example/?a").unwrap_err().to_string();
        assert!(!error.contains("hush"), "{error}");
    }

    #[test]
    fn the_prefix_outlives_another_base_url() {
        let host = host("https://waba.360dialog.io").unwrap().with_prefix(&Path::fixed("/v1"));
        assert_eq!(host.uri(Path::fixed("/messages")).unwrap(), "https://waba.360dialog.io/v1/messages");
        host.with_base_url("https://waba-sandbox.360dialog.io/v1/").unwrap_err();
        let host = host.with_base_url("http://localhost:1/deep/").unwrap();
        assert_eq!(host.uri(Path::fixed("/messages")).unwrap(), "http://localhost:1/deep/v1/messages");
    }
}
