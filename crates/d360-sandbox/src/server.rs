//! The HTTP side.
use crate::{Shared, answer::Answer, blocking, control, messages};
use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{Response, header::HeaderMap},
};
use serde_json::{Value, json};
use std::{collections::HashMap, future::IntoFuture as _, net::TcpListener, sync::Arc, time::Duration};
use tokio::sync::{Notify, oneshot};

/// How long requests that are under way may take when it stops.
const GRACE: Duration = Duration::from_secs(1);
/// Largest body that is read.
const MAX_BODY: usize = 8 * 1024 * 1024;

pub(crate) async fn serve(listener: TcpListener, world: Shared, stopped: oneshot::Receiver<()>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    let router = Router::new().fallback(handle).with_state(world);
    let stop = Arc::new(Notify::new());
    let told = stop.clone();
    let server = axum::serve(listener, router).with_graceful_shutdown(async move { told.notified().await });
    let server = server.into_future();
    let late = async {
        // Stops as well where the handle is gone.
        let _ = stopped.await;
        stop.notify_one();
        // A client that never finishes its request cannot hold the sandbox.
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        _ = server => {}
        () = late => {}
    }
}

async fn handle(State(world): State<Shared>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let method = parts.method.as_str().to_owned();
    let Ok(body) = to_bytes(body, MAX_BODY).await else {
        return Answer::json(413, &json!({ "error": "the body is too large" })).into_response();
    };
    let mut world = world.lock();
    if path == "/_sandbox" || path.starts_with("/_sandbox/") {
        return control::handle(&mut world, &method, &path, &body).into_response();
    }
    let query = parts.uri.query().unwrap_or_default();
    let answer = api(&mut world, &method, &path, query, &parts.headers, &body);
    let shown =
        serde_json::from_slice::<Value>(&body).unwrap_or_else(|_| json!(String::from_utf8_lossy(&body)));
    let path = if query.is_empty() { path } else { format!("{path}?{query}") };
    world.log(json!({ "method": method, "path": path, "body": shown, "status": answer.status }));
    drop(world);
    answer.into_response()
}

fn api(
    world: &mut crate::World,
    method: &str,
    path: &str,
    query: &str,
    headers: &HeaderMap,
    body: &Bytes,
) -> Answer {
    let key = headers.get("d360-api-key").and_then(|key| key.to_str().ok()).unwrap_or_default();
    if !world.numbers.contains_key(key) {
        return Answer::unauthorized();
    }
    if let Some(failure) = world.take_failure(method, path) {
        return Answer::failure(&failure);
    }
    match (method, path) {
        ("POST", "/messages") => messages::send(world, key, body),
        ("POST", "/block_users") => blocking::change(world, key, body, true),
        ("DELETE", "/block_users") => blocking::change(world, key, body, false),
        ("GET", "/block_users") => blocking::list(world, key, &parameters(query)),
        _ => Answer::not_found(method, path),
    }
}

fn parameters(query: &str) -> HashMap<String, String> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(|(k, v)| (plain(k), plain(v))).collect()
}

/// Percent-decoded.
fn plain(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        match escaped.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(if bytes[at] == b'+' { b' ' } else { bytes[at] });
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
