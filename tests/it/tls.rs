//! Whom the clients trust.
use crate::rig::{KEY, Naps, config, real};
use d360::{
    Outcome, RetryPolicy,
    cloud::block_users::ListBlockedUsers,
    transport::{Connection, Proxy, Roots},
};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{ServerConfig, ServerConnection, StreamOwned, pki_types::PrivateKeyDer};
use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::Arc,
};

/// A certificate authority, as PEM, and a server on this machine with a certificate of its for `name`.
struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    /// The port of a server that answers every request with an empty list.
    fn server(&self, name: &str, year: Option<i32>) -> u16 {
        self.server_that_breaks(name, year, None)
    }

    /// The same, or one that reads a request and then sends these bytes past TLS.
    fn server_that_breaks(&self, name: &str, year: Option<i32>, raw: Option<&'static [u8]>) -> u16 {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        if let Some(year) = year {
            params.not_after = rcgen::date_time_ymd(year, 1, 1);
        }
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let connection = ServerConnection::new(config.clone()).unwrap();
                let mut stream = StreamOwned::new(connection, stream.unwrap());
                let mut head = [0; 4096];
                // A client that does not trust us goes away during the handshake.
                if matches!(stream.read(&mut head), Ok(read) if read > 0) {
                    if let Some(raw) = raw {
                        let _ = stream.sock.write_all(raw);
                        continue;
                    }
                    assert!(String::from_utf8_lossy(&head).contains(KEY), "the key came along");
                    let _ = stream.write_all(
                        b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 11\r\n\r\n{\"data\":[]}",
                    );
                    stream.conn.send_close_notify();
                    let _ = stream.flush();
                }
            }
        });
        port
    }
}

/// A proxy that opens a way to whatever port of this machine it is asked for.
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
            assert!(!head.contains(KEY) && !head.contains("***"), "a proxy gets no key: {head}");
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
    assert_eq!(over(ours.server("localhost", None), connection), [None, None]);
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
    let good = ours.server("localhost", None);
    let trusted = Roots::Pem(ours.pem.clone().into_bytes());
    assert_eq!(outcomes(good, &trusted), [None, None]);
    let not_sent = [Some(Outcome::NotSent); 2];
    assert_eq!(outcomes(good, &Roots::Platform), not_sent, "unknown to the platform");
    assert_eq!(outcomes(good, &Roots::WebPki), not_sent, "unknown to Mozilla");
    assert_eq!(outcomes(good, &Roots::Pem(other.pem.into_bytes())), not_sent, "another CA");
    assert_eq!(outcomes(ours.server("example.org", None), &trusted), not_sent, "another name");
    assert_eq!(outcomes(ours.server("localhost", Some(2020)), &trusted), not_sent, "expired");
}

#[test]
fn certificates_that_are_none_are_refused() {
    for bad in ["", "not pem", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"] {
        let connection = Connection::new().roots(Roots::Pem(bad.as_bytes().to_vec()));
        assert!(d360::transport::ReqwestTransport::new(&connection).is_err(), "{bad}");
        assert!(d360::transport::UreqTransport::new(&connection).is_err(), "{bad}");
    }
}

/// The server has read the message by then: it may have sent it on.
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
        let port = ours.server_that_breaks("localhost", None, Some(raw));
        assert_eq!(
            outcomes(port, &roots),
            [Some(Outcome::Unknown); 2],
            "{:?}",
            raw.escape_ascii().to_string()
        );
    }
}
