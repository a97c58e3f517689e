//! Where URLs lead: hosts that the gateway may speak to.
use http::Uri;

/// The host and port of a URL that can be posted to: `http` or `https`, and no password in it.
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

    /// Whether it is among these: `host`, or `host:port` for that port alone.
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
