//! What the gateway adds to a call, at 200 requests a second: a third direct, a third through it, a third through a
//! bare forwarder.
use crate::{
    app,
    server::{self, Plain},
    table::{Table, percentile},
};
use d360_gateway::{Config, Gateway, Number};
use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_millis(5);
const REQUESTS: usize = 4_000;
const WARM: usize = 400;

pub(crate) fn run(table: &mut Table) {
    let upstream = server::start();
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = Config::new("127.0.0.1:0", folder.path().join("state.db"))
        .base_url(format!("http://{upstream}"))
        .number(Number::new("main", "k").messages_per_second(1_000))
        // No rate limit: sequential calls must not wait for a slot.
        .number(Number::new("quick", "k").client_key("quick").messages_per_second(u32::MAX));
    let gateway = runtime.block_on(Gateway::start(config)).unwrap();
    let (address, ended) = (gateway.address(), std::sync::Arc::new(tokio::sync::Notify::new()));
    let end = ended.clone();
    let served = std::thread::spawn(move || {
        runtime.block_on(async {
            end.notified().await;
            gateway.stop().await;
        });
    });
    let mut direct = Plain::connect(upstream);
    let mut through = Plain::connect(address);
    let mut bare = Plain::connect(forwarder(upstream));
    let (mut past, mut by, mut only) = (Vec::new(), Vec::new(), Vec::new());
    let began = Instant::now();
    for at in 0..REQUESTS + WARM {
        // On schedule, however long the last call took.
        let due = began + EVERY * u32::try_from(at).unwrap();
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let (new, old) = bodies(at);
        let (took, kept) = match at % 3 {
            0 => (direct.post("/messages", &new), &mut past),
            1 => (through.post("/v1/messages", &old), &mut by),
            _ => (bare.post("/messages", &new), &mut only),
        };
        if at >= WARM {
            kept.push(took);
        }
    }
    for (share, name, goal) in [(0.5, "p50", 0.06), (0.99, "p99", 0.2)] {
        let ms = |kept: &mut Vec<Duration>| percentile(kept, share).as_secs_f64() * 1e3;
        let (past, by, only) = (ms(&mut past), ms(&mut by), ms(&mut only));
        table.tell(format!("gateway: direct call, {name}"), past, "ms");
        table.tell(
            format!("gateway: added by one that only forwards (axum, reqwest), {name}"),
            only - past,
            "ms",
        );
        table.at_most(format!("gateway: added by ours, {name}"), by - past, "ms", goal);
    }
    // One after the other, without pauses: the cost with warm caches.
    let back_to_back = |plain: &mut Plain, path: &str, old: bool| {
        let mut kept: Vec<Duration> = (0..2_000)
            .map(|at| {
                let (new_body, old_body) = bodies(1_000_000 + at);
                plain.post_with(path, "quick", if old { &old_body } else { &new_body })
            })
            .collect();
        percentile(&mut kept, 0.5).as_secs_f64() * 1e3
    };
    let past = back_to_back(&mut direct, "/messages", false);
    table.tell(
        "gateway: added by one that only forwards, one after the other, p50",
        back_to_back(&mut bare, "/messages", false) - past,
        "ms",
    );
    table.tell(
        "gateway: added by ours, one after the other, p50",
        back_to_back(&mut through, "/v1/messages", true) - past,
        "ms",
    );
    let since = Instant::now();
    let count = 5_000_u32;
    for at in 0..count {
        through.post("/v1/contacts", &format!(r#"{{"contacts":["1650{at:07}"]}}"#));
    }
    table.tell(
        "gateway: calls a second on one connection, not forwarded",
        f64::from(count) / since.elapsed().as_secs_f64(),
        "calls/s",
    );
    drop((direct, through));
    ended.notify_one();
    served.join().unwrap();
}

/// The minimum that a gateway of these libraries does: it forwards the body and the response.
fn forwarder(upstream: std::net::SocketAddr) -> std::net::SocketAddr {
    let (client, url) = (reqwest::Client::new(), format!("http://{upstream}/messages"));
    let forward = move |body: bytes::Bytes| {
        let request =
            client.post(&url).header("D360-API-KEY", "k").header("content-type", "application/json");
        let request = request.body(body);
        async move { request.send().await.unwrap().bytes().await.unwrap() }
    };
    app::serve(axum::Router::new().route("/messages", axum::routing::post(forward)))
}

/// A message in the form of Cloud and of On-Premise, to a new recipient each time.
fn bodies(at: usize) -> (String, String) {
    let new = format!(
        r#"{{"messaging_product":"whatsapp","recipient_type":"individual","to":"+1650{at:07}","type":"text","text":{{"body":"Hello, your order is on its way."}}}}"#
    );
    let old = format!(
        r#"{{"to":"1650{at:07}","type":"text","text":{{"body":"Hello, your order is on its way."}}}}"#
    );
    (new, old)
}
