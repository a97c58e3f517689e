//! `d360 webhook listen`.
use super::shown;
use crate::{
    Result,
    args::{Listen, Signer},
    client,
    output::{Exit, Failure, Output},
};
use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{self, Response, StatusCode},
};
use d360::{
    transport::{AsyncTransport as _, Connection, HttpRequest, Payload, ReqwestTransport},
    webhook::{InvalidVerification, NotTaken, Receiver, Verification},
};
use std::{net::ToSocketAddrs as _, sync::Arc, time::Duration};
use tokio::sync::mpsc;

/// How long the program behind may take: 360dialog waits for 5 seconds.
const FORWARD_LIMIT: Duration = Duration::from_secs(5);

struct Listener {
    receiver: Receiver,
    forward: Option<(ReqwestTransport, http::Uri)>,
    output: Output,
    /// Told of every webhook that was taken.
    taken: mpsc::UnboundedSender<()>,
}

/// Who a webhook has to be from.
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
    let secret = || client::webhook_secret(&args.secret);
    let verification = verification(args.signed_by, args.secret_header.as_deref(), secret)?;
    let unproven = args.signed_by.is_none() && args.secret_header.is_none();
    let mut receiver = Receiver::new(verification);
    if let Some(token) = std::env::var("D360_VERIFY_TOKEN").ok().filter(|token| !token.trim().is_empty()) {
        receiver = receiver.verify_token(token).map_err(|error| Failure::usage(error.to_string()))?;
    }
    let forward = args.forward_to.as_deref().map(forward).transpose()?;
    let address = args.listen.to_socket_addrs().ok().and_then(|mut found| found.next());
    let address = address
        .ok_or_else(|| Failure::usage(format!("{:?} is no address such as 127.0.0.1:4370", args.listen)))?;
    client::runtime()?.block_on(async {
        let fail = |error| {
            Failure::local(format!(
                "cannot listen on {}: {error}; give another address with --listen",
                args.listen
            ))
        };
        let listener = tokio::net::TcpListener::bind(address).await.map_err(fail)?;
        let url = format!("http://{}", listener.local_addr().map_err(fail)?);
        output.note(format!("listening on {url}, at any path; stop with Ctrl-C"));
        if unproven {
            output.note("anybody can post here: --signed-by or --secret-header takes only what is proven");
        }
        let (taken, mut told) = mpsc::unbounded_channel();
        let state = Arc::new(Listener { receiver, forward, output, taken });
        let server = axum::serve(listener, Router::new().fallback(answer).with_state(state));
        let count = args.count.unwrap_or(u64::MAX);
        let enough = async move {
            for _ in 0..count {
                if told.recv().await.is_none() {
                    return;
                }
            }
        };
        tokio::select! {
            served = async { server.with_graceful_shutdown(enough).await } => {
                served.map_err(|error| Failure::local(format!("the server ended: {error}")))
            }
            stopped = crate::commands::sandbox::stopped() => {
                stopped.map_err(|error| Failure::local(format!("cannot wait for signals: {error}")))
            }
        }
    })?;
    Ok(Exit::Done)
}

fn forward(url: &str) -> std::result::Result<(ReqwestTransport, http::Uri), Box<Failure>> {
    let uri = url.parse::<http::Uri>().ok().filter(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some() && !url.contains('@')
    });
    let uri = uri.ok_or_else(|| Failure::usage("--forward-to is no URL with http:// or https://"))?;
    let transport =
        ReqwestTransport::new(&Connection::new()).map_err(|error| Failure::usage(error.to_string()))?;
    Ok((transport, uri))
}

async fn answer(State(state): State<Arc<Listener>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, state.receiver.longest_body().saturating_add(1)).await else {
        return status(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let request = http::Request::from_parts(parts, body);
    let is_post = request.method() == http::Method::POST;
    if let (Some(forward), true) = (&state.forward, is_post && state.receiver.check(&request).is_ok()) {
        match post(forward, &request).await {
            Ok(answered) if answered.is_success() => {}
            // It comes again, and its events are new then.
            Ok(answered) => {
                state.output.note(format!("{} answered with {answered}", forward.1));
                return status(answered);
            }
            Err(why) => {
                state.output.note(format!("{} did not answer: {why}", forward.1));
                return status(StatusCode::BAD_GATEWAY);
            }
        }
    }
    let answer = state.receiver.answer(&request, |events| {
        events.iter().for_each(|event| state.output.document(&shown(event)));
        if crate::output::was_cut() { Err(NotTaken::because("standard output is full")) } else { Ok(()) }
    });
    if answer.status() == StatusCode::OK {
        if is_post {
            // The other end is gone only where the program ends.
            let _ = state.taken.send(());
        }
    } else {
        let why = String::from_utf8_lossy(answer.body()).into_owned();
        state.output.note(format!("{} {}: {why}", answer.status().as_u16(), request.method()));
    }
    answer.map(Body::from)
}

/// The webhook as it came: body, type, and whatever header may prove who sent it.
async fn post(
    (transport, uri): &(ReqwestTransport, http::Uri),
    request: &http::Request<Bytes>,
) -> std::result::Result<StatusCode, String> {
    let mut sent = HttpRequest::new(http::Method::POST, uri.clone());
    let own = [
        http::header::HOST,
        http::header::CONTENT_LENGTH,
        http::header::TRANSFER_ENCODING,
        http::header::CONNECTION,
        http::header::EXPECT,
        http::header::ACCEPT_ENCODING,
    ];
    for (name, value) in request.headers().iter().filter(|(name, _)| !own.contains(name)) {
        sent.headers.append(name.clone(), value.clone());
    }
    sent.payload = Payload::Bytes(request.body().clone());
    sent.time_limit = FORWARD_LIMIT;
    let answer = transport.send(sent).await;
    answer.map(|answer| answer.status()).map_err(|error| error.to_string())
}

fn status(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
