//! HTTP/2 of the async transport: which connection a request uses, and the outcome of failed requests.
use crate::{
    contract::trusting,
    http2_server::{
        Act, CANCEL, ENHANCE_YOUR_CALM, INTERNAL_ERROR, NO_ERROR, REFUSED_STREAM, Server, Settings, answer,
    },
    rig::{Naps, config},
    server::{self, Over},
};
use d360::{
    Error, Outcome,
    cloud::{self, block_users::ListBlockedUsers},
    model::{Location, Message, SendResponse},
    transport::{
        AsyncTransport as _, HttpRequest, HttpResponse, Protocol, ReqwestTransport, TransportError,
        TransportErrorKind,
    },
};
use http::{Method, Version};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const SENT: &str = r#"{"messages":[{"id":"wamid.x"}]}"#;

fn transport() -> ReqwestTransport {
    ReqwestTransport::new(&trusting().protocol(Protocol::Http2)).unwrap()
}

/// Sends a message with `client.send`.
async fn send(url: &str) -> (Result<SendResponse, Error>, Naps) {
    let naps = Naps::default();
    let client = cloud::Client::with_transport(config(url), transport(), naps.clone()).unwrap();
    (client.send(message()).await, naps)
}

fn message() -> Message {
    Message::location("+16505551234", Location::default())
}

async fn get(
    transport: &ReqwestTransport,
    url: &str,
    limit: Duration,
) -> Result<HttpResponse, TransportError> {
    let mut request = HttpRequest::new(Method::GET, url.parse().unwrap());
    request.time_limit = limit;
    transport.send(request).await
}

const PATIENT: Duration = Duration::from_secs(30);
const HASTY: Duration = Duration::from_millis(400);

#[tokio::test]
async fn http2_is_used_only_on_request() {
    let http2 = Server::start(Settings::default(), vec![answer(200, "ok")]);
    assert_eq!(get(&transport(), &http2.url(), PATIENT).await.unwrap().version(), Version::HTTP_2);
    let http1 = server::Server::over(Over::Tls, vec![server::answer(200, "ok"); 2]);
    assert_eq!(get(&transport(), &http1.url(), PATIENT).await.unwrap().version(), Version::HTTP_11);
    // By default only HTTP/1.1 is offered, even with the feature enabled. This server supports only HTTP/2.
    let default = ReqwestTransport::new(&trusting()).unwrap();
    let error = get(&default, &http2.url(), PATIENT).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::NotSent);
    assert_eq!(http2.seen().len(), 1);
}

#[tokio::test]
async fn a_silent_connection_affects_only_its_own_requests() {
    let script = [vec![answer(200, "ok"); 3], vec![Act::Freeze], vec![answer(200, "ok"); 5]].concat();
    let server = Server::start(Settings::default(), script);
    let transport = transport();
    for _ in 0..3 {
        get(&transport, &server.url(), PATIENT).await.unwrap();
    }
    assert_eq!(server.connections(), 1);
    let error = get(&transport, &server.url(), HASTY).await.unwrap_err();
    assert_eq!((error.kind(), error.is_timeout()), (TransportErrorKind::Timeout, true));
    for _ in 0..5 {
        get(&transport, &server.url(), PATIENT).await.unwrap();
    }
    assert_eq!(server.connections(), 2);
}

/// Long before the time limit of the request.
#[tokio::test]
async fn pings_detect_a_silent_connection() {
    let server = Server::start(Settings::default(), vec![Act::Freeze]);
    let began = Instant::now();
    let error = get(&transport(), &server.url(), 3 * PATIENT).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Interrupted);
    assert!(began.elapsed() < 2 * PATIENT, "{:?}", began.elapsed());
}

#[tokio::test]
async fn requests_not_processed_by_the_server_are_retried() {
    for act in [
        Act::ResetStream(REFUSED_STREAM),
        Act::GoAway { code: NO_ERROR, covers: false },
        Act::GoAway { code: ENHANCE_YOUR_CALM, covers: false },
        Act::GoAway { code: INTERNAL_ERROR, covers: false },
    ] {
        let server = Server::start(Settings::default(), vec![act.clone(), answer(200, SENT)]);
        let (result, naps) = send(&server.url()).await;
        assert!(result.is_ok(), "{act:?}: {result:?}");
        assert_eq!((server.seen().len(), naps.taken().len()), (2, 1), "{act:?}");
        let server = Server::start(Settings::default(), vec![act.clone(); 3]);
        assert_eq!(send(&server.url()).await.0.unwrap_err().outcome(), Outcome::NotSent, "{act:?}");
        assert_eq!(server.seen().len(), 3, "{act:?}");
    }
}

#[tokio::test]
async fn requests_possibly_processed_are_unknown_and_never_retried() {
    for act in [
        Act::GoAway { code: NO_ERROR, covers: true },
        Act::GoAway { code: INTERNAL_ERROR, covers: true },
        Act::ResetStream(INTERNAL_ERROR),
        Act::ResetStream(CANCEL),
        Act::ResetStream(NO_ERROR),
        Act::ResetStream(ENHANCE_YOUR_CALM),
        // A server that has started to respond has processed the request, whatever it reports afterwards.
        Act::ResetInAnswer(REFUSED_STREAM),
        Act::Garbage(b"\0\0\x08\x06\0\0\0\0\x01abcdefgh".to_vec()),
        Act::As(server::Act::Reset),
    ] {
        let server = Server::start(Settings::default(), vec![act.clone(), answer(200, SENT)]);
        assert_eq!(send(&server.url()).await.0.unwrap_err().outcome(), Outcome::Unknown, "{act:?}");
        assert_eq!(server.seen().len(), 1, "{act:?}");
    }
}

/// Only the streams above the last one of a GOAWAY are retried.
#[tokio::test]
async fn a_graceful_close_loses_nothing() {
    const EACH: usize = 50;
    // As nginx does after `keepalive_requests`.
    let turn =
        [vec![answer(200, SENT); EACH - 1], vec![Act::GoAway { code: NO_ERROR, covers: false }]].concat();
    let server = Server::start(Settings::default(), vec![turn; 40].concat());
    let client = cloud::Client::with_transport(config(&server.url()), transport(), Naps::default()).unwrap();
    let mut calls = JoinSet::new();
    for _ in 0..100 {
        let client = client.clone();
        calls.spawn(async move { client.send(message()).await.map(drop).map_err(|error| error.outcome()) });
    }
    let results = calls.join_all().await;
    assert!(results.iter().all(|result| *result != Err(Outcome::Unknown)), "{results:?}");
    assert!(results.iter().filter(|result| result.is_ok()).count() > 80, "{results:?}");
}

/// A single connection with 100 streams would block the rest, and no request would be answered.
#[tokio::test]
async fn many_requests_are_spread_over_connections() {
    const REQUESTS: usize = 300;
    let settings = Settings { max_concurrent_streams: Some(100) };
    let server = Server::start(settings, vec![Act::AnswerAfter(REQUESTS, 200, r#"{"data":[]}"#); REQUESTS]);
    let client = cloud::Client::with_transport(config(&server.url()), transport(), Naps::default()).unwrap();
    let mut calls = JoinSet::new();
    for _ in 0..REQUESTS {
        let client = client.clone();
        calls.spawn(async move { client.call(ListBlockedUsers::new()).await.map(drop) });
    }
    assert!(calls.join_all().await.into_iter().all(|result| result.is_ok()));
    assert!((3..=32).contains(&server.connections()), "{}", server.connections());
}
