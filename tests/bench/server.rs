//! A server that answers every message at once, and a minimal client.
use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    time::{Duration, Instant},
};

/// The response of Cloud, about 200 bytes.
pub(crate) const ANSWER: &str = r#"{"messaging_product":"whatsapp","contacts":[{"input":"+16505551234","wa_id":"16505551234"}],"messages":[{"id":"wamid.HBgLMTY1MDU1NTEyMzQVAgARGBI1RjQyNUE3NEYxMzAzMzQ5MkEA","message_status":"accepted"}]}"#;

/// Starts a server with one thread per connection.
pub(crate) fn start() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{ANSWER}",
        ANSWER.len()
    );
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = answer.clone();
            std::thread::spawn(move || serve(stream, &answer));
        }
    });
    address
}

fn serve(mut stream: TcpStream, answer: &str) {
    stream.set_nodelay(true).unwrap();
    let mut buffer = vec![0; 64 << 10];
    let mut held = 0;
    loop {
        let read = match stream.read(&mut buffer[held..]) {
            Ok(0) | Err(_) => return,
            Ok(read) => read,
        };
        held += read;
        while let Some(length) = whole(&buffer[..held]) {
            buffer.copy_within(length..held, 0);
            held -= length;
            if stream.write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
        if held == buffer.len() {
            buffer.resize(buffer.len() * 2, 0);
        }
    }
}

/// Returns the length of the first request, if it is complete.
fn whole(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let length = length(&bytes[..head]);
    (bytes.len() >= head + length).then_some(head + length)
}

fn length(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let value = head.split("content-length:").nth(1).and_then(|rest| rest.lines().next());
    value.and_then(|value| value.trim().parse().ok()).unwrap_or(0)
}

/// One keep-alive connection.
pub(crate) struct Plain {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Plain {
    pub(crate) fn connect(to: SocketAddr) -> Self {
        let stream = TcpStream::connect(to).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, buffer: vec![0; 64 << 10] }
    }
    /// Posts, waits for the response and returns the elapsed time.
    pub(crate) fn post(&mut self, path: &str, body: &str) -> Duration {
        self.post_with(path, "k", body)
    }
    pub(crate) fn post_with(&mut self, path: &str, key: &str, body: &str) -> Duration {
        let since = Instant::now();
        self.ask(path, key, body);
        self.hear();
        since.elapsed()
    }
    /// Posts without waiting.
    pub(crate) fn ask(&mut self, path: &str, key: &str, body: &str) {
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nD360-API-KEY: {key}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.write_all(request.as_bytes()).unwrap();
    }
    /// Reads the response.
    pub(crate) fn hear(&mut self) {
        let mut held = 0;
        while whole(&self.buffer[..held]).is_none() {
            let read = self.stream.read(&mut self.buffer[held..]).unwrap();
            assert!(read > 0, "the server closed the connection");
            held += read;
        }
        assert!(self.buffer.starts_with(b"HTTP/1.1 20"), "{}", String::from_utf8_lossy(&self.buffer[..held]));
    }
}
