//! Webhooks of Cloud: proven, translated, written to disk, answered.
use crate::{
    api::Shared,
    body::{self, Response},
    metrics::OutcomeLabels,
    number::Number,
    outbox::Parcel,
};
use axum::body::{Body, Bytes};
use d360::{migrate::webhook, model::webhook as events, webhook::answer_challenge};
use http::{HeaderMap, Method, Request, StatusCode};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
};

/// Longest webhook, in bytes: Meta posts up to 3 MB.
const MOST: usize = 4 << 20;
/// A webhook of more bytes is translated off the async workers.
const LONG: usize = 32 << 10;
const CALL: &str = "webhook";

/// `POST /webhook` or `/webhook/{name}`.
pub(crate) async fn take(
    shared: &Arc<Shared>,
    name: Option<&str>,
    peer: SocketAddr,
    request: Request<Body>,
) -> Response {
    let number = match name {
        Some(name) => shared.numbers.iter().find(|number| number.name == name),
        None if shared.numbers.len() == 1 => shared.numbers.first(),
        None => {
            return body::text(StatusCode::NOT_FOUND, "there are several numbers: post to /webhook/{name}");
        }
    };
    let Some(number) = number else { return body::text(StatusCode::NOT_FOUND, "there is no such number") };
    let (parts, body) = request.into_parts();
    if parts.method == Method::GET {
        return match &number.verify_token {
            Some(token) => match answer_challenge(&parts.uri, token.expose_secret()) {
                Ok(challenge) => body::text(StatusCode::OK, challenge),
                Err(refused) => body::text(StatusCode::FORBIDDEN, refused.to_string()),
            },
            None => body::text(StatusCode::METHOD_NOT_ALLOWED, ""),
        };
    }
    if parts.method != Method::POST {
        return body::text(StatusCode::METHOD_NOT_ALLOWED, "");
    }
    let sent = match body::read(body, MOST).await {
        Ok(sent) => sent,
        Err(refusal) => return body::answer(&refusal),
    };
    if let Err(why) = proven(number, &parts.headers, peer, &sent) {
        return body::text(StatusCode::UNAUTHORIZED, why);
    }
    let Some(Translated { parcels, without, withheld }) = translated(shared, number, sent).await else {
        return body::text(StatusCode::BAD_REQUEST, "the body is no JSON");
    };
    let count = |outcome: &'static str, times: usize| {
        if times > 0 {
            let labels = OutcomeLabels { number: number.name.clone(), outcome };
            shared.metrics.webhooks.get_or_create(&labels).inc_by(times as u64);
        }
    };
    count("without_counterpart", without);
    count("withheld", withheld);
    let came = parcels.len();
    match shared.outbox.accept(parcels).await {
        Ok(new) => {
            count("accepted", new);
            count("duplicate", came - new);
            body::text(StatusCode::OK, "")
        }
        Err(error) => {
            tracing::error!(%error, "a webhook could not be kept; it comes again");
            body::text(StatusCode::SERVICE_UNAVAILABLE, "the webhook could not be kept")
        }
    }
}

/// Who sent it. Without a secret, only this machine itself, and nothing that says it passes something on.
fn proven(number: &Number, headers: &HeaderMap, peer: SocketAddr, sent: &[u8]) -> Result<(), String> {
    match &number.verification {
        Some(verification) => verification.verify(headers, sent).map_err(|refused| refused.to_string()),
        None => {
            let passed_on =
                ["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "forwarded", "x-real-ip", "via"];
            let host =
                headers.get(http::header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
            let here = ["localhost", "127.0.0.1", "[::1]"];
            let named_here = here.iter().any(|name| {
                host == *name || host.strip_prefix(name).is_some_and(|rest| rest.starts_with(':'))
            });
            if peer.ip().is_loopback()
                && named_here
                && !passed_on.iter().any(|name| headers.contains_key(*name))
            {
                Ok(())
            } else {
                Err("the gateway has no secret to know webhooks by, and takes them from programs of its own machine alone".to_owned())
            }
        }
    }
}

/// What a webhook holds in the old form, and how many items have none; `None` where it is no JSON. A long one is read on a thread
/// of its own: it would keep other connections waiting.
async fn translated(shared: &Arc<Shared>, number: &Arc<Number>, sent: Bytes) -> Option<Translated> {
    let is_long = sent.len() > LONG;
    let (shared, number) = (shared.clone(), number.clone());
    let work = move || Some(parcels(&shared, &number, &events::json(&sent).ok()?));
    if !is_long {
        return work();
    }
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|failed| match failed.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        // The runtime ends, and with it the connection.
        Err(_) => None,
    })
}

/// A webhook in the old form.
#[derive(Default)]
struct Translated {
    parcels: Vec<Parcel>,
    /// How many items have no old form.
    without: usize,
    /// How many statuses `sent` the old program does not want.
    withheld: usize,
}

fn parcels(shared: &Shared, number: &Number, value: &Value) -> Translated {
    let mut all = Translated::default();
    let sent_status = number.sent_status.load(Ordering::Relaxed);
    for item in webhook::split(value) {
        let translated = webhook::to_onprem(&item, &number.options);
        shared.noted(number, CALL, &translated.notes);
        let flat = translated.value.unwrap_or_default();
        if flat.is_empty() {
            all.without += 1;
        }
        for flat in flat {
            if !sent_status && flat.pointer("/statuses/0/status").is_some_and(|status| status == "sent") {
                all.withheld += 1;
                continue;
            }
            let (user, seen) = known_by(&item, &flat);
            all.parcels.push(Parcel { number: number.name.clone(), user, seen, body: flat.to_string() });
        }
    }
    all
}

/// Whose order counts, and what tells a duplicate.
fn known_by(cloud: &Value, flat: &Value) -> (String, Option<String>) {
    let text = |item: Option<&Value>, key: &str| {
        item.and_then(|item| item.get(key)).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let own = |key: &str| cloud.pointer(&format!("/entry/0/changes/0/value/{key}/0"));
    // A call is a message there; its beginning and its end have one id.
    if let Some(message) = flat.pointer("/messages/0").or_else(|| flat.pointer("/calls/0")) {
        let (id, call) = (text(own("messages"), "id"), text(own("calls"), "id"));
        let key = if id.is_empty() { format!("c {call}") } else { format!("m {id}") };
        return (text(Some(message), "from"), (!id.is_empty() || !call.is_empty()).then_some(key));
    }
    if let Some(status) = flat.pointer("/statuses/0") {
        let told = own("statuses");
        let id = text(told, "id");
        let member = text(told, "recipient_participant_id") + &text(told, "recipient_participant_user_id");
        // A payment fails more than once under the same id.
        let time = if text(told, "type") == "payment" { text(told, "timestamp") } else { String::new() };
        let key = format!("s {id} {} {member}{time}", text(told, "status"));
        return (text(Some(status), "recipient_id"), (!id.is_empty()).then_some(key));
    }
    (String::new(), None)
}
