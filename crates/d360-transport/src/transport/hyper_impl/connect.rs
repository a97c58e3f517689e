//! Connections over hyper: TCP, a proxy's tunnel, TLS, and a time limit for all of it.
use crate::{
    error::SetupError,
    exchange::LONGEST,
    transport::{connection::Connection, proxy::ProxyServer},
};
use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use std::{error::Error as StdError, io, time::Duration};
use tower_service::Service;

pub(super) type BoxError = Box<dyn StdError + Send + Sync>;

/// The time after which an idle TCP connection is probed, and the time between probes.
const KEEPALIVE: Duration = Duration::from_secs(15);
/// The time after which a connection whose peer confirms nothing is closed.
#[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
const UNCONFIRMED: Duration = Duration::from_secs(30);

#[cfg(feature = "rustls")]
use self::tls::Transports;
/// Without TLS, which is for loopback.
#[cfg(not(feature = "rustls"))]
type Transports = HttpConnector;

/// Opens connections.
pub(super) struct Connector {
    transports: Transports,
    time_limit: Duration,
}

impl Connector {
    pub(super) fn new(connection: &Connection) -> Result<Self, SetupError> {
        let time_limit = connection.connect_timeout.min(LONGEST);
        let proxy = ProxyServer::find(&connection.proxy, |name| std::env::var(name).ok())?;
        #[cfg(feature = "rustls")]
        let transports = tls::transports(tcp(time_limit), proxy, &connection.roots)?;
        #[cfg(not(feature = "rustls"))]
        let transports = {
            // Proxies are for https.
            drop(proxy);
            tcp(time_limit)
        };
        Ok(Self { transports, time_limit })
    }

    /// Opens a connection to the host of a URL.
    pub(super) async fn connect(
        &self,
        host: Uri,
    ) -> Result<<Transports as Service<Uri>>::Response, BoxError> {
        let time_limit = self.time_limit;
        // A connector of hyper-util is always ready: its resolver uses a thread for each host.
        let connecting = self.transports.clone().call(host);
        let limited = tokio::time::timeout(time_limit, connecting).await;
        let expired =
            |_| io::Error::new(io::ErrorKind::TimedOut, format!("no connection within {time_limit:?}"));
        let connected = limited.map_err(expired)?;
        // Without TLS, the error is of another type.
        let connected = connected?;
        Ok(connected)
    }
}

/// The settings of reqwest.
fn tcp(time_limit: Duration) -> HttpConnector {
    let mut tcp = HttpConnector::new();
    tcp.set_nodelay(true);
    // It is divided among the addresses of a host, so that one that does not respond leaves time for the others.
    tcp.set_connect_timeout(Some(time_limit));
    tcp.set_keepalive(Some(KEEPALIVE));
    tcp.set_keepalive_interval(Some(KEEPALIVE));
    tcp.set_keepalive_retries(Some(3));
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    tcp.set_tcp_user_timeout(Some(UNCONFIRMED));
    tcp
}

#[cfg(feature = "rustls")]
mod tls {
    use super::BoxError;
    use crate::{
        error::SetupError,
        transport::{connection::Roots, proxy::ProxyServer},
    };
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    use http::{HeaderValue, Uri};
    use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
    use hyper_util::{
        client::legacy::connect::{HttpConnector, proxy::Tunnel},
        rt::TokioIo,
    };
    use rustls::{ClientConfig, RootCertStore, pki_types::CertificateDer, pki_types::pem::PemObject as _};
    use std::{
        future::Future,
        pin::Pin,
        sync::Arc,
        task::{Context, Poll},
    };
    use tokio::net::TcpStream;
    use tower_service::Service;

    /// TLS to the host of a request, where it is https.
    pub(super) type Transports = HttpsConnector<Routes>;

    /// A TCP connection, or one through a proxy, which may speak TLS itself.
    #[derive(Clone)]
    pub(in crate::transport::hyper_impl) struct Routes {
        tcp: HttpConnector,
        proxy: Option<(Arc<ProxyServer>, Tunnel<HttpsConnector<HttpConnector>>)>,
    }

    pub(super) fn transports(
        mut tcp: HttpConnector,
        proxy: Option<ProxyServer>,
        roots: &Roots,
    ) -> Result<Transports, SetupError> {
        // Routes connect to https too.
        tcp.enforce_http(false);
        let config = Arc::new(config(roots)?);
        let tunnel = |proxy: ProxyServer| {
            let tunnel = tunnel(&proxy, HttpsConnector::from((tcp.clone(), config.clone())))?;
            Ok::<_, SetupError>((Arc::new(proxy), tunnel))
        };
        let proxy = proxy.map(tunnel).transpose()?;
        Ok(HttpsConnector::from((Routes { tcp, proxy }, config)))
    }

    impl Service<Uri> for Routes {
        type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
        type Error = BoxError;
        type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

        fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
            self.tcp.poll_ready(context).map_err(Into::into)
        }
        fn call(&mut self, host: Uri) -> Self::Future {
            match &mut self.proxy {
                Some((proxy, tunnel)) if proxy.serves(&host) => {
                    let connecting = tunnel.call(host);
                    Box::pin(async { connecting.await.map_err(Into::into) })
                }
                _ => {
                    let connecting = self.tcp.call(host);
                    Box::pin(async { Ok(MaybeHttpsStream::Http(connecting.await?)) })
                }
            }
        }
    }

    fn tunnel<C>(proxy: &ProxyServer, connector: C) -> Result<Tunnel<C>, SetupError> {
        let ProxyServer { https, host, port, login, .. } = proxy;
        let unsupported = || SetupError::Proxy("is not supported by hyper");
        let scheme = if *https { "https" } else { "http" };
        let url: Uri = format!("{scheme}://{host}:{port}").parse().map_err(|_| unsupported())?;
        let tunnel = Tunnel::new(url, connector);
        let Some((user, password)) = login else { return Ok(tunnel) };
        let login = format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")));
        let mut login = HeaderValue::try_from(login).map_err(|_| unsupported())?;
        login.set_sensitive(true);
        Ok(tunnel.with_auth(login))
    }

    fn config(roots: &Roots) -> Result<ClientConfig, SetupError> {
        let library = |error: rustls::Error| SetupError::Library(error.into());
        // The provider is explicit: with two providers in a program, rustls panics.
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone());
        let builder = builder.with_safe_default_protocol_versions().map_err(library)?;
        let builder = match roots {
            Roots::Platform => {
                let verifier = rustls_platform_verifier::Verifier::new(provider).map_err(library)?;
                builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
            }
            #[cfg(feature = "webpki-roots")]
            Roots::WebPki => {
                let certs = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().cloned();
                builder.with_root_certificates(store(certs)?)
            }
            Roots::Pem(pem) => {
                let certs = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
                let certs = certs.map_err(|error| SetupError::Certificates(error.to_string()))?;
                if certs.is_empty() {
                    return Err(SetupError::Certificates("no certificate found".to_owned()));
                }
                builder.with_root_certificates(store(certs)?)
            }
        };
        let mut config = builder.with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }

    fn store(certs: impl IntoIterator<Item = CertificateDer<'static>>) -> Result<RootCertStore, SetupError> {
        let mut store = RootCertStore::empty();
        for cert in certs {
            store.add(cert).map_err(|error| SetupError::Certificates(error.to_string()))?;
        }
        Ok(store)
    }
}
