//! Power cuts: accepted webhooks arrive, in order for each user, and no message is sent twice.
use crate::rig::{Gateway, OldProgram, args, http, webhook};
use d360_sandbox::Sandbox;
use serde_json::json;
use std::{
    collections::HashMap,
    net::{SocketAddr, TcpListener},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

const WEBHOOKS: usize = 5_000;
const USERS: usize = 50;
const CUTS: usize = 10;

#[test]
fn ten_power_cuts_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start().unwrap();
    let old = OldProgram::start();
    // One port for all starts.
    let address: SocketAddr = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (url, state, listen) = (sandbox.base_url(), folder.path().join("state.db"), address.to_string());
    let start = || {
        Gateway::start(sandbox.key(), &[&args(&url, &state, &old.url)[2..], &["--listen", &listen]].concat())
    };
    for user in 0..USERS {
        sandbox.user_writes(&user_of(user));
    }
    let accepted = AtomicUsize::new(0);
    let finished = AtomicBool::new(false);
    // A gateway that does not restart fails the test at once.
    let gave_up = AtomicBool::new(false);
    // Messages sent while the gateway restarts, by their texts.
    let tried = Mutex::new(0_usize);
    std::thread::scope(|scope| {
        // Cloud posts the webhooks of each user one after another, each until it is accepted.
        let posters: Vec<_> = (0..8)
            .map(|poster| {
                let (accepted, gave_up) = (&accepted, &gave_up);
                scope.spawn(move || {
                    for at in 0..WEBHOOKS / USERS {
                        for user in (poster..USERS).step_by(8) {
                            let body =
                                webhook(&user_of(user), &format!("wamid.{user}.{at}"), &at.to_string())
                                    .to_string();
                            while !gave_up.load(Ordering::SeqCst)
                                && !http(address, "POST", "/webhook", &[], body.as_bytes())
                                    .is_ok_and(|answer| answer.status == 200)
                            {
                                std::thread::sleep(Duration::from_millis(2));
                            }
                            accepted.fetch_add(1, Ordering::SeqCst);
                        }
                    }
                })
            })
            .collect();
        // Meanwhile the old program sends, and does not retry requests without a response.
        let sender = scope.spawn(|| {
            let mut at = 0;
            while !finished.load(Ordering::SeqCst) {
                let body = json!({ "to": user_of(at % USERS), "type": "text", "text": { "body": format!("no. {at}") } }).to_string();
                let _ = http(address, "POST", "/v1/messages", &[("D360-API-KEY", "sandbox-key")], body.as_bytes());
                at += 1;
                *tried.lock().unwrap() = at;
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        struct GiveUp<'a>(&'a AtomicBool, &'a AtomicBool);
        impl Drop for GiveUp<'_> {
            fn drop(&mut self) {
                if std::thread::panicking() {
                    self.0.store(true, Ordering::SeqCst);
                    self.1.store(true, Ordering::SeqCst);
                }
            }
        }
        let _give_up = GiveUp(&gave_up, &finished);
        let mut gateway = start();
        for cut in 1..=CUTS {
            let until = cut * WEBHOOKS / (CUTS + 1);
            while accepted.load(Ordering::SeqCst) < until {
                std::thread::sleep(Duration::from_millis(1));
            }
            gateway.kill();
            gateway = start();
        }
        posters.into_iter().for_each(|poster| poster.join().unwrap());
        finished.store(true, Ordering::SeqCst);
        sender.join().unwrap();
        old.wait_for("all that was accepted", |seen| {
            let mut ids: Vec<&str> =
                seen.iter().filter_map(|hook| hook["messages"][0]["id"].as_str()).collect();
            ids.sort_unstable();
            ids.dedup();
            (ids.len() == WEBHOOKS).then_some(())
        });
    });
    // In order, by the first arrival of each.
    let mut next: HashMap<String, usize> = HashMap::new();
    for hook in old.seen() {
        let Some(message) = hook["messages"].get(0) else { continue };
        let user = message["from"].as_str().unwrap().to_owned();
        let at: usize = message["text"]["body"].as_str().unwrap().parse().unwrap();
        let expected = next.entry(user.clone()).or_default();
        assert!(at <= *expected, "{user}: {at} came before {expected}");
        *expected = (*expected).max(at + 1);
    }
    // No message was sent twice.
    let mut texts: Vec<String> = sandbox
        .messages()
        .iter()
        .map(|message| message["text"]["body"].as_str().unwrap().to_owned())
        .collect();
    let sent = texts.len();
    texts.sort();
    texts.dedup();
    let tried = *tried.lock().unwrap();
    assert_eq!(texts.len(), sent, "of {tried} tried");
    // Enough requests must have reached the gateway, or the test proves nothing.
    assert!(sent >= 100, "{sent} of {tried}");
}

fn user_of(at: usize) -> String {
    format!("1650555{at:04}")
}
