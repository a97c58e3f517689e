//! Checks where a request comes from, for receivers without a secret: a page in a browser on the same machine can
//! post to `localhost` like any program.
use http::{HeaderMap, Uri, header, uri::Authority};
use std::net::IpAddr;

/// Headers of forwarded requests.
const PASSED_ON: [&str; 6] =
    ["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "forwarded", "x-real-ip", "via"];

/// Whether a request comes from this machine under a local name (`Host` is localhost or a loopback address), and no
/// header says that it was forwarded.
#[must_use]
pub fn is_local(peer: IpAddr, uri: &Uri, headers: &HeaderMap) -> bool {
    peer.to_canonical().is_loopback()
        && host(headers).is_some_and(|host| names_this_machine(&host))
        && uri.authority().is_none_or(names_this_machine)
        && !PASSED_ON.iter().any(|name| headers.contains_key(*name))
}

/// Whether a page of another origin made a browser send a request: its `Origin` is not that of `Host`, or
/// `Sec-Fetch-Site` is neither `same-origin` nor `none`. Programs send neither header.
#[must_use]
pub fn is_foreign_page(headers: &HeaderMap) -> bool {
    let own_site = |value: &http::HeaderValue| matches!(value.as_bytes(), b"same-origin" | b"none");
    if !headers.get_all("sec-fetch-site").iter().all(own_site) {
        return true;
    }
    let host = host(headers);
    let own_origin = |value: &http::HeaderValue| {
        let origin = value.to_str().ok()?;
        let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"))?;
        Some(host.as_ref()?.as_str().eq_ignore_ascii_case(authority))
    };
    !headers.get_all(header::ORIGIN).iter().all(|value| own_origin(value) == Some(true))
}

/// Returns the `Host` of a request, if there is exactly one.
fn host(headers: &HeaderMap) -> Option<Authority> {
    let mut all = headers.get_all(header::HOST).iter();
    let one = all.next()?.to_str().ok()?;
    // A client may send only a name and a port.
    let authority = one.parse::<Authority>().ok().filter(|_| !one.contains('@'))?;
    let port = authority.port().map(|port| format!(":{port}")).unwrap_or_default();
    let is_whole = authority.as_str() == format!("{}{port}", authority.host());
    let good_port = authority.port().is_none() || authority.port_u16().is_some();
    (all.next().is_none() && is_whole && good_port).then_some(authority)
}

fn names_this_machine(authority: &Authority) -> bool {
    let host = authority.host();
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn hosts_are_compared_whole() {
        let local = |host: &str| {
            is_local([127, 0, 0, 1].into(), &"/webhook".parse().unwrap(), &with(&[("host", host)]))
        };
        for host in
            ["localhost", "LOCALHOST:8080", "127.0.0.1", "127.0.0.1:1", "127.1.2.3", "[::1]", "[::1]:8080"]
        {
            assert!(local(host), "{host}");
        }
        for host in [
            "",
            "localhost.evil.example",
            "localhost:8080.evil.example",
            "localhost:8080@evil.example",
            "localhost:99999",
            "localhost:x",
            "evil.example:127.0.0.1",
            "127.0.0.1.evil.example",
            "127.0.0.1:80.evil.example",
            "notlocalhost",
            "0.0.0.0",
            "[::1].evil.example",
            "[::1",
            "evil.example",
        ] {
            assert!(!local(host), "{host}");
        }
        let peer = [127, 0, 0, 1].into();
        assert!(!is_local(peer, &"/".parse().unwrap(), &HeaderMap::new()));
        let two = with(&[("host", "localhost"), ("host", "evil.example")]);
        assert!(!is_local(peer, &"/".parse().unwrap(), &two));
        let one = with(&[("host", "localhost")]);
        assert!(!is_local(peer, &"http://evil.example/".parse().unwrap(), &one));
        assert!(!is_local([192, 0, 2, 1].into(), &"/".parse().unwrap(), &one));
    }

    #[test]
    fn pages_of_other_sites_are_told_by_what_browsers_send() {
        for (header, value, foreign) in [
            ("origin", "http://localhost:8080", false),
            ("origin", "http://evil.example", true),
            ("origin", "http://localhost:3000", true),
            ("origin", "http://localhost:8080.evil.example", true),
            ("origin", "null", true),
            ("sec-fetch-site", "cross-site", true),
            ("sec-fetch-site", "same-site", true),
            ("sec-fetch-site", "same-origin", false),
            ("sec-fetch-site", "none", false),
            ("accept", "*/*", false),
        ] {
            let headers = with(&[("host", "localhost:8080"), (header, value)]);
            assert_eq!(is_foreign_page(&headers), foreign, "{header}: {value}");
        }
    }
}
