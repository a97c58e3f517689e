//! `/v1/messages`, `/v1/contacts` and `/v1/health`: translates calls to Cloud and its answers back.
use super::{reply::Reply, shared::Shared};
use crate::{
    blocker::{Change, Outcome},
    number::Number,
    web::body,
};
use d360::{
    CallOptions,
    cloud::{health::GetHealth, messages::MarkMessageRead},
    migrate::{
        answers, calls,
        errors::{Answer, Call},
        ids, message, user,
    },
    model::{Bsuid, CanSend, MessageId, PhoneNumber, SendResponse, WaId, block::User},
};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::{
    borrow::Cow,
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};

/// How long a fetched blocklist is valid.
const LIST_GOOD_FOR: Duration = Duration::from_secs(30);
/// The default and maximum page sizes of the blocklist.
const PAGE: usize = 100;
const MAX_PAGE: usize = 200;

/// `POST /v1/messages`.
pub(crate) async fn send(shared: &Shared, number: &Number, sent: &[u8]) -> Reply {
    let Ok(old) = serde_json::from_slice::<Value>(sent) else { return Reply::not_json() };
    // Returned in contacts[].input.
    let to = match old.get("to") {
        Some(Value::String(to)) => Some(to.clone()),
        Some(Value::Number(to)) => Some(to.to_string()),
        _ => None,
    };
    let translated = message::to_cloud_message(old, &number.options);
    let notes = translated.notes;
    let Some(message) = translated.value else { return Reply::refused(&notes).noted(notes) };
    // Posted at most once. The old program gets the outcome and decides whether to retry.
    let options = CallOptions::new().deadline(shared.call_timeout).no_retry();
    match number.client.with_options(options).send(message).await {
        Ok(answer) => match answer.message_id() {
            Some(id) => Reply::plain(201, &Sent::new(&answer, to.as_deref(), id, number)).noted(notes),
            None => Reply::new(answers::unknown("The response has no id.")).noted(notes),
        },
        Err(error) => Reply::failed_with(&error, Call::Message, notes),
    }
}

/// [`answers::sent_to`] as a type, because this is the most frequent answer.
#[derive(Serialize)]
struct Sent<'a> {
    messages: [SentId<'a>; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    contacts: Vec<SentTo<'a>>,
    meta: answers::Meta,
}

#[derive(Serialize)]
struct SentId<'a> {
    id: Cow<'a, str>,
}

#[derive(Serialize)]
struct SentTo<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wa_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a Bsuid>,
}

impl<'a> Sent<'a> {
    fn new(answer: &'a SendResponse, to: Option<&'a str>, id: &'a MessageId, number: &Number) -> Self {
        let id = if number.options.old_message_ids {
            ids::message_to_onprem(id.as_str()).into()
        } else {
            id.as_str().into()
        };
        // With a single recipient, the program gets back the notation it used.
        let to = to.filter(|_| answer.contacts.len() == 1);
        // A user without a number is identified by the BSUID.
        let contact = |told: &'a d360::model::SentTo| SentTo {
            input: to.or(told.input.as_ref().map(PhoneNumber::as_str)),
            wa_id: told.wa_id.as_ref().map(WaId::as_str).or(told.user_id.as_ref().map(Bsuid::as_str)),
            user_id: told.user_id.as_ref(),
        };
        let contacts = answer.contacts.iter().map(contact).collect();
        Self { messages: [SentId { id }], contacts, meta: answers::Meta::default() }
    }
}

/// `PUT /v1/messages/{id}` `{"status": "read"}`.
pub(crate) async fn mark_read(number: &Number, id: &str, sent: &[u8]) -> Reply {
    let Ok(body) = serde_json::from_slice::<Value>(sent) else { return Reply::not_json() };
    if body.get("status").and_then(Value::as_str) != Some("read") {
        return Reply::new(Answer::error(1009, "status must be read"));
    }
    if id.starts_with("wamid.") && id.contains(|c: char| c.is_whitespace() || c.is_control() || c == '%') {
        let details = "The id was damaged in the path: percent-encode it, or start the gateway with --old-ids, \
            which returns ids without . + / =";
        return Reply::new(Answer::error(1009, details));
    }
    let Some(id) = ids::message_to_cloud(id) else {
        let details = "This message was received through On-Premise; Cloud does not know it";
        return Reply::new(Answer::error(1006, details));
    };
    match number.client.call(MarkMessageRead::new(id)).await {
        Ok(()) => Reply::new(answers::done()),
        Err(error) => Reply::failed(&error, Call::Message),
    }
}

/// `POST /v1/contacts`: answers without a call, because Cloud cannot check contacts.
pub(crate) fn check_contacts(sent: &[u8]) -> Reply {
    let Ok(body) = serde_json::from_slice::<Value>(sent) else { return Reply::not_json() };
    let Some(numbers) = body.get("contacts").and_then(Value::as_array) else {
        return Reply::new(Answer::error(1008, "contacts is required"));
    };
    let numbers: Option<Vec<&str>> = numbers.iter().map(Value::as_str).collect();
    let Some(numbers) = numbers else {
        return Reply::new(Answer::error(1009, "contacts must be a list of strings"));
    };
    Reply::new(answers::contacts_checked(numbers)).header(body::GATEWAY, "contacts-not-checked")
}

/// Parses the contact of a path.
fn named(contact: &str) -> Result<User, Answer> {
    let invalid = "Provided WhatsApp ID is not valid. Please provide a valid WhatsApp ID or a phone number with a country code";
    user(contact).ok_or_else(|| Answer::error(1009, invalid))
}

/// `POST /v1/contacts/{phone_number}/block` and `/unblock`.
pub(crate) async fn change(number: &Number, contact: &str, change: Change, sent: &[u8]) -> Reply {
    if let Err(refusal) = reason(sent) {
        return Reply::new(refusal);
    }
    match named(contact) {
        Ok(user) => changed(number, change, user).await,
        Err(refusal) => Reply::new(refusal),
    }
}

/// Checks the body of a block or report. Cloud has no counterpart of its `reason`.
fn reason(sent: &[u8]) -> Result<Map<String, Value>, Answer> {
    if sent.is_empty() {
        return Ok(Map::new());
    }
    let body: Option<Map<String, Value>> =
        serde_json::from_slice(sent).map_err(|_| Answer::error(1025, "The body is not a JSON object"))?;
    let body = body.unwrap_or_default();
    let fits = |reason: &Value| reason.as_str().is_some_and(|text| (1..60).contains(&text.chars().count()));
    if body.get("reason").is_none_or(fits) {
        Ok(body)
    } else {
        Err(Answer::error(1009, "reason must be a string of less than 60 characters"))
    }
}

async fn changed(number: &Number, change: Change, user: User) -> Reply {
    let outcome = number.blocker.change(change, user).await;
    *number.blocked.lock().unwrap_or_else(PoisonError::into_inner) = None;
    match outcome {
        Some(Outcome::Done) => Reply::new(answers::done()),
        Some(Outcome::Failed(errors)) => {
            let errors: Vec<Value> = errors.iter().map(|error| json!(error)).collect();
            Reply::new(answers::blocked(&errors).value.unwrap_or_else(answers::done))
        }
        Some(Outcome::Call(error)) => Reply::failed(&error, Call::Block),
        None => Reply::new(Answer::error(1016, "The gateway is stopping; nothing was done")),
    }
}

/// `POST /v1/contacts/{phone_number}/report`: Cloud has no reports, so this only blocks the contact on request.
pub(crate) async fn report(number: &Number, contact: &str, sent: &[u8]) -> Reply {
    let (body, user) = match (reason(sent), named(contact)) {
        (Ok(body), Ok(user)) => (body, user),
        (Err(refusal), _) | (_, Err(refusal)) => return Reply::new(refusal),
    };
    let reply = match calls::report_blocks(&body.into()) {
        Some(false) => Reply::new(answers::done()),
        Some(true) => changed(number, Change::Block, user).await,
        None => Reply::new(Answer::error(1009, "block must be a boolean")),
    };
    reply.header(body::GATEWAY, "not-reported")
}

/// `GET /v1/contacts/blocklist`.
pub(crate) async fn blocklist(number: &Number, query: &str) -> Reply {
    let read = |name: &str, otherwise: usize| {
        let pair = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name);
        pair.map_or(Ok(otherwise), |(_, value)| value.parse::<usize>())
    };
    let (Ok(limit @ 1..=MAX_PAGE), Ok(offset)) = (read("limit", PAGE), read("offset", 0)) else {
        return Reply::new(Answer::error(1009, "limit must be in (0;200], offset from 0"));
    };
    let kept = number.blocked.lock().unwrap_or_else(PoisonError::into_inner).clone();
    // The first page is always fetched again.
    let kept = kept.filter(|(at, _)| offset > 0 && at.elapsed() < LIST_GOOD_FOR);
    let users = match kept {
        Some((_, users)) => users,
        None => match number.client.blocked_users(None).all().await {
            Ok(users) => {
                let users: Vec<String> =
                    users.iter().filter_map(|user| user.key().map(str::to_owned)).collect();
                let users = Arc::new(users);
                let fetched = Some((Instant::now(), users.clone()));
                *number.blocked.lock().unwrap_or_else(PoisonError::into_inner) = fetched;
                users
            }
            Err(error) => return Reply::failed(&error, Call::Block),
        },
    };
    Reply::new(answers::blocklist(&users, limit, offset))
}

/// `GET /v1/health`: whether messages can be sent through Cloud.
pub(crate) async fn health(number: &Number) -> Reply {
    let options = CallOptions::new().deadline(Duration::from_secs(5)).no_retry();
    let status = match number.client.with_options(options).call(GetHealth::new()).await {
        Ok(health) if health.health_status.can_send_message == Some(CanSend::Blocked) => "unregistered",
        Ok(_) => "connected",
        Err(_) => "disconnected",
    };
    let health = Map::from_iter([("health".to_owned(), json!({ "gateway_status": status }))]);
    Reply::new(Answer::ok(200, health))
}
