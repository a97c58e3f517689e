//! Which calls are retried, and which are not.
use crate::{
    rig::{Naps, config, everywhere, real, runtime},
    server::{Act, Server, answer},
};
use d360::{
    ApiKey, Config, Outcome, RetryPolicy, cloud,
    cloud::block_users::{BlockUsers, ListBlockedUsers, UnblockUsers},
    cloud::messages::SendMessage,
    model::Message,
    transport::{MockAsyncTransport, TransportError, TransportErrorKind},
};
use std::{net::TcpListener, time::Duration};

const OK: &str = r#"{"messages":[{"id":"wamid.x"}]}"#;

fn message() -> SendMessage {
    SendMessage::new(Message::text("+16505550123", "x"))
}

#[test]
fn throttling_waits_as_documented() {
    let code = |code: u32| answer(400, format!(r#"{{"error":{{"code":{code}}}}}"#));
    let secs = Duration::from_secs;
    for run in everywhere(&[code(131_056), code(131_056), answer(200, OK)], |client| client.call(message())) {
        run.result.unwrap();
        assert_eq!(run.naps, [secs(1), secs(4)]);
    }
    for run in everywhere(&[code(80_007), code(4), answer(200, OK)], |client| client.call(message())) {
        run.result.unwrap();
        assert_eq!(run.naps, [secs(5), secs(10)]);
    }
    for run in everywhere(&[code(130_429), code(130_429), code(130_429)], |client| client.call(message())) {
        let error = run.result.unwrap_err();
        assert_eq!(
            (error.attempts(), error.code().unwrap().0),
            (3, 130_429),
            "the last refusal is the error"
        );
        assert!(run.naps[0] <= secs(1) && run.naps[1] <= secs(2), "{:?}", run.naps);
    }
}

#[test]
fn repeatable_calls_are_retried_after_a_broken_connection() {
    let cut = Act::Bytes(Vec::new());
    let changed = answer(200, r#"{"block_users":{"added_users":[{"input":"+16505550123"}]}}"#);
    for run in everywhere(&[cut.clone(), answer(502, "<html>"), changed.clone()], |client| {
        client.call(BlockUsers::new(["+16505550123".parse().unwrap()]))
    }) {
        run.result.unwrap();
        assert_eq!(run.seen.len(), 3);
    }
    for run in everywhere(&[cut.clone(), changed], |client| {
        client.call(UnblockUsers::new(["+16505550123".parse().unwrap()]))
    }) {
        run.result.unwrap();
        assert_eq!(run.seen.len(), 2);
    }
    for run in
        everywhere(&[cut, answer(200, r#"{"data":[]}"#)], |client| client.call(ListBlockedUsers::new()))
    {
        run.result.unwrap();
        assert_eq!(run.seen.len(), 2);
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(300))]

    /// For every response, retry budget and number of attempts.
    #[test]
    fn a_message_of_unknown_outcome_is_never_retried(
        answers in proptest::collection::vec((100u16..600, 0usize..400, 0u8..4), 1..8), attempts in 1u32..8, budget in 0u32..600,
    ) {
        let codes = d360::model::error::ALL_CODES;
        let mut left: Vec<_> = answers.iter().rev().copied().collect();
        let mut transport = d360::transport::MockBlockingTransport::new();
        let outcomes = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let kept = outcomes.clone();
        transport.expect_send().returning(move |_| {
            let (status, code, kind) = left.pop().unwrap_or((200, 0, 3));
            let code = codes[code % codes.len()].code.0;
            let body = match kind {
                0 => return Err(TransportError::new(TransportErrorKind::Interrupted, "cut")),
                1 => format!(r#"{{"error":{{"code":{code}}}}}"#),
                2 => format!(r#"{{"errors":[{{"code":{code}}}]}}"#),
                _ => "<html>".to_owned(),
            };
            let response = http::Response::builder().status(status).body(bytes::Bytes::from(body)).unwrap();
            let alone = d360::model::error::ApiError::read(status, response.body());
            let unsure = matches!(alone.code().map(|code| code.0), Some(131_000 | 500 | 1000 | 1014 | 1023));
            let automatic = alone.retry_rule().is_some_and(|rule| rule.is_automatic());
            kept.lock().unwrap().push((status, kind, automatic && !unsure));
            Ok(response)
        });
        let mut policy = RetryPolicy::default().max_attempts(attempts);
        policy.budget = budget;
        let settings = config("http://localhost:1").retry(policy);
        let client = cloud::blocking::Client::with_transport(settings, transport, Naps::default()).unwrap();
        let error = client.call(message()).unwrap_err();
        let made = error.attempts() as usize;
        proptest::prop_assert!(made >= 1 && made <= attempts as usize);
        // All but the last were refused with a retryable code, or with a bare 429.
        for (status, kind, automatic) in outcomes.lock().unwrap().iter().take(made - 1) {
            proptest::prop_assert!(*automatic || *status == 429, "{status} {kind}");
        }
        proptest::prop_assert!(answers.iter().take(made - 1).all(|(_, _, kind)| *kind != 0), "a broken connection is unknown");
    }
}

/// The longest wait that a header can request, with a policy that follows it.
#[test]
fn a_huge_wait_does_not_panic() {
    for rate_limit in [d360::RateLimit::off(), d360::RateLimit::standard()] {
        for after in ["18446744073709551615", "18446744073", "1000000000000"] {
            let limit = answer(429, "").header("retry-after", after);
            for run in everywhere(&[limit, answer(200, OK)], |client| {
                let mut policy = RetryPolicy::default();
                policy.longest_retry_after = Duration::MAX;
                let client = client.with_rate_limit(rate_limit.clone());
                client.with_options(d360::CallOptions::new().retry(policy)).call(message())
            }) {
                assert_eq!(run.result.unwrap().message_id().unwrap().as_str(), "wamid.x", "{}", run.who);
            }
        }
    }
}

#[test]
fn unsent_requests_are_retried() {
    let mut mock = MockAsyncTransport::new();
    let mut left = 2;
    mock.expect_send().times(3).returning(move |_| {
        left -= 1;
        if left >= 0 {
            return Err(TransportError::new(TransportErrorKind::NotSent, "refused"));
        }
        Ok(http::Response::new(bytes::Bytes::from_static(OK.as_bytes())))
    });
    let client = cloud::Client::with_transport(config("http://localhost:1"), mock, Naps::default()).unwrap();
    runtime().block_on(client.call(message())).unwrap();
}

#[test]
fn the_retry_budget_limits_attempts_to_a_dead_server() {
    let sent = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
    let counted = sent.clone();
    let mut mock = d360::transport::MockBlockingTransport::new();
    mock.expect_send().returning(move |_| {
        counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Err(TransportError::new(TransportErrorKind::NotSent, "refused"))
    });
    let client =
        cloud::blocking::Client::with_transport(config("http://localhost:1"), mock, Naps::default()).unwrap();
    let attempts = |calls: u32| {
        let before = sent.load(std::sync::atomic::Ordering::Relaxed);
        (0..calls)
            .for_each(|_| drop(client.clone().with_credentials(ApiKey::new("x").unwrap()).call(message())));
        sent.load(std::sync::atomic::Ordering::Relaxed) - before
    };
    // 500 tokens, 14 for each attempt after the first.
    assert_eq!(attempts(100), 100 + 500 / 14);
    assert_eq!(attempts(100), 100, "once the budget is used up");
}

#[test]
fn a_closed_port_is_not_sent_and_a_silent_server_is_unknown() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let never =
        |url: &str| config(url).retry(RetryPolicy::never()).attempt_timeout(Duration::from_millis(400));
    for (who, client) in real(&never(&format!("http://{closed}")), &Naps::default()) {
        let error = client.call(message()).unwrap_err();
        assert_eq!(error.outcome(), Outcome::NotSent, "{who}: {error:?}");
        assert!(std::error::Error::source(&error).is_some(), "{who}: the cause is kept");
    }
    for (_, client) in real(&never("https://no-such-host.invalid"), &Naps::default()) {
        assert_eq!(client.call(message()).unwrap_err().outcome(), Outcome::NotSent);
    }
    for i in 0..crate::rig::REAL {
        let server = Server::start(vec![Act::Hang(Vec::new()), Act::Hang(Vec::new())]);
        let (who, client) = real(&never(&server.url()), &Naps::default()).into_iter().nth(i).unwrap();
        let error = client.call(message()).unwrap_err();
        assert!(error.is_timeout(), "{who}: {error:?}");
        assert_eq!((error.outcome(), server.seen().len()), (Outcome::Unknown, 1), "{who}");
    }
}

#[test]
fn a_failed_tls_handshake_is_not_sent() {
    // A port without TLS, and a silent one.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let plain = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            use std::io::Write as _;
            let _ = stream.and_then(|mut stream| stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
        }
    });
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    for address in [plain, silent.local_addr().unwrap()] {
        let connection = d360::transport::Connection::new().connect_timeout(Duration::from_millis(500));
        let config = config(&format!("https://{address}")).retry(RetryPolicy::never()).connection(connection);
        for (who, client) in real(&config, &Naps::default()) {
            let error = client.call(message()).unwrap_err();
            assert_eq!(error.outcome(), Outcome::NotSent, "{who} at {address}: {error:?}");
        }
    }
}

#[test]
fn the_blocking_client_works_inside_a_runtime() {
    let server = Server::start(vec![answer(200, OK)]);
    let [.., (_, client)] = real(&config(&server.url()), &Naps::default());
    runtime().block_on(async { client.call(message()).unwrap() });
}

#[test]
fn one_transport_serves_many_keys() {
    let server = Server::start(vec![answer(200, OK), answer(200, OK)]);
    let client = cloud::blocking::Client::new(config(&server.url())).unwrap();
    client.call(message()).unwrap();
    client.with_credentials(ApiKey::new("another").unwrap()).call(message()).unwrap();
    let keys: Vec<String> = server.seen().iter().map(|seen| seen.headers["d360-api-key"].clone()).collect();
    assert_eq!(keys, [crate::rig::KEY, "another"]);
}

#[test]
fn an_invalid_base_url_is_refused() {
    for url in ["http://waba-v2.360dialog.io", "waba", "https://u:p@x.example"] {
        assert!(
            cloud::blocking::Client::new(Config::new(ApiKey::new("k").unwrap()).base_url(url)).is_err(),
            "{url}"
        );
    }
}
