//! Options of single calls: time limits, retries, a label. And the cleanup after a dropped call.
use crate::{
    rig::{Naps, config, everywhere, real, runtime},
    server::{Act, Server, answer},
};
use async_trait::async_trait;
use bytes::Bytes;
use d360::{
    ApiKey, CallOptions, Config, Outcome, RateLimit, RetryPolicy, cloud,
    cloud::block_users::ListBlockedUsers,
    model::Message,
    onprem,
    transport::{
        AsyncSleep, AsyncTransport, ErrorKind, HttpRequest, HttpResponse, MockBlockingTransport,
        TransportError, TransportErrorKind,
    },
};
use std::{
    future::Future as _,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
    },
    task::{Context, Waker},
    time::{Duration, Instant},
};

const OK: &str = r#"{"messages":[{"id":"wamid.x"}]}"#;

fn message() -> Message {
    Message::text("+16505550123", "x")
}

fn pair_limit() -> Act {
    answer(400, r#"{"error":{"code":131056}}"#)
}

#[test]
fn a_deadline_ends_retries_with_the_last_error() {
    let seconds = Duration::from_secs;
    for run in everywhere(&vec![pair_limit(); 3], |client| {
        // The waits are 1 s and 4 s.
        client.with_options(CallOptions::new().deadline(seconds(4))).send(message())
    }) {
        let error = run.result.unwrap_err();
        assert_eq!((error.attempts(), error.code().unwrap().0), (2, 131_056), "{}", run.who);
        assert_eq!(run.naps, [seconds(1)]);
    }
    for run in everywhere(&vec![answer(200, OK); 2], |client| {
        let client = client.with_rate_limit(RateLimit::standard());
        client.send(message()).unwrap();
        client.with_options(CallOptions::new().deadline(Duration::from_millis(10))).send(message())
    }) {
        let error = run.result.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Deadline) && error.is_timeout(), "{error:?}");
        assert_eq!((run.naps.len(), run.seen.len()), (0, 1));
    }
    for run in everywhere(&[], |client| {
        client.with_options(CallOptions::new().deadline(Duration::ZERO)).call(ListBlockedUsers::new())
    }) {
        let error = run.result.unwrap_err();
        assert_eq!((error.outcome(), error.attempts()), (Outcome::NotSent, 0));
        assert!(error.to_string().contains("deadline") && run.seen.is_empty(), "{error}");
    }
}

#[test]
fn a_deadline_and_a_time_limit_cut_an_attempt_short() {
    // Long enough to connect and to write on a busy machine.
    let short = Duration::from_secs(1);
    for options in [
        CallOptions::new().deadline(short),
        CallOptions::new().attempt_timeout(short),
        CallOptions::new().deadline(short).attempt_timeout(Duration::MAX),
        CallOptions::new().deadline(Duration::MAX).attempt_timeout(short),
    ] {
        let server = Server::start(vec![Act::Hang(Vec::new()); crate::rig::REAL]);
        for (who, client) in real(&config(&server.url()), &Naps::default()) {
            let start = Instant::now();
            let error = client.with_options(options.clone()).send(message()).unwrap_err();
            assert!(error.is_timeout(), "{who}: {error:?}");
            assert!(start.elapsed() < Duration::from_secs(5), "{who} with {options:?}");
        }
    }
}

#[test]
fn retries_can_be_turned_off_and_on() {
    for run in everywhere(&vec![pair_limit(); 3], |client| {
        client.with_options(CallOptions::new().no_retry()).send(message())
    }) {
        assert_eq!((run.result.unwrap_err().attempts(), run.seen.len()), (1, 1), "{}", run.who);
    }
    for run in everywhere(&vec![pair_limit(); 4], |client| {
        client.with_options(CallOptions::new().retry(RetryPolicy::default().max_attempts(4))).send(message())
    }) {
        assert_eq!(run.result.unwrap_err().attempts(), 4, "{}", run.who);
    }
}

/// They wait neither for the rate limit nor for a retry.
#[test]
fn no_wait_calls_do_not_wait() {
    for run in everywhere(&[answer(429, "").header("retry-after", "2")], |client| {
        client.with_options(CallOptions::new().no_wait()).send(message())
    }) {
        let error = run.result.unwrap_err();
        assert_eq!(error.outcome(), Outcome::Refused { retryable: true }, "{error}");
        assert!(run.naps.is_empty(), "{}", run.who);
    }
}

#[test]
fn a_label_is_sent_with_a_message() {
    let label = |text: &str| CallOptions::new().label(text);
    for run in everywhere(&[pair_limit(), answer(200, OK)], |client| {
        client.with_options(label("order-7")).send(message())
    }) {
        run.result.unwrap();
        for seen in run.seen {
            let body: serde_json::Value = serde_json::from_slice(&seen.body).unwrap();
            assert_eq!(body["biz_opaque_callback_data"], "order-7", "every attempt has it");
        }
    }
    for run in everywhere(&[answer(200, OK)], |client| {
        let own = message().biz_opaque_callback_data("order-7");
        client.with_options(label("order-7")).send(own.clone()).unwrap();
        for (options, message) in
            [(label("order-8"), own), (label(""), message()), (label(&"é".repeat(513)), message())]
        {
            let error = client.with_options(options).send(message).unwrap_err();
            assert_eq!(error.outcome(), Outcome::NotSent, "{error}");
        }
        client.with_options(label(&"é".repeat(512))).call(ListBlockedUsers::new()).unwrap_err()
    }) {
        assert_eq!(run.seen.len(), 1);
        let text = run.result.to_string();
        assert!(text.starts_with("GET http://"), "{text}");
        let reason = "was not sent: this call does not support a label; only messages of Cloud do";
        assert!(text.ends_with(&format!("/block_users {reason}")), "{text}");
    }
    // On-Premise has no such property.
    let onprem = onprem::blocking::Client::new(Config::new(ApiKey::new("k").unwrap())).unwrap();
    let text = onprem::Message::location("+16505550123", Default::default());
    let error = onprem.with_options(label("order-7")).send(text).unwrap_err();
    assert_eq!(error.outcome(), Outcome::NotSent);
    let shown = format!("{:?}", label("for 16505550123"));
    assert!(!shown.contains("16505550123"), "{shown}");
}

/// Fails until it is switched to success.
#[derive(Clone, Debug, Default)]
struct Switch(Arc<AtomicBool>, Arc<AtomicU32>);

#[async_trait]
impl AsyncTransport for Switch {
    async fn send(&self, _: HttpRequest) -> Result<HttpResponse, TransportError> {
        self.1.fetch_add(1, Relaxed);
        if self.0.load(Relaxed) {
            return Ok(http::Response::new(Bytes::from_static(OK.as_bytes())));
        }
        Err(TransportError::new(TransportErrorKind::NotSent, "refused"))
    }
}

/// A sleep that never ends, unless it is switched.
#[async_trait]
impl AsyncSleep for Switch {
    async fn sleep(&self, _: Duration) {
        if !self.0.load(Relaxed) {
            std::future::pending::<()>().await;
        }
    }
}

#[test]
fn a_dropped_call_releases_its_budget_and_slots() {
    let poll_once = |client: &cloud::Client| {
        let call = pin!(client.send(message()));
        assert!(call.poll(&mut Context::from_waker(Waker::noop())).is_pending());
    };
    // The budget allows one more attempt: dropped calls must not use it up.
    let mut policy = RetryPolicy::default();
    policy.budget = 14;
    let (works, sleeps) = (Switch::default(), Switch::default());
    let settings = config("http://localhost:1").retry(policy);
    let client = cloud::Client::with_transport(settings, works.clone(), sleeps.clone()).unwrap();
    (0..5).for_each(|_| poll_once(&client));
    sleeps.0.store(true, Relaxed);
    let before = works.1.load(Relaxed);
    runtime().block_on(client.send(message())).unwrap_err();
    assert_eq!(works.1.load(Relaxed) - before, 2, "the budget was released");

    // Slots of the sender and of the pair.
    let (works, sleeps) = (Switch::default(), Switch::default());
    works.0.store(true, Relaxed);
    let settings = config("http://localhost:1").rate_limit(RateLimit::coexistence());
    let client = cloud::Client::with_transport(settings, works, sleeps).unwrap();
    runtime().block_on(client.send(message())).unwrap();
    let mut calls: Vec<_> = (0..100).map(|_| Box::pin(client.send(message()))).collect();
    for call in &mut calls {
        assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    drop(calls);
    let error = runtime().block_on(client.try_send(message()));
    // On a slow machine the slot may have been reached.
    if let Err(error) = error {
        assert!(
            matches!(error.kind(), ErrorKind::WouldWait(wait) if *wait < Duration::from_millis(60)),
            "{error:?}"
        );
    }
}

/// A stopped clock, as in a test of another program, does not block sending.
#[test]
fn an_instant_wait_counts_as_done() {
    let mut transport = MockBlockingTransport::new();
    transport.expect_send().returning(|_| Ok(http::Response::new(Bytes::from_static(OK.as_bytes()))));
    let mut sleep = d360::transport::MockBlockingSleep::new();
    sleep.expect_sleep().times(1).returning(|_| ());
    let settings = config("http://localhost:1").rate_limit(RateLimit::per_second(1.try_into().unwrap()));
    let client = cloud::blocking::Client::with_transport(settings, transport, sleep).unwrap();
    client.send(message()).unwrap();
    client.send(message()).unwrap();
}
