//! The listener: limits on connections, heads and their time, and an end that lets what is under way finish.
use crate::metrics::Metrics;
use axum::body::Body;
use http::{Request, Response};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use std::{convert::Infallible, future::Future, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
};

/// Headers of a request, and bytes of its head, at most.
const HEADERS: usize = 100;
const HEAD: usize = 64 << 10;
/// How long what is under way may take to end.
const LAST_CALLS: Duration = Duration::from_secs(35);

#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) connections: usize,
    pub(crate) header_time: Duration,
}

/// Serves until it is told to stop.
pub(crate) async fn serve<F>(
    listener: TcpListener,
    limits: Limits,
    metrics: Arc<Metrics>,
    mut stopping: watch::Receiver<bool>,
    answer: impl Fn(SocketAddr, Request<Body>) -> F + Clone + Send + Sync + 'static,
) where
    F: Future<Output = Response<Body>> + Send,
{
    let places = Arc::new(Semaphore::new(limits.connections.max(1)));
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = async {
                let place = places.clone().acquire_owned().await.ok()?;
                Some((listener.accept().await, place))
            } => accepted,
            _ = stopping.wait_for(|stopping| *stopping) => None,
        };
        let Some((accepted, place)) = accepted else { break };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of files, mostly: those that are open have to end first.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let _ = stream.set_nodelay(true);
        let answer = answer.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let answered = answer(peer, request.map(Body::new));
            async move { Ok::<_, Infallible>(answered.await) }
        });
        let mut http = hyper::server::conn::http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(limits.header_time)
            .max_headers(HEADERS)
            .max_buf_size(HEAD)
            .keep_alive(true);
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        let open = metrics.clone();
        open.connections.inc();
        tokio::spawn(async move {
            // What a client does wrong is the client's business.
            let _ = connection.await;
            open.connections.dec();
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(LAST_CALLS, graceful.shutdown()).await.is_err() {
        tracing::warn!("some calls did not end in time");
    }
}
