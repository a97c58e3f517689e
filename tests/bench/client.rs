//! Compares calls of our client with the same calls on reqwest and ureq. Measures the sandbox and memory.
use crate::{
    app,
    model::message,
    peers, server,
    table::{Table, ratio},
};
use d360::{ApiKey, Config, RateLimit, cloud, model::Message};
use std::future::Future;

const BATCH: usize = 1_000;

pub(crate) fn config(base: &str) -> Config {
    Config::new(ApiKey::new("k").unwrap()).base_url(base).rate_limit(RateLimit::off())
}

pub(crate) fn run(table: &mut Table) {
    let base = format!("http://{}", server::start());
    let message = message(1);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ours = cloud::Client::new(config(&base)).unwrap();
    let lean = cloud::Client::hyper(config(&base)).unwrap();
    let theirs = peers::Reqwest::new(&base);
    for in_flight in [1, 16, 64] {
        let sends = |client: &cloud::Client| {
            runtime.block_on(many(in_flight, || {
                let (client, message) = (client.clone(), message.clone());
                async move { drop(client.send(message).await.unwrap()) }
            }));
        };
        let theirs = || {
            runtime.block_on(many(in_flight, || {
                let (client, message) = (theirs.clone(), message.clone());
                async move { drop(client.send(&message).await) }
            }));
        };
        let what = format!("client: async throughput to reqwest, {in_flight} in flight");
        table.at_least(what, 1.0 / ratio(1, || sends(&ours), theirs), "ratio", 1.0);
        let what = format!("client: async throughput over hyper to reqwest, {in_flight} in flight");
        let goal = if in_flight == 1 { 1.0 } else { 1.35 };
        table.at_least(what, 1.0 / ratio(1, || sends(&lean), theirs), "ratio", goal);
    }
    let ours = cloud::blocking::Client::new(config(&base)).unwrap();
    let theirs = peers::Ureq::new(&base);
    for threads in [1, 4, 16] {
        let ours = || threaded(threads, || drop(ours.send(message.clone()).unwrap()));
        let theirs = || threaded(threads, || drop(theirs.send(&message)));
        let what = format!("client: blocking throughput to ureq, {threads} threads");
        table.at_least(what, 1.0 / ratio(1, ours, theirs), "ratio", 1.0);
    }
}

/// Runs a thousand calls, `in_flight` at a time.
async fn many<F: Future<Output = ()> + Send + 'static>(in_flight: usize, call: impl Fn() -> F) {
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..BATCH {
        if calls.len() == in_flight {
            calls.join_next().await.unwrap().unwrap();
        }
        calls.spawn(call());
    }
    while let Some(done) = calls.join_next().await {
        done.unwrap();
    }
}

fn threaded(threads: usize, call: impl Fn() + Sync) {
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| (0..BATCH / threads).for_each(|_| call()));
        }
    });
}

/// Compares the sandbox with a server that only answers.
pub(crate) fn sandbox(table: &mut Table) {
    let sandbox = d360_sandbox::Sandbox::start().unwrap();
    sandbox.user_writes("+16505551234");
    let body = serde_json::to_string(&Message::text("+16505551234", "Hello")).unwrap();
    let bare = axum_server();
    let post = |to: std::net::SocketAddr, key: &str| {
        // 16 in flight: one at a time would measure how fast this machine wakes a thread.
        let mut connections: Vec<_> = (0..16).map(|_| server::Plain::connect(to)).collect();
        for _ in 0..BATCH / connections.len() {
            connections.iter_mut().for_each(|one| one.ask("/messages", key, &body));
            connections.iter_mut().for_each(server::Plain::hear);
        }
    };
    let of_sandbox = sandbox.base_url().trim_start_matches("http://").parse().unwrap();
    let ratio = 1.0 / ratio(1, || post(of_sandbox, sandbox.key()), || post(bare, "k"));
    table.at_least("sandbox: requests a second, to a bare axum route", ratio, "ratio", 0.5);
}

fn axum_server() -> std::net::SocketAddr {
    let json = [("content-type", "application/json")];
    let answer = axum::routing::post(move |_: bytes::Bytes| async move { (json, server::ANSWER) });
    app::serve(axum::Router::new().route("/messages", answer))
}

/// A million sends, 64 in flight, need as much memory as ten thousand.
pub(crate) fn memory(table: &mut Table) {
    let base = format!("http://{}", server::start());
    let client = cloud::Client::new(config(&base)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let send = |count: usize| {
        runtime.block_on(async {
            let mut calls = tokio::task::JoinSet::new();
            for at in 0..count {
                if calls.len() == 64 {
                    calls.join_next().await.unwrap().unwrap();
                }
                let client = client.clone();
                let to = format!("+1650{at:07}");
                calls.spawn(async move { drop(client.send(Message::text(to, "Hello")).await.unwrap()) });
            }
            while let Some(done) = calls.join_next().await {
                done.unwrap();
            }
        });
        peak()
    };
    let (Some(few), Some(many)) = (send(10_000), send(1_000_000)) else {
        eprintln!("memory: not available on this system");
        return;
    };
    table.at_most("memory: peak after 1,000,000 sends, to that after 10,000", many / few, "ratio", 1.05);
    table.at_most("memory: peak, server included", many / 1024.0, "MiB", 16.0);
}

/// Peak memory in KiB, from Linux's `/proc`.
fn peak() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?
        .trim()
        .strip_suffix(" kB")?
        .trim()
        .parse()
        .ok()
}
