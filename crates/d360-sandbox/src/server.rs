//! The HTTP server.
use crate::{
    activity::Watcher,
    answer::Answer,
    blocking, control, delivery, guard,
    media::{self, Form},
    messages, onprem, partner,
    route::{System, system},
    templates, webhooks,
    world::{Asked, Shared},
};
use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{Response, header::HeaderMap, request::Parts},
};
use percent_encoding::percent_decode_str;
use serde_json::json;
use std::{collections::HashMap, future::IntoFuture as _, net::TcpListener, sync::Arc, time::Duration};
use tokio::sync::{Notify, oneshot};

/// How long requests in flight may take during shutdown.
const GRACE: Duration = Duration::from_secs(1);
/// The maximum size of a body.
const MAX_BODY: usize = 8 * 1024 * 1024;

pub(crate) async fn serve(
    listener: TcpListener,
    world: Shared,
    watcher: Watcher,
    stopped: oneshot::Receiver<()>,
) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    let posting = delivery::run(world.clone(), watcher.clone());
    let local = listener.local_addr().is_ok_and(|address| address.ip().to_canonical().is_loopback());
    let router = Router::new().fallback(handle).with_state((world, watcher, local));
    let stop = Arc::new(Notify::new());
    let told = stop.clone();
    let server = axum::serve(listener, router).with_graceful_shutdown(async move { told.notified().await });
    let server = server.into_future();
    let late = async {
        // Also completes if the handle was dropped.
        let _ = stopped.await;
        stop.notify_one();
        // A client that never finishes its request must not block the shutdown.
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        _ = server => {}
        () = late => {}
        () = posting => {}
    }
}

async fn handle(
    State((world, watcher, local)): State<(Shared, Watcher, bool)>,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let method = parts.method.as_str();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let (answer, body) = answer(&world, local, &parts, body).await;
    watcher.request(method, path, &body, answer.status, &answer.body);
    if watcher.is_there() {
        let noted = world.lock().hooks.noted.as_mut().map(std::mem::take);
        for noted in noted.into_iter().flatten() {
            watcher.status(&noted.id, &noted.status, noted.error.as_ref());
        }
    }
    answer.into_response()
}

/// Returns the answer, and the request's body for logs, without secrets and files.
async fn answer(world: &Shared, local: bool, parts: &Parts, body: Body) -> (Answer, Bytes) {
    let (method, path) = (parts.method.as_str(), parts.uri.path());
    let control = path == "/_sandbox" || path.starts_with("/_sandbox/");
    // Checked before the body is read.
    if control && let Some(why) = guard::refusal(&parts.headers, local) {
        return (Answer::json(403, &json!({ "error": why })), Bytes::new());
    }
    let uploads = method == "POST" && path.ends_with("/media");
    let Ok(body) = to_bytes(body, if uploads { media::MAX_FORM } else { MAX_BODY }).await else {
        return (Answer::json(413, &json!({ "error": "the body is too large" })), Bytes::new());
    };
    let form = if uploads { Form::read(parts, body.clone()).await } else { None };
    let mut world = world.lock();
    if control {
        return (control::handle(&mut world, method, path, &body), body);
    }
    let query = parts.uri.query().unwrap_or_default();
    let answer = api(&mut world, method, path, query, &parts.headers, &body, form);
    let shown: Bytes = match path {
        "/api/v2/token" => "\"(a user name and password)\"".into(),
        _ if uploads => format!("\"(a form of {} bytes)\"", body.len()).into(),
        _ => body,
    };
    let path = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    let asked = Asked { method: method.to_owned(), path, body: shown.clone(), status: answer.status };
    world.log(asked);
    (answer, shown)
}

fn api(
    world: &mut crate::world::World,
    method: &str,
    path: &str,
    query: &str,
    headers: &HeaderMap,
    body: &Bytes,
    form: Option<Form>,
) -> Answer {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let for_graph = header("d360-api-key").is_none() && bearer.is_some();
    let system = system(method, path, for_graph, world.settings.unversioned);
    let key = match system {
        System::Unserved(_) => None,
        System::Cloud(_) => header("d360-api-key"),
        System::Graph(_) => bearer,
        System::OnPrem(_) | System::Media => header("d360-api-key").or(bearer),
        System::Hub(_) => header("x-api-key"),
    };
    let key = key.unwrap_or_default();
    let known = match system {
        // A token is valid as a bearer, a key in its own header.
        System::Hub(rest) => {
            rest == "token"
                || world.numbers.contains_key(key)
                || bearer.is_some_and(|token| world.tokens.contains(token))
        }
        // A wrong path is reported regardless of the key.
        System::Unserved(_) => true,
        _ => world.numbers.contains_key(key),
    };
    if !known {
        return match system {
            System::Hub(_) => Answer::hub_error(401, "Unauthorized"),
            System::Graph(_) => Answer::error(190, "The access token is not known to the sandbox"),
            _ => Answer::unauthorized(),
        };
    }
    if let Some(failure) = world.failures.take(method, path) {
        return Answer::failure(&failure, matches!(system, System::OnPrem(_)));
    }
    let query = parameters(query);
    let answer = match system {
        System::Unserved(code) => Some(Answer::graph_path(code, method, path)),
        System::Cloud(rest) | System::Graph(rest) => match (method, rest) {
            ("POST", "/messages") => Some(messages::send(world, key, body)),
            ("POST", "/block_users") => Some(blocking::change(world, key, body, true)),
            ("DELETE", "/block_users") => Some(blocking::change(world, key, body, false)),
            ("GET", "/block_users") => Some(blocking::list(world, key, &query)),
            ("POST", "/media") => Some(media::upload(world, form, &query)),
            ("GET", path) if media::is_id(path).is_some() => {
                Some(templates::show(world, &path[1..]).unwrap_or_else(|| media::info(world, &path[1..])))
            }
            ("POST", path) if media::is_id(path).is_some() => Some(
                templates::update(world, &path[1..], body)
                    .unwrap_or_else(|| media::unknown("post", &path[1..])),
            ),
            ("DELETE", path) if media::is_id(path).is_some() => Some(media::delete(world, &path[1..])),
            ("GET", "/message_templates") => Some(templates::list(world, &query)),
            ("POST", "/message_templates") => Some(templates::create(world, body)),
            ("DELETE", "/message_templates") => Some(templates::delete(world, &query)),
            ("GET" | "POST", "/waba_webhook") => Some(webhooks::config(world, key, method, body, true)),
            ("GET", "/health_status") => Some(health(world, key)),
            _ => None,
        },
        System::Media => (method == "GET").then(|| media::download(world, &query)),
        System::OnPrem(rest) => {
            let steps: Vec<String> = rest
                .split('/')
                .map(|step| percent_decode_str(step).decode_utf8_lossy().into_owned())
                .collect();
            let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
            onprem::handle(world, key, method, &steps, &query, body)
        }
        System::Hub(rest) => {
            partner::handle(world, method, &rest.split('/').collect::<Vec<_>>(), &query, body)
        }
    };
    answer.unwrap_or_else(|| Answer::not_found(method, path))
}

/// Meta's answer for a healthy number.
fn health(world: &crate::world::World, key: &str) -> Answer {
    let Some(number) = world.numbers.get(key) else { return Answer::unauthorized() };
    let entity =
        |kind: &str, id: &str| json!({ "entity_type": kind, "id": id, "can_send_message": "AVAILABLE" });
    let entities = [
        entity("PHONE_NUMBER", &number.phone),
        entity("WABA", "102290129340398"),
        entity("BUSINESS", "506914307656634"),
        entity("APP", "634974688087057"),
    ];
    let status = json!({ "can_send_message": "AVAILABLE", "entities": entities });
    Answer::ok(&json!({ "health_status": status, "id": "106540352242922" }))
}

fn parameters(query: &str) -> HashMap<String, String> {
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}
