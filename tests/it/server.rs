//! A server of bare sockets that answers from a script and keeps what it was sent.
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    time::Duration,
};

/// What reaches the other end, without what HTTP libraries add of their own.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    /// Ours alone.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// Headers that this client sets.
pub(crate) const OURS: [&str; 5] =
    ["d360-api-key", "x-api-key", "authorization", "content-type", "user-agent"];

/// What to do with a request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Answers.
    Answer { status: u16, headers: Vec<(String, String)>, body: Vec<u8> },
    /// Sends these bytes and closes.
    Bytes(Vec<u8>),
    /// Sends these bytes and keeps the connection open, silent.
    Hang(Vec<u8>),
    /// Sends a byte now and a byte then.
    Drip(Vec<u8>),
    /// Sends these bytes and so many MiB of white space.
    Flood(Vec<u8>, usize),
    /// Resets the connection.
    Reset,
}

impl Act {
    /// The same answer with another header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        if let Self::Answer { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }
}

pub(crate) fn answer(status: u16, body: impl AsRef<[u8]>) -> Act {
    Act::Answer { status, headers: Vec::new(), body: body.as_ref().to_vec() }
}

pub(crate) fn answer_with(status: u16, headers: &[(&str, &str)], body: &str) -> Act {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Act::Answer { status, headers, body: body.as_bytes().to_vec() }
}

/// A running server. Requests beyond the script are closed without an answer, but kept.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) fn start(script: Vec<Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, heads) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
        let (kept, kept_heads) = (seen.clone(), heads.clone());
        std::thread::spawn(move || {
            let mut script = script.into_iter();
            let mut open = Vec::new();
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                // One connection at a time, as many requests on it as it sends.
                while let Some((head, request)) = read(&mut reader) {
                    kept.lock().unwrap().push(request);
                    kept_heads.lock().unwrap().push(head);
                    match script.next() {
                        Some(Act::Answer { status, headers, body }) => {
                            write(&stream, status, &headers, &body)
                        }
                        Some(Act::Bytes(bytes)) => {
                            let _ = (&stream).write_all(&bytes);
                            break;
                        }
                        Some(Act::Hang(bytes)) => {
                            let _ = (&stream).write_all(&bytes);
                            open.push(stream.try_clone().unwrap());
                            break;
                        }
                        Some(Act::Drip(bytes)) => {
                            let mut stream = stream.try_clone().unwrap();
                            std::thread::spawn(move || drip(&mut stream, &bytes));
                            break;
                        }
                        Some(Act::Flood(bytes, mib)) => {
                            let space = vec![b' '; 1 << 20];
                            let pieces = std::iter::once(&bytes).chain(std::iter::repeat_n(&space, mib));
                            // The other end has enough at some point, and goes away.
                            let _ = pieces.map(|piece| (&stream).write_all(piece)).find(Result::is_err);
                            break;
                        }
                        Some(Act::Reset) => {
                            reset(&stream);
                            break;
                        }
                        None => break,
                    }
                }
            }
        });
        Self { address, seen, heads }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
    /// The request lines and headers as they came.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<(String, Seen)> {
    let mut head = String::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        head.push_str(&line);
    }
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let all: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = all.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    assert!(!all.contains_key("transfer-encoding"), "a body of unknown length: {head}");
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let headers = all.into_iter().filter(|(name, _)| OURS.contains(&name.as_str())).collect();
    Some((head, Seen { method, target, headers, body }))
}

/// Makes closing it a reset.
pub(crate) fn reset(stream: &TcpStream) {
    socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO)).unwrap();
}

fn drip(stream: &mut TcpStream, bytes: &[u8]) {
    for byte in bytes {
        if stream.write_all(&[*byte]).is_err() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn write(mut stream: &TcpStream, status: u16, headers: &[(String, String)], body: &[u8]) {
    let mut out = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len()).into_bytes();
    for (name, value) in headers {
        out.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(body);
    let _ = stream.write_all(&out);
}
