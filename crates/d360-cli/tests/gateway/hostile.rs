//! Slow, large and many requests: the faults of one client do not affect others.
use crate::rig::{Gateway, OldProgram, args, http};
use d360_sandbox::Sandbox;
use std::{
    io::Write as _,
    net::TcpStream,
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

fn gateway(folder: &tempfile::TempDir) -> (Sandbox, Gateway, OldProgram) {
    let sandbox = Sandbox::start().unwrap();
    let old = OldProgram::start();
    let (url, state) = (sandbox.base_url(), folder.path().join("state.db"));
    let gateway = Gateway::start(sandbox.key(), &args(&url, &state, &old.url));
    (sandbox, gateway, old)
}

#[test]
fn a_thousand_slow_connections_do_not_block_others() {
    let folder = tempfile::tempdir().unwrap();
    let (_sandbox, gateway, _old) = gateway(&folder);
    let slow: Vec<TcpStream> = (0..1_000)
        .map(|at| {
            let mut stream = TcpStream::connect(gateway.address).unwrap();
            // Some have sent nothing, some half a head, some half a body.
            let begun: &[u8] = match at % 3 {
                0 => b"",
                1 => b"GET /v1/health HTTP/1.1\r\nx: ",
                _ => b"POST /v1/messages HTTP/1.1\r\nhost: x\r\nD360-API-KEY: sandbox-key\r\ncontent-length: 100\r\n\r\n{",
            };
            stream.write_all(begun).unwrap();
            stream
        })
        .collect();
    let since = Instant::now();
    for _ in 0..20 {
        assert_eq!(gateway.call("sandbox-key", "GET", "/v1/settings/application", None).status, 200);
    }
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
    drop(slow);
}

#[test]
fn oversized_requests_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (sandbox, gateway, _old) = gateway(&folder);
    let key = [("D360-API-KEY", "sandbox-key")];
    let large = vec![b' '; 2 << 20];
    let answer = http(gateway.address, "POST", "/v1/messages", &key, &large).unwrap();
    assert_eq!((answer.status, answer.code()), (413, 1009));
    let long = "x".repeat(300 << 10);
    let answer = http(gateway.address, "GET", "/v1/health", &[("x-long", &long)], b"").unwrap();
    assert_eq!(answer.status, 431);
    let many: Vec<(String, String)> = (0..150).map(|at| (format!("x-{at}"), "1".to_owned())).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(http(gateway.address, "GET", "/v1/health", &many, b"").unwrap().status, 431);
    for (body, status) in [
        (&b"{"[..], 400),
        (b"[]", 200),
        (b"\xff", 400),
        (b"{\"entry\": [{\"changes\": [{\"value\": 7}]}]}", 200),
    ] {
        assert_eq!(http(gateway.address, "POST", "/webhook", &[], body).unwrap().status, status);
    }
    // Behind a proxy on the same machine, every client would appear local.
    let passed_on =
        http(gateway.address, "POST", "/webhook", &[("x-forwarded-for", "203.0.113.7")], b"{}").unwrap();
    assert_eq!(passed_on.status, 401);
    assert!(sandbox.messages().is_empty());
    let second = std::process::Command::new(env!("CARGO_BIN_EXE_d360"))
        .args([
            "gateway",
            "--listen",
            "127.0.0.1:0",
            "--state",
            folder.path().join("state.db").to_str().unwrap(),
        ])
        .env("D360_API_KEY", "k")
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&second.stderr).contains("used by another process"), "{second:?}");
}

#[test]
fn webhooks_wait_until_the_old_program_takes_them() {
    let folder = tempfile::tempdir().unwrap();
    let (_sandbox, gateway, old) = gateway(&folder);
    old.status.store(500, Ordering::SeqCst);
    for (at, id) in ["wamid.a", "wamid.b", "wamid.a", "wamid.c"].into_iter().enumerate() {
        let body = crate::rig::webhook("16505551234", id, &at.to_string()).to_string();
        assert_eq!(http(gateway.address, "POST", "/webhook", &[], body.as_bytes()).unwrap().status, 200);
    }
    let since = Instant::now();
    while old.refused.load(Ordering::SeqCst) < 2 {
        assert!(since.elapsed() < crate::rig::PATIENCE);
        std::thread::sleep(Duration::from_millis(20));
    }
    old.status.store(200, Ordering::SeqCst);
    let ids = old.wait_for("all three", |seen| {
        let ids: Vec<String> = seen
            .iter()
            .map(|hook| hook["messages"][0]["id"].as_str().unwrap_or_default().to_owned())
            .collect();
        (ids.len() == 3).then_some(ids)
    });
    assert_eq!(ids, ["wamid.a", "wamid.b", "wamid.c"], "in order, and the second wamid.a is a duplicate");
}

/// On a stop signal, it accepts no more and finishes calls in flight.
#[cfg(unix)]
#[test]
fn it_stops_gracefully() {
    let folder = tempfile::tempdir().unwrap();
    let (_sandbox, mut gateway, _old) = gateway(&folder);
    let mut under_way = TcpStream::connect(gateway.address).unwrap();
    let body = br#"{"blocking": "wait", "contacts": ["16505551234"]}"#;
    let head = format!(
        "POST /v1/contacts HTTP/1.1\r\nhost: x\r\nD360-API-KEY: sandbox-key\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    under_way.write_all(head.as_bytes()).unwrap();
    under_way.write_all(&body[..10]).unwrap();
    // A response to another request shows that the first was accepted.
    assert_eq!(gateway.call("sandbox-key", "GET", "/healthz", None).status, 200);
    let ended =
        std::process::Command::new("kill").args(["-TERM", &gateway.child.id().to_string()]).status().unwrap();
    assert!(ended.success());
    let since = Instant::now();
    while TcpStream::connect(gateway.address).is_ok() {
        assert!(since.elapsed() < crate::rig::PATIENCE);
        std::thread::sleep(Duration::from_millis(5));
    }
    under_way.write_all(&body[10..]).unwrap();
    let mut answer = String::new();
    std::io::Read::read_to_string(&mut under_way, &mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(gateway.child.wait().unwrap().success());
}

/// A log that nobody reads must not suppress a response, because the client would retry.
#[test]
fn a_closed_log_pipe_does_not_affect_answers() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start().unwrap();
    sandbox.user_writes("16505551234");
    let old = OldProgram::start();
    let (url, state) = (sandbox.base_url(), folder.path().join("state.db"));
    let gateway =
        Gateway::start_with(sandbox.key(), &args(&url, &state, &old.url), std::process::Stdio::piped());
    let mut gateway = gateway;
    drop(gateway.child.stderr.take());
    let body = serde_json::json!({ "to": "16505551234", "type": "text", "text": { "body": "x" } });
    for _ in 0..3 {
        assert_eq!(gateway.call("sandbox-key", "POST", "/v1/messages", body.clone()).status, 201);
    }
    assert_eq!(sandbox.messages().len(), 3);
}

/// It contains messages of users.
#[cfg(unix)]
#[test]
fn the_state_file_is_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let (_sandbox, gateway, _old) = gateway(&folder);
    let body = crate::rig::webhook("16505551234", "wamid.a", "Hi").to_string();
    assert_eq!(http(gateway.address, "POST", "/webhook", &[], body.as_bytes()).unwrap().status, 200);
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{:?}", entry.path());
    }
}

/// A program that hangs delays only its own webhooks.
#[test]
fn a_hanging_program_does_not_block_others() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::builder().key("a", "15550000001").key("b", "15550000002").start().unwrap();
    // Accepts connections and never responds.
    let hanging = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let healthy = OldProgram::start();
    let config = folder.path().join("gateway.toml");
    let toml = format!(
        "listen = \"127.0.0.1:0\"\nbase_url = {:?}\nstate = {:?}\n[[number]]\nname = \"a\"\nkey_env = \"D360_API_KEY\"\nwebhook_to = \"http://{}/\"\n\
         [[number]]\nname = \"b\"\nkey_env = \"D360_WEBHOOK_SECRET\"\nwebhook_to = {:?}\n",
        sandbox.base_url(),
        folder.path().join("state.db"),
        hanging.local_addr().unwrap(),
        healthy.url
    );
    std::fs::write(&config, toml).unwrap();
    let gateway = Gateway::start("a", &["--config", config.to_str().unwrap()]);
    for user in 0..60 {
        let body =
            crate::rig::webhook(&format!("1650555{user:04}"), &format!("wamid.{user}"), "Hi").to_string();
        assert_eq!(http(gateway.address, "POST", "/webhook/a", &[], body.as_bytes()).unwrap().status, 200);
    }
    let since = Instant::now();
    let body = crate::rig::webhook("16505551234", "wamid.b", "Hi").to_string();
    assert_eq!(http(gateway.address, "POST", "/webhook/b", &[], body.as_bytes()).unwrap().status, 200);
    healthy.wait_for("message", |seen| {
        seen.iter().find(|hook| hook["messages"][0]["id"] == "wamid.b").map(drop)
    });
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
}
