//! `media`, `templates`, `health` and `webhook`.
use crate::{Folder, command, finish, with};
use d360_sandbox::Sandbox;
use serde_json::{Value, json};
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn files_are_uploaded_and_downloaded() {
    for blocking in [false, true] {
        let sandbox = Sandbox::start().unwrap();
        let run = |args: &[&str]| with(&sandbox, blocking, args);
        let folder = Folder::new();
        let content = "%PDF".repeat(100_000);
        let file = folder.file("a.pdf", &content);
        let ran = run(&["media", "upload", &file, "--output", "json"]);
        assert_eq!((ran.code, &ran.json()["kind"]), (0, &json!("document")), "{}", ran.err);
        let id = ran.json()["id"].as_str().unwrap().to_owned();
        assert_eq!(run(&["media", "info", &id, "--output", "json"]).json()["file_size"], 400_000);
        let target = folder.path("b.pdf");
        let ran = run(&["media", "download", &id, "--out", &target]);
        assert!(ran.code == 0 && ran.out.contains("400000 bytes"), "{}{}", ran.out, ran.err);
        assert_eq!(std::fs::read_to_string(&target).unwrap(), content);
        // Existing files are not replaced, and failures leave no file.
        let ran = run(&["media", "download", &id, "--out", &target]);
        assert!(ran.code == 1 && ran.err.contains("exists already"), "{}", ran.err);
        let lost = folder.path("lost");
        for (url, code) in [("https://evil.example/x", 3), ("https://lookaside.fbsbx.com/x", 4)] {
            let ran = run(&["media", "download", url, "--out", &lost]);
            assert_eq!(ran.code, code, "{}", ran.err);
        }
        assert_eq!(run(&["media", "download", "4490709327384099", "--out", &lost]).code, 4);
        assert!(
            !std::path::Path::new(&lost).exists() && !std::path::Path::new(&format!("{lost}.part")).exists()
        );
        assert_eq!(run(&["media", "delete", &id]).code, 0);
        assert_eq!(run(&["media", "info", &id]).code, 4);

        let ran = run(&["media", "upload", &folder.file("a.zip", "PK")]);
        assert!(
            ran.code == 3 && ran.err.contains("file.type") && ran.err.contains("image/png"),
            "{}",
            ran.err
        );
        assert_eq!(run(&["media", "upload", &folder.file("b.zip", "PK"), "--type", "text/plain"]).code, 0);
        assert_eq!(run(&["media", "upload", &folder.path("none.pdf")]).code, 3);
        assert_eq!(run(&["media", "delete", "messages"]).code, 3);
        assert_eq!(run(&["media", "download", "https://lookaside.fbsbx.com/x"]).code, 2);
        assert_eq!(run(&["media", "info", "7", "--api", "onprem"]).code, 2);
    }
}

#[test]
fn templates_are_managed() {
    for blocking in [false, true] {
        let sandbox = Sandbox::start().unwrap();
        let run = |args: &[&str]| with(&sandbox, blocking, args);
        let folder = Folder::new();
        let good = json!({ "name": "a_b", "language": "en", "category": "UTILITY", "components": [{ "type": "BODY", "text": "Hi" }] });
        let file = folder.file("good.json", good.to_string());
        let ran = run(&["templates", "create", &file, "--output", "json"]);
        assert_eq!((ran.code, &ran.json()["status"]), (0, &json!("PENDING")), "{}", ran.err);
        assert_eq!(run(&["templates", "create", &file]).code, 4, "it exists already");
        let ran = run(&["templates", "create", &folder.file("bad.json", "{\"name\": \"A\"}")]);
        assert!(ran.code == 3 && ran.err.contains("  language: is required"), "{}", ran.err);
        let ran = run(&["templates", "list", "--limit", "1"]);
        assert_eq!(ran.out.lines().count(), 2);
        let ran = run(&["templates", "list", "--status", "pending"]);
        assert!(ran.out.starts_with("a_b en PENDING UTILITY "), "{}", ran.out);
        let graph = ["templates", "list", "--api", "graph", "--phone-number-id", "1"];
        let ran = run(&graph);
        assert!(ran.code == 2 && ran.err.contains("--waba-id"), "{}", ran.err);
        assert_eq!(run(&[&graph[..], &["--waba-id", "2"]].concat()).code, 0);
        assert_eq!(run(&["templates", "list", "--waba-id", "2"]).code, 2);
        assert_eq!(run(&["templates", "delete", "a_b"]).code, 0);
        assert_eq!(run(&["templates", "delete", "a_b"]).code, 4);
        assert_eq!(run(&["health"]).out.lines().next(), Some("AVAILABLE"));
        assert_eq!(run(&["health", "--api", "graph", "--phone-number-id", "1"]).code, 3);
    }
}

#[test]
fn webhooks_are_configured_without_showing_the_secret() {
    for blocking in [false, true] {
        let sandbox = Sandbox::start().unwrap();
        let run = |args: &[&str]| {
            let mut command = command(args);
            command.env("D360_API_KEY", sandbox.key()).env("D360_BASE_URL", sandbox.base_url());
            command.env("D360_WEBHOOK_SECRET", "hush-canary").args(blocking.then_some("--blocking"));
            finish(command)
        };
        assert_eq!(run(&["webhook", "config", "get"]).out, "no webhook is set\n");
        for account in [false, true] {
            let level = account.then_some("--account");
            let set = ["webhook", "config", "set", "http://127.0.0.1:1/x", "--secret-header", "x-secret"];
            let args: Vec<&str> = set.into_iter().chain(level).collect();
            let ran = run(&args);
            assert_eq!(
                (ran.code, ran.out.as_str()),
                (0, "http://127.0.0.1:1/x\nx-secret: ••••\n"),
                "{}",
                ran.err
            );
            let get: Vec<&str> =
                ["webhook", "config", "get", "--output", "json"].into_iter().chain(level).collect();
            let ran = run(&get);
            assert_eq!(ran.json()["headers"], json!({ "x-secret": "••••" }));
            assert!(!format!("{}{}", ran.out, ran.err).contains("hush"));
        }
        assert!(
            sandbox.requests().iter().any(|request| request["body"]["headers"]["x-secret"] == "hush-canary")
        );
        assert_eq!(run(&["webhook", "config", "set", "http://x.example"]).code, 3);
        assert_eq!(run(&["webhook", "config", "set", "http://127.0.0.1:1", "--override-all"]).code, 2);
        assert_eq!(run(&["webhook", "config", "get", "--api", "onprem"]).code, 2);
    }
    let without = with(
        &Sandbox::start().unwrap(),
        false,
        &["webhook", "config", "set", "http://127.0.0.1:1", "--secret-header", "x"],
    );
    assert!(without.code == 2 && without.err.contains("D360_WEBHOOK_SECRET"), "{}", without.err);
}

#[test]
fn signatures_are_checked() {
    let folder = Folder::new();
    // RFC 4231, test case 2.
    let body = folder.file("body", "what do ya want for nothing?");
    let good = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    let run = |args: &[&str]| {
        let mut command = command(&[&["webhook", "verify"], args].concat());
        command.env("D360_WEBHOOK_SECRET", "Jefe");
        finish(command)
    };
    for signer in ["app", "platform"] {
        let ran = run(&[&body, "--signed-by", signer, "--signature", good]);
        assert_eq!((ran.code, ran.out.as_str()), (0, "verified\n"), "{}", ran.err);
    }
    let signed = format!("sha256={good}");
    assert_eq!(
        run(&[&body, "--signed-by", "app", "--signature", &signed, "--output", "json"]).json(),
        json!({ "verified": true })
    );
    let other = folder.file("other", "what do ya want for nothing?\n");
    for (file, signature) in [(&other, good), (&body, "00"), (&body, "")] {
        let ran = run(&[file, "--signed-by", "app", "--signature", signature]);
        assert!(ran.code == 3 && ran.err.contains("signature or secret is wrong"), "{}", ran.err);
    }
}

/// Waits until the sandbox has a response to a webhook.
fn first_delivery(sandbox: &Sandbox) {
    let since = Instant::now();
    while sandbox.deliveries().is_empty() {
        assert!(since.elapsed() < PATIENCE, "no webhook was delivered");
        std::thread::yield_now();
    }
}

/// Starts `d360 webhook listen`, and returns its URL.
fn listen(args: &[&str]) -> (Child, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_d360"))
        .args(["webhook", "listen", "--listen", "127.0.0.1:0"])
        .args(args)
        .env("D360_WEBHOOK_SECRET", "hush")
        .env("XDG_STATE_HOME", crate::STATE)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
    let url = line.split("http://").nth(1).unwrap().split(',').next().unwrap();
    (child, format!("http://{url}/hook"))
}

/// Returns what it printed before it exited.
fn events(mut child: Child) -> Vec<Value> {
    let mut printed = child.stdout.take().unwrap();
    let (told, ended) = mpsc::channel();
    std::thread::spawn(move || {
        let mut out = String::new();
        printed.read_to_string(&mut out).unwrap();
        told.send(out)
    });
    let Ok(out) = ended.recv_timeout(PATIENCE) else {
        child.kill().unwrap();
        panic!("it did not exit");
    };
    assert!(child.wait().unwrap().success());
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn webhooks_are_listened_to() {
    let (child, url) = listen(&["--secret-header", "x-secret", "--count", "2"]);
    let sandbox = Sandbox::start().unwrap();
    sandbox.webhook(&url, &[("x-secret", "wrong")]);
    let _ = sandbox.user_sends("+16505551234", &json!({}));
    first_delivery(&sandbox);
    assert_eq!(sandbox.deliveries()[0]["status"], 401);
    sandbox.webhook(&url, &[("x-secret", "hush")]);
    let first = sandbox.user_sends("+16505551234", &json!({ "type": "location" }));
    let second = sandbox.user_sends("+16505551234", &json!({ "type": "contacts" }));
    let events = events(child);
    let ids: Vec<_> = events.iter().map(|event| event["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [first, second]);
    assert_eq!((&events[0]["type"], &events[1]["type"]), (&json!("location"), &json!("contacts")));
}

#[test]
fn an_unread_webhook_is_not_acknowledged() {
    let (mut child, url) = listen(&["--secret-header", "x-secret"]);
    drop(child.stdout.take());
    let sandbox = Sandbox::start().unwrap();
    sandbox.webhook(&url, &[("x-secret", "hush")]);
    let _ = sandbox.user_sends("+16505551234", &json!({}));
    first_delivery(&sandbox);
    assert_eq!(sandbox.deliveries()[0]["status"], 503);
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn webhooks_are_verified_and_then_forwarded_unchanged() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let forward = format!("http://{}/behind", server.local_addr().unwrap());
    // Fails once, then accepts.
    let behind = std::thread::spawn(move || {
        let mut seen = Vec::new();
        // The order of the zip matters: the other order would wait for a third connection.
        for (status, stream) in [500, 200].into_iter().zip(server.incoming()) {
            let mut stream = stream.unwrap();
            let (mut head, mut reader) = (String::new(), BufReader::new(stream.try_clone().unwrap()));
            while !head.ends_with("\r\n\r\n") {
                reader.read_line(&mut head).unwrap();
            }
            let head = head.to_ascii_lowercase();
            let length = head.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap();
            let mut body = vec![0; length.parse().unwrap()];
            reader.read_exact(&mut body).unwrap();
            write!(stream, "HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
            seen.push((head, body));
        }
        seen
    });
    let (child, url) = listen(&["--signed-by", "app", "--forward-to", &forward, "--count", "1"]);
    let sandbox = Sandbox::start().unwrap();
    sandbox.webhook(&url, &[]);
    let _ = sandbox.user_sends("+16505551234", &json!({}));
    first_delivery(&sandbox);
    assert_eq!(sandbox.deliveries()[0]["status"], 401, "it is not signed");
    sandbox.webhooks(|hooks| hooks.app_secret = Some("hush".to_owned()));
    let sent = sandbox.user_sends("+16505551234", &json!({ "text": { "body": "J\u{f6}rg \u{1f600}" } }));
    let events = events(child);
    assert_eq!((events.len(), events[0]["id"].as_str().unwrap()), (1, sent.as_str()));
    let seen = behind.join().unwrap();
    assert_eq!(seen.len(), 2);
    for (head, body) in seen {
        assert!(head.starts_with("post /behind ") && head.contains("x-hub-signature-256: sha256="), "{head}");
        assert!(String::from_utf8(body).unwrap().contains(&sent));
    }
}
