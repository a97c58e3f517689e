//! A certificate authority, and TLS servers with certificates issued by it.
use crate::rig::KEY;
use rcgen::{BasicConstraints, Certificate, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{ServerConfig, ServerConnection, StreamOwned, pki_types::PrivateKeyDer};
use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

pub(crate) struct Authority {
    /// The certificate to trust, as PEM.
    pub(crate) pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A local TLS server.
pub(crate) struct TlsServer {
    pub(crate) port: u16,
    seen: Arc<AtomicUsize>,
}

impl TlsServer {
    /// Returns the number of requests it read.
    pub(crate) fn seen(&self) -> usize {
        self.seen.load(Relaxed)
    }
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    /// An authority shared by all tests that need no special one.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Authority> = OnceLock::new();
        SHARED.get_or_init(Self::new)
    }
    /// Returns server settings for `localhost` with HTTP/2 or HTTP/1.1.
    pub(crate) fn config(&self, http2: bool) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let mut config = config(&params("localhost").signed_by(&key, &self.issuer).unwrap(), &key);
        config.alpn_protocols = if http2 { vec![b"h2".to_vec()] } else { vec![b"http/1.1".to_vec()] };
        Arc::new(config)
    }

    /// A server for `name` that answers every request with an empty list.
    pub(crate) fn server(&self, name: &str) -> TlsServer {
        let key = KeyPair::generate().unwrap();
        serve(&params(name).signed_by(&key, &self.issuer).unwrap(), &key, None)
    }
    /// Like [`server`](Self::server), with a certificate that expired in 2020.
    pub(crate) fn expired(&self, name: &str) -> TlsServer {
        let key = KeyPair::generate().unwrap();
        let mut params = params(name);
        params.not_after = rcgen::date_time_ymd(2020, 1, 1);
        serve(&params.signed_by(&key, &self.issuer).unwrap(), &key, None)
    }
    /// A server that reads a request and then sends these bytes outside TLS.
    pub(crate) fn server_that_breaks(&self, name: &str, raw: &'static [u8]) -> TlsServer {
        let key = KeyPair::generate().unwrap();
        serve(&params(name).signed_by(&key, &self.issuer).unwrap(), &key, Some(raw))
    }
}

/// A server for `name` with a self-signed certificate.
pub(crate) fn self_signed(name: &str) -> TlsServer {
    let key = KeyPair::generate().unwrap();
    serve(&params(name).self_signed(&key).unwrap(), &key, None)
}

fn params(name: &str) -> CertificateParams {
    CertificateParams::new(vec![name.to_owned()]).unwrap()
}

fn config(certificate: &Certificate, key: &KeyPair) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap()
}

fn serve(certificate: &Certificate, key: &KeyPair, raw: Option<&'static [u8]>) -> TlsServer {
    let config = Arc::new(config(certificate, key));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen = Arc::new(AtomicUsize::new(0));
    let counted = seen.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = ServerConnection::new(config.clone()).unwrap();
            let mut stream = StreamOwned::new(connection, stream.unwrap());
            let mut head = [0; 4096];
            // A client that does not trust the certificate disconnects during the handshake.
            if matches!(stream.read(&mut head), Ok(read) if read > 0) {
                counted.fetch_add(1, Relaxed);
                if let Some(raw) = raw {
                    let _ = stream.sock.write_all(raw);
                    continue;
                }
                assert!(String::from_utf8_lossy(&head).contains(KEY), "the request has the key");
                let _ = stream.write_all(
                    b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 11\r\n\r\n{\"data\":[]}",
                );
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
    });
    TlsServer { port, seen }
}
