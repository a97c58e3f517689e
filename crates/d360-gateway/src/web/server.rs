//! The HTTP server: limits on connections, request heads and their time, and graceful shutdown.
use super::{body, connections::Connections};
use crate::metrics::Metrics;
use axum::body::Body;
use http::{Request, Response, StatusCode, header};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use std::{convert::Infallible, future::Future, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{net::TcpListener, sync::watch};

/// The maximum number of headers, and the maximum size of a request head.
const HEADERS: usize = 100;
const HEAD: usize = 16 << 10;
/// How long calls in flight may take during shutdown.
const LAST_CALLS: Duration = Duration::from_secs(35);

#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) connections: usize,
    pub(crate) header_time: Duration,
}

/// Serves until the stop signal.
pub(crate) async fn serve<F>(
    listener: TcpListener,
    limits: Limits,
    metrics: Arc<Metrics>,
    mut stopping: watch::Receiver<bool>,
    answer: impl Fn(SocketAddr, Request<Body>) -> F + Clone + Send + Sync + 'static,
) where
    F: Future<Output = Response<Body>> + Send,
{
    let connections = Connections::new(limits.connections);
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopping.wait_for(|stopping| *stopping) => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Usually the process is out of file descriptors, so close a connection first.
                tracing::warn!(%error, "a connection could not be accepted");
                connections.make_room();
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let Some(entry) = connections.enter() else { continue };
        let _ = stream.set_nodelay(true);
        let (answer, own) = (answer.clone(), entry.clone());
        let service = service_fn(move |request: Request<Incoming>| {
            let working = own.work();
            let is_served = working.is_some() && (!own.is_spare || request.uri().path() == "/healthz");
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(own.clone());
            let answered = is_served.then(|| answer(peer, request));
            async move {
                let response = match answered {
                    Some(answered) => answered.await,
                    None => busy(),
                };
                Ok::<_, Infallible>(match working {
                    Some(working) => working.until_sent(response),
                    None => response,
                })
            }
        });
        let mut http = hyper::server::conn::http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(limits.header_time)
            .max_headers(HEADERS)
            .max_buf_size(HEAD)
            // A client may shut down its write half after the request and still gets its answer.
            .half_close(true)
            .keep_alive(!entry.is_spare);
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        let open = metrics.clone();
        open.connections.inc();
        tokio::spawn(async move {
            tokio::select! {
                // Errors of a connection are caused by the client and not logged.
                _ = connection => {}
                () = entry.evicted.notified() => {}
            }
            open.connections.dec();
        });
    }
    drop(listener);
    if tokio::time::timeout(LAST_CALLS, graceful.shutdown()).await.is_err() {
        tracing::warn!("some calls did not finish in time");
    }
}

fn busy() -> Response<Body> {
    let response = body::text(StatusCode::SERVICE_UNAVAILABLE, "all connections are in use; try again\n");
    body::with(response, header::RETRY_AFTER, "1")
}
