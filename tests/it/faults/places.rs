//! The server side: every fault, and the expected end of a call.
use super::child::{HTTP2, TRANSPORTS};
use crate::{
    authority::{Authority, TlsServer, self_signed},
    http2_server,
    server::{Act, Over, Server, answer, answer_with, reset},
};
use d360::Outcome;
use socket2::{Domain, Socket, Type};
use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

/// The end of a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum End {
    Done,
    /// No request was made.
    NotSent,
    /// Refused permanently.
    Final,
    /// Refused and retried.
    Again,
    Unknown,
    /// The outcome is unknown, and the call is not retried because the response would be as large again. The limit of
    /// a list is higher.
    TooLarge {
        for_a_list: bool,
    },
    /// The server read the request and reported that it did not process it: like not sent.
    NotProcessed,
}

impl End {
    /// Returns the attempts of a message, or of a list or a block, which are idempotent.
    pub(super) fn attempts(self, call: &str) -> usize {
        match self {
            Self::Done | Self::Final => 1,
            Self::Again | Self::NotSent | Self::NotProcessed => 3,
            Self::TooLarge { for_a_list } if for_a_list || call != "list" => 1,
            Self::Unknown | Self::TooLarge { .. } if call == "message" => 1,
            Self::Unknown | Self::TooLarge { .. } => 3,
        }
    }
    /// Returns how many attempts reach the server.
    pub(super) fn requests(self, call: &str) -> usize {
        if self == Self::NotSent { 0 } else { self.attempts(call) }
    }
    pub(super) fn outcome(self) -> Option<Outcome> {
        match self {
            Self::Done => None,
            Self::NotSent | Self::NotProcessed => Some(Outcome::NotSent),
            Self::Final => Some(Outcome::Refused { retryable: false }),
            Self::Again => Some(Outcome::Refused { retryable: true }),
            Self::Unknown | Self::TooLarge { .. } => Some(Outcome::Unknown),
        }
    }
}

/// The settings of the client.
#[derive(Clone)]
pub(super) struct Setup {
    pub(super) url: String,
    pub(super) attempt: Duration,
    pub(super) connect: Duration,
    pub(super) roots: Option<String>,
    /// Whether a first call succeeds over the same connection.
    pub(super) warm: bool,
}

impl Setup {
    /// A client with a long time limit and defaults otherwise.
    pub(super) fn new(url: String) -> Self {
        Self { url, attempt: LONG, connect: LONG, roots: None, warm: false }
    }
}

/// A fault that is set up.
pub(super) struct Place {
    pub(super) setup: Setup,
    /// The number of requests, or of connections if no request is read.
    pub(super) seen: Box<dyn Fn() -> usize>,
}

/// Whether the fault is slow on purpose. Otherwise a busy machine must not cause a timeout.
const SHORT: Duration = Duration::from_millis(500);
const LONG: Duration = Duration::from_secs(10);

impl Place {
    fn new(url: String, seen: impl Fn() -> usize + 'static) -> Self {
        Self { setup: Setup::new(url), seen: Box::new(seen) }
    }
    fn script(act: &Act, over: Over) -> Self {
        let server = Server::over(over, vec![act.clone(); 3]);
        let mut place = Self::new(server.url(), move || server.seen().len());
        place.setup.roots = Some(Authority::shared().pem.clone());
        if matches!(act, Act::Hang(_) | Act::Drip(_)) {
            place.setup.attempt = if over == Over::Plain { SHORT } else { 3 * SHORT };
        }
        place
    }
    /// Closes a kept connection, with or without a reset, after the second request on it was read.
    fn kept(act: &Act, over: Over) -> Self {
        let script = [vec![answer(200, SUCCESS)], vec![act.clone(); 3]].concat();
        let server = Server::over(over, script);
        let mut place = Self::new(server.url(), move || server.seen().len() - 1);
        place.setup.roots = Some(Authority::shared().pem.clone());
        place.setup.warm = true;
        place
    }
    fn http2(act: &http2_server::Act) -> Self {
        let server = http2_server::Server::start(http2_server::Settings::default(), vec![act.clone(); 3]);
        let mut place = Self::new(server.url(), move || server.seen().len());
        place.setup.roots = Some(Authority::shared().pem.clone());
        if matches!(act, http2_server::Act::Freeze) {
            place.setup.attempt = 3 * SHORT;
        }
        place
    }
    /// Applies `with` to every connection, and reads no request.
    fn unread(with: fn(TcpStream)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(AtomicUsize::new(0));
        let counted = seen.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                counted.fetch_add(1, Relaxed);
                with(stream.unwrap());
            }
        });
        Self::new(format!("http://{address}"), move || seen.load(Relaxed))
    }
    /// Like [`unread`](Self::unread), for clients that use TLS.
    fn not_tls(with: fn(TcpStream)) -> Self {
        let mut place = Self::unread(with);
        place.setup.url = place.setup.url.replace("http:", "https:");
        place.setup.connect = SHORT;
        Self { seen: Box::new(|| 0), ..place }
    }
    fn tls(server: TlsServer, roots: Option<String>) -> Self {
        let mut place = Self::new(format!("https://localhost:{}", server.port), move || server.seen());
        place.setup.roots = roots;
        place
    }
    fn refused() -> Self {
        let (socket, address) = bound();
        // It stays bound, so that nobody else gets the port.
        Self::new(format!("http://{address}"), move || {
            let _ = &socket;
            0
        })
    }
    /// Fills the accept queue, so that connecting never ends.
    fn deaf() -> Self {
        let (socket, address) = bound();
        socket.listen(0).unwrap();
        let wait = Duration::from_millis(100);
        let waiting: Vec<_> =
            std::iter::from_fn(|| TcpStream::connect_timeout(&address, wait).ok()).collect();
        let mut place = Self::new(format!("http://{address}"), move || {
            let _ = (&socket, &waiting);
            0
        });
        place.setup.connect = SHORT;
        place
    }
}

/// A local port without a listener.
fn bound() -> (Socket, SocketAddr) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    socket.bind(&any.into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    (socket, address)
}

fn bytes(text: &str) -> Act {
    Act::Bytes(text.as_bytes().to_vec())
}

/// A response that is a success for all three calls.
const SUCCESS: &str = r#"{"messages":[{"id":"wamid.x"}],"data":[],"block_users":{"added_users":[{"input":"+16505551234","wa_id":"16505551234"}]}}"#;

fn success(before: &str, headers: &str, after: &str) -> Act {
    bytes(&format!(
        "{before}HTTP/1.1 200 OK\r\ncontent-length: {}\r\n{headers}\r\n{SUCCESS}{after}",
        SUCCESS.len()
    ))
}

/// 200 MiB of zeros in 1.3 MB of gzip: a block with fixed codes, in which 13 bits encode 258 bytes.
fn bomb() -> Act {
    static BOMB: OnceLock<Vec<u8>> = OnceLock::new();
    let body = BOMB.get_or_init(|| {
        let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
        let (mut held, mut count) = (0_u64, 0);
        let mut push = |bits: u64, width: u32| {
            held |= bits << count;
            count += width;
            while count >= 8 {
                out.push(held as u8);
                held >>= 8;
                count -= 8;
            }
        };
        // The last block, with fixed codes; then the byte 0. Codes are written first bit first.
        push(0b011, 3);
        push(0b0000_1100, 8);
        for _ in 0..(200 << 20) / 258 {
            push(0b1010_0011, 8);
            push(0, 5);
        }
        push(0, 7);
        push(0, 8);
        out
    });
    // It announces the close. Otherwise a client would send the next request on a connection that is about to end.
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    Act::Bytes([head.as_bytes(), body].concat())
}

pub(super) struct Fault {
    pub(super) name: String,
    /// The setup.
    pub(super) place: Box<dyn Fn() -> Place + Send>,
    /// The expected end of a call.
    pub(super) end: End,
    pub(super) who: &'static [&'static str],
}

/// Every fault of HTTP/1.1: plain, over TLS, and as the closest HTTP/2 frames. Then the faults of HTTP/2 only.
pub(super) fn faults() -> Vec<Fault> {
    let mut faults = Vec::new();
    for (name, place, end) in connections() {
        faults.push(Fault { name: name.to_owned(), place: Box::new(place), end, who: &TRANSPORTS });
    }
    for over in [Over::Plain, Over::Tls, Over::Http2] {
        let (before, who): (_, &'static [_]) = match over {
            Over::Plain => ("", &TRANSPORTS),
            Over::Tls => ("TLS: ", &TRANSPORTS),
            Over::Http2 => ("HTTP/2: ", &HTTP2),
        };
        for (name, act, end) in answers() {
            let place = Box::new(move || Place::script(&act, over));
            faults.push(Fault { name: format!("{before}{name}"), place, end, who });
        }
        for (name, act) in [("closed", bytes("")), ("reset", Act::Reset)] {
            let place = Box::new(move || Place::kept(&act, over));
            let name = format!("{before}a kept connection, {name}");
            faults.push(Fault { name, place, end: End::Unknown, who });
        }
    }
    for (name, act, end) in frames() {
        let place = Box::new(move || Place::http2(&act));
        faults.push(Fault { name: format!("HTTP/2: {name}"), place, end, who: &HTTP2 });
    }
    faults
}

/// Faults of HTTP/2 only.
fn frames() -> Vec<(&'static str, http2_server::Act, End)> {
    use End::{NotProcessed, Unknown};
    use http2_server::{Act::*, CANCEL, ENHANCE_YOUR_CALM, INTERNAL_ERROR, NO_ERROR, REFUSED_STREAM};
    vec![
        ("the stream is refused", ResetStream(REFUSED_STREAM), NotProcessed),
        ("a GOAWAY below the stream", GoAway { code: NO_ERROR, covers: false }, NotProcessed),
        (
            "a GOAWAY below the stream, by an error",
            GoAway { code: ENHANCE_YOUR_CALM, covers: false },
            NotProcessed,
        ),
        ("a GOAWAY that covers the stream", GoAway { code: NO_ERROR, covers: true }, Unknown),
        ("a GOAWAY that covers it, by an error", GoAway { code: INTERNAL_ERROR, covers: true }, Unknown),
        ("the stream ends by an error", ResetStream(INTERNAL_ERROR), Unknown),
        ("the stream is cancelled", ResetStream(CANCEL), Unknown),
        ("the stream is refused in its answer", ResetInAnswer(REFUSED_STREAM), Unknown),
        ("no frames", Garbage(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()), Unknown),
        ("the connection falls silent", Freeze, Unknown),
    ]
}

type SetUp = fn() -> Place;

fn silent_tls() -> Place {
    Place::not_tls(|stream| {
        std::thread::spawn(move || {
            std::thread::sleep(LONG);
            drop(stream);
        });
    })
}

/// Faults of a connection.
fn connections() -> Vec<(&'static str, SetUp, End)> {
    use End::{NotSent, Unknown};
    fn broken(raw: &'static [u8]) -> Place {
        let ours = Authority::new();
        Place::tls(ours.server_that_breaks("localhost", raw), Some(ours.pem))
    }
    vec![
        ("refused", Place::refused, NotSent),
        ("connecting takes too long", Place::deaf, NotSent),
        (
            "TLS to a plain port",
            || {
                Place::not_tls(|mut stream| {
                    let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
                })
            },
            NotSent,
        ),
        ("TLS to a silent port", silent_tls, NotSent),
        (
            "connecting outlasts the attempt",
            || {
                let mut place = Place::deaf();
                (place.setup.attempt, place.setup.connect) = (SHORT, LONG);
                place
            },
            NotSent,
        ),
        (
            "TLS outlasts the attempt",
            || {
                let mut place = silent_tls();
                (place.setup.attempt, place.setup.connect) = (SHORT, LONG);
                place
            },
            NotSent,
        ),
        (
            "TLS: another host's certificate",
            || {
                let ours = Authority::new();
                Place::tls(ours.server("example.org"), Some(ours.pem))
            },
            NotSent,
        ),
        (
            "TLS: an expired certificate",
            || {
                let ours = Authority::new();
                Place::tls(ours.expired("localhost"), Some(ours.pem))
            },
            NotSent,
        ),
        ("TLS: a self-signed certificate", || Place::tls(self_signed("localhost"), None), NotSent),
        ("TLS: cut after the request", || broken(b""), Unknown),
        ("TLS: an alert after the request", || broken(b"\x15\x03\x03\x00\x02\x02\x28"), Unknown),
        (
            "TLS: a bad record after the request",
            || broken(b"\x17\x03\x03\x00\x14aaaaaaaaaaaaaaaaaaaa"),
            Unknown,
        ),
        (
            "closed before the request is read",
            || {
                Place::unread(|stream| {
                    let _ = stream.peek(&mut [0]);
                    let _ = stream.shutdown(Shutdown::Write);
                })
            },
            Unknown,
        ),
        (
            "reset before the request is read",
            || {
                Place::unread(|stream| {
                    // Waits for the first byte. Otherwise the client might see a failed connect.
                    let _ = stream.peek(&mut [0]);
                    reset(&stream);
                })
            },
            Unknown,
        ),
        (
            "reset with the request half read",
            || {
                Place::unread(|mut stream| {
                    let _ = stream.read(&mut [0; 16]);
                })
            },
            Unknown,
        ),
    ]
}

/// Faults of a response.
fn answers() -> Vec<(&'static str, Act, End)> {
    use End::{Again, Done, Final, TooLarge, Unknown};
    let head = "HTTP/1.1 200 OK\r\n";
    let code = |status, code: u32| answer(status, format!(r#"{{"error":{{"code":{code},"message":"x"}}}}"#));
    let to_elsewhere = |status| answer_with(status, &[("location", "http://127.0.0.1:1/")], "");
    vec![
        ("no fault", answer(200, SUCCESS), Done),
        ("closed without an answer", bytes(""), Unknown),
        ("reset without an answer", Act::Reset, Unknown),
        ("cut in the status line", bytes("HTTP/1.1 20"), Unknown),
        ("no HTTP", bytes("220 mail.example.org ESMTP\r\n"), Unknown),
        ("cut in the headers", bytes(&format!("{head}x-a: b")), Unknown),
        ("cut in the body", bytes(&format!("{head}content-length: 900\r\n\r\n{SUCCESS}")), Unknown),
        (
            "a bad chunk",
            bytes(&format!("{head}transfer-encoding: chunked\r\n\r\nzz\r\nab\r\n0\r\n\r\n")),
            Unknown,
        ),
        ("cut in a chunk", bytes(&format!("{head}transfer-encoding: chunked\r\n\r\n5\r\nab")), Unknown),
        (
            "cut between chunks",
            bytes(&format!("{head}transfer-encoding: chunked\r\n\r\n2\r\n{{}}\r\n")),
            Unknown,
        ),
        ("cut JSON", answer(200, &SUCCESS[..20]), Unknown),
        ("a page of a proxy", answer(200, "<html><body>Sign in</body></html>"), Unknown),
        ("nothing with 200", answer(200, ""), Unknown),
        ("a header of 13 MB", success("", &format!("x-a: {}\r\n", "x".repeat(13_000_000)), ""), Unknown),
        ("20,000 headers", success("", &"x-a: b\r\n".repeat(20_000), ""), Unknown),
        (
            "50 early hints",
            success(&"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n".repeat(50), "", ""),
            Done,
        ),
        ("two answers at once", success("", "", "HTTP/1.1 500 X\r\ncontent-length: 0\r\n\r\n"), Done),
        (
            "a body of 200 MiB",
            Act::Flood(format!("{head}content-length: {}\r\n\r\n", 200 << 20).into_bytes(), 200),
            TooLarge { for_a_list: true },
        ),
        (
            "a body of 200 MiB, without a length",
            Act::Flood(format!("{head}\r\n").into_bytes(), 200),
            TooLarge { for_a_list: true },
        ),
        ("a gzip bomb of 200 MiB", bomb(), TooLarge { for_a_list: false }),
        ("silence", Act::Hang(Vec::new()), Unknown),
        ("silence in the headers", Act::Hang(head.as_bytes().to_vec()), Unknown),
        (
            "silence in the body",
            Act::Hang(format!("{head}content-length: 900\r\n\r\n{{").into_bytes()),
            Unknown,
        ),
        ("slow headers", Act::Drip(format!("{head}{}", "x-a: b\r\n".repeat(100)).into_bytes()), Unknown),
        (
            "a slow body",
            Act::Drip(format!("{head}content-length: 900\r\n\r\n{SUCCESS}").into_bytes()),
            Unknown,
        ),
        ("429 without a body", answer(429, ""), Again),
        ("429 with one", code(429, 130_429), Again),
        ("throttled with 400", code(400, 130_429), Again),
        ("throttled with 503", code(503, 130_429), Again),
        ("refused for good", code(400, 100), Final),
        ("401 with a page", answer(401, "<html>no</html>"), Final),
        ("500 without a body", answer(500, ""), Unknown),
        ("502 with a page", answer(502, "<html>bad gateway</html>"), Unknown),
        ("503 without a body", answer(503, ""), Unknown),
        ("moved: 302", to_elsewhere(302), Final),
        ("moved: 307", to_elsewhere(307), Final),
        ("moved: 308", to_elsewhere(308), Final),
    ]
}
