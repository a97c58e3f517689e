//! `send --wait`. It uses Unix sockets in the file system.
#![cfg(unix)]
use crate::{Folder, Ran, command, finish};
use d360_sandbox::Sandbox;
use serde_json::{Value, json};
use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const USER: &str = "+16505551234";
const OTHER: &str = "+14155559876";

/// The state folder of a machine, and a sandbox.
struct Machine {
    folder: Folder,
    sandbox: Sandbox,
}

/// `d360 webhook listen`, stopped on drop.
struct Listener(Child);

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Machine {
    fn new() -> Self {
        let sandbox = Sandbox::start().unwrap();
        sandbox.user_writes(USER);
        sandbox.user_writes(OTHER);
        Self { folder: Folder::new(), sandbox }
    }
    /// Starts a listener for the sandbox's webhooks.
    fn listen(&self) -> Listener {
        let mut child = Command::new(env!("CARGO_BIN_EXE_d360"))
            .args(["webhook", "listen", "--listen", "127.0.0.1:0"])
            .env("XDG_STATE_HOME", self.folder.path(""))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let first = lines.by_ref().find(|line| line.contains("listening on http")).unwrap();
        let url = first.split_whitespace().find(|word| word.starts_with("http")).unwrap();
        self.sandbox.webhook(url.trim_end_matches(','), &[]);
        // Keeps reading, so that the listener never blocks on a full pipe.
        std::thread::spawn(move || lines.count());
        Listener(child)
    }
    fn statuses(&self, statuses: &[&str]) {
        let statuses: Vec<String> = statuses.iter().map(|status| (*status).to_owned()).collect();
        self.sandbox.webhooks(|webhooks| webhooks.statuses = Some(statuses));
    }
    fn command(&self, args: &[&str]) -> assert_cmd::Command {
        let mut command = command(&[&["send", "text", "x", "--wait"], args].concat());
        command.env("D360_API_KEY", self.sandbox.key()).env("D360_BASE_URL", self.sandbox.base_url());
        command.env("XDG_STATE_HOME", self.folder.path(""));
        command
    }
    fn send(&self, args: &[&str]) -> Ran {
        finish(self.command(args))
    }
}

#[test]
fn the_wait_ends_when_a_message_is_delivered_or_fails() {
    for transport in [&[][..], &["--blocking"]] {
        let machine = Machine::new();
        let _listener = machine.listen();
        let send = |args: &[&str]| machine.send(&[&["--to", USER], transport, args].concat());
        let ran = send(&[]);
        let lines: Vec<&str> = ran.out.lines().collect();
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(lines.len() == 2 && lines[0].starts_with("accepted as wamid."), "{lines:?}");
        assert_eq!(lines[1], "delivered");
        let ran = send(&["--output", "json"]);
        let document = ran.json();
        assert_eq!(document["delivery"], json!({"status": "delivered", "errors": [], "message": null}));
        assert!(
            document["messages"][0]["id"].is_string() && ran.err.contains("accepted as wamid."),
            "{}",
            ran.err
        );

        // Late, repeated, out of order, and in the form of On-Premise.
        machine.statuses(&["sent", "delivered", "read"]);
        machine.sandbox.webhooks(|webhooks| {
            (webhooks.duplicates, webhooks.delay) = (1, Duration::from_millis(700));
        });
        assert_eq!(send(&[]).out.lines().last(), Some("delivered"));
        machine.sandbox.webhooks(|webhooks| webhooks.on_premise = true);
        let ran = send(&["--api", "onprem"]);
        assert_eq!((ran.code, ran.out.lines().last()), (0, Some("delivered")), "{}", ran.err);
        machine.sandbox.webhooks(|webhooks| webhooks.on_premise = false);

        machine.statuses(&["sent", "failed"]);
        let ran = send(&[]);
        assert_eq!(ran.code, 4, "{}", ran.err);
        assert!(ran.out.lines().last().unwrap().starts_with("failed: 131000 "), "{}", ran.out);
        let document = send(&["--output", "json"]).json();
        assert_eq!(document["delivery"]["errors"][0]["code"], 131_000);
    }
}

#[test]
fn a_status_that_does_not_come_in_time_is_unknown() {
    let machine = Machine::new();
    let _listener = machine.listen();
    machine.statuses(&["sent"]);
    let started = Instant::now();
    let ran = machine.send(&["--to", USER, "--wait-timeout", "1"]);
    assert_eq!(ran.code, 5, "{}", ran.err);
    assert!(started.elapsed() >= Duration::from_secs(1));
    for part in ["no status within 1 s", "the message was accepted", "d360 webhook config get"] {
        assert!(ran.err.contains(part), "{part}: {}", ran.err);
    }
    let document = machine.send(&["--to", USER, "--wait-timeout", "1", "--output", "json"]).json();
    assert_eq!(document["delivery"]["status"], "sent");
    assert_eq!(document["delivery"]["message"], "no status within 1 s");
    assert_eq!(machine.sandbox.messages().len(), 2, "each is sent once");
}

#[test]
fn without_a_listener_nothing_is_sent() {
    let machine = Machine::new();
    let none = |ran: &Ran| {
        assert_eq!(ran.code, 1, "{}", ran.err);
        assert!(ran.err.contains("no webhook listener is running on this machine"), "{}", ran.err);
        assert!(
            ran.err.contains("nothing was sent") && ran.err.contains("d360 webhook listen"),
            "{}",
            ran.err
        );
        assert!(machine.sandbox.requests().is_empty());
    };
    none(&machine.send(&["--to", USER]));
    none(&machine.send(&["--to", USER, "--to", OTHER]));
    // A killed listener leaves its socket, which the next command removes.
    let mut listener = machine.listen();
    listener.0.kill().unwrap();
    listener.0.wait().unwrap();
    let sockets = || std::fs::read_dir(machine.folder.path("d360/listeners")).unwrap().count();
    assert_eq!(sockets(), 1);
    none(&machine.send(&["--to", USER]));
    assert_eq!(sockets(), 0);
    // A listener that exits removes its socket.
    let listener = machine.listen();
    let pid = listener.0.id().to_string();
    // It handles signals from the first webhook on.
    assert_eq!(machine.send(&["--to", USER]).code, 0);
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let mut listener = listener;
    assert_eq!(listener.0.wait().unwrap().code(), Some(0));
    assert_eq!(sockets(), 0);
    let ran = finish(command(&["send", "text", "x", "--to", USER, "--wait", "--dry-run"]));
    assert!(ran.code == 2 && ran.err.contains("cannot be used with"), "{}", ran.err);
    assert_eq!(finish(command(&["send", "text", "x", "--to", USER, "--wait-timeout", "1"])).code, 2);
}

#[test]
fn a_listener_that_ends_ends_the_wait() {
    let machine = Machine::new();
    let mut listener = machine.listen();
    machine.sandbox.webhooks(|webhooks| webhooks.hold = true);
    let mut command = machine.command(&["--to", USER]);
    let waiting = std::thread::spawn(move || {
        let started = Instant::now();
        (finish_of(&mut command), started.elapsed())
    });
    while machine.sandbox.messages().is_empty() {
        std::thread::yield_now();
    }
    listener.0.kill().unwrap();
    let (ran, took) = waiting.join().unwrap();
    assert!(ran.code == 5 && ran.err.contains("the webhook listener stopped"), "{}", ran.err);
    assert!(took < Duration::from_secs(50), "{took:?}");
}

fn finish_of(command: &mut assert_cmd::Command) -> Ran {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

#[test]
fn ctrl_c_ends_the_wait_and_what_was_accepted_is_reported() {
    let machine = Machine::new();
    let _listener = machine.listen();
    machine.sandbox.webhooks(|webhooks| webhooks.hold = true);
    let mut child = Command::new(env!("CARGO_BIN_EXE_d360"))
        .args(["send", "text", "x", "--to", USER, "--wait", "--json"])
        .env("D360_API_KEY", machine.sandbox.key())
        .env("D360_BASE_URL", machine.sandbox.base_url())
        .env("D360_PROFILE", "none")
        .env("XDG_STATE_HOME", machine.folder.path(""))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It prints this line when it starts to wait.
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    err.read_line(&mut line).unwrap();
    assert!(line.starts_with("accepted as "), "{line}");
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let ended = child.wait_with_output().unwrap();
    let document: Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!((ended.status.code(), &document["delivery"]["message"]), (Some(5), &json!("interrupted")));
    assert!(document["messages"][0]["id"].is_string(), "{document}");
}

#[test]
fn several_are_waited_for_together() {
    let machine = Machine::new();
    let _listener = machine.listen();
    machine.sandbox.webhooks(|webhooks| webhooks.delay = Duration::from_millis(500));
    // A third message that is refused.
    let all = ["--to", USER, "--to", "+4930123456", "--to", OTHER];
    let ran = machine.send(&all);
    assert_eq!(ran.code, 6, "{}", ran.err);
    for line in
        [&format!("{USER}  accepted  wamid."), &format!("{OTHER}  delivered  wamid."), "+4930123456  refused"]
    {
        assert!(ran.out.contains(line), "{line}: {}", ran.out);
    }
    assert!(ran.err.contains("2 delivered, 1 refused"), "{}", ran.err);
    let ran = machine.send(&[&all[..], &["--json"]].concat());
    let documents: Vec<Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |to: &str| documents.iter().find(|document| document["to"] == to).unwrap();
    assert!(documents.len() == 3 && of(USER)["delivery"]["status"] == "delivered", "{}", ran.out);
    assert_eq!(of("+4930123456")["error"]["code"], 131_047);
    machine.statuses(&["failed"]);
    let ran = machine.send(&["--to", USER, "--to", OTHER]);
    assert!(
        ran.code == 4 && ran.out.contains("failed: 131000") && ran.err.contains("2 failed"),
        "{}",
        ran.out
    );
    machine.statuses(&[]);
    let ran = machine.send(&["--to", USER, "--to", OTHER, "--wait-timeout", "1"]);
    assert!(ran.code == 5 && ran.err.contains("2 without a status"), "{}", ran.err);
}

/// Starts `d360 sandbox`, stopped on drop, and returns its URL.
fn sandbox_program(folder: &Folder) -> (Listener, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_d360"))
        .args(["sandbox", "--listen", "127.0.0.1:0", "--quiet"])
        .env("XDG_STATE_HOME", folder.path(""))
        .env_remove("D360_API_KEY")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let url = first.trim().strip_prefix("sandbox: ").unwrap().to_owned();
    (Listener(child), url)
}

#[test]
fn the_sandbox_needs_no_listener() {
    let folder = Folder::new();
    let (mut sandbox, url) = sandbox_program(&folder);
    let run = |args: &[&str]| {
        let mut command = command(args);
        command.env("D360_API_KEY", "sandbox-key").env("D360_BASE_URL", &url);
        command.env("XDG_STATE_HOME", folder.path(""));
        finish(command)
    };
    assert_eq!(run(&["sandbox", "trigger", "message", "--from", USER]).code, 0);
    for transport in [&[][..], &["--blocking"], &["--api", "onprem"]] {
        let ran = run(&[&["send", "text", "x", "--to", USER, "--wait"], transport].concat());
        assert_eq!((ran.code, ran.out.lines().last()), (0, Some("delivered")), "{}", ran.err);
    }
    // Statuses requested from the sandbox are received.
    let host = url.trim_start_matches("http://");
    let mut stream = std::net::TcpStream::connect(host).unwrap();
    let body = r#"{"statuses": ["sent", "failed"]}"#;
    let head = format!("POST /_sandbox/webhooks HTTP/1.1\r\nhost: {host}\r\ncontent-length: {}", body.len());
    std::io::Write::write_all(&mut stream, format!("{head}\r\nconnection: close\r\n\r\n{body}").as_bytes())
        .unwrap();
    let mut answer = String::new();
    std::io::Read::read_to_string(&mut stream, &mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let ran = run(&["send", "text", "x", "--to", USER, "--wait"]);
    assert!(ran.code == 4 && ran.out.lines().last().unwrap().starts_with("failed: 131000 "), "{}", ran.out);
    // It reports nothing about messages to other hosts.
    let elsewhere = Sandbox::start().unwrap();
    let mut other = command(&["send", "text", "x", "--to", USER, "--wait"]);
    other.env("D360_API_KEY", elsewhere.key()).env("D360_BASE_URL", elsewhere.base_url());
    other.env("XDG_STATE_HOME", folder.path(""));
    let ran = finish(other);
    assert!(ran.code == 1 && ran.err.contains("no webhook listener is running"), "{}", ran.err);
    assert!(elsewhere.requests().is_empty());
    assert!(Command::new("kill").args(["-TERM", &sandbox.0.id().to_string()]).status().unwrap().success());
    assert_eq!(sandbox.0.wait().unwrap().code(), Some(0));
    assert_eq!(std::fs::read_dir(folder.path("d360/listeners")).unwrap().count(), 0);
}
