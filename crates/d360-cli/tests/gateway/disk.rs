//! A full disk, simulated by the limit on file sizes (RLIMIT_FSIZE) of the running gateway: set to 0 and lifted
//! again. Every write fails meanwhile, on any machine and without special rights.
use crate::{
    rig::{Answer, Gateway, OldProgram, args, http, read_request, webhook},
    scripted::eventually,
    state::look,
};
use d360_sandbox::Sandbox;
use serde_json::json;
use std::{
    io::{BufReader, Write as _},
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
    sync::atomic::Ordering,
    time::Duration,
};

/// Starts a gateway that ignores the signal of a write beyond the limit.
fn started(key: &str, args: &[&str]) -> Gateway {
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_d360")]);
    Gateway::start_as(shell, key, &[args, &["--metrics-listen", "127.0.0.1:0"]].concat(), Stdio::null())
}

fn set_full(process: u32, full: bool) {
    let limit = if full { 0 } else { rlimit::INFINITY };
    let process = process.try_into().unwrap();
    rlimit::prlimit(process, rlimit::Resource::FSIZE, Some((limit, rlimit::INFINITY)), None).unwrap();
}

fn post(gateway: &Gateway, id: &str) -> u16 {
    let body = webhook("16505551234", id, "a secret between two people").to_string();
    http(gateway.address, "POST", "/webhook", &[], body.as_bytes()).unwrap().status
}

fn rows(state: &Path, table: &str) -> i64 {
    look(state).query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

fn operations(gateway: &Gateway, path: &str) -> Answer {
    http(gateway.operations.unwrap(), "GET", path, &[], b"").unwrap()
}

/// Returns the value of a counter without labels, or of the first with this prefix.
fn metric(gateway: &Gateway, name: &str) -> u64 {
    let text = String::from_utf8(operations(gateway, "/metrics").body).unwrap();
    let line =
        text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name}: {text}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[test]
fn webhooks_delivered_on_a_full_disk_are_deleted_later() {
    let folder = tempfile::tempdir().unwrap();
    let (sandbox, old) = (Sandbox::start().unwrap(), OldProgram::start());
    let (url, state) = (sandbox.base_url(), folder.path().join("state.db"));
    let gateway = started(sandbox.key(), &args(&url, &state, &old.url));
    let basic = [("authorization", "Basic YWRtaW46c2FuZGJveC1rZXk=")];
    let login = http(gateway.address, "POST", "/v1/users/login", &basic, b"").unwrap();
    let bearer = format!("Bearer {}", login.json()["users"][0]["token"].as_str().unwrap());
    old.status.store(503, Ordering::SeqCst);
    for at in 0..5 {
        assert_eq!(post(&gateway, &format!("wamid.{at}")), 200);
    }
    assert_eq!(operations(&gateway, "/readyz").status, 200);
    set_full(gateway.child.id(), true);
    old.status.store(200, Ordering::SeqCst);
    gateway.manage("sandbox-key", &["waiting", "retry", "--all"]);
    old.wait_for("all five", |seen| (seen.len() == 5).then_some(()));
    let logout =
        http(gateway.address, "POST", "/v1/users/logout", &[("authorization", &bearer)], b"").unwrap();
    assert_eq!(logout.status, 200);
    // New webhooks and requests get an error.
    assert_eq!(post(&gateway, "wamid.5"), 503);
    assert_eq!((operations(&gateway, "/readyz").status, operations(&gateway, "/healthz").status), (503, 200));
    assert!(metric(&gateway, "d360_gateway_failed_commits_total") > 1);
    assert_eq!(
        metric(&gateway, "d360_gateway_webhooks_refused_total{number=\"default\",reason=\"state\"}"),
        1
    );
    eventually("changes wait", || (metric(&gateway, "d360_gateway_unwritten_changes") == 6).then_some(()));
    // Deliveries continue.
    assert_eq!(gateway.manage("sandbox-key", &["waiting", "list"])["waiting"], json!([]));
    assert_eq!((rows(&state, "outbox"), rows(&state, "tokens")), (5, 1));
    set_full(gateway.child.id(), false);
    eventually("all deleted", || (rows(&state, "outbox") == 0 && rows(&state, "tokens") == 0).then_some(()));
    assert_eq!((operations(&gateway, "/readyz").status, post(&gateway, "wamid.5")), (200, 200));
    old.wait_for("the sixth", |seen| (seen.len() == 6).then_some(()));
    // After a restart nothing is delivered again.
    eventually("deleted", || (rows(&state, "outbox") == 0).then_some(()));
    gateway.kill();
    let gateway = started(sandbox.key(), &args(&url, &state, &old.url));
    assert_eq!(post(&gateway, "wamid.6"), 200);
    old.wait_for("the seventh alone", |seen| (seen.len() == 7).then_some(()));
}

/// A gateway that is stopped while the disk is full waits a moment for the disk.
#[test]
fn a_clean_stop_deletes_delivered_webhooks() {
    let folder = tempfile::tempdir().unwrap();
    let (sandbox, old) = (Sandbox::start().unwrap(), OldProgram::start());
    let (url, state) = (sandbox.base_url(), folder.path().join("state.db"));
    let mut gateway = started(sandbox.key(), &args(&url, &state, &old.url));
    old.status.store(503, Ordering::SeqCst);
    assert_eq!((post(&gateway, "wamid.a"), post(&gateway, "wamid.b")), (200, 200));
    set_full(gateway.child.id(), true);
    old.status.store(200, Ordering::SeqCst);
    gateway.manage("sandbox-key", &["waiting", "retry", "--all"]);
    old.wait_for("both", |seen| (seen.len() == 2).then_some(()));
    eventually("a commit that failed", || {
        (metric(&gateway, "d360_gateway_failed_commits_total") > 0).then_some(())
    });
    let process = gateway.child.id();
    gateway.terminate();
    eventually("it accepts no more connections", || {
        std::net::TcpStream::connect(gateway.address).is_err().then_some(())
    });
    set_full(process, false);
    assert!(gateway.child.wait().unwrap().success());
    assert_eq!(rows(&state, "outbox"), 0);
    let bytes = std::fs::read(&state).unwrap();
    let secret = b"a secret between two people";
    assert!(!bytes.windows(secret.len()).any(|part| part == secret), "the file still contains deleted data");
}

/// The response of a request is known even if its result could not be written.
#[test]
fn the_result_of_an_idempotency_key_is_not_lost() {
    let folder = tempfile::tempdir().unwrap();
    // While Cloud processes a request, the disk fills up. The second request is refused before anything was sent.
    let cloud = TcpListener::bind("127.0.0.1:0").unwrap();
    let (url, state) = (format!("http://{}", cloud.local_addr().unwrap()), folder.path().join("state.db"));
    let gateway = started("k", &args(&url, &state, "http://127.0.0.1:9/hook"));
    let process = gateway.child.id();
    let answers = [
        (200, r#"{"messaging_product":"whatsapp","contacts":[],"messages":[{"id":"wamid.x"}]}"#),
        (400, r#"{"error":{"message":"(#130429) Rate limit hit","code":130429}}"#),
    ];
    let asked = std::thread::spawn(move || {
        let mut asked = 0;
        for (status, body) in answers {
            let mut stream = BufReader::new(cloud.accept().unwrap().0);
            read_request(&mut stream).unwrap();
            asked += 1;
            set_full(process, true);
            let length = body.len();
            let text = format!(
                "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
            );
            stream.get_mut().write_all(text.as_bytes()).unwrap();
        }
        cloud.set_nonblocking(true).unwrap();
        // Further requests with the key get a conflict.
        std::thread::sleep(Duration::from_secs(1));
        asked + usize::from(cloud.accept().is_ok())
    });
    let send = |gateway: &Gateway, key: &str, text: &str| {
        let body = json!({ "to": "16505551234", "type": "text", "text": { "body": text } }).to_string();
        let headers = [("D360-API-KEY", "k"), ("Idempotency-Key", key)];
        http(gateway.address, "POST", "/v1/messages", &headers, body.as_bytes()).unwrap()
    };
    let first = send(&gateway, "a", "x");
    assert_eq!((first.status, &first.json()["messages"][0]["id"]), (201, &json!("wamid.x")));
    let again = send(&gateway, "a", "x");
    assert_eq!((again.status, again.json()), (201, first.json()), "on a full disk");
    assert_eq!(send(&gateway, "a", "y").status, 422);
    let other = send(&gateway, "b", "x");
    assert_eq!((other.status, other.code()), (500, 1023), "no request can start: {:?}", other.json());
    set_full(process, false);
    // Once written, the result survives a kill.
    let written = || {
        let sql = "SELECT count(*) FROM idempotency WHERE status = 201";
        (look(&state).query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap() == 1).then_some(())
    };
    eventually("the answer is written", written);
    // The second request had no effect and its result could not be written either. It is no longer in flight and can
    // be repeated.
    assert_eq!(send(&gateway, "c", "x").status, 429);
    let full = send(&gateway, "c", "x");
    assert_eq!((full.status, full.code()), (500, 1023), "{:?}", full.json());
    assert_eq!(asked.join().unwrap(), 2);
    set_full(process, false);
    eventually("it is free again", || {
        let sql = "SELECT count(*) FROM idempotency WHERE key = 'c'";
        (look(&state).query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap() == 0).then_some(())
    });
    gateway.kill();
    let gateway = started("k", &args(&url, &state, "http://127.0.0.1:9/hook"));
    let again = send(&gateway, "a", "x");
    assert_eq!((again.status, again.json()), (201, first.json()));
}
