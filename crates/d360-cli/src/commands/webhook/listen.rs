//! `d360 webhook listen`.
use super::shown;
use crate::{
    Result,
    args::{Listen, Signer},
    client,
    failure::{Exit, Failure},
    output::Output,
    statuses::{Feed, Reason, Status},
};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{self, Response, StatusCode},
};
use d360::{
    model::webhook::{Event, EventKind, WebhookError},
    transport::{AsyncTransport as _, Connection, HttpRequest, Payload, ReqwestTransport},
    webhook::{InvalidVerification, Receiver, Verification, axum::whole},
};
use serde_json::json;
use std::{
    net::ToSocketAddrs as _,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::mpsc;

/// Time limit for the forwarded request. 360dialog waits 5 seconds.
const FORWARD_LIMIT: Duration = Duration::from_secs(4);

struct Listener {
    receiver: Receiver,
    forward: Option<(ReqwestTransport, http::Uri)>,
    output: Output,
    feed: Feed,
    /// Receives a value per accepted webhook: false if its events could not be printed.
    taken: mpsc::UnboundedSender<bool>,
}

/// The required sender of a webhook.
pub(super) fn verification(
    signed_by: Option<Signer>,
    header: Option<&str>,
    secret: impl FnOnce() -> std::result::Result<String, Box<Failure>>,
) -> std::result::Result<Verification, Box<Failure>> {
    let made = match (signed_by, header) {
        (Some(Signer::App), _) => Verification::app_secret(secret()?),
        (Some(Signer::Platform), _) => Verification::platform_secret(secret()?),
        (None, Some(name)) => Verification::header(name, secret()?),
        (None, None) => Ok(Verification::none()),
    };
    made.map_err(|error: InvalidVerification| Failure::usage(error.to_string()))
}

pub(super) fn run(args: &Listen, output: Output) -> Result {
    let secret = || client::webhook_secret(args.secret_file.as_deref());
    let verification = verification(args.signed_by, args.secret_header.as_deref(), secret)?;
    let unproven = args.signed_by.is_none() && args.secret_header.is_none();
    let mut receiver = Receiver::new(verification);
    if let Some(token) = std::env::var("D360_VERIFY_TOKEN").ok().filter(|token| !token.trim().is_empty()) {
        receiver = receiver.verify_token(token).map_err(|error| Failure::usage(error.to_string()))?;
    }
    let forward = args.forward_to.as_deref().map(forward).transpose()?;
    let address = args.listen.to_socket_addrs().ok().and_then(|mut found| found.next());
    let address = address.ok_or_else(|| {
        Failure::usage(format!("{:?} is not an address; give one such as 127.0.0.1:4370", args.listen))
    })?;
    // Whether standard output can no longer be written.
    let cut = Arc::new(AtomicBool::new(false));
    client::runtime()?.block_on(async {
        let fail = |error| {
            Failure::local(format!(
                "cannot listen on {}: {error}; give another address with --listen",
                args.listen
            ))
        };
        let listener = tokio::net::TcpListener::bind(address).await.map_err(fail)?;
        let url = format!("http://{}", listener.local_addr().map_err(fail)?);
        let feed = Feed::open(&format!("listen-{}", std::process::id()));
        output.note(format!("listening on {url}, at any path; stop with Ctrl-C"));
        feed.note(output);
        if unproven {
            output.note(
                "anyone can post here: use --signed-by or --secret-header to accept only authentic webhooks",
            );
        }
        let (taken, mut told) = mpsc::unbounded_channel();
        let state = Arc::new(Listener { receiver, forward, output, feed, taken });
        let server = axum::serve(listener, Router::new().fallback(answer).with_state(state));
        let (count, end) = (args.count.unwrap_or(u64::MAX), cut.clone());
        let enough = async move {
            for _ in 0..count {
                match told.recv().await {
                    Some(true) => {}
                    Some(false) => return end.store(true, Ordering::Relaxed),
                    None => return,
                }
            }
        };
        tokio::select! {
            served = async { server.with_graceful_shutdown(enough).await } => {
                served.map_err(|error| Failure::local(format!("the server stopped: {error}")))
            }
            stopped = crate::commands::signals::stopped() => {
                stopped.map_err(|error| Failure::local(format!("cannot wait for signals: {error}")))
            }
        }
    })?;
    if cut.load(Ordering::Relaxed) {
        return Err(Failure::local(
            "cannot write to standard output; the webhook was answered with 503 and will be delivered again",
        ));
    }
    Ok(Exit::Done)
}

fn forward(url: &str) -> std::result::Result<(ReqwestTransport, http::Uri), Box<Failure>> {
    let uri = url.parse::<http::Uri>().ok().filter(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some() && !url.contains('@')
    });
    let uri = uri.ok_or_else(|| Failure::usage("--forward-to is not an http:// or https:// URL"))?;
    let transport =
        ReqwestTransport::new(&Connection::new()).map_err(|error| Failure::usage(error.to_string()))?;
    Ok((transport, uri))
}

async fn answer(State(state): State<Arc<Listener>>, request: Request) -> Response<Body> {
    if let Err(refused) = state.receiver.check_head(&request) {
        let why = refused.reason.unwrap_or_default();
        state.output.note(format!("{} {}: {why}", refused.status.as_u16(), request.method()));
        let mut response = status(refused.status);
        *response.body_mut() = Body::from(why);
        return response;
    }
    let request = match whole(&state.receiver, request).await {
        Ok(request) => request,
        Err(refused) => return refused,
    };
    let is_post = request.method() == http::Method::POST;
    let forward = state.forward.as_ref().filter(|_| is_post && state.receiver.check(&request).is_ok());
    if let Some(forward) = forward {
        let host = forward.1.authority().map(http::uri::Authority::as_str).unwrap_or_default();
        match post(forward, &request).await {
            Ok(answered) if answered.is_success() => {}
            // The webhook is delivered again, and its events count as new.
            Ok(answered) => {
                state.output.note(format!("{host} answered with {answered}"));
                let refused = answered.is_client_error() || answered.is_server_error();
                return status(if refused { answered } else { StatusCode::BAD_GATEWAY });
            }
            Err(why) => {
                state.output.note(format!("{host} did not answer: {}", d360::model::mask(&why)));
                return status(StatusCode::BAD_GATEWAY);
            }
        }
    }
    let mut printed = true;
    let mut answer = state.receiver.answer(&request, |events| {
        events.iter().filter_map(status_of).for_each(|status| state.feed.tell(&status));
        printed = events.iter().all(|event| state.output.document(&shown(event)));
        // Standard output may fail.
        if printed { Ok(()) } else { Err(()) }
    });
    if forward.is_some() && answer.status() == StatusCode::BAD_REQUEST {
        // It was already forwarded.
        let raw = String::from_utf8_lossy(request.body()).into_owned();
        let why = String::from_utf8_lossy(answer.body()).into_owned();
        printed = state.output.document(&json!({ "event": "unreadable", "reason": why, "raw": raw }));
        answer = http::Response::default();
        if !printed {
            *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        }
    }
    if !printed || (is_post && answer.status() == StatusCode::OK) {
        // The receiver is dropped only when the program ends.
        let _ = state.taken.send(printed);
    }
    if answer.status() != StatusCode::OK {
        let why = String::from_utf8_lossy(answer.body()).into_owned();
        state.output.note(format!("{} {}: {why}", answer.status().as_u16(), request.method()));
    }
    answer.map(Body::from)
}

/// Builds the forwarded webhook: body, content type, and all headers that may authenticate its sender.
async fn post(
    (transport, uri): &(ReqwestTransport, http::Uri),
    request: &http::Request<Bytes>,
) -> std::result::Result<StatusCode, String> {
    let mut sent = HttpRequest::new(http::Method::POST, uri.clone());
    // Connection-specific headers, including those that `Connection` lists (RFC 9110, 7.6.1).
    let own = [
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "upgrade",
        "expect",
        "accept-encoding",
    ];
    let named: Vec<String> = request
        .headers()
        .get_all(http::header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|names| names.split(',').map(|name| name.trim().to_ascii_lowercase()))
        .collect();
    let passed = |name: &http::HeaderName| {
        !own.contains(&name.as_str()) && !named.iter().any(|named| named == name.as_str())
    };
    for (name, value) in request.headers().iter().filter(|(name, _)| passed(name)) {
        sent.headers.append(name.clone(), value.clone());
    }
    sent.payload = Payload::Bytes(request.body().clone());
    sent.time_limit = FORWARD_LIMIT;
    let answer = transport.send(sent).await;
    answer.map(|answer| answer.status()).map_err(|error| error.to_string())
}

/// Returns the status for `d360 send --wait`.
fn status_of(event: &Event) -> Option<Status> {
    let EventKind::Status(status) = &event.kind else { return None };
    let reason = |error: &WebhookError| Reason {
        code: error.code.map(|code| code.0),
        title: error.title.as_deref().map(d360::model::mask),
    };
    Some(Status {
        id: status.id.as_str().to_owned(),
        status: status.status.as_str().to_owned(),
        errors: status.errors.iter().map(reason).collect(),
    })
}

fn status(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
