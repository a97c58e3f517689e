//! What is told as not sent never arrives, however close the end of its time comes to its beginning.
use bytes::Bytes;
use d360::transport::{
    AsyncTransport, Connection, HttpRequest, Payload, ReqwestTransport, TransportErrorKind,
};
use http::Method;
use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{sync::oneshot, task::JoinSet};

const REQUESTS: u64 = 4_000;
const AT_ONCE: usize = 32;

#[test]
fn what_is_told_as_not_sent_never_arrives() {
    // Several threads: hyper writes on one while the caller gives up on another.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    runtime.block_on(async {
        let arrived = Arc::new(Mutex::new(HashSet::new()));
        let (url, stop, served) = serve(arrived.clone()).await;
        let transport = ReqwestTransport::new(&Connection::default()).unwrap();
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
                    // The clock of the runtime counts milliseconds. Some wait long enough on any machine.
                    let patient = at % 5 == 4;
                    request.time_limit = Duration::from_millis(if patient { 30_000 } else { at % 5 });
                    (at, transport.send(request).await.map(drop).map_err(|error| error.kind()))
                });
            }
        }
        // Once nothing can arrive any more.
        drop(transport);
        stop.send(()).unwrap();
        served.await.unwrap();
        let arrived = arrived.lock().unwrap();
        let lies: Vec<_> = not_sent.intersection(&arrived).collect();
        assert!(lies.is_empty(), "told as not sent, and arrived: {lies:?}");
        assert!(
            !not_sent.is_empty() && answered > 0,
            "{} were not sent, {answered} answered",
            not_sent.len()
        );
    });
}

/// Notes the number in the path of each request that arrived whole.
async fn serve(
    arrived: Arc<Mutex<HashSet<u64>>>,
) -> (String, oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
    let note = move |axum::extract::Path(id): axum::extract::Path<u64>, _: Bytes| async move {
        arrived.lock().unwrap().insert(id);
    };
    let app = axum::Router::new().route("/{id}", axum::routing::any(note));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel();
    let served = tokio::spawn(async move {
        let stopped = async { drop(stopped.await) };
        axum::serve(listener, app).with_graceful_shutdown(stopped).await.unwrap();
    });
    (url, stop, served)
}
