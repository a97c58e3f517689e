//! The fuzz targets: functions of bytes that panic if an invariant is broken. libFuzzer runs them, and so does a test
//! on stable.
use bytes::Bytes;
use d360::{
    ApiKey, Config, RateLimit, RetryPolicy,
    cloud::{
        self, Cloud,
        block_users::{BlockUsers, ListBlockedUsers, UnblockUsers},
        messages::SendMessage,
    },
    model::{
        Message, Recipient,
        block::{BlockAnswer, BlockReport, User},
        error::ApiError,
        mask, webhook,
    },
    onprem::{self, OnPrem},
    partner,
    transport::{
        Api, AuthScheme, BlockingTransport, Endpoint, Host, HttpRequest, HttpResponse, Path, ThreadSleep,
        TransportError, TransportErrorKind, Unreadable,
    },
};
use std::{collections::VecDeque, fmt::Debug, sync::Mutex};

#[path = "moving.rs"]
mod moving;
pub use moving::{
    gateway, gateway_config, migrate_calls, migrate_messages, migrate_sources, migrate_webhooks,
};

/// A function to fuzz.
pub type Target = fn(&[u8]);

/// All targets by name.
pub const TARGETS: [(&str, Target); 16] = [
    ("cloud_answers", cloud_answers),
    ("onprem_answers", onprem_answers),
    ("partner_answers", partner_answers),
    ("error_bodies", error_bodies),
    ("messages", messages),
    ("webhooks", webhooks),
    ("vcards", vcards),
    ("identities", identities),
    ("cursors", cursors),
    ("injection", injection),
    ("migrate_messages", migrate_messages),
    ("migrate_webhooks", migrate_webhooks),
    ("migrate_calls", migrate_calls),
    ("migrate_sources", migrate_sources),
    ("gateway", gateway),
    ("gateway_config", gateway_config),
];

/// Creates a response: the first byte selects the status, the rest is the body.
fn response(data: &[u8]) -> HttpResponse {
    const STATUSES: [u16; 12] = [200, 201, 202, 204, 304, 400, 401, 404, 429, 500, 502, 503];
    let (first, body) = data.split_first().unwrap_or((&0, &[]));
    let mut response = HttpResponse::new(Bytes::copy_from_slice(body));
    let status = STATUSES[usize::from(*first) % STATUSES.len()];
    *response.status_mut() = status.try_into().expect("a status");
    response
}

/// Parses `response` as the response to `E`, or as an error, and calls every accessor of the error.
fn read<E: Endpoint>(response: &HttpResponse) -> Option<E::Response> {
    match E::decode(response) {
        Ok(answer) => return Some(answer),
        Err(Unreadable::Shape(reason)) => drop(reason.to_string()),
        Err(_) => {}
    }
    error(&E::Api::refusal(response), response);
    None
}

fn error(error: &ApiError, response: &HttpResponse) {
    assert_eq!(error.status(), response.status().as_u16());
    assert_eq!(error.body(), &response.body()[..], "nothing is lost");
    let _ = (error.code(), error.info(), error.subcode(), error.kind(), error.title(), error.message());
    let _ = (error.details().map(|details| details.text()), error.trace_id(), error.is_transient());
    let _ = (error.user_title(), error.user_message(), error.retry_rule(), error.is_throttled());
    let _ = (error.is_auth(), error.is_reengagement(), error.is_blocked_by_us(), error.shape());
    assert!(!error.hint().is_empty() && !error.to_string().is_empty() && !format!("{error:?}").is_empty());
}

/// Checks that every possible number is masked.
fn shows_no_number(value: &impl Debug) {
    let text = format!("{value:?}");
    assert_eq!(mask(&text), text);
}

fn users() -> Vec<User> {
    ["+16505550123", "US.1a", "+16505550124"].map(|user| user.parse().expect("a user")).into()
}

fn no_user_is_lost(answer: &BlockAnswer) {
    let mut report = BlockReport::default();
    answer.report(&users(), &mut report);
    assert_eq!(report.done.len() + report.failed.len(), users().len());
    assert!(report.failed.iter().all(|failed| !failed.errors.is_empty()));
}

/// Responses of Cloud and Graph.
pub fn cloud_answers(data: &[u8]) {
    let response = response(data);
    if let Some(sent) = read::<SendMessage>(&response) {
        assert!(response.status().is_success() && sent.message_id().is_some());
        let _ = format!("{sent:?}");
    }
    read::<BlockUsers>(&response).iter().for_each(no_user_is_lost);
    read::<UnblockUsers>(&response).iter().for_each(no_user_is_lost);
    if let Some(page) = read::<ListBlockedUsers>(&response) {
        let _ = (page.after(), page.data.iter().filter_map(|user| user.key()).count(), format!("{page:?}"));
    }
}

/// Responses of On-Premise.
pub fn onprem_answers(data: &[u8]) {
    use onprem::contacts::{
        BlockContact, CheckContacts, GetIdentity, ListBlockedContacts, ReportContact, UnblockContact,
    };
    let response = response(data);
    if let Some(sent) = read::<onprem::messages::SendMessage>(&response) {
        assert!(response.status().is_success() && sent.message_id().is_some());
    }
    read::<BlockContact>(&response).iter().for_each(no_user_is_lost);
    read::<UnblockContact>(&response).iter().for_each(no_user_is_lost);
    let _ = (read::<ListBlockedContacts>(&response), read::<CheckContacts>(&response));
    let _ = (read::<GetIdentity>(&response), read::<ReportContact>(&response));
    let _ = read::<onprem::messages::MarkMessageRead>(&response);
}

/// Responses of the Partner API.
pub fn partner_answers(data: &[u8]) {
    let response = response(data);
    let _ = format!("{:?}", read::<partner::channels::ListChannels>(&response));
    let _ = format!("{:?}", read::<partner::token::CreateToken>(&response));
    read::<partner::block_users::BlockUsers>(&response).iter().for_each(no_user_is_lost);
    let _ = read::<partner::block_users::ListBlockedUsers>(&response);
}

/// Error bodies, parsed by every API.
pub fn error_bodies(data: &[u8]) {
    let response = response(data);
    error(&Cloud::refusal(&response), &response);
    error(&OnPrem::refusal(&response), &response);
    error(&partner::Partner::refusal(&response), &response);
}

/// Messages as JSON, of both systems: an accepted message round-trips.
pub fn messages(data: &[u8]) {
    if let Ok((message, _)) = Message::from_json(data) {
        let text = serde_json::to_vec(&message).expect("JSON");
        let (again, _) = Message::from_json(&text).expect("our own output");
        assert!(again == message, "{message:?}\n{again:?}");
        let _ = message.validate();
        shows_no_number(&message);
    }
    if let Ok((message, _)) = onprem::Message::from_json(data) {
        let text = serde_json::to_vec(&message).expect("JSON");
        let (again, _) = onprem::Message::from_json(&text).expect("our own output");
        assert!(again == message, "{message:?}\n{again:?}");
        let _ = message.validate();
    }
}

/// Webhooks of both systems: valid JSON gives an event for every item, and shows no number.
pub fn webhooks(data: &[u8]) {
    let Ok(events) = webhook::read(data) else { return };
    let shown = format!("{events:?}");
    assert!(!shown.contains("16505551234"), "{shown}");
    let saved = serde_json::to_string(&events).expect("JSON");
    let loaded: Vec<webhook::Event> = serde_json::from_str(&saved).expect("our own output");
    assert!(loaded == events, "{events:?}\n{loaded:?}");
    let mut windows = webhook::Windows::default();
    events.iter().for_each(|event| windows.saw(event));
    let to = "+16505551234";
    let closes = windows.closes(to).map(|closes| closes.seconds());
    windows.forget_closed(0);
    assert_eq!(windows.closes(to).is_some(), closes.is_some_and(|closes| closes > 0));
}

/// vCard files: parsed cards can be written, and written cards round-trip. (Control characters of a file are not
/// written, so the first round may change them.)
pub fn vcards(data: &[u8]) {
    let contacts = |data: &[u8]| -> Option<Vec<_>> {
        let cards = d360::vcard::read(data).ok()?;
        Some(cards.into_iter().map(|card| card.contact).collect())
    };
    let Some(first) = contacts(data) else { return };
    let text = d360::vcard::write(&first);
    let second = contacts(text.as_bytes()).expect("our own output");
    assert_eq!(second.len(), first.len(), "{text}");
    let text = d360::vcard::write(&second);
    let third = contacts(text.as_bytes()).expect("our own output");
    assert!(third == second, "{text}{second:#?}{third:#?}");
}

/// Recipients and users as people write them.
pub fn identities(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match text.parse::<Recipient>() {
        Ok(recipient) => {
            assert_eq!(recipient.problem(), None);
            shows_no_number(&recipient);
        }
        Err(error) => shows_no_number(&error),
    }
    match text.parse::<User>() {
        Ok(user) => {
            assert_eq!(user.problem(), None);
            shows_no_number(&user);
        }
        Err(error) => shows_no_number(&error),
    }
    let masked = mask(text);
    assert_eq!(mask(&masked), masked);
    let run = |text: &str| text.split(|c: char| !c.is_ascii_digit()).map(str::len).max();
    assert!(run(&masked) < Some(7), "{masked}");
}

/// Answers with one line after another, and then with empty pages.
#[derive(Debug)]
struct Lines(Mutex<VecDeque<Bytes>>);

impl BlockingTransport for Lines {
    fn send(&self, _: HttpRequest) -> Result<HttpResponse, TransportError> {
        let next = self.0.lock().expect("no panic").pop_front();
        let Some(line) = next else { return Ok(HttpResponse::new(Bytes::from_static(b"{\"data\":[]}"))) };
        match line.first() {
            None => Err(TransportError::new(TransportErrorKind::Interrupted, "cut")),
            Some(b'{') => Ok(HttpResponse::new(line)),
            Some(_) => Ok(response(&line)),
        }
    }
}

/// Lists whose pages are arbitrary: they end, and no user appears twice.
pub fn cursors(data: &[u8]) {
    let lines = data.split(|byte| *byte == b'\n').map(Bytes::copy_from_slice);
    let config = Config::new(ApiKey::new("k").expect("a key")).base_url("http://localhost:1");
    let config = config.retry(RetryPolicy::never()).rate_limit(RateLimit::off());
    let client = cloud::blocking::Client::with_transport(
        config.clone(),
        Lines(Mutex::new(lines.clone().collect())),
        ThreadSleep::new(),
    );
    let mut seen = Vec::new();
    for user in client.expect("a client").blocked_users(None) {
        let Ok(user) = user else { break };
        if let Some(key) = user.key() {
            assert!(!seen.contains(&key.to_owned()), "{key} twice");
            seen.push(key.to_owned());
        }
    }
    let client = onprem::blocking::Client::with_transport(
        config,
        Lines(Mutex::new(lines.collect())),
        ThreadSleep::new(),
    );
    let _ = client.expect("a client").blocked_users(Some(2)).take_while(Result::is_ok).count();
}

/// Keys, URLs, paths and labels: an accepted value cannot escape its place.
pub fn injection(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let harmless = |text: &str| !text.chars().any(|c| c.is_control() || c == ' ');
    if ApiKey::new(text).is_ok() {
        assert!(harmless(text.trim()) && text.trim().is_ascii(), "{text:?}");
    }
    if let Ok(host) = Host::new(text, AuthScheme::D360ApiKey) {
        assert!(harmless(&host.to_string()), "{host}");
    }
    let path = Path::fixed("/x").segment(text).param("q", text);
    assert!(path.as_str().bytes().all(|byte| byte.is_ascii_graphic()));
    let config = Config::new(ApiKey::new("k").expect("a key")).base_url("http://localhost:1/deep");
    let client =
        onprem::blocking::Client::with_transport(config, Lines(Mutex::default()), ThreadSleep::new());
    let mark = onprem::messages::MarkMessageRead::new(text);
    if let Ok(request) = client.expect("a client").request(&mark) {
        let uri = request.uri.to_string();
        let rest = uri.strip_prefix("http://localhost:1/deep/v1/messages/").expect("the place of the id");
        assert!(!rest.is_empty() && !rest.contains(['/', '?', '#']) && harmless(rest), "{uri}");
    }
}
