//! A socket server that answers from a script and records requests: plain, over TLS, or as HTTP/2 over TLS.
use crate::{authority::Authority, http2_server};
use rustls::{ServerConnection, StreamOwned};
use std::{
    collections::BTreeMap,
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    time::Duration,
};

/// The protocol of a server.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Over {
    Plain,
    Tls,
    Http2,
}

/// A received request, without the headers that HTTP libraries add.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    /// Only our headers.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// The headers that this client sets.
pub(crate) const OURS: [&str; 5] =
    ["d360-api-key", "x-api-key", "authorization", "content-type", "user-agent"];

/// The reaction to a request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Answers.
    Answer { status: u16, headers: Vec<(String, String)>, body: Vec<u8> },
    /// Sends these bytes and closes.
    Bytes(Vec<u8>),
    /// Sends these bytes and keeps the connection open without sending more.
    Hang(Vec<u8>),
    /// Sends the bytes one at a time, with pauses.
    Drip(Vec<u8>),
    /// Sends these bytes and then this many MiB of white space.
    Flood(Vec<u8>, usize),
    /// Resets the connection.
    Reset,
}

impl Act {
    /// Returns the same response with another header.
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

/// A running server. Requests beyond the script get no response, but are recorded.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    over: Over,
    seen: Arc<Mutex<Vec<Seen>>>,
    heads: Arc<Mutex<Vec<String>>>,
}

/// A connection, plain or over TLS.
pub(crate) enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

impl Stream {
    pub(crate) fn tls(socket: TcpStream, http2: bool) -> Self {
        let connection = ServerConnection::new(Authority::shared().config(http2)).unwrap();
        Self::Tls(Box::new(StreamOwned::new(connection, socket)))
    }
    pub(crate) fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(stream) => &stream.sock,
        }
    }
    /// Closes the connection like an orderly server.
    fn close(mut self) {
        if let Self::Tls(stream) = &mut self {
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }
    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

impl Server {
    pub(crate) fn start(script: Vec<Act>) -> Self {
        Self::over(Over::Plain, script)
    }

    /// Starts a server over TLS with a certificate of [`Authority::shared`].
    pub(crate) fn over(over: Over, script: Vec<Act>) -> Self {
        if over == Over::Http2 {
            return http2_server::Server::start(
                http2_server::Settings::default(),
                http2_server::acts(script),
            )
            .into();
        }
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, heads) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
        let (kept, kept_heads) = (seen.clone(), heads.clone());
        std::thread::spawn(move || {
            let mut script = script.into_iter();
            let mut open = Vec::new();
            for socket in listener.incoming() {
                let Ok(socket) = socket else { return };
                let stream =
                    if over == Over::Tls { Stream::tls(socket, false) } else { Stream::Plain(socket) };
                let mut reader = BufReader::new(stream);
                // One connection at a time, with any number of requests.
                while let Some((head, request)) = read(&mut reader) {
                    kept.lock().unwrap().push(request);
                    kept_heads.lock().unwrap().push(head);
                    let stream = reader.get_mut();
                    match script.next() {
                        Some(Act::Answer { status, headers, body }) => {
                            write(stream, status, &headers, &body);
                            continue;
                        }
                        Some(Act::Bytes(bytes)) => {
                            let _ = stream.write_all(&bytes);
                        }
                        Some(Act::Hang(bytes)) => {
                            let _ = stream.write_all(&bytes);
                            open.push(reader);
                            break;
                        }
                        Some(Act::Drip(bytes)) => {
                            std::thread::spawn(move || drip(reader.get_mut(), &bytes));
                            break;
                        }
                        Some(Act::Flood(bytes, mib)) => {
                            let space = vec![b' '; 1 << 20];
                            let pieces = std::iter::once(&bytes).chain(std::iter::repeat_n(&space, mib));
                            // At some point the client stops reading and disconnects.
                            let _ = pieces.map(|piece| stream.write_all(piece)).find(Result::is_err);
                        }
                        Some(Act::Reset) => {
                            reset(stream.socket());
                            break;
                        }
                        None => {}
                    }
                    reader.into_inner().close();
                    break;
                }
            }
        });
        Self { address, over, seen, heads }
    }

    pub(crate) fn from_parts(
        address: SocketAddr,
        seen: Arc<Mutex<Vec<Seen>>>,
        heads: Arc<Mutex<Vec<String>>>,
    ) -> Self {
        Self { address, over: Over::Http2, seen, heads }
    }

    pub(crate) fn url(&self) -> String {
        match self.over {
            Over::Plain => format!("http://{}", self.address),
            Over::Tls | Over::Http2 => format!("https://localhost:{}", self.address.port()),
        }
    }
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
    /// The request lines and headers as received.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

fn read(reader: &mut BufReader<Stream>) -> Option<(String, Seen)> {
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

/// Makes closing the connection a reset.
pub(crate) fn reset(stream: &TcpStream) {
    socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO)).unwrap();
}

fn drip(stream: &mut Stream, bytes: &[u8]) {
    for byte in bytes {
        if stream.write_all(&[*byte]).is_err() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn write(stream: &mut Stream, status: u16, headers: &[(String, String)], body: &[u8]) {
    let mut out = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len()).into_bytes();
    for (name, value) in headers {
        out.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(body);
    let _ = stream.write_all(&out);
}
