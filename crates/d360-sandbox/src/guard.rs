//! Protects the control routes, which need no key, from pages of other sites in a browser.
//!
//! A page of another site can post to any address, including this machine. Browsers mark such requests with `Origin`
//! and `Sec-Fetch-Site`. With DNS rebinding the browser sees the same origin, but `Host` has the site's name.
use axum::http::{
    HeaderMap,
    header::{HOST, ORIGIN},
};
use std::net::IpAddr;

/// Returns why a request is rejected, or `None` if it cannot come from a page of another site.
///
/// `local` means that the sandbox listens on a loopback address only.
pub(crate) fn refusal(headers: &HeaderMap, local: bool) -> Option<String> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let mut sites = headers.get_all("sec-fetch-site").iter().map(|value| value.to_str().unwrap_or("?"));
    if let Some(site) = sites.find(|site| !["same-origin", "none"].contains(site)) {
        return Some(format!("a page of another site made this request (Sec-Fetch-Site: {site}); {ALLOWED}"));
    }
    let hosts = || headers.get_all(HOST).iter();
    let host = text(HOST.as_str());
    if hosts().count() > 1 {
        return Some("the request has several Host headers".to_owned());
    }
    if let Some(host) = host.filter(|host| local && !is_local(host)) {
        return Some(format!(
            "Host {host:?} is not this machine; use 127.0.0.1 or localhost, or let the sandbox listen on another address"
        ));
    }
    if headers.get_all(ORIGIN).iter().count() > 1 {
        return Some("the request has several Origin headers".to_owned());
    }
    let origin = text(ORIGIN.as_str())?;
    let same = host.is_some_and(|host| {
        ["http://", "https://"].iter().any(|scheme| {
            let told = origin.get(..scheme.len()).filter(|start| start.eq_ignore_ascii_case(scheme));
            told.is_some_and(|_| origin[scheme.len()..].eq_ignore_ascii_case(host))
        })
    });
    // A name may be rebound to this machine; an address cannot.
    if same && host.is_some_and(|host| is_local(host) || is_address(host)) {
        return None;
    }
    Some(format!("a page of {origin:?} made this request; {ALLOWED}"))
}

const ALLOWED: &str =
    "the control routes accept requests from programs and from the sandbox's own pages only";

/// Returns `host` without its port, or `None` if it is malformed.
fn name(host: &str) -> Option<&str> {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => {
            let (name, rest) = rest.split_once(']')?;
            (name, if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) })
        }
        None => match host.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (host, None),
        },
    };
    // parse() alone would accept `+80`.
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
    port.is_none_or(is_port).then_some(name)
}

fn address(host: &str) -> Option<IpAddr> {
    name(host)?.parse().ok()
}

fn is_address(host: &str) -> bool {
    address(host).is_some()
}

/// Returns whether `host` is this machine: exactly `localhost`, or a loopback address.
fn is_local(host: &str) -> bool {
    name(host).is_some_and(|name| name.eq_ignore_ascii_case("localhost"))
        || address(host).is_some_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::{is_local, refusal};
    use axum::http::HeaderMap;

    fn headers(list: &[(&'static str, &str)]) -> HeaderMap {
        list.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_host_is_compared_whole() {
        for host in [
            "localhost",
            "LocalHost:1",
            "127.0.0.1",
            "127.9.9.9:80",
            "[::1]",
            "[::1]:4360",
            "[::ffff:127.0.0.1]:1",
        ] {
            assert!(is_local(host), "{host}");
        }
        for host in [
            "localhost.evil.example",
            "localhost:+80",
            "localhost:99999",
            "localhost:1.evil.example",
            "127.0.0.1.evil.example:80",
            "[::1].evil.example",
            "[::1",
            "10.0.0.1",
            "",
        ] {
            assert!(!is_local(host), "{host}");
        }
    }

    #[test]
    fn programs_pass_and_pages_do_not() {
        let fine = |list: &[(&'static str, &str)], local| refusal(&headers(list), local).is_none();
        assert!(fine(&[], true));
        assert!(fine(&[("host", "127.0.0.1:4360")], true));
        assert!(fine(&[("host", "sandbox:4360")], false), "a name, if other machines may connect");
        assert!(fine(
            &[
                ("host", "127.0.0.1:4360"),
                ("origin", "http://127.0.0.1:4360"),
                ("sec-fetch-site", "same-origin")
            ],
            true
        ));
        assert!(fine(&[("host", "10.0.0.1:4360"), ("origin", "http://10.0.0.1:4360")], false));
        let mut twice = headers(&[("host", "127.0.0.1:4360"), ("sec-fetch-site", "none")]);
        twice.append("sec-fetch-site", "cross-site".parse().unwrap());
        assert!(refusal(&twice, true).is_some(), "the second counts too");
        for page in [
            [("host", "127.0.0.1:4360"), ("origin", "https://evil.example")],
            [("host", "127.0.0.1:4360"), ("origin", "null")],
            [("host", "127.0.0.1:4360"), ("origin", "http://127.0.0.1:43600")],
            [("host", "127.0.0.1:4360"), ("origin", "http://127.0.0.1:4360.evil.example")],
            [("host", "127.0.0.1:4360"), ("sec-fetch-site", "cross-site")],
            [("host", "localhost:4360"), ("sec-fetch-site", "same-site")],
            [("host", "evil.example:4360"), ("origin", "http://evil.example:4360")],
        ] {
            assert!(!fine(&page, true), "{page:?}");
            assert!(!fine(&page, false), "{page:?}");
        }
        assert!(!fine(&[("host", "evil.example:4360")], true));
    }
}
