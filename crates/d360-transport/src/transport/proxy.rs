//! Selects the proxy of a request. `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` are parsed here, so that every transport
//! follows the same rules. HTTP libraries get only the parts of a proxy URL.
use super::connection::Proxy;
use crate::error::SetupError;
use http::Uri;
use std::net::IpAddr;

/// A proxy, and the hosts that bypass it.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(crate) struct ProxyServer {
    /// Whether the proxy itself uses TLS.
    pub(crate) https: bool,
    /// A name, an IPv4 address, or an IPv6 address in brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// User and password without percent-encoding. A missing password is empty.
    pub(crate) login: Option<(String, String)>,
    bypass: Vec<Bypass>,
}

/// An entry of `NO_PROXY`.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
struct Bypass {
    hosts: Hosts,
    port: Option<u16>,
}

#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
enum Hosts {
    /// `example.com`, `.example.com`, `*.example.com`: the name and its subdomains.
    Domain(String),
    /// `10.0.0.0/8`, `::1`: an address, and the number of its leading bits that count.
    Net(IpAddr, u8),
    /// `*`, `192.168.*`: a `*` matches any text.
    Pattern(String),
}

impl ProxyServer {
    /// Returns the proxy of the settings; `var` reads the environment.
    pub(crate) fn find(
        proxy: &Proxy,
        var: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, SetupError> {
        let find =
            |names: &[&str]| names.iter().find_map(|name| var(name).filter(|value| !value.trim().is_empty()));
        match proxy {
            Proxy::None => Ok(None),
            Proxy::Url(url) => Self::parse(url).map(Some),
            Proxy::FromEnvironment => {
                let Some(url) = find(&["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]) else {
                    return Ok(None);
                };
                let listed = find(&["NO_PROXY", "no_proxy"]).unwrap_or_default();
                let listed = listed.split([',', ' ', '\t']).filter_map(Bypass::parse);
                let here = ["localhost", "127.0.0.0/8", "::1"].into_iter().filter_map(Bypass::parse);
                Ok(Some(Self { bypass: here.chain(listed).collect(), ..Self::parse(&url)? }))
            }
        }
    }

    fn parse(url: &str) -> Result<Self, SetupError> {
        let url = url.trim();
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        // SOCKS is unsupported, because no transport is built with it.
        let https = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return Err(SetupError::Proxy("has a scheme other than http and https")),
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (login, address) = match authority.rsplit_once('@') {
            Some((login, address)) => (Some(login), address),
            None => (None, authority),
        };
        let login = login.map(|login| {
            let (user, password) = login.split_once(':').unwrap_or((login, ""));
            Ok::<_, SetupError>((decoded(user)?, decoded(password)?))
        });
        let (host, port) = split_port(address);
        let port = match port {
            None | Some("") => Some(if https { 443 } else { 80 }),
            Some(port) => port.parse().ok().filter(|port| *port > 0),
        };
        let port = port.ok_or(SetupError::Proxy("has a port that is not a number from 1 to 65535"))?;
        if host.is_empty() {
            return Err(SetupError::Proxy("has no host"));
        }
        let is_host = match host.strip_prefix('[') {
            Some(address) => {
                address.strip_suffix(']').is_some_and(|address| address.parse::<IpAddr>().is_ok())
            }
            None => host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)),
        };
        if !is_host {
            return Err(SetupError::Proxy(
                "has a host that is neither a name of ASCII letters, digits, '-', '.' and '_' nor an IP address; \
                 write other names in Punycode, IPv6 addresses in brackets",
            ));
        }
        Ok(Self { https, host: host.to_owned(), port, login: login.transpose()?, bypass: Vec::new() })
    }

    /// Whether a request goes through this proxy. A request over http never does, because it is for loopback.
    pub(crate) fn serves(&self, uri: &Uri) -> bool {
        if uri.scheme() != Some(&http::uri::Scheme::HTTPS) {
            return false;
        }
        let host = uri.host().unwrap_or_default().to_ascii_lowercase();
        let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
        let port = uri.port_u16().unwrap_or(443);
        !self.bypass.iter().any(|entry| entry.matches(host, port))
    }
}

/// Splits an address into host and port. The colons of an IPv6 address without brackets do not separate a port.
fn split_port(address: &str) -> (&str, Option<&str>) {
    match address.rsplit_once(':') {
        Some((host, port)) if host.ends_with(']') || !host.contains(':') => (host, Some(port)),
        _ => (address, None),
    }
}

fn decoded(text: &str) -> Result<String, SetupError> {
    let text = percent_encoding::percent_decode_str(text).decode_utf8();
    let text = text.map_err(|_| SetupError::Proxy("has a user or password that is not UTF-8"))?;
    if text.chars().any(char::is_control) {
        return Err(SetupError::Proxy("has a user or password with a control character"));
    }
    Ok(text.into_owned())
}

impl Bypass {
    /// Returns `None` for an entry that no host can match.
    fn parse(entry: &str) -> Option<Self> {
        let entry = entry.trim().to_ascii_lowercase();
        let bare = |text: &str| text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok();
        if let Some((address, bits)) = entry.split_once('/') {
            let address = bare(address)?;
            let most = if address.is_ipv4() { 32 } else { 128 };
            let bits = bits.parse().ok().filter(|bits| *bits <= most)?;
            return Some(Self { hosts: Hosts::Net(address, bits), port: None });
        }
        let (host, port) = match split_port(&entry) {
            (host, Some(port)) => (host, Some(port.parse().ok()?)),
            (host, None) => (host, None),
        };
        let hosts = if let Some(address) = bare(host) {
            Hosts::Net(address, if address.is_ipv4() { 32 } else { 128 })
        } else {
            let name = host.strip_prefix("*.").or(host.strip_prefix('.')).unwrap_or(host);
            let name = name.trim_end_matches('.');
            match name {
                "" => return None,
                _ if name.contains('*') => Hosts::Pattern(name.to_owned()),
                _ => Hosts::Domain(name.to_owned()),
            }
        };
        Some(Self { hosts, port })
    }

    fn matches(&self, host: &str, port: u16) -> bool {
        if self.port.is_some_and(|only| only != port) {
            return false;
        }
        let address = host.parse::<IpAddr>().ok();
        match &self.hosts {
            Hosts::Domain(name) => {
                address.is_none()
                    && host
                        .strip_suffix(name.as_str())
                        .is_some_and(|below| below.is_empty() || below.ends_with('.'))
            }
            Hosts::Net(net, bits) => {
                address.is_some_and(|address| first_bits(address, *bits) == first_bits(*net, *bits))
            }
            Hosts::Pattern(pattern) => matches_pattern(host, pattern),
        }
    }
}

/// Returns the first `bits` of an address, and its kind.
fn first_bits(address: IpAddr, bits: u8) -> (bool, u128) {
    let address = address.to_canonical();
    let (all, width) = match address {
        IpAddr::V4(v4) => (u128::from(v4.to_bits()), 32),
        IpAddr::V6(v6) => (v6.to_bits(), 128),
    };
    (width == 32, all.checked_shr(u32::from(width - bits.min(width))).unwrap_or(0))
}

fn matches_pattern(text: &str, pattern: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let Some(last) = pieces.next_back() else { return rest.is_empty() };
    for piece in pieces {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_environment(vars: &[(&str, &str)]) -> Result<Option<ProxyServer>, SetupError> {
        ProxyServer::find(&Proxy::FromEnvironment, |name| {
            vars.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn urls_of_proxies() {
        let parts = |url: &str| {
            let ProxyServer { https, host, port, login, .. } = ProxyServer::parse(url).ok()?;
            Some((https, host, port, login))
        };
        let login = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        for (url, expected) in [
            ("http://proxy.example:3128", Some((false, "proxy.example", 3128, None))),
            ("proxy.example:3128", Some((false, "proxy.example", 3128, None))),
            (" HTTPS://proxy.example/ ", Some((true, "proxy.example", 443, None))),
            ("http://proxy.example:", Some((false, "proxy.example", 80, None))),
            ("http://me@proxy.example:1", Some((false, "proxy.example", 1, login("me", "")))),
            ("me:p%40ss:w@rd@proxy.example", Some((false, "proxy.example", 80, login("me", "p@ss:w@rd")))),
            ("http://m%C3%A9:é@10.0.0.1:8080", Some((false, "10.0.0.1", 8080, login("mé", "é")))),
            ("http://[::1]:8080", Some((false, "[::1]", 8080, None))),
            ("http://my_proxy", Some((false, "my_proxy", 80, None))),
            ("http://proxy.example:99999", None),
            ("http://proxy.example:0", None),
            ("http://proxy.example:x", None),
            ("http://", None),
            ("http://me:secret@", None),
            ("http://::1:8080", None),
            ("http://prøxy.example", None),
            ("http://pro xy.example", None),
            ("http://me:%ff@proxy.example", None),
            ("socks5://proxy.example", None),
            ("::secret", None),
        ] {
            let expected = expected.map(|(https, host, port, login)| (https, host.to_owned(), port, login));
            assert_eq!(parts(url), expected, "{url}");
            assert!(
                parts(url).is_some()
                    || !format!("{}", ProxyServer::parse(url).unwrap_err()).contains("secret")
            );
        }
    }

    #[test]
    fn the_environment_is_read_in_order() {
        let host = |vars: &[(&str, &str)]| from_environment(vars).unwrap().map(|proxy| proxy.host);
        assert_eq!(host(&[]), None);
        assert_eq!(host(&[("HTTPS_PROXY", "  "), ("all_proxy", "b")]).as_deref(), Some("b"));
        assert_eq!(host(&[("https_proxy", "a"), ("ALL_PROXY", "b")]).as_deref(), Some("a"));
        assert!(from_environment(&[("HTTPS_PROXY", "socks5://a")]).is_err());
        assert!(ProxyServer::find(&Proxy::None, |_| Some("a".to_owned())).unwrap().is_none());
    }

    #[test]
    fn hosts_that_need_no_proxy() {
        for (no_proxy, direct, proxied) in [
            (
                "",
                &["localhost", "127.0.0.1", "127.9.9.9", "[::1]", "api.localhost"][..],
                &["a.example", "[::2]"][..],
            ),
            ("*", &["a.example", "10.0.0.1", "[2001:db8::1]"], &[]),
            (
                "example.com",
                &["example.com", "EXAMPLE.com", "a.example.com", "example.com."],
                &["badexample.com", "com"],
            ),
            (".example.com", &["example.com", "a.b.example.com"], &["badexample.com"]),
            ("*.example.com", &["example.com", "a.example.com"], &["badexample.com"]),
            ("Example.COM.", &["example.com"], &["example.org"]),
            ("a.example, b.example\tc.example", &["a.example", "b.example", "c.example"], &["d.example"]),
            ("10.0.0.0/8", &["10.1.2.3", "[::ffff:10.1.2.3]"], &["11.0.0.1", "10.example"]),
            ("0.0.0.0/0", &["8.8.8.8"], &["[2001:db8::1]", "a.example"]),
            ("192.168.1.7", &["192.168.1.7"], &["192.168.1.8", "1.192.168.1.7"]),
            ("192.168.*", &["192.168.1.7"], &["193.168.1.7"]),
            ("2001:db8::1", &["[2001:db8::1]", "[2001:DB8:0::1]"], &["[2001:db8::2]"]),
            ("[2001:db8::1]", &["[2001:db8::1]"], &["[2001:db8::2]"]),
            ("2001:db8::/32,[fd00::]/8", &["[2001:db8:ffff::1]", "[fd12::1]"], &["[2001:db9::1]"]),
            ("a.example:8443", &["a.example:8443", "x.a.example:8443"], &["a.example", "a.example:443"]),
            ("a.example:443,[2001:db8::1]:443", &["a.example", "[2001:db8::1]"], &["a.example:8443"]),
            // Invalid entries match nothing.
            ("10.0.0.0/99,/8,:,a.example:x,.,", &[], &["10.0.0.1", "a.example"]),
        ] {
            let proxy =
                from_environment(&[("HTTPS_PROXY", "http://p"), ("NO_PROXY", no_proxy)]).unwrap().unwrap();
            let serves = |host: &&str| proxy.serves(&format!("https://{host}/x").parse().unwrap());
            for host in direct {
                assert!(!serves(host), "{host} with NO_PROXY={no_proxy:?} goes through the proxy");
            }
            for host in proxied {
                assert!(serves(host), "{host} with NO_PROXY={no_proxy:?} does not go through the proxy");
            }
        }
        let all = ProxyServer::find(&Proxy::Url("http://p".to_owned()), |_| None).unwrap().unwrap();
        assert!(all.serves(&"https://localhost/".parse().unwrap()));
        assert!(!all.serves(&"http://a.example/".parse().unwrap()));
    }
}
