//! The rate limits through both clients. Unit tests cover the arithmetic.
use crate::{
    rig::{Naps, config, everywhere, real},
    server::{Server, answer},
};
use d360::{
    ApiKey, CallOptions, Config, Outcome, RateLimit, RetryPolicy, cloud,
    cloud::block_users::ListBlockedUsers,
    model::Message,
    transport::{
        ErrorKind, HttpRequest, MockAsyncTransport, MockBlockingTransport, TransportError, TransportErrorKind,
    },
};
use std::time::Duration;

const OK: &str = r#"{"messages":[{"id":"wamid.x"}]}"#;
/// 80 per second, minus one percent.
const TURN: Duration = Duration::from_micros(12_625);

fn to(number: u32) -> Message {
    Message::text(format!("+1650{number:07}"), "x")
}

#[test]
fn only_messages_are_rate_limited() {
    let ok = answer(200, OK);
    for run in everywhere(&[ok.clone(), ok.clone(), ok, answer(200, r#"{"data":[]}"#)], |client| {
        let client = client.with_rate_limit(RateLimit::standard());
        (0..3).for_each(|i| drop(client.send(to(i)).unwrap()));
        client.call(ListBlockedUsers::new()).unwrap();
    }) {
        assert_eq!(run.naps, [TURN; 2], "{}", run.who);
    }
}

#[test]
fn one_recipient_gets_a_burst_and_then_waits() {
    for run in everywhere(&vec![answer(200, OK); 46], |client| {
        let client = client.with_rate_limit(RateLimit::high_throughput());
        (0..46).for_each(|_| drop(client.send(to(1)).unwrap()));
    }) {
        let waited: Duration = run.naps.iter().sum();
        assert!((6.0..6.1).contains(&waited.as_secs_f64()), "{}: {waited:?}", run.who);
    }
}

#[test]
fn try_send_never_waits() {
    for run in everywhere(&vec![answer(200, OK); 2], |client| {
        let client = client.with_rate_limit(RateLimit::standard());
        client.try_send(to(1)).unwrap();
        let error = client.try_send(to(2)).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::WouldWait(wait) if *wait == TURN), "{error:?}");
        assert_eq!((error.outcome(), error.attempts()), (Outcome::NotSent, 0));
        assert_eq!(
            error.to_string(),
            format!(
                "POST {}/messages was not sent: rate limited before sending; the next slot is in 0.013 s",
                error.url().unwrap().trim_end_matches("/messages")
            )
        );
        // It reserved no slot.
        client.send(to(2)).unwrap();
    }) {
        assert_eq!((run.naps, run.seen.len()), (vec![TURN], 2), "{}", run.who);
    }
}

/// Clients made from clones of a `Config`, async or blocking, share the rate limit. Another key is another sender.
#[test]
fn clients_of_one_key_share_the_rate_limit() {
    let ok = |_: HttpRequest| Ok(http::Response::new(bytes::Bytes::from_static(OK.as_bytes())));
    let (mut first, mut second) = (MockBlockingTransport::new(), MockAsyncTransport::new());
    first.expect_send().times(1).returning(ok);
    second.expect_send().times(2).returning(ok);
    let config = Config::new(ApiKey::new("k").unwrap()).base_url("http://localhost:1");
    let naps = Naps::default();
    let blocking = cloud::blocking::Client::with_transport(config.clone(), first, naps.clone()).unwrap();
    let other = cloud::Client::with_transport(config, second, naps.clone()).unwrap();
    blocking.send(to(1)).unwrap();
    crate::rig::runtime().block_on(other.send(to(2))).unwrap();
    assert_eq!(naps.taken(), [TURN]);
    crate::rig::runtime().block_on(other.with_credentials(ApiKey::new("j").unwrap()).send(to(2))).unwrap();
    assert_eq!(naps.taken(), [TURN], "another number");
}

/// A retried message takes another slot, and its recipient's burst is restored.
#[test]
fn retries_are_rate_limited_too() {
    let mut transport = MockBlockingTransport::new();
    let mut left = 100;
    transport.expect_send().returning(move |_| {
        left -= 1;
        if left % 2 == 0 {
            return Ok(http::Response::new(bytes::Bytes::from_static(OK.as_bytes())));
        }
        Err(TransportError::new(TransportErrorKind::NotSent, "refused"))
    });
    let mut policy = RetryPolicy::default();
    policy.first_wait = Duration::ZERO;
    let naps = Naps::default();
    let config = config("http://localhost:1").rate_limit(RateLimit::standard()).retry(policy);
    let client = cloud::blocking::Client::with_transport(config, transport, naps.clone()).unwrap();
    (0..45).for_each(|_| drop(client.send(to(1)).unwrap()));
    let waits: Vec<_> = naps.taken().into_iter().filter(|nap| !nap.is_zero()).collect();
    assert_eq!(waits, [TURN; 89], "90 attempts, 45 of which count");
}

#[test]
fn without_a_rate_limit_nothing_waits() {
    for i in 0..crate::rig::REAL {
        let server = Server::start(vec![answer(200, OK); 100]);
        let naps = Naps::default();
        let (who, client) = real(&config(&server.url()), &naps).into_iter().nth(i).unwrap();
        (0..100).for_each(|_| drop(client.send(to(1)).unwrap()));
        assert!(naps.taken().is_empty(), "{who}");
    }
}

/// A permit waits before anything is recorded, and sends without waiting.
#[test]
fn a_permit_waits_before_sending() {
    for run in everywhere(&vec![answer(200, OK); 3], |client| {
        let client = client.with_rate_limit(RateLimit::standard());
        let mut journal = Vec::new();
        for i in 0..3 {
            let number = format!("+1650{i:07}");
            client.send_with_permit(&number, || journal.push(i), to(i)).unwrap();
        }
        journal
    }) {
        assert_eq!((run.result, run.naps, run.seen.len()), (vec![0, 1, 2], vec![TURN; 2], 3), "{}", run.who);
    }
}

/// An unused permit costs no slot, and a permit for one recipient sends to no other.
#[test]
fn a_permit_is_for_one_message_to_one_recipient() {
    for run in everywhere(&vec![answer(200, OK); 45], |client| {
        let client = client.with_rate_limit(RateLimit::high_throughput());
        for _ in 0..100 {
            client.ready("+16500000001").unwrap();
        }
        let error = client.send_with_permit("+16500000002", || (), to(3)).unwrap_err();
        assert_eq!((error.outcome(), error.attempts()), (Outcome::NotSent, 0));
        assert!(error.to_string().contains("to: is not the recipient of the permit"), "{error}");
        let error = client.ready("6500000001").unwrap_err();
        assert!(error.to_string().contains("to: has no + and no country code"), "{error}");
        (0..45).for_each(|_| drop(client.send_with_permit("+16500000001", || (), to(1)).unwrap()));
        let error = client.with_options(CallOptions::new().no_wait()).ready("+1 650 000-0001").unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::WouldWait(wait) if wait.as_secs() == 5), "{error:?}");
        let soon = CallOptions::new().deadline(Duration::from_secs(1));
        let error = client.with_options(soon).ready("+16500000001").unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Deadline), "{error:?}");
    }) {
        assert_eq!(run.seen.len(), 45, "{}", run.who);
    }
}

/// A journal of a batch that is killed: messages that only waited are not of unknown outcome.
#[test]
fn a_batch_stopped_while_waiting_leaves_no_unknown_rows() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut mock = MockAsyncTransport::new();
    mock.expect_send().returning(|_| Ok(http::Response::new(OK.into())));
    let config = Config::new(ApiKey::new("key").unwrap());
    let client = cloud::Client::with_transport(config, mock, d360::transport::TokioSleep::new()).unwrap();
    let started = std::sync::Arc::new(std::sync::Mutex::new([false; 20]));
    let answered = std::sync::Arc::new(std::sync::Mutex::new([false; 20]));
    runtime.block_on(async {
        let all: Vec<_> = (0..20)
            .map(|i| {
                let (client, started, answered) = (client.clone(), started.clone(), answered.clone());
                tokio::spawn(async move {
                    let permit = client.ready(format!("+1650{i:07}")).await.unwrap();
                    started.lock().unwrap()[i as usize] = true;
                    permit.send(to(i)).await.unwrap();
                    answered.lock().unwrap()[i as usize] = true;
                })
            })
            .collect();
        // The batch is killed as soon as the first message is sent.
        while !answered.lock().unwrap().contains(&true) {
            tokio::task::yield_now().await;
        }
        all.iter().for_each(tokio::task::JoinHandle::abort);
    });
    let rows = *started.lock().unwrap();
    assert_eq!(rows, *answered.lock().unwrap());
    assert!(rows.contains(&false), "the last message had to wait");
}
