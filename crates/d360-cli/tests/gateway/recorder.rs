//! `d360 migrate record`: requests reach the server unchanged, and are written to a folder without secrets.
use crate::{
    configuration::d360,
    rig::{Answer, Gateway, PATIENCE, args, http},
};
use d360_sandbox::Sandbox;
use serde_json::{Value, json};
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

const KEY: (&str, &str) = ("D360-API-KEY", "sandbox-key");
const HUSH: &str = "hush-hush-hush";

struct Recorder {
    child: Child,
    address: SocketAddr,
    folder: PathBuf,
}

impl Recorder {
    fn start(to: &str, folder: &Path, more: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_d360"))
            .args(["migrate", "record", folder.to_str().unwrap(), "--to", to, "--listen", "127.0.0.1:0"])
            .args(more)
            .env("NO_PROXY", "*")
            .env_remove("D360_BASE_URL")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let url = match serde_json::from_str::<Value>(&line) {
            Ok(started) => started["url"].as_str().unwrap().to_owned(),
            Err(_) => line.split([' ', ',']).nth(1).unwrap().to_owned(),
        };
        let address = url.strip_prefix("http://").unwrap().parse().unwrap();
        Self { child, address, folder: folder.to_owned() }
    }
    fn text(&self) -> String {
        std::fs::read_to_string(self.folder.join("calls.jsonl")).unwrap()
    }
    fn calls(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
    /// Stops it, and returns its standard error.
    fn stop(mut self) -> String {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(told.success());
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "{log}");
        log
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Method, path, headers and body.
type Asked<'a> = (&'a str, &'a str, Vec<(&'a str, &'a str)>, &'a [u8]);

/// Returns an answer without the values that differ every time.
fn comparable(answer: &Answer) -> (u16, Value, Vec<(String, String)>) {
    let mut body: Value = serde_json::from_slice(&answer.body).unwrap_or(json!(answer.body));
    for pointer in ["/messages/0/id", "/media/0/id", "/users/0/token", "/users/0/expires_after"] {
        if let Some(value) = body.pointer_mut(pointer) {
            *value = json!("-");
        }
    }
    // IDs differ in length.
    let own = ["date", "content-length"];
    let headers = answer.headers.iter().filter(|(name, _)| !own.contains(&name.as_str()));
    (answer.status, body, headers.map(|(name, value)| (name.clone(), value.clone())).collect())
}

#[test]
fn the_recorder_is_transparent_and_its_calls_can_be_checked() {
    let folder = tempfile::tempdir().unwrap();
    let (sandbox, state) = (Sandbox::start().unwrap(), folder.path().join("state.db"));
    sandbox.user_writes("+16505551234");
    let upstream = sandbox.base_url();
    let gateway = Gateway::start(sandbox.key(), &args(&upstream, &state, "http://127.0.0.1:9/"));
    let calls = folder.path().join("deep/calls");
    let recorder = Recorder::start(&format!("http://{}", gateway.address), &calls, &[]);
    let file: Vec<u8> = (0..5_000_000_u32).map(|at| at.to_le_bytes()[at as usize % 3]).collect();
    let text =
        |text: &str| json!({ "to": "16505551234", "type": "text", "text": { "body": text } }).to_string();
    let basic = ("authorization", "Basic YWRtaW46c2FuZGJveC1rZXk=");
    let password = json!({ "new_password": HUSH }).to_string();
    let link = json!({ "to": "16505551234", "type": "image", "image": { "link": format!("https://s3.example/x.png?sig={HUSH}") } });
    let settings = json!({ "webhooks": { "url": format!("http://127.0.0.1:9/?token={HUSH}") }, "auth": { "token": HUSH } });
    let pin = json!({ "pin": HUSH }).to_string();
    let (link, settings, query) =
        (link.to_string(), settings.to_string(), format!("/v1/health?access_token={HUSH}"));
    let texts: Vec<String> = ["Hello", "again", "and", "again"].iter().map(|word| text(word)).collect();
    let no_body = b"".as_slice();
    let mut sent: Vec<Asked<'_>> = vec![
        ("POST", "/v1/users/login", vec![basic], password.as_bytes()),
        ("POST", "/v1/users/login", vec![basic], no_body),
        ("POST", "/v1/messages", vec![KEY, ("content-type", "application/json")], link.as_bytes()),
        ("POST", "/v1/messages", vec![KEY, ("Idempotency-Key", "1")], texts[0].as_bytes()),
        ("POST", "/v1/messages", vec![("D360-API-KEY", HUSH)], texts[0].as_bytes()),
        ("POST", "/v1/messages", vec![KEY], b"no json"),
        ("POST", "/v1/media", vec![KEY, ("content-type", "video/mp4")], &file),
        ("PATCH", "/v1/settings/application", vec![KEY], settings.as_bytes()),
        ("PATCH", "/v1/settings/account/two-step", vec![KEY], pin.as_bytes()),
        ("POST", "/v1/contacts/16505551234/block", vec![KEY], no_body),
        ("GET", "/v1/contacts/blocklist?limit=2", vec![KEY], no_body),
        ("GET", &query, vec![KEY], no_body),
        ("GET", "/nonsense%20path", vec![KEY], no_body),
    ];
    sent.extend(texts[1..].iter().map(|text| ("POST", "/v1/messages", vec![KEY], text.as_bytes())));
    for (method, path, headers, body) in &sent {
        let direct = http(gateway.address, method, path, headers, body).unwrap();
        let through = http(recorder.address, method, path, headers, body).unwrap();
        // The second time with a different idempotency key.
        let (direct, through) = (comparable(&direct), comparable(&through));
        let first_time = headers.iter().any(|(name, _)| *name == "Idempotency-Key");
        if first_time {
            assert_eq!((direct.0, &direct.1), (through.0, &through.1), "{method} {path}");
        } else {
            assert_eq!(direct, through, "{method} {path}");
        }
    }
    // The response is also unchanged to the last byte.
    let uploaded =
        http(recorder.address, "POST", "/v1/media", &[KEY, ("content-type", "video/mp4")], &file).unwrap();
    let id = uploaded.json()["media"][0]["id"].as_str().unwrap().to_owned();
    let file_path = format!("/v1/media/{id}");
    let down = http(recorder.address, "GET", &file_path, &[KEY], b"").unwrap();
    assert!(down.status == 200 && down.body == file && down.headers["content-type"] == "video/mp4");

    // The file is private and contains no secret.
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&calls), mode(&calls.join("calls.jsonl"))), (0o700, 0o600));
    let written = recorder.text();
    for secret in [HUSH, "sandbox-key", "YWRtaW46", "Basic"] {
        assert!(!written.contains(secret), "{secret}: {written}");
    }
    let recorded = recorder.calls();
    let bodies = |path: &str| -> Vec<&Value> {
        recorded.iter().filter(|call| call["path"] == path).map(|call| &call["body"]).collect()
    };
    // At most three calls of one form are written.
    let texts = bodies("/v1/messages").into_iter().filter(|body| body["type"] == "text").count();
    assert_eq!(texts, 3, "{written}");
    assert_eq!(bodies("/v1/users/login"), [&Value::Null, &Value::Null]);
    assert!(recorded.iter().any(|call| call["path"] == "/v1/health?access_token=masked"), "{written}");
    assert!(
        recorded.iter().any(|call| call["path"] == "/v1/contacts/16505551234/block" && call["status"] == 200)
    );

    let log = recorder.stop();
    assert!(log.contains("the file contains phone numbers"), "{log}");
    assert!(log.contains("POST /v1/contacts/•••••••••34/block  200  written"), "{log}");
    assert!(log.contains("POST /v1/messages  400  known form"), "{log}");
    assert!(
        log.contains(&format!(
            "{} calls, {} written; next: d360 migrate check ",
            sent.len() + 2,
            recorded.len()
        )),
        "{log}"
    );
    assert!(![HUSH, "16505551234", "sandbox-key"].iter().any(|secret| log.contains(secret)), "{log}");

    let ran = d360(&["migrate", "check", calls.to_str().unwrap(), "--output", "json"]);
    assert_eq!(ran.status.code(), Some(3), "two-step has to change: {ran:?}");
    let report: Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(report["found"].as_array().unwrap().len(), recorded.len());
    let block = report["found"].as_array().unwrap().iter();
    let block =
        block.clone().find(|found| found["what"] == "POST /v1/contacts/{phone_number}/block").unwrap();
    assert_eq!(block["cloud"][0]["body"]["block_users"][0]["user"], "+16505551234");
}

#[test]
fn every_call_is_written_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start().unwrap();
    let recorder = Recorder::start(&sandbox.base_url(), folder.path(), &["--all", "--output", "json"]);
    for _ in 0..5 {
        assert_eq!(http(recorder.address, "GET", "/v1/contacts/blocklist", &[KEY], b"").unwrap().status, 200);
    }
    assert_eq!(recorder.calls().len(), 5);
    let log = recorder.stop();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 5);
    assert_eq!((&lines[0]["status"], &lines[0]["written"]), (&json!(200), &json!(true)));
}

#[test]
fn a_silent_upstream_is_reported_and_never_retried() {
    let folder = tempfile::tempdir().unwrap();
    // Reads the request and closes the connection.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let upstream = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    let recorder = Recorder::start(&upstream, folder.path(), &[]);
    let body = json!({ "to": "16505551234", "type": "text", "text": { "body": "x" } }).to_string();
    let answer = http(recorder.address, "POST", "/v1/messages", &[KEY], body.as_bytes()).unwrap();
    assert_eq!((answer.status, asked.load(Ordering::SeqCst)), (504, 1), "{:?}", answer.json());
    assert!(answer.json()["errors"][0]["details"].as_str().unwrap().starts_with("The outcome is unknown"));
    drop(recorder);
    // Nobody listens there.
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let recorder = Recorder::start(&format!("http://{gone}"), folder.path(), &[]);
    let answer = http(recorder.address, "POST", "/v1/messages", &[KEY], body.as_bytes()).unwrap();
    assert_eq!((answer.status, answer.code()), (502, 1016));
    assert!(answer.json()["errors"][0]["details"].as_str().unwrap().starts_with("Nothing was sent"));
    // The request is recorded anyway, after the records of an earlier run.
    let statuses: Vec<Value> = recorder.calls().iter().map(|call| call["status"].clone()).collect();
    assert_eq!(statuses, [Value::Null, Value::Null]);
    assert!(recorder.stop().contains("POST /v1/messages  no answer  written"));
}

#[test]
fn a_call_completes_after_the_program_disconnects() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start().unwrap();
    sandbox.user_writes("+16505551234");
    let recorder = Recorder::start(&sandbox.base_url(), folder.path(), &[]);
    let body = json!({ "to": "16505551234", "type": "text", "text": { "body": "x" } }).to_string();
    let mut stream = TcpStream::connect(recorder.address).unwrap();
    let head = format!(
        "POST /v1/messages HTTP/1.1\r\nhost: x\r\n{}: {}\r\ncontent-length: {}\r\n\r\n",
        KEY.0,
        KEY.1,
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    drop(stream);
    let since = std::time::Instant::now();
    while sandbox.messages().is_empty() {
        assert!(since.elapsed() < PATIENCE, "the message never arrived");
        std::thread::yield_now();
    }
    recorder.stop();
}

#[test]
fn invalid_arguments_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let busy = TcpListener::bind(&taken).unwrap();
    let (folder, file) = (folder.path().to_str().unwrap(), file.to_str().unwrap());
    for (folder, to, listen, code, reason) in [
        (folder, "onprem.example", "127.0.0.1:0", 2, "give scheme, host and port"),
        (folder, "ftp://onprem.example", "127.0.0.1:0", 2, "give scheme, host and port"),
        (folder, "https://u:p@onprem.example", "127.0.0.1:0", 2, "give scheme, host and port"),
        (folder, "https://onprem.example/v1", "127.0.0.1:0", 2, "the program's calls contain /v1"),
        (file, "http://127.0.0.1:1", "127.0.0.1:0", 1, "cannot write to"),
        (folder, "http://127.0.0.1:1", &taken, 1, "cannot listen on"),
    ] {
        let ran = d360(&["migrate", "record", folder, "--to", to, "--listen", listen]);
        let told = String::from_utf8(ran.stderr).unwrap();
        assert!(ran.status.code() == Some(code) && told.contains(reason), "{to} {listen}: {told}");
        assert!(!told.contains("u:p"), "{told}");
    }
    drop(busy);
    assert_eq!(d360(&["migrate", "record", folder]).status.code(), Some(2), "--to is required");
}
