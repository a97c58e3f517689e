//! The old API: who asks, what for, and what is answered.
use crate::{
    access::{self, Tokens},
    blocker::Change,
    body::{self, Budget, Response},
    guesses::Guesses,
    held,
    idempotency::{Attempt, Ended},
    inbound, media, messages,
    metrics::{CallLabels, KindLabel, Metrics, NumberLabel, OutcomeLabels},
    notes,
    number::Number,
    outbox::Outbox,
    settings,
    store::Store,
    templates,
};
use axum::body::Body;
use d360::{
    Outcome,
    migrate::{
        Note,
        calls::{self, OldCall},
        errors::Answer,
    },
};
use http::{HeaderName, Method, Request, StatusCode, header};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// What all requests share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) numbers: Vec<Arc<Number>>,
    pub(crate) tokens: Tokens,
    pub(crate) store: Arc<Store>,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) ended: Arc<Ended>,
    pub(crate) guesses: Arc<Guesses>,
    /// For bodies of whoever is known, and of whoever is not proven yet.
    pub(crate) budget: Budget,
    pub(crate) unproven: Budget,
    /// Bytes of the largest webhook that could not be kept, until that many can be.
    pub(crate) needs: AtomicUsize,
    pub(crate) webhook_hosts: Vec<String>,
    pub(crate) max_body: usize,
    pub(crate) call_timeout: Duration,
    /// Tells this process's unfinished requests from an earlier one's.
    pub(crate) process: i64,
}

impl Shared {
    pub(crate) fn noted(&self, number: &Number, call: &'static str, notes: &[Note]) {
        for note in notes {
            let labels = OutcomeLabels { number: number.name.clone(), outcome: note.kind.as_str() };
            self.metrics.notes.get_or_create(&labels).inc();
        }
        number.notes.take(call, notes);
    }
}

/// An answer to an old program, and what there is to know about it.
#[derive(Debug)]
pub(crate) struct Reply {
    status: u16,
    body: String,
    notes: Vec<Note>,
    headers: Vec<(HeaderName, String)>,
    /// Whether nothing was done for a reason that is not the request's: it may be made again as it is.
    free: bool,
}

impl Reply {
    pub(crate) fn new(answer: Answer) -> Self {
        Self::plain(answer.status, &answer.body)
    }
    /// A body that is not On-Premise's own.
    pub(crate) fn plain(status: u16, body: &impl Serialize) -> Self {
        let body = serde_json::to_string(body).unwrap_or_default();
        Self { status, body, notes: Vec::new(), headers: Vec::new(), free: matches!(status, 429 | 503) }
    }
    pub(crate) fn noted(mut self, notes: Vec<Note>) -> Self {
        self.notes = notes;
        self
    }
    pub(crate) fn header(mut self, name: HeaderName, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
    /// Of a call that failed: how long Cloud asks to wait, and whether the request may be made again as it is.
    pub(crate) fn failed(mut self, error: &d360::Error) -> Self {
        let refused_key = error.api().is_some_and(|api| api.status() == 401);
        self.free |= error.outcome() == Outcome::NotSent && error.invalid().is_none() || refused_key;
        match error.api().and_then(|api| api.retry_after()) {
            Some(wait) => self.header(header::RETRY_AFTER, &wait.as_secs().to_string()),
            // The line is too long: how long it is then, nobody knows.
            None if self.status == 429 => self.header(header::RETRY_AFTER, "5"),
            None => self,
        }
    }
    /// Whatever the table of calls has to say about it.
    fn noted_as_call(self, number: &Number, parts: &http::request::Parts, sent: &[u8]) -> Self {
        let body = serde_json::from_slice(sent).unwrap_or_default();
        let translated = calls::to_cloud(parts.method.as_str(), parts.uri.path(), &body, &number.options);
        let mut notes = translated.notes;
        notes.extend(self.notes);
        Self { notes, ..self }
    }
    fn into_response(self) -> Response {
        let mut response = body::json_text(self.status, self.body);
        if let Some(text) = notes::header(&self.notes) {
            response = body::with(response, body::NOTES, &text);
        }
        self.headers.into_iter().fold(response, |response, (name, value)| body::with(response, name, &value))
    }
}

/// Answers whatever comes in.
pub(crate) async fn answer(shared: Arc<Shared>, peer: SocketAddr, request: Request<Body>) -> Response {
    let path = request.uri().path().to_owned();
    let steps: Vec<&str> = path.trim_matches('/').split('/').collect();
    match steps[..] {
        ["healthz"] => alive(&shared),
        ["webhook"] => inbound::take(&shared, None, peer, request).await,
        ["webhook", name] => inbound::take(&shared, Some(name), peer, request).await,
        ["v1", "users", "login"] if request.method() == Method::POST => login(&shared, peer, request).await,
        _ => match access::number(&shared.numbers, &shared.tokens, request.headers()) {
            Some(number) => {
                let number = number.clone();
                known(shared, number, &steps, request).await
            }
            None => denied(&shared, request).await,
        },
    }
}

/// Somebody without a key, or with a wrong one.
async fn denied(shared: &Shared, request: Request<Body>) -> Response {
    if access::shows(request.headers()) {
        shared.metrics.failed_logins.get_or_create(&KindLabel { kind: "key" }).inc();
        tracing::warn!("a request with a wrong key or token");
    }
    let (parts, body) = request.into_parts();
    body::discard_of(&parts.headers, body).await;
    access::denied()
}

/// Whether it can do its work at all: without its state it has to be started anew.
fn alive(shared: &Shared) -> Response {
    if shared.store.is_alive() {
        body::text(StatusCode::OK, "ok\n")
    } else {
        body::text(StatusCode::SERVICE_UNAVAILABLE, "the file of state is given up; start the gateway anew\n")
    }
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

/// The port of its own: what needs no key there, and what does there too.
pub(crate) async fn operations_port(shared: Arc<Shared>, request: Request<Body>) -> Response {
    let path = request.uri().path().to_owned();
    if let Some(response) = operations(&shared, &path, None).await {
        return response;
    }
    let steps: Vec<&str> = path.trim_matches('/').split('/').collect();
    if !matches!(steps.first(), Some(&("waiting" | "aside"))) {
        return body::text(StatusCode::NOT_FOUND, "");
    }
    let Some(number) = access::number(&shared.numbers, &shared.tokens, request.headers()) else {
        return denied(&shared, request).await;
    };
    let query = request.uri().query().unwrap_or_default();
    let answered = held::answer(&shared, number, request.method(), &steps, query).await;
    answered.unwrap_or_else(|| body::text(StatusCode::NOT_FOUND, ""))
}

/// What needs no key where it is asked for on a port of its own. Whoever has a number's key sees that number's metrics alone.
async fn operations(shared: &Arc<Shared>, path: &str, number: Option<&Number>) -> Option<Response> {
    match path {
        "/healthz" => Some(alive(shared)),
        "/readyz" => Some(ready(shared).await),
        "/metrics" => {
            held::count_aside(shared).await;
            let own = number.filter(|_| shared.numbers.len() > 1);
            let text =
                own.map_or_else(|| shared.metrics.text(), |number| shared.metrics.text_of(&number.name));
            Some(body::text(StatusCode::OK, text))
        }
        _ => None,
    }
}

/// Whether a webhook could be kept: one of the usual size, or as large as the last that could not be.
async fn ready(shared: &Shared) -> Response {
    let size = shared.needs.load(Ordering::Relaxed);
    let filler = i64::try_from(size.max(4 << 10)).unwrap_or(4 << 10);
    let probe = shared.store.run(move |db| {
        // Written and taken away again, it would cost no disk space at all: it is written anew each time.
        db.execute("INSERT OR REPLACE INTO probe (id, filler) VALUES (1, randomblob(?1))", [filler])
    });
    match probe.await {
        Ok(_) => {
            // Another may have failed meanwhile.
            let _ = shared.needs.compare_exchange(size, 0, Ordering::Relaxed, Ordering::Relaxed);
            body::text(StatusCode::OK, "ready\n")
        }
        Err(error) => body::text(StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
    }
}

/// A request of somebody who may ask.
async fn known(shared: Arc<Shared>, number: Arc<Number>, steps: &[&str], request: Request<Body>) -> Response {
    if request.method() == Method::GET {
        if let Some(response) = operations(&shared, request.uri().path(), Some(&number)).await {
            return response;
        }
        if steps == ["notes"] {
            return body::json(200, &number.notes.document());
        }
    }
    let query = request.uri().query().unwrap_or_default();
    if let Some(response) = held::answer(&shared, &number, request.method(), steps, query).await {
        return response;
    }
    let began = Instant::now();
    let row = calls::look_up(request.method().as_str(), request.uri().path());
    let call = name_of(row);
    let (name, metrics) = (number.name.clone(), shared.metrics.clone());
    let response = called(shared, number, steps, request, row).await;
    let took = began.elapsed();
    metrics.seconds.get_or_create(&NumberLabel { number: name.clone() }).observe(took.as_secs_f64());
    let status = response.status().as_u16();
    metrics.calls.get_or_create(&CallLabels { number: name.clone(), call, status }).inc();
    tracing::info!(number = name, call, status, ms = took.as_secs_f64() * 1000.0, "call");
    response
}

/// What notes and metrics call it.
fn name_of(row: Option<&'static OldCall>) -> &'static str {
    row.map_or("other", |row| row.path)
}

async fn called(
    shared: Arc<Shared>,
    number: Arc<Number>,
    steps: &[&str],
    request: Request<Body>,
    row: Option<&'static OldCall>,
) -> Response {
    let call = name_of(row);
    let (parts, body) = request.into_parts();
    // Files are not read into memory.
    match (&parts.method, steps) {
        (&Method::POST, ["v1", "media"]) => {
            let reply =
                media::upload(&number, &parts.headers, body).await.noted_as_call(&number, &parts, b"");
            shared.noted(&number, call, &reply.notes);
            return reply.into_response();
        }
        (&Method::GET, ["v1", "media", id]) => {
            let noted = Reply::plain(200, &()).noted_as_call(&number, &parts, b"");
            shared.noted(&number, call, &noted.notes);
            return media::download(&number, id).await.unwrap_or_else(Reply::into_response);
        }
        _ => {}
    }
    let sent = match body::read(body, shared.max_body, &shared.budget).await {
        Ok(sent) => sent,
        Err(unread) => return unread.answer(),
    };
    let Some(key) = parts.headers.get("idempotency-key").filter(|_| parts.method == Method::POST) else {
        let reply = reply(&shared, &number, &parts, steps, &sent, row).await;
        shared.noted(&number, call, &reply.notes);
        return reply.into_response();
    };
    let key = String::from_utf8_lossy(key.as_bytes()).into_owned();
    let asked = format!("{} {}", parts.method, parts.uri.path());
    let attempt = match Attempt::new(&number.name, &key, &asked, &sent, shared.process) {
        Ok(attempt) => attempt,
        Err(refusal) => return body::answer(&refusal),
    };
    // From its beginning on it goes to its end and is remembered, even where the old program hangs up.
    let steps: Vec<String> = steps.iter().map(|step| (*step).to_owned()).collect();
    let (store, ended, begun) = (shared.store.clone(), shared.ended.clone(), attempt.clone());
    let work = tokio::spawn(async move {
        if let Some(before) = attempt.begin(&shared.store, &shared.ended).await {
            return before;
        }
        let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
        let reply = reply(&shared, &number, &parts, &steps, &sent, row).await;
        shared.noted(&number, call, &reply.notes);
        attempt.end(&shared.store, &shared.ended, reply.status, reply.body.clone(), reply.free).await;
        reply.into_response()
    });
    match work.await {
        Ok(response) => response,
        Err(_) => {
            let reply =
                Reply::new(d360::migrate::answers::unknown("The gateway failed while it was under way."));
            begun.end(&store, &ended, reply.status, reply.body.clone(), false).await;
            reply.into_response()
        }
    }
}

async fn reply(
    shared: &Shared,
    number: &Number,
    parts: &http::request::Parts,
    steps: &[&str],
    sent: &[u8],
    row: Option<&'static OldCall>,
) -> Reply {
    let decoded: Vec<_> = steps.iter().map(|step| percent_decode_str(step).decode_utf8_lossy()).collect();
    let steps: Vec<&str> = decoded.iter().map(AsRef::as_ref).collect();
    let query = parts.uri.query().unwrap_or_default();
    // An id may hold slashes.
    if let Some(id) = calls::message_id(parts.uri.path()).filter(|_| parts.method == Method::PUT) {
        return messages::mark_read(number, &id, sent).await.noted_as_call(number, parts, sent);
    }
    let reply = match (parts.method.as_str(), &steps[..]) {
        ("POST", ["v1", "messages"]) => return messages::send(shared, number, sent).await,
        ("POST", ["v1", "contacts"]) => messages::check_contacts(sent),
        ("GET", ["v1", "contacts", "blocklist"]) => messages::blocklist(number, query).await,
        ("POST", ["v1", "contacts", contact, "block"]) => {
            messages::change(number, contact, Change::Block, sent).await
        }
        ("POST", ["v1", "contacts", contact, "unblock"]) => {
            messages::change(number, contact, Change::Unblock, sent).await
        }
        ("POST", ["v1", "contacts", contact, "report"]) => messages::report(number, contact, sent).await,
        ("DELETE", ["v1", "media", id]) => media::delete(number, id).await,
        ("POST", ["v1", "users", "logout"]) => {
            access::logout(&shared.tokens, &shared.store, &parts.headers);
            Reply::new(d360::migrate::answers::done())
        }
        ("GET", ["v1", "health"]) => messages::health(number).await,
        ("GET", ["v1", "settings", "application"]) => settings::get(shared, number),
        ("PATCH", ["v1", "settings", "application"]) => settings::patch(shared, number, sent).await,
        ("DELETE", ["v1", "settings", "application"]) => settings::delete(shared, number).await,
        ("GET", ["v1", "configs", "webhook"]) => settings::config(shared, number),
        ("POST", ["v1", "configs", "webhook"]) => settings::set_config(shared, number, sent).await,
        ("GET", ["v1", "configs", "templates"]) => templates::list(number, query).await,
        ("POST", ["v1", "configs", "templates"]) => templates::create(number, sent).await,
        ("DELETE", ["v1", "configs", "templates", name]) => templates::delete(number, name, query).await,
        ("PUT", ["v1", "services", "message", "gc"]) => Reply::new(d360::migrate::answers::done()),
        _ => not_translated(parts.method.as_str(), row),
    };
    reply.noted_as_call(number, parts, sent)
}

/// Everything else: an error that says why.
fn not_translated(method: &str, row: Option<&OldCall>) -> Reply {
    let details = match row {
        Some(row) => format!("{}: {}", row.refusal(method), row.note),
        None => "This is no call of On-Premise that the gateway knows".to_owned(),
    };
    let what = if row.is_some_and(|row| row.cloud.is_some()) { "not-translated" } else { "no-counterpart" };
    Reply::new(Answer::error(1006, &details)).header(body::GATEWAY, what)
}
