//! Webhooks of the sandbox to the axum router: every type, each once, with delays, duplicates and failures.
use d360::{
    model::webhook::{Event, EventKind, Generation, InboundContent, Windows},
    webhook::{Receiver, Verification, axum::router},
};
use d360_sandbox::Sandbox;
use serde_json::json;
use std::{
    collections::BTreeSet,
    future::Future,
    io::{Read as _, Write as _},
    net::SocketAddr,
    sync::mpsc,
    time::{Duration, SystemTime},
};

const USER: &str = "16505551234";
/// The time limit for an event on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);

/// Serves the router on a separate thread, which ends with the test.
fn serve<F: Future<Output = Result<(), E>> + Send + 'static, E>(
    receiver: Receiver,
    store: impl Fn(Vec<Event>) -> F + Send + Sync + 'static,
) -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        crate::rig::runtime().block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, router("/hook", receiver, store)).await.unwrap();
        });
    });
    address
}

/// A sandbox that posts its webhooks here.
fn joined(verification: Verification) -> (Sandbox, String, mpsc::Receiver<Vec<Event>>) {
    let (queue, events) = mpsc::channel();
    let address = serve(Receiver::new(verification), move |events| std::future::ready(queue.send(events)));
    (Sandbox::start().unwrap(), format!("http://{address}/hook"), events)
}

/// Receives `count` events, however they are batched.
fn take(events: &mpsc::Receiver<Vec<Event>>, count: usize) -> Vec<Event> {
    let mut all = Vec::new();
    while all.len() < count {
        all.extend(events.recv_timeout(PATIENCE).unwrap());
    }
    assert_eq!(all.len(), count, "{all:?}");
    all
}

fn id(event: &Event) -> String {
    match &event.kind {
        EventKind::Message(message) => message.id.as_ref().unwrap().as_str().to_owned(),
        EventKind::Status(status) => format!("{} {}", status.id.as_str(), status.status.as_str()),
        EventKind::UserIdUpdate(update) => update.id.as_ref().unwrap().as_str().to_owned(),
        other => panic!("{other:?}"),
    }
}

const TYPES: [&str; 14] = [
    "text",
    "image",
    "video",
    "audio",
    "document",
    "sticker",
    "location",
    "contacts",
    "reaction",
    "interactive",
    "button",
    "order",
    "system",
    "unsupported",
];

#[test]
fn every_message_type_is_received_from_both_systems() {
    for on_premise in [false, true] {
        let (sandbox, url, events) = joined(Verification::header("x-secret", "hush").unwrap());
        sandbox.webhook(&url, &[("X-Secret", "hush")]);
        sandbox.webhooks(|hooks| hooks.on_premise = on_premise);
        for kind in TYPES {
            let sent = sandbox.user_sends(
                USER,
                &json!({ "type": kind, "context": { "id": "wamid.x", "from": "15550783881" } }),
            );
            let event = take(&events, 1).remove(0);
            assert_eq!(event.generation == Generation::OnPremise, on_premise);
            if let EventKind::UserIdUpdate(update) = &event.kind {
                // On the wire, a changed number is a system message.
                assert_eq!((kind, update.id.as_ref().unwrap().as_str()), ("system", sent.as_str()));
                assert!(update.previous_wa_id.is_some() && update.wa_id.is_some(), "{update:?}");
                continue;
            }
            let EventKind::Message(message) = &event.kind else { panic!("{kind}: {event:?}") };
            assert_eq!(message.id.as_ref().unwrap().as_str(), sent);
            assert_eq!(message.from.as_ref().unwrap().as_str(), USER);
            assert!(message.context.is_some() && message.contact.is_some(), "{kind}");
            let is_other = matches!(message.content, InboundContent::Other(_));
            assert!(!is_other && (kind == "unsupported") != message.errors.is_empty(), "{kind}: {message:?}");
        }
        let sent = sandbox.user_sends("US.13491208655302741918", &json!({ "username": "pablo" }));
        let event = take(&events, 1).remove(0);
        assert_eq!(id(&event), sent);
        let EventKind::Message(message) = &event.kind else { panic!() };
        assert!(message.from.is_none() && message.from_user_id.is_some());
    }
}

#[test]
fn duplicates_delay_disorder_and_batches_lose_nothing() {
    let secret = "app-secret";
    for (signed, verification) in [
        ("meta", Verification::app_secret(secret).unwrap()),
        ("platform", Verification::platform_secret(secret).unwrap()),
    ] {
        let (sandbox, url, events) = joined(verification);
        sandbox.webhook(&url, &[]);
        sandbox.webhooks(|hooks| {
            hooks.hold = true;
            (hooks.duplicates, hooks.batch, hooks.reorder) = (2, 7, true);
            hooks.delay = Duration::from_millis(50);
            match signed {
                "meta" => hooks.app_secret = Some(secret.to_owned()),
                _ => hooks.platform_secret = Some(secret.to_owned()),
            }
        });
        let sent: Vec<String> =
            (0..30).map(|i| sandbox.user_sends(USER, &json!({ "type": TYPES[i % TYPES.len()] }))).collect();
        sandbox.webhooks(|hooks| hooks.hold = false);
        let got: Vec<String> = take(&events, 30).iter().map(id).collect();
        assert_ne!(got, sent, "the sandbox reordered them");
        assert_eq!(got.iter().collect::<BTreeSet<_>>(), sent.iter().collect());
        assert!(sandbox.deliveries().iter().all(|one| one["status"] == 200));
        assert!(events.recv_timeout(Duration::from_millis(200)).is_err(), "nothing comes twice");
        assert_eq!(sandbox.deliveries().len(), 30usize.div_ceil(7) * 3);
    }
}

#[test]
fn an_unstored_webhook_is_repeated() {
    let (queue, events) = mpsc::sync_channel(8);
    let full = std::sync::atomic::AtomicBool::new(true);
    let address = serve(Receiver::new(Verification::none()), move |events| {
        let stored = if full.swap(false, std::sync::atomic::Ordering::Relaxed) {
            Err("full".to_owned())
        } else {
            queue.try_send(events).map_err(|error| error.to_string())
        };
        std::future::ready(stored)
    });
    let sandbox = Sandbox::start().unwrap();
    sandbox.webhook(&format!("http://{address}/hook"), &[]);
    let sent = sandbox.user_sends(USER, &json!({}));
    assert_eq!(id(&take(&events, 1)[0]), sent);
    let statuses: Vec<_> = sandbox.deliveries().iter().map(|one| one["status"].clone()).collect();
    assert_eq!(statuses[0], 503);
}

/// 200 means stored: the response waits until the events are stored, even if the client disconnects meanwhile.
#[test]
fn the_response_waits_for_the_store() {
    let (started, begun) = mpsc::channel();
    let gate = std::sync::Arc::new(tokio::sync::Semaphore::new(0));
    let stored = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
    let (open, count) = (gate.clone(), stored.clone());
    let address = serve(Receiver::new(Verification::none()), move |_| {
        let (started, gate, count) = (started.clone(), open.clone(), count.clone());
        async move {
            started.send(()).unwrap();
            gate.acquire().await.unwrap().forget();
            count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Ok::<(), ()>(())
        }
    });
    let body = json!({ "messages": [{ "id": "a", "type": "text", "text": { "body": "Hi" } }] }).to_string();
    let post = || {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        let head = "POST /hook HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length:";
        write!(stream, "{head} {}\r\n\r\n{body}", body.len()).unwrap();
        stream
    };
    let status = |mut stream: std::net::TcpStream| {
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        response.split(' ').nth(1).unwrap().to_owned()
    };
    let first = post();
    begun.recv_timeout(PATIENCE).unwrap();
    first.set_nonblocking(true).unwrap();
    assert_eq!(first.peek(&mut [0]).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    // The client disconnects. The same webhook arrives while the first is being stored, and again after that.
    drop(first);
    assert_eq!(status(post()), "503");
    gate.add_permits(1);
    let start = std::time::Instant::now();
    while status(post()) != "200" {
        assert!(start.elapsed() < PATIENCE);
    }
    assert_eq!(stored.load(std::sync::atomic::Ordering::Relaxed), 1, "it was stored once");
    assert!(begun.try_recv().is_err());
}

#[test]
fn unverified_webhooks_are_refused() {
    let (sandbox, url, events) = joined(Verification::header("x-secret", "hush").unwrap());
    sandbox.webhook(&url, &[("x-secret", "wrong")]);
    let _ = sandbox.user_sends(USER, &json!({}));
    let start = std::time::Instant::now();
    while sandbox.deliveries().is_empty() && start.elapsed() < PATIENCE {
        std::thread::yield_now();
    }
    assert_eq!(sandbox.deliveries()[0]["status"], 401);
    assert!(events.try_recv().is_err());
    sandbox.webhook(&url, &[("x-secret", "hush")]);
    let sent = sandbox.user_sends(USER, &json!({}));
    assert_eq!(id(&take(&events, 1)[0]), sent);
}

/// The clients send, statuses arrive, and the window follows the webhooks.
#[test]
fn statuses_and_the_window_arrive_by_webhook() {
    use crate::rig::{Naps, config, real};
    use d360::{ApiKey, CallOptions, Config, model::Message};
    let (sandbox, url, events) = joined(Verification::none());
    sandbox.webhook(&url, &[]);
    sandbox
        .webhooks(|hooks| hooks.statuses = Some(["sent", "delivered", "read"].map(str::to_owned).to_vec()));
    let key = ApiKey::new(sandbox.key()).unwrap();
    let settings =
        Config::new(key).base_url(sandbox.base_url()).rate_limit(config("http://localhost:1").rate_limit);
    let mut windows = Windows::default();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() as i64;
    let user = format!("+{USER}");
    for (who, client) in real(&settings, &Naps::default()) {
        let text = || Message::text(format!("+{USER}"), "Hi");
        let _ = sandbox.user_sends(USER, &json!({}));
        take(&events, 1).iter().for_each(|event| windows.saw(event));
        assert!(windows.is_open(&user, now), "{who}");
        let sent = client.with_options(CallOptions::new().label("order-7")).send(text()).unwrap();
        let told = take(&events, 3);
        for (event, expected) in told.iter().zip(["sent", "delivered", "read"]) {
            let EventKind::Status(status) = &event.kind else { panic!("{event:?}") };
            assert_eq!((Some(&status.id), status.status.as_str()), (sent.message_id(), expected));
            assert_eq!(status.biz_opaque_callback_data.as_deref(), Some("order-7"));
        }
        assert!(!windows.is_open(&user, now + 25 * 60 * 60));
        // A number without a WhatsApp account is accepted, and fails by webhook.
        sandbox.not_on_whatsapp("+16505550000");
        sandbox.user_writes("+16505550000");
        let _ = take(&events, 1);
        client.send(Message::text("+16505550000", "Hi")).unwrap();
        let told = take(&events, 1);
        let EventKind::Status(status) = &told[0].kind else { panic!() };
        assert_eq!((status.status.as_str(), status.errors[0].code.unwrap().0), ("failed", 131_026), "{who}");
    }
}

/// A request without the secret is refused before its body arrives, and nothing is kept.
#[test]
fn a_secret_is_checked_before_the_body_is_read() {
    use std::io::{Read as _, Write as _};
    let verification = Verification::header("x-secret", "hush").unwrap();
    let (_sandbox, url, _events) = joined(verification);
    let address = url.trim_start_matches("http://").trim_end_matches("/hook");
    for header in ["", "x-secret: hus\r\n"] {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        // Less than the time limit of a body.
        stream.set_read_timeout(Some(Duration::from_secs(8))).unwrap();
        write!(stream, "POST /hook HTTP/1.1\r\nhost: x\r\n{header}content-length: 4000000\r\n\r\n{{")
            .unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).unwrap();
        assert_eq!(&status, b"HTTP/1.1 401", "{header}");
    }
}
