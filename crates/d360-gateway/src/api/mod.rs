//! The On-Premise API: routing, authentication and dispatch of calls.
use crate::{
    access,
    blocker::Change,
    metrics::{CallLabels, KindLabel, NumberLabel},
    number::Number,
    web::{
        body::{self, Response},
        routes::{self, Route},
    },
};
use axum::body::Body;
use d360::migrate::{
    answers,
    calls::{self, OldCall},
    errors::Answer,
};
use http::{Method, Request, StatusCode, header, request::Parts};
use idempotency::Attempt;
use reply::Reply;
use shared::Shared;
use std::{net::SocketAddr, sync::Arc, time::Instant};

mod held;
pub(crate) mod idempotency;
pub(crate) mod inbound;
mod media;
mod messages;
mod operations;
mod reply;
mod settings;
pub(crate) mod shared;
mod templates;

/// Routes that need no key of the gateway.
#[derive(Clone, Copy, Debug)]
enum Open {
    Alive,
    Webhook,
    Login,
}

const OPEN: &[Route<Open>] = &[
    ("ANY", "healthz", Open::Alive),
    ("ANY", "webhook", Open::Webhook),
    ("ANY", "webhook/{name}", Open::Webhook),
    ("POST", "v1/users/login", Open::Login),
];

/// A call of On-Premise that the gateway serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    Send,
    MarkRead,
    CheckContacts,
    Blocklist,
    Block,
    Unblock,
    Report,
    Upload,
    Download,
    DeleteMedia,
    Logout,
    Health,
    Settings,
    SetSettings,
    ResetSettings,
    Webhook,
    SetWebhook,
    Templates,
    CreateTemplate,
    DeleteTemplate,
    CollectGarbage,
}

const CALLS: &[Route<Call>] = &[
    ("POST", "v1/messages", Call::Send),
    ("POST", "v1/contacts", Call::CheckContacts),
    ("GET", "v1/contacts/blocklist", Call::Blocklist),
    ("POST", "v1/contacts/{phone_number}/block", Call::Block),
    ("POST", "v1/contacts/{phone_number}/unblock", Call::Unblock),
    ("POST", "v1/contacts/{phone_number}/report", Call::Report),
    ("POST", "v1/media", Call::Upload),
    ("GET", "v1/media/{id}", Call::Download),
    ("DELETE", "v1/media/{id}", Call::DeleteMedia),
    ("POST", "v1/users/logout", Call::Logout),
    ("GET", "v1/health", Call::Health),
    ("GET", "v1/settings/application", Call::Settings),
    ("PATCH", "v1/settings/application", Call::SetSettings),
    ("DELETE", "v1/settings/application", Call::ResetSettings),
    ("GET", "v1/configs/webhook", Call::Webhook),
    ("POST", "v1/configs/webhook", Call::SetWebhook),
    ("GET", "v1/configs/templates", Call::Templates),
    ("POST", "v1/configs/templates", Call::CreateTemplate),
    ("DELETE", "v1/configs/templates/{name}", Call::DeleteTemplate),
    ("PUT", "v1/services/message/gc", Call::CollectGarbage),
];

/// Returns the call of a request, and its path parameter.
fn find(method: &Method, path: &str, segments: &[String]) -> (Option<Call>, String) {
    // An id may contain slashes.
    if let Some(id) = calls::message_id(path).filter(|_| method == Method::PUT) {
        return (Some(Call::MarkRead), id);
    }
    match routes::find(CALLS, method, segments) {
        Some((call, parameters)) => (Some(call), parameters.first().copied().unwrap_or_default().to_owned()),
        None => (None, String::new()),
    }
}

/// Answers a request.
pub(crate) async fn answer(shared: Arc<Shared>, peer: SocketAddr, request: Request<Body>) -> Response {
    let segments = routes::segments(request.uri().path());
    match routes::find(OPEN, request.method(), &segments) {
        Some((Open::Alive, _)) => operations::alive(&shared),
        Some((Open::Webhook, name)) => inbound::take(&shared, name.first().copied(), peer, request).await,
        Some((Open::Login, _)) => login(&shared, peer, request).await,
        None => match access::number(&shared.numbers, &shared.tokens, request.headers()) {
            Some(number) => {
                let number = number.clone();
                known(shared, number, &segments, request).await
            }
            None => denied(&shared, request).await,
        },
    }
}

/// Answers a request without a valid key.
async fn denied(shared: &Shared, request: Request<Body>) -> Response {
    if access::shows(request.headers()) {
        shared.metrics.failed_logins.get_or_create(&KindLabel { kind: "key" }).inc();
        tracing::warn!("a request has a wrong key or token");
    }
    let (parts, body) = request.into_parts();
    body::discard_of(&parts.headers, body).await;
    access::denied()
}

async fn login(shared: &Shared, peer: SocketAddr, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let number = match access::logged_in(&shared.numbers, &shared.guesses, peer.ip(), &parts.headers).await {
        Ok(number) => number,
        Err(refusal) => {
            if parts.headers.contains_key(header::AUTHORIZATION) {
                shared.metrics.failed_logins.get_or_create(&KindLabel { kind: "login" }).inc();
            }
            body::discard_of(&parts.headers, body).await;
            return refusal;
        }
    };
    match body::read(body, shared.max_body, &shared.budget).await {
        Ok(sent) => access::login(number, &shared.tokens, &shared.store, &sent).await,
        Err(unread) => unread.answer(),
    }
}

/// Answers a request on the operations port. `/waiting` and `/aside` need a key there, too.
pub(crate) async fn operations_port(shared: Arc<Shared>, request: Request<Body>) -> Response {
    if let Some(response) = operations::answer(&shared, request.uri().path(), None).await {
        return response;
    }
    let segments = routes::segments(request.uri().path());
    if !held::is_of(&segments) {
        return body::text(StatusCode::NOT_FOUND, "");
    }
    let Some(number) = access::number(&shared.numbers, &shared.tokens, request.headers()) else {
        return denied(&shared, request).await;
    };
    let query = request.uri().query().unwrap_or_default();
    held::answer(&shared, number, request.method(), &segments, query).await
}

/// Answers an authenticated request.
async fn known(
    shared: Arc<Shared>,
    number: Arc<Number>,
    segments: &[String],
    request: Request<Body>,
) -> Response {
    if request.method() == Method::GET {
        if let Some(response) = operations::answer(&shared, request.uri().path(), Some(&number)).await {
            return response;
        }
        if segments == ["notes"] {
            return body::json(200, &number.notes.document());
        }
    }
    let query = request.uri().query().unwrap_or_default();
    if held::is_of(segments) {
        return held::answer(&shared, &number, request.method(), segments, query).await;
    }
    let began = Instant::now();
    let row = calls::look_up(request.method().as_str(), request.uri().path());
    let call = name_of(row);
    let (name, metrics) = (number.name.clone(), shared.metrics.clone());
    let response = called(shared, number, segments, request, row).await;
    let took = began.elapsed();
    metrics.seconds.get_or_create(&NumberLabel { number: name.clone() }).observe(took.as_secs_f64());
    let status = response.status().as_u16();
    metrics.calls.get_or_create(&CallLabels { number: name.clone(), call, status }).inc();
    tracing::info!(number = name, call, status, ms = took.as_secs_f64() * 1000.0, "call");
    response
}

/// Returns the name of a call in notes and metrics.
fn name_of(row: Option<&'static OldCall>) -> &'static str {
    row.map_or("other", |row| row.path)
}

async fn called(
    shared: Arc<Shared>,
    number: Arc<Number>,
    segments: &[String],
    request: Request<Body>,
    row: Option<&'static OldCall>,
) -> Response {
    let call = name_of(row);
    let (parts, body) = request.into_parts();
    let (route, id) = find(&parts.method, parts.uri.path(), segments);
    // Files are handled first, because they are not read into memory.
    match route {
        Some(Call::Upload) => {
            let reply =
                media::upload(&number, &parts.headers, body).await.noted_as_call(&number, &parts, b"");
            shared.noted(&number, call, &reply.notes);
            return reply.into_response();
        }
        Some(Call::Download) => {
            let noted = Reply::plain(200, &()).noted_as_call(&number, &parts, b"");
            shared.noted(&number, call, &noted.notes);
            return media::download(&number, &id).await.unwrap_or_else(Reply::into_response);
        }
        _ => {}
    }
    let sent = match body::read(body, shared.max_body, &shared.budget).await {
        Ok(sent) => sent,
        Err(unread) => return unread.answer(),
    };
    let Some(key) = parts.headers.get("idempotency-key").filter(|_| parts.method == Method::POST) else {
        let reply = reply(&shared, &number, &parts, (route, &id), &sent, row).await;
        shared.noted(&number, call, &reply.notes);
        return reply.into_response();
    };
    let key = String::from_utf8_lossy(key.as_bytes()).into_owned();
    let asked = format!("{} {}", parts.method, parts.uri.path());
    let attempt = match Attempt::new(&number.name, &key, &asked, &sent, shared.process) {
        Ok(attempt) => attempt,
        Err(refusal) => return body::answer(&refusal),
    };
    // Spawned so that it completes and its answer is stored even if the old program closes the connection.
    let (store, ended, begun) = (shared.store.clone(), shared.ended.clone(), attempt.clone());
    let work = tokio::spawn(async move {
        if let Some(before) = attempt.begin(&shared.store, &shared.ended).await {
            return before;
        }
        let reply = reply(&shared, &number, &parts, (route, &id), &sent, row).await;
        shared.noted(&number, call, &reply.notes);
        attempt.end(&shared.store, &shared.ended, reply.status, reply.body.clone(), reply.free).await;
        reply.into_response()
    });
    match work.await {
        Ok(response) => response,
        Err(_) => {
            let reply = Reply::new(answers::unknown("The gateway failed while the request was in flight."));
            begun.end(&store, &ended, reply.status, reply.body.clone(), false).await;
            reply.into_response()
        }
    }
}

async fn reply(
    shared: &Shared,
    number: &Number,
    parts: &Parts,
    (call, id): (Option<Call>, &str),
    sent: &[u8],
    row: Option<&'static OldCall>,
) -> Reply {
    let query = parts.uri.query().unwrap_or_default();
    let reply = match call {
        // The translation of a message already has its notes.
        Some(Call::Send) => return messages::send(shared, number, sent).await,
        Some(Call::MarkRead) => messages::mark_read(number, id, sent).await,
        Some(Call::CheckContacts) => messages::check_contacts(sent),
        Some(Call::Blocklist) => messages::blocklist(number, query).await,
        Some(Call::Block) => messages::change(number, id, Change::Block, sent).await,
        Some(Call::Unblock) => messages::change(number, id, Change::Unblock, sent).await,
        Some(Call::Report) => messages::report(number, id, sent).await,
        Some(Call::DeleteMedia) => media::delete(number, id).await,
        Some(Call::Logout) => {
            access::logout(&shared.tokens, &shared.store, &parts.headers);
            Reply::new(answers::done())
        }
        Some(Call::Health) => messages::health(number).await,
        Some(Call::Settings) => settings::get(shared, number),
        Some(Call::SetSettings) => settings::patch(shared, number, sent).await,
        Some(Call::ResetSettings) => settings::delete(shared, number).await,
        Some(Call::Webhook) => settings::config(shared, number),
        Some(Call::SetWebhook) => settings::set_config(shared, number, sent).await,
        Some(Call::Templates) => templates::list(number, query).await,
        Some(Call::CreateTemplate) => templates::create(number, sent).await,
        Some(Call::DeleteTemplate) => templates::delete(number, id, query).await,
        Some(Call::CollectGarbage) => Reply::new(answers::done()),
        // Files are answered before the body is read.
        Some(Call::Upload | Call::Download) | None => not_translated(parts.method.as_str(), row),
    };
    reply.noted_as_call(number, parts, sent)
}

/// Returns the error for a call that is not served, with the reason.
fn not_translated(method: &str, row: Option<&OldCall>) -> Reply {
    let details = match row {
        Some(row) => format!("{}: {}", row.refusal(method), row.note),
        None => "The gateway does not know this call of On-Premise".to_owned(),
    };
    let what = if row.is_some_and(|row| row.cloud.is_some()) { "not-translated" } else { "no-counterpart" };
    Reply::new(Answer::error(1006, &details)).header(body::GATEWAY, what)
}
