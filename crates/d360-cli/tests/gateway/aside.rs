//! Webhooks that an old program refuses: they delay their user for a limited time, and can be listed, retried and
//! dropped.
use crate::{
    rig::{Gateway, args, http, webhook},
    scripted::{Scripted, Then, eventually, status},
};
use d360_sandbox::Sandbox;
use serde_json::{Value, json};
use std::{net::TcpListener, path::Path, process::Stdio};

const USER: &str = "16505551234";

fn post(gateway: &Gateway, user: &str, id: &str, text: &str) {
    let body = webhook(user, id, text).to_string();
    assert_eq!(http(gateway.address, "POST", "/webhook", &[], body.as_bytes()).unwrap().status, 200);
}

/// A gateway with an operations port and these configuration lines.
fn started(folder: &Path, lines: &str, webhook_to: &str, log: Stdio) -> (Sandbox, Gateway) {
    let sandbox = Sandbox::start().unwrap();
    let config = folder.join("gateway.toml");
    let state = folder.join("state.db");
    std::fs::write(&config, format!("state = {state:?}\nmetrics_listen = \"127.0.0.1:0\"\n{lines}")).unwrap();
    let url = sandbox.base_url();
    let args = [&args(&url, &state, webhook_to)[..], &["--config", config.to_str().unwrap()]].concat();
    let gateway = Gateway::start_with(sandbox.key(), &args, log);
    (sandbox, gateway)
}

fn listed(gateway: &Gateway, which: &str) -> Vec<Value> {
    gateway.manage("sandbox-key", &[which, "list"])[which].as_array().unwrap().clone()
}

/// Answers by the text of a message: a number is the status of the response.
fn by_text(hook: &Value) -> (String, Then) {
    status(hook["messages"][0]["text"]["body"].as_str().and_then(|text| text.parse().ok()).unwrap_or(200))
}

#[test]
fn a_refused_webhook_does_not_block_its_user() {
    let folder = tempfile::tempdir().unwrap();
    let log = std::fs::File::create(folder.path().join("log")).unwrap();
    let old = Scripted::start(by_text);
    let (_sandbox, gateway) = started(folder.path(), "hold_seconds = 3600\n", &old.url, log.into());
    let refusals = [400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 451];
    let holds = [301, 408, 425, 429, 500, 502, 503, 504];
    for (at, answer) in refusals.iter().chain(&holds).enumerate() {
        let user = format!("1650555{at:04}");
        post(&gateway, &user, &format!("wamid.{answer}"), &answer.to_string());
        post(&gateway, &user, &format!("wamid.next{answer}"), "Hi");
    }
    refusals.iter().for_each(|answer| old.wait_for(&format!("wamid.next{answer}"), 1));
    let aside = listed(&gateway, "aside");
    let mut why: Vec<&str> = aside.iter().map(|item| item["why"].as_str().unwrap()).collect();
    why.sort_unstable();
    assert_eq!(why, refusals.map(|answer| format!("answered {answer}")));
    for item in &aside {
        let few = item["tries"].as_u64().unwrap();
        assert!((2..=5).contains(&few), "{item}");
        assert_eq!(old.times(item["message_id"].as_str().unwrap()) as u64, few);
        assert_eq!((&item["type"], item["number"].as_str()), (&json!("text"), Some("default")));
    }
    // The other webhooks keep the order of their users.
    holds.iter().for_each(|answer| old.wait_for(&format!("wamid.{answer}"), 2));
    assert!(holds.iter().all(|answer| old.times(&format!("wamid.next{answer}")) == 0));
    assert_eq!(listed(&gateway, "waiting").len(), 2 * holds.len());
    // The log names the user and the webhook, without the number.
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    let line = log.lines().find(|line| line.contains("put aside") && line.contains("wamid.400")).unwrap();
    let fields: Value = serde_json::from_str::<Value>(line).unwrap()["fields"].take();
    assert_eq!((&fields["kind"], &fields["user"]), (&json!("text"), &json!("•••••••••00")), "{line}");
    assert!(!log.contains("1650555"), "{log}");
    let metrics = http(gateway.operations.unwrap(), "GET", "/metrics", &[], b"").unwrap().body;
    let metrics = String::from_utf8(metrics).unwrap();
    for line in [
        r#"d360_gateway_put_aside_total{number="default",reason="refused"} 11"#,
        r#"d360_gateway_aside{number="default"} 11"#,
        r#"d360_gateway_waiting{number="default"} 16"#,
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
}

#[test]
fn a_failing_webhook_blocks_its_user_for_hold_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let old = Scripted::start(|hook| {
        // A program that fails on one kind of webhook: by a status, and by closing the connection.
        match hook["messages"][0]["text"]["body"].as_str() {
            Some("crash") => (String::new(), Then::Close),
            _ => by_text(hook),
        }
    });
    let (_sandbox, gateway) = started(folder.path(), "hold_seconds = 2\n", &old.url, Stdio::null());
    for (user, id, text) in [
        ("16505550001", "wamid.500", "500"),
        ("16505550002", "wamid.429", "429"),
        ("16505550003", "wamid.crash", "crash"),
    ] {
        post(&gateway, user, id, text);
        post(&gateway, user, &format!("{id}.next"), "Hi");
    }
    for id in ["wamid.500", "wamid.429", "wamid.crash"] {
        old.wait_for(&format!("{id}.next"), 1);
        assert!(old.times(id) > 2, "it was retried meanwhile");
    }
    assert_eq!(listed(&gateway, "aside").len(), 3);
}

#[test]
fn what_was_put_aside_is_shown_retried_and_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let fixed = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let is_fixed = fixed.clone();
    let old = Scripted::start(move |hook| {
        if is_fixed.load(std::sync::atomic::Ordering::SeqCst) { status(200) } else { by_text(hook) }
    });
    let (sandbox, gateway) = started(folder.path(), "", &old.url, Stdio::null());
    for (user, id) in [(USER, "wamid.a"), (USER, "wamid.b"), ("16505550002", "wamid.c"), (USER, "wamid.d")] {
        post(&gateway, user, id, "400");
    }
    let all = eventually("four put aside", || Some(listed(&gateway, "aside")).filter(|all| all.len() == 4));
    let ids: Vec<String> = all.iter().map(|item| item["id"].to_string()).collect();
    assert_eq!(
        gateway.manage("sandbox-key", &["aside", "list", "--user", "+16505550002"])["aside"][0]["message_id"],
        "wamid.c"
    );
    let shown = gateway.manage("sandbox-key", &["aside", "show", &ids[0]]);
    assert_eq!(
        (&shown["user"], &shown["body"]["messages"][0]["text"]["body"]),
        (&json!(USER), &json!("400"))
    );
    // The routes work on both ports with the key.
    for port in [gateway.address, gateway.operations.unwrap()] {
        let key = [("D360-API-KEY", "sandbox-key")];
        let page = http(port, "GET", "/aside?limit=3", &key, b"").unwrap().json();
        assert_eq!((page["aside"].as_array().unwrap().len(), &page["total"]), (3, &json!(4)));
        let rest = http(port, "GET", &format!("/aside?after={}", page["next"]), &key, b"").unwrap().json();
        assert_eq!((rest["aside"].as_array().unwrap().len(), &rest["next"]), (1, &Value::Null));
        for (method, path) in [
            ("GET", "/aside"),
            ("GET", "/waiting"),
            ("POST", "/aside/retry"),
            ("DELETE", "/aside/1"),
            ("DELETE", "/waiting"),
        ] {
            assert_eq!(http(port, method, path, &[], b"").unwrap().status, 401, "{method} {path}");
        }
        for path in ["/aside/999", "/aside/x", "/waiting/1"] {
            assert_eq!(http(port, "GET", path, &key, b"").unwrap().status, 404, "{path}");
        }
    }
    // The list survives a kill.
    let url = sandbox.base_url();
    let state = folder.path().join("state.db");
    gateway.kill();
    let args = [&args(&url, &state, &old.url)[..], &["--metrics-listen", "127.0.0.1:0"]].concat();
    let gateway = Gateway::start(sandbox.key(), &args);
    assert_eq!(listed(&gateway, "aside").len(), 4);
    // A webhook that is refused again returns to the list.
    let before = old.times("wamid.a");
    assert_eq!(
        gateway.manage("sandbox-key", &["aside", "retry", &ids[0]])["retried"].to_string(),
        format!("[{}]", ids[0])
    );
    eventually("put aside again", || Some(listed(&gateway, "aside")).filter(|all| all.len() == 4));
    assert!(old.times("wamid.a") > before + 1);
    let dropped = gateway.manage("sandbox-key", &["aside", "drop", &ids[1]]);
    assert_eq!(dropped["dropped"].as_array().unwrap().len(), 1);
    let missing = gateway.manage("sandbox-key", &["aside", "drop", &ids[1], "12345"]);
    assert_eq!((&missing["missing"].as_array().unwrap().len(), &missing["exit"]), (&2, &json!(1)));
    // The rest arrives, in order for each user, and the list is empty.
    fixed.store(true, std::sync::atomic::Ordering::SeqCst);
    let from = old.seen().len();
    assert_eq!(
        gateway.manage("sandbox-key", &["aside", "retry", "--all"])["retried"].as_array().unwrap().len(),
        3
    );
    eventually("all three", || (old.seen().len() == from + 3).then_some(()));
    let seen = old.seen()[from..].to_vec();
    let of_user: Vec<&Value> = seen
        .iter()
        .map(|hook| &hook["messages"][0])
        .filter(|message| message["from"] == USER)
        .map(|message| &message["id"])
        .collect();
    assert_eq!(of_user, ["wamid.a", "wamid.d"]);
    assert!(listed(&gateway, "aside").is_empty() && old.seen().len() == from + 3);
    eventually("nothing waits", || listed(&gateway, "waiting").is_empty().then_some(()));
}

#[test]
fn what_waits_is_listed_retried_and_dropped() {
    let folder = tempfile::tempdir().unwrap();
    // Nobody listens there yet.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nowhere = format!("http://{port}/hook");
    let (_sandbox, gateway) = started(folder.path(), "", &nowhere, Stdio::null());
    for id in ["wamid.a", "wamid.b", "wamid.c", "wamid.d"] {
        post(&gateway, USER, id, "Hi");
    }
    post(&gateway, "16505550002", "wamid.other", "x");
    let waiting = eventually("a try", || {
        Some(listed(&gateway, "waiting")).filter(|all| all.len() == 5 && all[0]["tries"].as_u64() > Some(0))
    });
    assert!(waiting[0]["why"].as_str().unwrap().contains("could not be sent"), "{}", waiting[0]);
    let id = |at: usize| waiting[at]["id"].to_string();
    // The first is being delivered, the third is not.
    let dropped = gateway.manage("sandbox-key", &["waiting", "drop", &id(0), &id(2)]);
    assert_eq!(dropped["dropped"].as_array().unwrap().len(), 2, "{dropped}");
    assert_eq!(
        gateway.manage("sandbox-key", &["waiting", "show", &id(1)])["body"]["messages"][0]["id"],
        "wamid.b"
    );
    assert_eq!(gateway.manage("sandbox-key", &["waiting", "show", &id(0)])["exit"], 1);
    assert_eq!(listed(&gateway, "waiting").len(), 3);
    let old = Scripted::on(TcpListener::bind(port).unwrap(), by_text);
    gateway.manage("sandbox-key", &["waiting", "retry", "--all"]);
    old.wait_for("wamid.d", 1);
    old.wait_for("wamid.other", 1);
    let of_user: Vec<Value> = old
        .seen()
        .iter()
        .map(|hook| hook["messages"][0]["id"].clone())
        .filter(|id| id != "wamid.other")
        .collect();
    assert_eq!(of_user, ["wamid.b", "wamid.d"]);
    eventually("nothing waits", || listed(&gateway, "waiting").is_empty().then_some(()));
}

/// The status decides: whatever follows it, or is missing, is no reason to post again.
#[test]
fn the_response_status_decides_before_the_body() {
    let folder = tempfile::tempdir().unwrap();
    let old = Scripted::start(|hook| {
        let long = "HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\nx".to_owned();
        match hook["messages"][0]["text"]["body"].as_str().unwrap_or_default() {
            "hangs" => (long, Then::Hang),
            "cut" => (long, Then::Close),
            "long" => (long, Then::Flood),
            "garbled" => {
                ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nno chunk\r\n".to_owned(), Then::Close)
            }
            "refused and hangs" => (long.replace("200 OK", "400 X"), Then::Hang),
            "fails and is cut" => (long.replace("200 OK", "400 X"), Then::Close),
            _ => status(200),
        }
    });
    let (_sandbox, gateway) = started(folder.path(), "hold_seconds = 3600\n", &old.url, Stdio::null());
    let taken = ["hangs", "cut", "long", "garbled", "Hi"];
    for text in taken {
        post(&gateway, USER, &format!("wamid.{text}"), text);
    }
    old.wait_for("wamid.Hi", 1);
    for text in taken {
        assert_eq!(old.times(&format!("wamid.{text}")), 1, "{text}");
    }
    // A refusal also counts from its status. Otherwise it would block its user like a failure.
    for (user, text) in [("16505550002", "refused and hangs"), ("16505550003", "fails and is cut")] {
        post(&gateway, user, &format!("wamid.{text}"), text);
    }
    let aside = eventually("both put aside", || Some(listed(&gateway, "aside")).filter(|all| all.len() == 2));
    assert!(aside.iter().all(|item| item["why"] == "answered 400"), "{aside:?}");
    eventually("nothing waits", || listed(&gateway, "waiting").is_empty().then_some(()));
}

/// A body after a 204, or bytes beyond the announced length, do not affect the next webhook.
#[test]
fn unannounced_response_bytes_cause_no_duplicates() {
    let folder = tempfile::tempdir().unwrap();
    let old = Scripted::start(|_| {
        (
            "HTTP/1.1 204 No Content\r\ncontent-length: 2\r\nconnection: keep-alive\r\n\r\n".to_owned(),
            Then::Stray,
        )
    });
    let (_sandbox, gateway) = started(folder.path(), "", &old.url, Stdio::null());
    for at in 0..8 {
        post(&gateway, USER, &format!("wamid.{at}"), "Hi");
    }
    old.wait_for("wamid.7", 1);
    eventually("nothing waits", || listed(&gateway, "waiting").is_empty().then_some(()));
    let times: Vec<usize> = (0..8).map(|at| old.times(&format!("wamid.{at}"))).collect();
    assert_eq!(times, [1; 8]);
}

/// A mistyped parameter must not select everything, and an unencoded `+` must not select nothing.
#[test]
fn unsupported_parameters_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let old = Scripted::start(|_| status(400));
    let (_sandbox, gateway) = started(folder.path(), "", &old.url, Stdio::null());
    for (user, id) in [(USER, "wamid.1"), (USER, "wamid.2"), ("16505550002", "wamid.3")] {
        post(&gateway, user, id, "Hi");
    }
    eventually("all put aside", || (listed(&gateway, "aside").len() == 3).then_some(()));
    let call = |method: &str, path: &str| gateway.call("sandbox-key", method, path, None);
    for (method, path) in [
        ("DELETE", "/aside?limit=1"),
        ("DELETE", "/aside?usr=16505551234"),
        ("DELETE", "/aside?user="),
        ("DELETE", "/aside?user=1&user=2"),
        ("DELETE", "/aside/1?user=16505551234"),
        ("POST", "/aside/retry?after=1"),
        ("POST", "/waiting/retry?all"),
        ("GET", "/aside?usr=1"),
    ] {
        assert_eq!(call(method, path).status, 400, "{method} {path}");
    }
    assert_eq!(listed(&gateway, "aside").len(), 3);
    for path in ["/aside?user=+16505551234", "/aside?user=%2B16505551234", "/aside?user=16505551234"] {
        assert_eq!(call("GET", path).json()["total"], 2, "{path}");
    }
    let dropped = call("DELETE", "/aside?user=+16505551234").json();
    assert_eq!(dropped["dropped"].as_array().unwrap().len(), 2);
    assert_eq!(listed(&gateway, "aside").len(), 1);
}
