//! A request reported as not sent never arrives, however short its time limit is.
use crate::{authority::Authority, contract::trusting, server::Over};
use bytes::Bytes;
use d360::transport::{
    AsyncTransport, HttpRequest, HyperTransport, Payload, Protocol, ReqwestTransport, TransportErrorKind,
};
use http::Method;
use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinSet,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

const REQUESTS: u64 = 4_000;
const AT_ONCE: usize = 32;

#[test]
fn requests_reported_as_not_sent_never_arrive() {
    proof(ReqwestTransport::new(&trusting()).unwrap(), Over::Plain);
}

#[test]
fn requests_reported_as_not_sent_never_arrive_over_tls() {
    proof(ReqwestTransport::new(&trusting()).unwrap(), Over::Tls);
}

#[test]
fn requests_reported_as_not_sent_never_arrive_over_http2() {
    proof(ReqwestTransport::new(&trusting().protocol(Protocol::Http2)).unwrap(), Over::Http2);
}

#[test]
fn requests_hyper_reports_as_not_sent_never_arrive() {
    proof(HyperTransport::new(&trusting()).unwrap(), Over::Plain);
}

#[test]
fn requests_hyper_reports_as_not_sent_never_arrive_over_tls() {
    proof(HyperTransport::new(&trusting()).unwrap(), Over::Tls);
}

fn proof(transport: impl AsyncTransport + Clone, over: Over) {
    // Several threads: hyper writes on one while the caller gives up on another.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    runtime.block_on(async {
        let arrived = Arc::new(Mutex::new(HashSet::new()));
        let (url, stop, served) = serve(arrived.clone(), over).await;
        let (mut calls, mut not_sent, mut answered) = (JoinSet::new(), HashSet::new(), 0);
        for at in 0..REQUESTS + AT_ONCE as u64 {
            if at >= AT_ONCE as u64 {
                match calls.join_next().await.unwrap().unwrap() {
                    (_, Ok(())) => answered += 1,
                    (id, Err(TransportErrorKind::NotSent)) => drop(not_sent.insert(id)),
                    (_, Err(_)) => {}
                }
            }
            if at < REQUESTS {
                let (transport, url) = (transport.clone(), format!("{url}/{at}"));
                calls.spawn(async move {
                    let method = if at / 5 % 2 == 0 { Method::POST } else { Method::GET };
                    let mut request = HttpRequest::new(method, url.parse().unwrap());
                    if request.method == Method::POST {
                        request.payload = Payload::Bytes(Bytes::from_static(b"{}"));
                    }
                    // The clock of the runtime has millisecond resolution. Some limits are long enough on any machine.
                    let patient = at % 5 == 4;
                    request.time_limit = Duration::from_millis(if patient { 30_000 } else { at % 5 });
                    (at, transport.send(request).await.map(drop).map_err(|error| error.kind()))
                });
            }
        }
        // After nothing can arrive anymore.
        drop(transport);
        stop.send(()).unwrap();
        served.await.unwrap();
        let arrived = arrived.lock().unwrap();
        let lies: Vec<_> = not_sent.intersection(&arrived).collect();
        assert!(lies.is_empty(), "reported as not sent, but arrived: {lies:?}");
        assert!(
            !not_sent.is_empty() && answered > 0,
            "{} were not sent, {answered} answered",
            not_sent.len()
        );
    });
}

/// Records the number in the path of each complete request.
async fn serve(
    arrived: Arc<Mutex<HashSet<u64>>>,
    over: Over,
) -> (String, oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
    let note = move |axum::extract::Path(id): axum::extract::Path<u64>, _: Bytes| async move {
        arrived.lock().unwrap().insert(id);
    };
    let app = axum::Router::new().route("/{id}", axum::routing::any(note));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let stopped = async { drop(stopped.await) };
    if over == Over::Plain {
        let serving = axum::serve(listener, app).with_graceful_shutdown(stopped);
        return (format!("http://{address}"), stop, tokio::spawn(async { serving.await.unwrap() }));
    }
    let listener = TlsListener::new(listener, over == Over::Http2);
    let serving = axum::serve(listener, app).with_graceful_shutdown(stopped);
    (format!("https://localhost:{}", address.port()), stop, tokio::spawn(async { serving.await.unwrap() }))
}

/// Accepted connections after their handshake, each in its own task, so that an abandoned one blocks no other.
struct TlsListener {
    address: std::net::SocketAddr,
    ready: tokio::sync::mpsc::Receiver<TlsStream<TcpStream>>,
}

impl TlsListener {
    fn new(listener: TcpListener, http2: bool) -> Self {
        let acceptor = TlsAcceptor::from(Authority::shared().config(http2));
        let address = listener.local_addr().unwrap();
        let (shaken, ready) = tokio::sync::mpsc::channel(64);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (acceptor, shaken) = (acceptor.clone(), shaken.clone());
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(socket).await {
                        let _ = shaken.send(stream).await;
                    }
                });
            }
        });
        Self { address, ready }
    }
}

impl axum::serve::Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = std::net::SocketAddr;
    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(stream) => (stream, self.address),
            None => std::future::pending().await,
        }
    }
    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        Ok(self.address)
    }
}
