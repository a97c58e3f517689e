//! The sandbox against the documents, over plain sockets without our clients.
mod requests;
mod templates;
mod webhooks;

use d360_sandbox::Sandbox;
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::Duration,
};

pub(super) const USER: &str = "16505551234";
pub(super) const PHONE_ID: &str = "106540352242922";
/// The time limit for a webhook on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// Sends a request with these headers, and returns status and body.
pub(super) fn exchange(sandbox: &Sandbox, line: &str, headers: &[(&str, &str)], body: &[u8]) -> (u16, Value) {
    let address = sandbox.base_url().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(&address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut head = format!("{line} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        head.push_str(&format!("host: {address}\r\n"));
    }
    headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
    stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let text = String::from_utf8(answer).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap_or_else(|_| json!(body)))
}

pub(super) fn call(sandbox: &Sandbox, line: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    exchange(sandbox, line, &[("d360-api-key", sandbox.key()), ("content-type", "application/json")], &body)
}

/// Sends a message to [`USER`], and returns status, code and details.
pub(super) fn send(sandbox: &Sandbox, rest: Value) -> (u16, i64, String) {
    let mut message = json!({ "messaging_product": "whatsapp", "to": format!("+{USER}") });
    let Value::Object(rest) = rest else { panic!() };
    rest.into_iter().for_each(|(name, value)| message[name] = value);
    let (status, answer) = call(sandbox, "POST /messages", &message);
    let details = answer["error"]["error_data"]["details"].as_str().unwrap_or_default().to_owned();
    (status, answer["error"]["code"].as_i64().unwrap_or_default(), details)
}

pub(super) fn code(sandbox: &Sandbox, rest: Value) -> i64 {
    send(sandbox, rest).1
}

pub(super) fn open() -> Sandbox {
    let sandbox = Sandbox::start().unwrap();
    sandbox.user_writes(USER);
    sandbox
}

/// A webhook as received: its signature and body.
#[derive(Debug)]
pub(super) struct Hook {
    pub(super) signature: String,
    pub(super) body: Vec<u8>,
}

impl Hook {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
    pub(super) fn value(&self) -> Value {
        self.json()["entry"][0]["changes"][0]["value"].clone()
    }
}

/// A receiver of webhooks. With `hang`, it reads but never answers.
pub(super) fn receiver(hang: bool) -> (String, mpsc::Receiver<Hook>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (queue, hooks) = mpsc::channel();
    std::thread::spawn(move || {
        let mut open = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut length, mut signature) = (0, String::new());
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap_or(0) == 0 || line.trim().is_empty() {
                    break;
                }
                let (name, value) = line.split_once(':').unwrap_or((line.trim(), ""));
                match name.to_ascii_lowercase().as_str() {
                    "content-length" => length = value.trim().parse().unwrap(),
                    "x-hub-signature-256" => signature = value.trim().to_owned(),
                    _ => {}
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            if queue.send(Hook { signature, body }).is_err() {
                return;
            }
            if hang {
                open.push(stream);
            } else {
                let _ =
                    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            }
        }
    });
    (url, hooks)
}

pub(super) fn next(hooks: &mpsc::Receiver<Hook>) -> Hook {
    hooks.recv_timeout(PATIENCE).unwrap()
}
