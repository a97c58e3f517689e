//! Which certificates the clients trust.
use crate::{
    authority::Authority,
    rig::{KEY, Naps, REAL, config, real},
};
use d360::{
    Outcome, RetryPolicy,
    cloud::block_users::ListBlockedUsers,
    transport::{Connection, Protocol, Proxy, Roots},
};
use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
};

/// A proxy that connects to any local port.
fn proxy() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut client = stream.unwrap();
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                let mut byte = [0];
                client.read_exact(&mut byte).unwrap();
                head.push(char::from(byte[0]));
            }
            assert!(!head.contains(KEY) && !head.contains("***"), "the proxy gets no key: {head}");
            let port = head.split([':', ' ']).nth(2).unwrap().parse().unwrap();
            let mut server = TcpStream::connect(("127.0.0.1", port)).unwrap();
            client.write_all(b"HTTP/1.1 200 Go on\r\n\r\n").unwrap();
            let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut from, &mut to));
            std::thread::spawn(move || std::io::copy(&mut server, &mut client));
        }
    });
    url
}

#[test]
fn a_request_goes_through_a_proxy_with_its_key() {
    let ours = Authority::new();
    let connection = Connection::new().roots(Roots::Pem(ours.pem.clone().into_bytes()));
    let connection = connection.proxy(Proxy::Url(proxy()));
    assert_eq!(over(ours.server("localhost").port, connection), [None; REAL]);
}

fn outcomes(port: u16, roots: &Roots) -> Vec<Option<Outcome>> {
    over(port, Connection::new().roots(roots.clone()))
}

fn over(port: u16, connection: Connection) -> Vec<Option<Outcome>> {
    let config =
        config(&format!("https://localhost:{port}")).retry(RetryPolicy::never()).connection(connection);
    let call =
        |client: crate::rig::Client| client.call(ListBlockedUsers::new()).err().map(|error| error.outcome());
    real(&config, &Naps::default()).into_iter().map(|(_, client)| call(client)).collect()
}

#[test]
fn an_own_ca_is_trusted_and_everything_else_is_not_sent() {
    let (ours, other) = (Authority::new(), Authority::new());
    let good = ours.server("localhost").port;
    let trusted = Roots::Pem(ours.pem.clone().into_bytes());
    assert_eq!(outcomes(good, &trusted), [None; REAL]);
    let not_sent = [Some(Outcome::NotSent); REAL];
    assert_eq!(outcomes(good, &Roots::Platform), not_sent, "unknown to the platform");
    assert_eq!(outcomes(good, &Roots::WebPki), not_sent, "unknown to Mozilla");
    assert_eq!(outcomes(good, &Roots::Pem(other.pem.into_bytes())), not_sent, "another CA");
    assert_eq!(outcomes(ours.server("example.org").port, &trusted), not_sent, "another name");
    assert_eq!(outcomes(ours.expired("localhost").port, &trusted), not_sent, "expired");
}

/// A refused certificate would be refused again.
#[test]
fn a_refused_certificate_is_not_retried() {
    let (ours, other) = (Authority::new(), Authority::new());
    let trusted = |authority: &Authority| Roots::Pem(authority.pem.clone().into_bytes());
    for (server, roots) in [
        (ours.server("localhost"), trusted(&other)),
        (ours.server("localhost"), Roots::Platform),
        (ours.server("localhost"), Roots::WebPki),
        (ours.server("example.org"), trusted(&ours)),
        (ours.expired("localhost"), trusted(&ours)),
    ] {
        for protocol in [Protocol::Http1, Protocol::Http2] {
            let connection = Connection::new().roots(roots.clone()).protocol(protocol);
            let config = config(&format!("https://localhost:{}", server.port)).connection(connection);
            for (who, client) in real(&config, &Naps::default()) {
                let error = client.call(ListBlockedUsers::new()).unwrap_err();
                assert_eq!((error.outcome(), error.attempts()), (Outcome::NotSent, 1), "{who}: {error:?}");
                assert!(error.to_string().contains("certificate rejected"), "{who}: {error}");
                assert!(error.hint().contains("trusted"), "{}", error.hint());
            }
        }
    }
    // A failure that may be temporary is retried: a port without TLS.
    let plain = TcpListener::bind("127.0.0.1:0").unwrap();
    let config = config(&format!("https://{}", plain.local_addr().unwrap()));
    std::thread::spawn(move || plain.incoming().for_each(drop));
    for (who, client) in real(&config, &Naps::default()) {
        assert_eq!(client.call(ListBlockedUsers::new()).unwrap_err().attempts(), 3, "{who}");
    }
}

#[test]
fn invalid_certificates_are_refused() {
    for bad in ["", "not pem", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"] {
        let connection = Connection::new().roots(Roots::Pem(bad.as_bytes().to_vec()));
        assert!(d360::transport::ReqwestTransport::new(&connection).is_err(), "{bad}");
        assert!(d360::transport::HyperTransport::new(&connection).is_err(), "{bad}");
        assert!(d360::transport::UreqTransport::new(&connection).is_err(), "{bad}");
    }
}

/// The server has read the message by then, and may have forwarded it.
#[test]
fn tls_that_breaks_after_the_request_leaves_the_outcome_unknown() {
    let ours = Authority::new();
    let roots = Roots::Pem(ours.pem.clone().into_bytes());
    for raw in [
        &b""[..],                                    // closed without close_notify
        b"\x15\x03\x03\x00\x02\x02\x28",             // an alert: handshake_failure
        b"\x17\x03\x03\x00\x14aaaaaaaaaaaaaaaaaaaa", // a record of another key
        b"HTTP/1.1 400 Bad Request\r\n\r\n",         // no TLS at all
        b"\x16\x03\x03\x00\x04\x00\x00\x00\x00",     // an empty HelloRequest
    ] {
        let server = ours.server_that_breaks("localhost", raw);
        assert_eq!(
            outcomes(server.port, &roots),
            [Some(Outcome::Unknown); REAL],
            "{:?}",
            raw.escape_ascii().to_string()
        );
    }
}
