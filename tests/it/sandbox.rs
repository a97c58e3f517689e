//! The clients against the sandbox.
use crate::rig::{Client, Naps, REAL, real};
use d360::{
    ApiKey, Config, Error, Outcome, RetryPolicy,
    cloud::messages::SendMessage,
    model::{Contact, Location, Message, Name, Phone, block::User},
};
use d360_sandbox::{Failure, Sandbox};
use std::time::Duration;

fn all(sandbox: &Sandbox) -> [(&'static str, Client); REAL] {
    let config = Config::new(ApiKey::new(sandbox.key()).unwrap()).base_url(sandbox.base_url());
    real(&config, &Naps::default())
}

fn each(test: impl Fn(&Sandbox, &Client)) {
    for i in 0..REAL {
        let sandbox = Sandbox::start().unwrap();
        let (_, client) = all(&sandbox).into_iter().nth(i).unwrap();
        test(&sandbox, &client);
    }
}

fn card() -> Message {
    let card = Contact::new(Name::new("Ada King").first_name("Ada"))
        .phone(Phone::new("+447700900123").wa_id("447700900123"));
    Message::contacts("+16505551234", [card])
}

fn place(to: &str) -> Message {
    let place = Location::new(-33.8, 151.2).unwrap().name("Sydney");
    Message::location(to, place)
}

fn code(error: &Error) -> i64 {
    error.code().unwrap().0
}

fn user(text: &str) -> User {
    text.parse().unwrap()
}

#[test]
fn messages_need_an_open_window() {
    each(|sandbox, client| {
        let error = client.call(SendMessage::new(card())).unwrap_err();
        assert_eq!(code(&error), 131_047);
        assert!(error.api().unwrap().is_reengagement());
        assert_eq!(error.outcome(), Outcome::Refused { retryable: false });
        sandbox.user_writes("+1 650 555 1234");
        let sent = client.call(SendMessage::new(card())).unwrap();
        assert!(sent.message_id().unwrap().as_str().starts_with("wamid."));
        assert_eq!(sent.contacts[0].wa_id.as_ref().unwrap().as_str(), "16505551234");
        client.call(SendMessage::new(place("0016505551234"))).unwrap();
        client.call(SendMessage::new(Message::text("16505551234@s.whatsapp.net", "Hi"))).unwrap();
        assert_eq!(sandbox.messages()[0], serde_json::to_value(card()).unwrap());
        sandbox.advance(Duration::from_secs(24 * 60 * 60));
        assert_eq!(code(&client.call(SendMessage::new(card())).unwrap_err()), 131_047);
    });
}

#[test]
fn users_are_blocked_listed_and_unblocked() {
    each(|sandbox, client| {
        sandbox.user_writes("+16505551234");
        sandbox.user_writes("US.1a2b");
        sandbox.not_on_whatsapp("+14155550000");
        let users = vec![user("+14155559876"), user("+16505551234"), user("+14155550000"), user("US.1a2b")];
        for status in [400, 200] {
            sandbox.mixed_block_status(status);
            let report = client.block(users.clone()).unwrap();
            let done: Vec<_> = report.done.iter().map(|done| done.input.as_str()).collect();
            assert_eq!(done, ["+16505551234", "US.1a2b"]);
            let failed: Vec<_> = report.failed.iter().map(|failed| failed.input.as_str()).collect();
            assert_eq!(failed, ["+14155559876", "+14155550000"]);
            assert!(report.failed.iter().all(|failed| failed.errors[0].code.unwrap().0 == 131_047));
            assert!(report.failed[1].wa_id.is_none());
        }
        let keys = |client: &Client| -> Vec<String> {
            client.blocked(Some(1)).unwrap().iter().map(|user| user.key().unwrap().to_owned()).collect()
        };
        assert_eq!(keys(client), ["16505551234", "US.1a2b"]);
        let error = client.call(SendMessage::new(card())).unwrap_err();
        assert!(error.api().unwrap().is_blocked_by_us());
        assert!(client.unblock(vec![user("+16505551234"), user("US.1a2b")]).unwrap().is_complete());
        assert!(keys(client).is_empty());
        client.call(SendMessage::new(card())).unwrap();
    });
}

#[test]
fn thousands_are_blocked_and_listed_page_by_page() {
    for status in [200, 400] {
        each(|sandbox, client| {
            sandbox.mixed_block_status(status);
            let users: Vec<User> = (0..2_500).map(|n| user(&format!("+1650{n:07}"))).collect();
            users.iter().skip(1).for_each(|user| sandbox.user_writes(user.as_str()));
            sandbox.not_on_whatsapp(users[1_700].as_str());
            let report = client.block(users.clone()).unwrap();
            // Exactly these two, with their reasons.
            let failed: Vec<&User> = report.failed.iter().map(|failed| &failed.input).collect();
            assert_eq!(failed, [&users[0], &users[1_700]]);
            let details =
                |i: usize| report.failed[i].errors[0].error_data.as_ref().unwrap().text().unwrap().to_owned();
            assert!(details(0).contains("24 hours") && details(1).contains("not a WhatsApp user"));
            let done: Vec<&User> = report.done.iter().map(|done| &done.input).collect();
            assert_eq!(done, users.iter().filter(|user| !failed.contains(user)).collect::<Vec<_>>());
            let posts = sandbox.requests().iter().filter(|request| request["method"] == "POST").count();
            assert_eq!(posts, 3);
            assert_eq!(client.blocked(Some(700)).unwrap().len(), 2_498);
        });
    }
}

#[test]
fn a_list_that_changes_during_reading_yields_every_user_once() {
    // Another user is blocked whenever one of these users is listed.
    let changes = [120, 2_500, 4_999];
    let everybody = |seen: Vec<String>| {
        let unique: std::collections::HashSet<_> = seen.iter().collect();
        assert_eq!((seen.len(), unique.len()), (5_003, 5_003));
    };
    let start = || {
        let sandbox = Sandbox::start().unwrap();
        sandbox.block((0..5_000).map(|n| format!("1650{n:07}")));
        let config = Config::new(ApiKey::new(sandbox.key()).unwrap()).base_url(sandbox.base_url());
        (sandbox, config)
    };
    let meanwhile = |sandbox: &Sandbox, seen: &[String]| {
        if changes.contains(&seen.len()) {
            sandbox.block([format!("1999{:07}", seen.len())]);
        }
    };
    let (sandbox, config) = start();
    let mut seen = Vec::new();
    for user in d360::cloud::blocking::Client::new(config).unwrap().blocked_users(Some(250)) {
        seen.push(user.unwrap().key().unwrap().to_owned());
        meanwhile(&sandbox, &seen);
    }
    everybody(seen);
    let (sandbox, config) = start();
    let mut seen = Vec::new();
    crate::rig::runtime().block_on(async {
        let mut users = d360::cloud::Client::new(config).unwrap().blocked_users(Some(250));
        while let Some(user) = users.next().await {
            seen.push(user.unwrap().key().unwrap().to_owned());
            meanwhile(&sandbox, &seen);
        }
    });
    everybody(seen);
}

#[test]
fn a_list_that_changes_at_every_page_ends_in_a_clear_error() {
    each(|sandbox, client| {
        sandbox.block((0..100).map(|n| format!("1650{n:07}")));
        sandbox.fail(Failure::code(139_102).times(100).on("GET", "/block_users"));
        let error = client.blocked(Some(10)).unwrap_err();
        assert_eq!(code(&error), 139_102);
        assert!(error.hint().contains("first page"), "{}", error.hint());
        assert!(sandbox.requests().len() < 20);
    });
}

#[test]
fn failures_can_be_requested() {
    each(|sandbox, client| {
        sandbox.user_writes("+16505551234");
        let messages = |failure: Failure| failure.on("POST", "/messages");
        sandbox.fail(messages(Failure::code(130_429)).times(2));
        client.call(SendMessage::new(card())).unwrap();
        assert_eq!(sandbox.requests().len(), 3);
        sandbox.fail(messages(Failure::code(131_000)));
        assert_eq!(client.call(SendMessage::new(card())).unwrap_err().outcome(), Outcome::Unknown);
        assert_eq!(sandbox.requests().len(), 4, "a message of unknown outcome is not sent again");
        sandbox.fail(messages(Failure::http(502)));
        assert_eq!(client.call(SendMessage::new(card())).unwrap_err().outcome(), Outcome::Unknown);
        sandbox.fail(messages(Failure::http(401)));
        assert!(client.call(SendMessage::new(card())).unwrap_err().api().unwrap().is_auth());
        sandbox.fail(Failure::http(502).on("GET", "/block_users"));
        client.blocked(None).unwrap();
    });
}

#[test]
fn a_wrong_key_is_refused() {
    let sandbox = Sandbox::start().unwrap();
    let config = Config::new(ApiKey::new("wrong").unwrap()).base_url(sandbox.base_url());
    for (_, client) in real(&config, &Naps::default()) {
        let error = client.call(SendMessage::new(card())).unwrap_err();
        assert!(error.api().unwrap().is_auth() && error.api().unwrap().status() == 401);
    }
}

#[test]
fn rate_limits_apply_when_enabled() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.user_writes("+16505551234");
    sandbox.limits(None, true);
    let config = Config::new(ApiKey::new(sandbox.key()).unwrap()).base_url(sandbox.base_url());
    let [(_, client), ..] = real(&config.retry(RetryPolicy::never()), &Naps::default());
    for _ in 0..45 {
        client.call(SendMessage::new(place("+16505551234"))).unwrap();
    }
    assert_eq!(code(&client.call(SendMessage::new(place("+16505551234"))).unwrap_err()), 131_056);
    sandbox.advance(Duration::from_secs(6));
    client.call(SendMessage::new(place("+16505551234"))).unwrap();
}

/// The response to a client without validation: the sandbox follows the documents.
#[test]
fn the_sandbox_refuses_what_the_documents_refuse() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.user_writes("+16505551234");
    let transport = d360::transport::UreqTransport::new(&d360::transport::Connection::new()).unwrap();
    let post = |body: &str| {
        let uri = format!("{}/messages", sandbox.base_url()).parse().unwrap();
        let mut request = d360::transport::HttpRequest::new(http::Method::POST, uri);
        request.headers.insert("d360-api-key", sandbox.key().parse().unwrap());
        request.payload = d360::transport::Payload::Bytes(bytes::Bytes::copy_from_slice(body.as_bytes()));
        let response = d360::transport::BlockingTransport::send(&transport, request).unwrap();
        let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
        (response.status().as_u16(), body["error"]["code"].as_i64())
    };
    let with = |rest: &str| format!(r#"{{"messaging_product":"whatsapp","to":"+16505551234",{rest}}}"#);
    let location = r#""type":"location","location":{"latitude":1,"longitude":2}"#;
    assert_eq!(post(&with(location)), (200, None));
    assert_eq!(post(&with(&format!("{location},\"colour\":1"))), (400, Some(100)));
    assert_eq!(post(&with(r#""type":"location","location":{"latitude":1}"#)), (400, Some(131_008)));
    assert_eq!(
        post(&with(r#""type":"location","location":{"latitude":91,"longitude":2}"#)),
        (400, Some(131_009))
    );
    assert_eq!(post(&with(r#""type":"contacts","contacts":[]"#)), (400, Some(131_009)));
    assert_eq!(
        post(&with(r#""type":"contacts","contacts":[{"name":{"formatted_name":""}}]"#)),
        (400, Some(131_008))
    );
    assert_eq!(
        post(&with(
            r#""type":"contacts","contacts":[{"name":{"formatted_name":"A"},"birthday":"2023-02-30"}]"#
        )),
        (400, Some(131_009))
    );
    assert_eq!(post(&with(r#""type":"text","text":{"body":null}"#)), (400, Some(131_008)));
    assert_eq!(post(r#"{"to":"+16505551234","type":"text","text":{"body":"x"}}"#), (400, Some(131_008)));
    assert_eq!(post("{"), (400, Some(100)));
}

#[tokio::test]
async fn it_starts_from_async_code_too() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.user_writes("+16505551234");
    let config = Config::new(ApiKey::new(sandbox.key()).unwrap()).base_url(sandbox.base_url());
    let client = d360::cloud::Client::new(config).unwrap();
    client.send(card()).await.unwrap();
}
