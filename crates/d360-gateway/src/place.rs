//! Hosts and ports of URLs, compared with the allowed hosts.
use http::Uri;

/// The host and port of an `http` or `https` URL without a password.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) host: String,
    port: u16,
}

impl Place {
    pub(crate) fn of(url: &str) -> Option<Self> {
        let uri = url.parse::<Uri>().ok().filter(|_| !url.contains('@'))?;
        let usual = match uri.scheme_str()? {
            "http" => 80,
            "https" => 443,
            _ => return None,
        };
        Some(Self { host: uri.host()?.to_owned(), port: uri.port_u16().unwrap_or(usual) })
    }

    /// Returns whether it is allowed: `host` allows every port, `host:port` only that one.
    pub(crate) fn is_among(&self, allowed: &[String]) -> bool {
        let whole = self.to_string();
        allowed
            .iter()
            .any(|known| known.eq_ignore_ascii_case(&self.host) || known.eq_ignore_ascii_case(&whole))
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}
