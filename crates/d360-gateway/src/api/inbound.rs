//! Receives webhooks of Cloud: verifies, translates, writes to disk, then answers.
use super::shared::Shared;
use crate::{
    delivery::outbox::Parcel,
    metrics::{OutcomeLabels, ReasonLabels},
    number::Number,
    web::{
        body::{self, Kept, Response},
        connections::Entry,
    },
};
use axum::body::Body;
use d360::{
    migrate::webhook,
    model::webhook as events,
    webhook::{answer_challenge, origin},
};
use http::{Method, Request, StatusCode, request::Parts};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
};

/// The maximum size of a webhook in bytes. Meta posts up to 3 MB.
pub(crate) const MOST: usize = 4 << 20;
/// Larger webhooks are translated on a blocking thread.
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
            return body::text(StatusCode::NOT_FOUND, "there are several numbers; post to /webhook/{name}");
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
    let refuse = |reason: &'static str, status: StatusCode, why: String| {
        refused(shared, number, reason);
        body::text(status, why)
    };
    let proof = match begin(number, &parts, peer) {
        Ok(proof) => proof,
        Err((status, why)) => {
            body::discard_of(&parts.headers, body).await;
            return refuse("unproven", status, why);
        }
    };
    // Unverified bodies have their own budget, so that they cannot use up that of authenticated requests.
    let budget = if proof == Proof::Body { &shared.unproven } else { &shared.budget };
    // For the same reason their connections may be closed like idle ones.
    let entry = parts.extensions.get::<Arc<Entry>>().filter(|_| proof == Proof::Body);
    if let Some(entry) = entry {
        entry.pause();
    }
    let read = body::read(body, MOST, budget).await;
    if entry.is_some_and(|entry| !entry.go_on()) {
        return refuse("overload", StatusCode::SERVICE_UNAVAILABLE, "all connections are in use".to_owned());
    }
    let sent = match read {
        Ok(sent) => sent,
        Err(unread) => {
            refused(shared, number, unread.reason());
            return unread.answer();
        }
    };
    if let Some(verification) = number.verification.as_ref().filter(|_| proof == Proof::Body)
        && let Err(why) = verification.verify(&parts.headers, &sent)
    {
        return refuse("unproven", StatusCode::UNAUTHORIZED, why.to_string());
    }
    // Keeps its share of the budget until its items are stored.
    let (size, sent) = (sent.len(), Arc::new(sent));
    let Some(translated) = translated(shared, number, sent.clone()).await else {
        return refuse("malformed", StatusCode::BAD_REQUEST, "the body is not JSON".to_owned());
    };
    let count = |outcome: &'static str, times: usize| {
        if times > 0 {
            let labels = OutcomeLabels { number: number.name.clone(), outcome };
            shared.metrics.webhooks.get_or_create(&labels).inc_by(times as u64);
        }
    };
    let Translated { parcels, without, withheld, of_others } = translated;
    count("without_counterpart", without);
    count("withheld", withheld);
    count("other_number", of_others);
    if of_others > 0 {
        tracing::warn!(
            number = number.name,
            items = of_others,
            "webhooks of another phone_number_id are not delivered"
        );
        if parcels.is_empty() && without == 0 && withheld == 0 {
            let why = "this webhook has another phone_number_id than the gateway's configuration";
            return refuse("other_number", StatusCode::FORBIDDEN, why.to_owned());
        }
    }
    let came = parcels.len();
    match shared.outbox.accept(parcels).await {
        Ok(new) => {
            count("accepted", new);
            count("duplicate", came - new);
            body::text(StatusCode::OK, "")
        }
        Err(error) => {
            tracing::error!(%error, "a webhook could not be stored; Cloud will retry it");
            // The gateway is ready again when it can store a webhook of this size.
            shared.needs.fetch_max(size, Ordering::Relaxed);
            refuse("state", StatusCode::SERVICE_UNAVAILABLE, "the webhook could not be stored".to_owned())
        }
    }
}

fn refused(shared: &Shared, number: &Number, reason: &'static str) {
    let labels = ReasonLabels { number: number.name.clone(), reason };
    shared.metrics.refused.get_or_create(&labels).inc();
}

/// Which part of a webhook authenticates its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proof {
    Head,
    Body,
}

/// Authenticates a webhook by its head, before its body is read. Without a secret, only programs of this machine are
/// accepted.
fn begin(number: &Number, parts: &Parts, peer: SocketAddr) -> Result<Proof, (StatusCode, String)> {
    let (headers, denied) = (&parts.headers, |why: String| (StatusCode::UNAUTHORIZED, why));
    let secret = number.verification.as_ref().filter(|verification| !verification.is_none());
    if secret.is_none() && origin::is_foreign_page(headers) {
        return Err((StatusCode::FORBIDDEN, "webhooks are not accepted from pages in a browser".to_owned()));
    }
    match &number.verification {
        Some(verification) => match verification.verify_head(headers) {
            Ok(true) => Ok(Proof::Head),
            Ok(false) => Ok(Proof::Body),
            Err(refused) => Err(denied(refused.to_string())),
        },
        None if origin::is_local(peer.ip(), &parts.uri, headers) => Ok(Proof::Head),
        None => Err(denied(
            "the gateway has no secret to verify webhooks, and only accepts them from programs of its own machine".to_owned(),
        )),
    }
}

/// Translates a webhook to the old form. Returns `None` if it is not JSON. A long one is translated on a blocking
/// thread, because it would delay other connections.
async fn translated(shared: &Arc<Shared>, number: &Arc<Number>, sent: Arc<Kept>) -> Option<Translated> {
    let is_long = sent.len() > LONG;
    let (shared, number) = (shared.clone(), number.clone());
    let work = move || Some(parcels(&shared, &number, &events::json(&sent).ok()?));
    if !is_long {
        return work();
    }
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|failed| match failed.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        // The runtime is shutting down, and the connection with it.
        Err(_) => None,
    })
}

/// A webhook in the old form.
#[derive(Default)]
struct Translated {
    parcels: Vec<Parcel>,
    /// The number of items without an old form.
    without: usize,
    /// The number of `sent` statuses that the old program has turned off.
    withheld: usize,
    /// The number of items of another phone number.
    of_others: usize,
}

fn parcels(shared: &Shared, number: &Number, value: &Value) -> Translated {
    let mut all = Translated::default();
    let sent_status = number.sent_status.load(Ordering::Relaxed);
    for item in webhook::split(value) {
        let of = item.pointer("/entry/0/changes/0/value/metadata/phone_number_id").and_then(Value::as_str);
        if let (Some(own), Some(of)) = (&number.phone_number_id, of)
            && own != of
        {
            all.of_others += 1;
            continue;
        }
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

/// Returns the user whose order is preserved, and the key that detects duplicates.
fn known_by(cloud: &Value, flat: &Value) -> (String, Option<String>) {
    let text = |item: Option<&Value>, key: &str| {
        item.and_then(|item| item.get(key)).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let own = |key: &str| cloud.pointer(&format!("/entry/0/changes/0/value/{key}/0"));
    // On-Premise has calls as messages. The start and the end of a call share one id.
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
