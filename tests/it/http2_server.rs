//! An HTTP/2 server over TLS that works frame by frame, so that it can misbehave: hang, refuse, send GOAWAY, limit
//! streams.
use crate::server::{self, Act as Http1, OURS, Seen, Stream, reset};
use loona_hpack::Decoder;
use std::{
    collections::{BTreeMap, VecDeque},
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;

pub(crate) const NO_ERROR: u32 = 0;
pub(crate) const INTERNAL_ERROR: u32 = 2;
pub(crate) const REFUSED_STREAM: u32 = 7;
pub(crate) const CANCEL: u32 = 8;
pub(crate) const ENHANCE_YOUR_CALM: u32 = 11;

/// The reaction to a request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// The reaction of an HTTP/1.1 server, as frames.
    As(Http1),
    /// Answers after this number of requests over all connections.
    AnswerAfter(usize, u16, &'static str),
    /// Resets the stream.
    ResetStream(u32),
    /// Resets the stream after the response headers.
    ResetInAnswer(u32),
    /// Sends GOAWAY. Either this stream is the last one possibly processed, and the connection closes without a
    /// response. Or the previous stream is the last one, and the server ignores everything until the client closes.
    GoAway { code: u32, covers: bool },
    /// Neither reads nor writes on this connection, which stays open.
    Freeze,
    /// Sends these bytes instead of frames.
    Garbage(Vec<u8>),
}

pub(crate) fn acts(script: Vec<Http1>) -> Vec<Act> {
    script.into_iter().map(Act::As).collect()
}

pub(crate) fn answer(status: u16, body: &str) -> Act {
    Act::As(server::answer(status, body))
}

/// The initial settings of the server.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) max_concurrent_streams: Option<u32>,
}

pub(crate) struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    heads: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
}

impl From<Server> for server::Server {
    fn from(server: Server) -> Self {
        Self::from_parts(server.address, server.seen, server.heads)
    }
}

impl Server {
    pub(crate) fn start(settings: Settings, script: Vec<Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            seen: Arc::default(),
            heads: Arc::default(),
            connections: Arc::default(),
        };
        let script = Arc::new(Mutex::new(VecDeque::from(script)));
        let (seen, heads, connections) =
            (server.seen.clone(), server.heads.clone(), server.connections.clone());
        std::thread::spawn(move || {
            for socket in listener.incoming() {
                let (script, seen, heads) = (script.clone(), seen.clone(), heads.clone());
                let counted = connections.clone();
                std::thread::spawn(move || {
                    let _ = Connection::serve(socket?, settings, script, seen, heads, &counted);
                    io::Result::Ok(())
                });
            }
        });
        server
    }
    pub(crate) fn url(&self) -> String {
        format!("https://localhost:{}", self.address.port())
    }
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
    /// Returns the number of HTTP/2 connections.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(SeqCst)
    }
}

struct Connection {
    stream: Stream,
    received: Vec<u8>,
    decoder: Decoder<'static>,
    script: Arc<Mutex<VecDeque<Act>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
    heads: Arc<Mutex<Vec<String>>>,
    /// Requests whose body is incomplete.
    open: BTreeMap<u32, (String, Seen)>,
    /// Responses that wait for a number of requests.
    waiting: Vec<(u32, usize, u16, &'static str)>,
    /// Bodies that wait for the client's flow control, whether each ends its stream, and the action at its end.
    bodies: BTreeMap<u32, (VecDeque<u8>, bool)>,
    connection_window: i64,
    windows: BTreeMap<u32, i64>,
    initial_window: i64,
    /// Whether new requests are refused.
    gone: bool,
    end: Option<End>,
}

/// Type, flags, stream, payload.
type Frame = (u8, u8, u32, Vec<u8>);
type Headers = Vec<(String, String)>;

/// How the connection ends.
#[derive(Clone, Copy, PartialEq)]
enum End {
    /// After all bodies are written.
    Close,
    Reset,
    Freeze,
}

impl Connection {
    fn serve(
        socket: TcpStream,
        settings: Settings,
        script: Arc<Mutex<VecDeque<Act>>>,
        seen: Arc<Mutex<Vec<Seen>>>,
        heads: Arc<Mutex<Vec<String>>>,
        counted: &AtomicUsize,
    ) -> io::Result<()> {
        socket.set_nodelay(true)?;
        let mut stream = Stream::tls(socket, true);
        let mut preface = [0; 24];
        stream.read_exact(&mut preface)?;
        assert_eq!(&preface, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        counted.fetch_add(1, SeqCst);
        // Polls for responses that wait for requests on other connections.
        stream.socket().set_read_timeout(Some(Duration::from_millis(5)))?;
        let mut connection = Self {
            stream,
            received: Vec::new(),
            decoder: Decoder::new(),
            script,
            seen,
            heads,
            open: BTreeMap::new(),
            waiting: Vec::new(),
            bodies: BTreeMap::new(),
            connection_window: 65_535,
            windows: BTreeMap::new(),
            initial_window: 65_535,
            gone: false,
            end: None,
        };
        let mut told = Vec::new();
        // SETTINGS_INITIAL_WINDOW_SIZE: enough for any upload of the tests.
        told.extend_from_slice(&[0, 4]);
        told.extend_from_slice(&(1u32 << 30).to_be_bytes());
        if let Some(most) = settings.max_concurrent_streams {
            told.extend_from_slice(&[0, 3]);
            told.extend_from_slice(&most.to_be_bytes());
        }
        connection.frame(SETTINGS, 0, 0, &told)?;
        connection.frame(WINDOW_UPDATE, 0, 0, &(1u32 << 30).to_be_bytes())?;
        loop {
            connection.answer_waiting()?;
            connection.write_bodies()?;
            match connection.end {
                Some(End::Close) if connection.bodies.values().all(|(body, _)| body.is_empty()) => {
                    connection.close();
                    return Ok(());
                }
                Some(End::Reset) => {
                    reset(connection.stream.socket());
                    return Ok(());
                }
                Some(End::Freeze) => loop {
                    std::thread::park();
                },
                _ => {}
            }
            if let Some((kind, flags, id, payload)) = connection.read()? {
                connection.take(kind, flags, id, payload)?;
            }
        }
    }

    /// Closes after the client has read everything. Closing with unread data would cause a reset, which could discard
    /// the response.
    fn close(self) {
        let socket = self.stream.socket();
        let _ = socket.shutdown(std::net::Shutdown::Write);
        let _ = socket.set_read_timeout(Some(Duration::from_secs(1)));
        let _ = io::copy(&mut &*socket, &mut io::sink());
    }

    fn frame(&mut self, kind: u8, flags: u8, id: u32, payload: &[u8]) -> io::Result<()> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let head = [&length[1..], &[kind, flags], &id.to_be_bytes()].concat();
        self.stream.write_all(&[&head, payload].concat())
    }

    /// Returns the next frame, or `None` if there is none yet.
    fn read(&mut self) -> io::Result<Option<Frame>> {
        let complete = |received: &[u8]| {
            let length = 9
                + usize::from(*received.first()?) * 65_536
                + usize::from(*received.get(1)?) * 256
                + usize::from(*received.get(2)?);
            (received.len() >= length).then_some(length)
        };
        loop {
            if let Some(length) = complete(&self.received) {
                let frame: Vec<u8> = self.received.drain(..length).collect();
                let id = u32::from_be_bytes(frame[5..9].try_into().unwrap()) & 0x7fff_ffff;
                return Ok(Some((frame[3], frame[4], id, frame[9..].to_vec())));
            }
            let mut buffer = [0; 65_536];
            match self.stream.read(&mut buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => self.received.extend_from_slice(&buffer[..read]),
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    return Ok(None);
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn take(&mut self, kind: u8, flags: u8, id: u32, payload: Vec<u8>) -> io::Result<()> {
        let number = |bytes: &[u8]| u32::from_be_bytes(bytes.try_into().unwrap());
        match kind {
            SETTINGS if flags & ACK == 0 => {
                for setting in payload.chunks(6) {
                    if setting[..2] == [0, 4] {
                        self.initial_window = i64::from(number(&setting[2..]));
                    }
                }
                self.frame(SETTINGS, ACK, 0, &[])
            }
            PING if flags & ACK == 0 => self.frame(PING, ACK, 0, &payload),
            WINDOW_UPDATE => {
                let more = i64::from(number(&payload) & 0x7fff_ffff);
                if id == 0 {
                    self.connection_window += more;
                } else {
                    *self.windows.entry(id).or_insert(self.initial_window) += more;
                }
                Ok(())
            }
            HEADERS => {
                assert!(flags & END_HEADERS != 0, "our headers fit into one frame");
                let priority = if flags & 0x20 == 0 { 0 } else { 5 };
                let fields = self.decoder.decode(&payload[priority..]).unwrap();
                self.begun(id, fields, flags & END_STREAM != 0)
            }
            DATA => {
                let length = u32::try_from(payload.len()).unwrap();
                if length > 0 {
                    self.frame(WINDOW_UPDATE, 0, 0, &length.to_be_bytes())?;
                }
                let Some((_, seen)) = self.open.get_mut(&id) else { return Ok(()) };
                seen.body.extend_from_slice(&payload);
                if flags & END_STREAM != 0 { self.whole(id) } else { Ok(()) }
            }
            RST_STREAM => {
                self.open.remove(&id);
                self.bodies.remove(&id);
                self.waiting.retain(|(waiting, ..)| *waiting != id);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn begun(&mut self, id: u32, fields: Vec<(Vec<u8>, Vec<u8>)>, ended: bool) -> io::Result<()> {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let (mut seen, mut head) = (Seen::default(), String::new());
        for (name, value) in fields.into_iter().map(|(name, value)| (text(name), text(value))) {
            match name.as_str() {
                ":method" => seen.method = value,
                ":path" => seen.target = value,
                _ => {
                    head.push_str(&format!("{name}: {value}\r\n"));
                    if OURS.contains(&name.as_str()) {
                        seen.headers.insert(name, value);
                    }
                }
            }
        }
        self.open.insert(id, (head, seen));
        if ended { self.whole(id) } else { Ok(()) }
    }

    /// Handles a complete request.
    fn whole(&mut self, id: u32) -> io::Result<()> {
        let Some((head, seen)) = self.open.remove(&id).filter(|_| !self.gone) else { return Ok(()) };
        self.heads.lock().unwrap().push(head);
        self.seen.lock().unwrap().push(seen);
        let act = self.script.lock().unwrap().pop_front();
        match act {
            Some(Act::As(act)) => self.as_http1(id, act),
            Some(Act::AnswerAfter(requests, status, body)) => {
                self.waiting.push((id, requests, status, body));
                Ok(())
            }
            Some(Act::ResetStream(code)) => self.frame(RST_STREAM, 0, id, &code.to_be_bytes()),
            Some(Act::ResetInAnswer(code)) => {
                self.head(id, 200, &[], false)?;
                self.frame(RST_STREAM, 0, id, &code.to_be_bytes())
            }
            Some(Act::GoAway { code, covers }) => {
                let last = if covers { id } else { id.saturating_sub(2) };
                self.frame(GOAWAY, 0, 0, &[last.to_be_bytes(), code.to_be_bytes()].concat())?;
                if covers {
                    self.end = Some(End::Close);
                } else {
                    self.gone = true;
                }
                Ok(())
            }
            Some(Act::Freeze) => {
                self.end = Some(End::Freeze);
                Ok(())
            }
            Some(Act::Garbage(bytes)) => {
                self.end = Some(End::Close);
                self.stream.write_all(&bytes)
            }
            None => {
                self.end = Some(End::Close);
                Ok(())
            }
        }
    }

    fn answer_waiting(&mut self) -> io::Result<()> {
        let seen = self.seen.lock().unwrap().len();
        let (ready, waiting) =
            std::mem::take(&mut self.waiting).into_iter().partition(|(_, after, ..)| *after <= seen);
        self.waiting = waiting;
        for (id, _, status, body) in ready {
            self.head(id, status, &[], false)?;
            self.body(id, body.as_bytes().to_vec(), true);
        }
        Ok(())
    }

    fn as_http1(&mut self, id: u32, act: Http1) -> io::Result<()> {
        let (bytes, end, mib) = match act {
            Http1::Answer { status, headers, body } => {
                let length = [("content-length".to_owned(), body.len().to_string())];
                self.head(id, status, &[&length[..], &headers].concat(), body.is_empty())?;
                if !body.is_empty() {
                    self.body(id, body, true);
                }
                return Ok(());
            }
            Http1::Reset => {
                self.end = Some(End::Reset);
                return Ok(());
            }
            Http1::Bytes(bytes) => (bytes, Some(End::Close), 0),
            Http1::Hang(bytes) | Http1::Drip(bytes) => (bytes, Some(End::Freeze), 0),
            Http1::Flood(bytes, mib) => (bytes, Some(End::Close), mib),
        };
        self.end = end;
        if end == Some(End::Close) {
            // The equivalent of `connection: close` in HTTP/1.1: the client must not use a connection that is about
            // to end.
            self.frame(GOAWAY, 0, 0, &[id.to_be_bytes(), NO_ERROR.to_be_bytes()].concat())?;
        }
        let mut rest = &bytes[..];
        while let Some((status, headers, after)) = head_of(rest) {
            let value =
                |wanted: &str| headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value);
            let length = value("content-length").and_then(|length| length.parse::<usize>().ok());
            let interim = (100..200).contains(&status);
            self.head(id, status, &headers, false)?;
            rest = after;
            if interim {
                continue;
            }
            let body = rest[..rest.len().min(length.unwrap_or(usize::MAX))].to_vec();
            let whole = length == Some(body.len());
            self.body(id, body, whole);
            if mib > 0 {
                self.body(id, vec![b' '; mib << 20], true);
            }
            // A body with a length ends there. In HTTP/1.1, one without a length ends with the connection.
            break;
        }
        Ok(())
    }

    fn head(&mut self, id: u32, status: u16, headers: &[(String, String)], ends: bool) -> io::Result<()> {
        let mut block = vec![0x08];
        string(&mut block, &status.to_string());
        for (name, value) in headers {
            block.push(0);
            string(&mut block, &name.to_ascii_lowercase());
            string(&mut block, value);
        }
        let pieces: Vec<&[u8]> = block.chunks(16_384).collect();
        for (at, piece) in pieces.iter().enumerate() {
            let kind = if at == 0 { HEADERS } else { CONTINUATION };
            let last = if at + 1 == pieces.len() { END_HEADERS } else { 0 };
            let ends = if at == 0 && ends { END_STREAM } else { 0 };
            self.frame(kind, last | ends, id, piece)?;
        }
        Ok(())
    }

    fn body(&mut self, id: u32, body: Vec<u8>, ends: bool) {
        let (queued, last) = self.bodies.entry(id).or_default();
        queued.extend(body);
        *last = ends;
    }

    /// Writes as much of the bodies as flow control allows.
    fn write_bodies(&mut self) -> io::Result<()> {
        let ids: Vec<u32> = self.bodies.keys().copied().collect();
        for id in ids {
            loop {
                let window = *self.windows.entry(id).or_insert(self.initial_window);
                let room = usize::try_from(window.min(self.connection_window)).unwrap_or(0).min(16_384);
                let Some((body, ends)) = self.bodies.get_mut(&id) else { break };
                let piece: Vec<u8> = body.drain(..room.min(body.len())).collect();
                let last = body.is_empty() && *ends;
                if piece.is_empty() && !last {
                    break;
                }
                let sent = i64::try_from(piece.len()).unwrap();
                self.connection_window -= sent;
                *self.windows.get_mut(&id).unwrap() -= sent;
                self.frame(DATA, if last { END_STREAM } else { 0 }, id, &piece)?;
                if last {
                    self.bodies.remove(&id);
                }
            }
        }
        Ok(())
    }
}

/// Returns status, headers and the remaining bytes, if a whole HTTP/1.1 head is present.
fn head_of(bytes: &[u8]) -> Option<(u16, Headers, &[u8])> {
    let end = bytes.windows(4).position(|at| at == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    // Connection headers are malformed in HTTP/2, which has frames instead.
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.filter(|(name, _)| !["connection", "transfer-encoding"].contains(name));
    Some((
        status,
        headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        &bytes[end + 4..],
    ))
}

/// Writes an HPACK string without Huffman coding (RFC 7541 5.1, 5.2).
fn string(block: &mut Vec<u8>, text: &str) {
    let mut length = text.len();
    if length < 127 {
        block.push(length as u8);
    } else {
        block.push(127);
        length -= 127;
        while length >= 128 {
            block.push((length % 128) as u8 | 128);
            length /= 128;
        }
        block.push(length as u8);
    }
    block.extend_from_slice(text.as_bytes());
}
