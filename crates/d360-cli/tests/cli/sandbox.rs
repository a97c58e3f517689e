//! `d360 sandbox` and the commands for a running one.
use crate::{Ran, command, d360, finish, with};
use d360_sandbox::Sandbox;
use serde_json::{Value, json};
use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, Stdio},
    time::{Duration, Instant},
};

fn on(sandbox: &Sandbox, args: &[&str]) -> Ran {
    d360(&[&["sandbox"], args, &["--url", &sandbox.base_url()]].concat())
}

/// Returns the bodies of webhooks at their first attempt, once there are `count`.
fn posted(sandbox: &Sandbox, count: usize) -> Vec<Value> {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let first = sandbox.deliveries().into_iter().filter(|delivery| delivery["attempt"] == 1);
        let bodies: Vec<Value> =
            first.map(|it| serde_json::from_str(it["body"].as_str().unwrap()).unwrap()).collect();
        if bodies.len() >= count {
            return bodies;
        }
        assert!(Instant::now() < until, "{} webhooks of {count}", bodies.len());
        std::thread::yield_now();
    }
}

#[test]
fn every_kind_of_webhook_is_triggered() {
    let sandbox = Sandbox::start().unwrap();
    // Nobody listens there. The attempts are listed.
    sandbox.webhook("http://127.0.0.1:9/", &[]);
    sandbox.user_writes("+16505551234");
    assert_eq!(with(&sandbox, false, &["send", "text", "Hi", "--to", "+16505551234"]).code, 0);
    let kinds = d360(&["sandbox", "trigger", "--list", "--output", "json"]).json();
    let kinds: Vec<&str> =
        kinds["kinds"].as_array().unwrap().iter().map(|kind| kind["kind"].as_str().unwrap()).collect();
    assert!(kinds.len() > 20 && kinds.contains(&"system"), "{kinds:?}");
    // The user's text, and the statuses `sent` and `delivered` of our message.
    let mut count = 3;
    for kind in kinds {
        let ran = on(&sandbox, &["trigger", kind]);
        assert_eq!(ran.code, 0, "{kind}: {}", ran.err);
        count += 1;
        let last = &posted(&sandbox, count)[count - 1]["entry"][0]["changes"][0]["value"];
        let (pointer, expected) = match kind {
            "message" => ("/messages/0/type", "text"),
            "status" => ("/statuses/0/status", "delivered"),
            "sent" | "delivered" | "read" | "played" | "failed" | "deleted" => ("/statuses/0/status", kind),
            _ => ("/messages/0/type", kind),
        };
        assert_eq!(last.pointer(pointer), Some(&json!(expected)), "{kind}: {last}");
    }
    let last = |args: &[&str], count| {
        let ran = on(&sandbox, args);
        assert_eq!(ran.code, 0, "{args:?}: {}", ran.err);
        posted(&sandbox, count)[count - 1]["entry"][0]["changes"][0]["value"].clone()
    };
    let told = last(&["trigger", "failed", "--code", "131049"], count + 1);
    assert_eq!(told["statuses"][0]["errors"][0]["code"], 131_049);
    let told = last(&["trigger", "status", "--status", "read"], count + 2);
    assert_eq!(told["statuses"][0]["status"], "read");
    let told = last(
        &["trigger", "message", "--text", "ja", "--from", "+4915112345678", "--output", "json"],
        count + 3,
    );
    assert_eq!(
        (&told["messages"][0]["text"]["body"], &told["messages"][0]["from"]),
        (&json!("ja"), &json!("4915112345678"))
    );
    let told = last(&["trigger", "reaction", "--emoji", "\u{2764}", "--message", "wamid.x"], count + 4);
    assert_eq!(told["messages"][0]["reaction"], json!({ "message_id": "wamid.x", "emoji": "\u{2764}" }));
}

/// A program that remembers IDs, such as the gateway, would take a new message for a duplicate.
#[test]
fn message_ids_never_repeat_after_a_reset() {
    let sandbox = Sandbox::start().unwrap();
    let mut ids = std::collections::BTreeSet::new();
    for _ in 0..3 {
        sandbox.user_writes("+16505551234");
        let sent = with(&sandbox, false, &["send", "text", "x", "--to", "+16505551234", "--output", "json"]);
        ids.insert(sent.json()["messages"][0]["id"].as_str().unwrap().to_owned());
        assert_eq!(on(&sandbox, &["reset"]).code, 0);
    }
    assert_eq!(ids.len(), 3, "{ids:?}");
}

#[test]
fn listed_requests_mask_the_secrets_of_webhooks() {
    let sandbox = Sandbox::start().unwrap();
    let config = ["webhook", "config", "set", "http://127.0.0.1:9/", "--secret-header", "x-hook"];
    let mut set = command(&config);
    set.env("D360_WEBHOOK_SECRET", "HUSH")
        .env("D360_API_KEY", sandbox.key())
        .env("D360_BASE_URL", sandbox.base_url());
    let ran = finish(set);
    assert_eq!(ran.code, 0, "{}", ran.err);
    for format in [&[][..], &["--output", "json"]] {
        let asked = on(&sandbox, &[&["requests"], format].concat());
        assert!(asked.out.contains("x-hook") && !asked.out.contains("HUSH"), "{}", asked.out);
    }
}

#[test]
fn a_trigger_reports_what_prevents_it() {
    let sandbox = Sandbox::start().unwrap();
    let ran = on(&sandbox, &["trigger", "message"]);
    assert!(ran.code == 0 && ran.err.contains("d360 webhook config set"), "no URL is set: {}", ran.err);
    for (args, code, reason) in [
        (&["read"][..], 3, "no message has been accepted yet"),
        (&["read", "--message", "wamid.x"], 3, "has the id \"wamid.x\""),
        (&["message", "--from", "abc"], 3, "is not a number or user id"),
        (&["image", "--text", "x"], 2, "--text is for `trigger message`"),
        (&["read", "--code", "1"], 2, "--code is for `trigger failed`"),
        (&["read", "--from", "+16505551234"], 2, "--from is for messages"),
        (&["message", "--message", "wamid.x"], 2, "--message is for statuses"),
        (&["message", "--status", "read"], 2, "--status is for `trigger status`"),
        (&["nonsense"], 2, "request_welcome"),
        (&[], 2, "KIND"),
    ] {
        let ran = on(&sandbox, &[&["trigger"], args].concat());
        assert!(ran.code == code && ran.err.contains(reason), "{args:?}: {} {}", ran.code, ran.err);
    }
}

#[test]
fn requested_failures_are_returned() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.user_writes("+16505551234");
    let send = || {
        with(&sandbox, true, &["send", "text", "x", "--to", "+16505551234", "--no-retry", "--output", "json"])
    };
    let ran = on(&sandbox, &["fail", "--code", "131049", "--times", "2", "--endpoint", "post messages"]);
    assert_eq!((ran.code, ran.out.trim()), (0, "the next 2 calls of POST /messages fail with code 131049"));
    assert_eq!(with(&sandbox, true, &["block", "list"]).code, 0, "another endpoint does not fail");
    for _ in 0..2 {
        let ran = send();
        assert_eq!((ran.code, &ran.json()["error"]["code"]), (4, &json!(131_049)));
    }
    assert_eq!(send().code, 0);
    let ran = on(&sandbox, &["fail", "--http", "503", "--retry-after", "7", "--endpoint", "/messages"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let listed = on(&sandbox, &["fail", "--list", "--output", "json"]).json();
    let expected = json!([{ "code": null, "http": 503, "body": null, "retry_after": 7, "times": 1, "method": null, "path": "/messages" }]);
    assert_eq!(listed["errors"], expected);
    assert!(
        on(&sandbox, &["fail", "--list"]).out.contains("of /messages fails with HTTP 503, Retry-After 7")
    );
    assert_eq!(on(&sandbox, &["fail", "--clear"]).out.trim(), "dropped: 1");
    let empty = on(&sandbox, &["fail", "--list"]);
    assert!(empty.out.is_empty() && empty.err.contains("no failures are pending"));
    assert_eq!(send().code, 0);
    assert!(on(&sandbox, &["fail", "--code", "999999"]).err.contains("is not a documented code"));
    for (args, reason) in [
        (&["fail"][..], "--code"),
        (&["fail", "--code", "x"], "x"),
        (&["fail", "--http", "99"], "99"),
        (&["fail", "--code", "1", "--times", "0"], "0"),
        (&["fail", "--code", "1", "--endpoint", "a b c"], "POST /messages"),
        (&["fail", "--list", "--clear"], "cannot be used"),
    ] {
        let ran = on(&sandbox, args);
        assert!(ran.code == 2 && ran.err.contains(reason), "{args:?}: {} {}", ran.code, ran.err);
    }
    let asked = on(&sandbox, &["requests"]).out;
    assert!(asked.lines().any(|line| line.starts_with("POST /messages  400  {")), "{asked}");
    assert_eq!(on(&sandbox, &["reset"]).out.trim(), "reset");
    assert_eq!(on(&sandbox, &["requests", "--output", "json"]).json(), json!({ "requests": [] }));
}

#[test]
fn other_servers_are_not_taken_for_a_sandbox() {
    let gone = Sandbox::start().unwrap().base_url();
    let answers = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let other = format!("http://{}", answers.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in answers.incoming() {
            let mut stream = stream.unwrap();
            let mut head = [0; 1024];
            let read = stream.read(&mut head).unwrap();
            assert!(head[..read].starts_with(b"GET /_sandbox "), "other servers get no other request");
            let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
            std::io::Write::write_all(&mut stream, answer.as_bytes()).unwrap();
        }
    });
    for (url, code, reason) in [
        (gone.as_str(), 1, "start one with `d360 sandbox`"),
        (&other, 1, "is not a sandbox"),
        ("ftp://x", 2, "does not begin with http://"),
        ("http://a b", 2, "is malformed"),
    ] {
        for verb in [&["trigger", "message"][..], &["fail", "--code", "1"], &["reset"]] {
            let mut by_variable = command(&[&["sandbox"], verb].concat());
            by_variable.env("D360_BASE_URL", url).env("D360_API_KEY", "a-real-key");
            let by_flag = d360(&[&["sandbox"], verb, &["--url", url]].concat());
            for ran in [by_flag, finish(by_variable)] {
                assert!(
                    ran.code == code && ran.err.contains(reason),
                    "{url} {verb:?}: {} {}",
                    ran.code,
                    ran.err
                );
            }
        }
    }
}

struct Running(Child, String);

impl Running {
    fn start(args: &[&str]) -> Self {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_d360"));
        command
            .args(["sandbox", "--listen", "127.0.0.1:0"])
            .args(args)
            .env_remove("D360_API_KEY")
            .env("XDG_STATE_HOME", crate::STATE);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let url = match serde_json::from_str::<Value>(&line) {
            Ok(started) => started["url"].as_str().unwrap().to_owned(),
            Err(_) => line.trim().strip_prefix("sandbox: ").unwrap().to_owned(),
        };
        Self(child, url)
    }
    fn run(&self, args: &[&str]) -> Ran {
        let mut list = command(args);
        list.env("D360_API_KEY", "sandbox-key").env("D360_BASE_URL", &self.1);
        finish(list)
    }
    #[cfg(unix)]
    fn log(mut self) -> String {
        let told = std::process::Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status();
        assert!(told.unwrap().success());
        let mut text = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(self.0.wait().unwrap().code(), Some(0));
        text
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn message_ids_differ_between_starts() {
    let id = || {
        let sandbox = Running::start(&[]);
        assert_eq!(sandbox.run(&["sandbox", "trigger", "message", "--from", "+16505551234"]).code, 0);
        let sent = sandbox.run(&["send", "text", "x", "--to", "+16505551234", "--output", "json"]);
        sent.json()["messages"][0]["id"].as_str().unwrap().to_owned()
    };
    assert_ne!(id(), id());
}

#[cfg(unix)]
#[test]
fn each_request_and_webhook_is_logged_on_one_line() {
    let use_it = |sandbox: &Running| {
        let send = ["send", "text", "x", "--to", "+16505551234"];
        assert_eq!(sandbox.run(&send).code, 4, "the window is closed");
        assert_eq!(sandbox.run(&["webhook", "config", "set", "http://127.0.0.1:9/hook?token=hush"]).code, 0);
        assert_eq!(sandbox.run(&["sandbox", "trigger", "message"]).code, 0);
        assert_eq!(sandbox.run(&send).code, 0);
        assert_eq!(sandbox.run(&["media", "info", "4490709327000001"]).code, 4);
    };
    let sandbox = Running::start(&[]);
    use_it(&sandbox);
    let log = sandbox.log();
    let lines: Vec<String> = log
        .lines()
        .map(|line| {
            let (time, rest) = line.split_at(8);
            assert!(time.bytes().filter(u8::is_ascii_digit).count() == 6 && time.contains(':'), "{line}");
            rest.trim().to_owned()
        })
        .collect();
    let has = |expected: &str| lines.iter().any(|line| line == expected);
    assert!(has("POST /messages  400  131047  text to +•••••••••34"), "{log}");
    assert!(has("POST /messages  200  text to +•••••••••34"), "{log}");
    assert!(has("POST /v1/configs/webhook  200") && has("POST /_sandbox/inbound  200"), "{log}");
    assert!(has("GET /••••••••••••••01  400  100"), "{log}");
    let refused = |line: &String| {
        line.starts_with("webhook: message text  POST http://127.0.0.1:9/hook  ") && line.contains("refused")
    };
    assert!(lines.iter().any(refused), "{log}");
    for secret in ["16505551234", "hush", "sandbox-key", "\u{1b}"] {
        assert!(!log.contains(secret), "{secret}: {log}");
    }
    // As JSON, one document per line.
    let sandbox = Running::start(&["--output", "json"]);
    use_it(&sandbox);
    let log = sandbox.log();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let refused = lines.iter().find(|line| line["code"] == 131_047).unwrap();
    assert_eq!(
        (&refused["event"], &refused["path"], &refused["status"]),
        (&json!("request"), &json!("/messages"), &json!(400))
    );
    assert_eq!((&refused["type"], &refused["to"]), (&json!("text"), &json!("+•••••••••34")));
    assert!(lines.iter().any(|line| line["event"] == "webhook" && line["events"] == "message text"), "{log}");
    // Or no log.
    let sandbox = Running::start(&["--quiet"]);
    use_it(&sandbox);
    assert_eq!(sandbox.log(), "");
}

#[test]
fn an_unread_log_does_not_stop_the_sandbox() {
    let sandbox = Running::start(&[]);
    let address = sandbox.1.trim_start_matches("http://");
    // Far more than the buffer of a pipe.
    let path = "x".repeat(8_000);
    for _ in 0..200 {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let head = format!("GET /{path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        std::io::Write::write_all(&mut stream, head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    }
}
