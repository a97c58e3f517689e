//! The contract of a transport. It can run against any transport: see [`Sends`].
use crate::{
    authority::Authority,
    rig::runtime,
    server::{Act, Over, Server, Stream, answer, answer_with},
};
use bytes::Bytes;
use d360::transport::{
    AsyncTransport, BlockingTransport, BodySink, Connection, HttpRequest, HttpResponse, HyperTransport, Part,
    Payload, Protocol, ReqwestTransport, Roots, TransportError, TransportErrorKind, UreqTransport,
};
use http::Method;
use std::{
    io::{self, Read as _, Write as _},
    sync::{Arc, Mutex},
    time::Duration,
};

/// A transport of either kind.
pub(crate) trait Sends {
    fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError>;
}

struct Async<T>(T);
struct Blocking<T>(T);

impl<T: AsyncTransport> Sends for Async<T> {
    fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        runtime().block_on(self.0.send(request))
    }
}

impl<T: BlockingTransport> Sends for Blocking<T> {
    fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        self.0.send(request)
    }
}

/// Settings that trust the servers of these tests.
pub(crate) fn trusting() -> Connection {
    Connection::new().roots(Roots::Pem(Authority::shared().pem.clone().into_bytes()))
}

#[test]
fn reqwest_fulfills_the_contract() {
    let new: New<'_> = &|| Box::new(Async(ReqwestTransport::new(&trusting()).unwrap()));
    contract(new, Over::Plain);
    contract(new, Over::Tls);
}

#[test]
fn reqwest_fulfills_the_contract_over_http2() {
    let connection = trusting().protocol(Protocol::Http2);
    let new: New<'_> = &|| Box::new(Async(ReqwestTransport::new(&connection).unwrap()));
    contract(new, Over::Http2);
    // With servers that lack HTTP/2 it uses HTTP/1.1.
    contract(new, Over::Tls);
}

#[test]
fn hyper_fulfills_the_contract() {
    let new: New<'_> = &|| Box::new(Async(HyperTransport::new(&trusting()).unwrap()));
    contract(new, Over::Plain);
    contract(new, Over::Tls);
}

#[test]
fn ureq_fulfills_the_contract() {
    let new: New<'_> = &|| Box::new(Blocking(UreqTransport::new(&trusting()).unwrap()));
    contract(new, Over::Plain);
    contract(new, Over::Tls);
}

/// A connect timeout that overflows every clock.
#[test]
fn any_connect_timeout_is_accepted() {
    for limit in [Duration::MAX, Duration::from_secs(u64::MAX / 2)] {
        let connection = trusting().connect_timeout(limit);
        let all: [Box<dyn Sends>; 4] = [
            Box::new(Async(ReqwestTransport::new(&connection).unwrap())),
            Box::new(Async(ReqwestTransport::new(&connection.clone().protocol(Protocol::Http2)).unwrap())),
            Box::new(Async(HyperTransport::new(&connection).unwrap())),
            Box::new(Blocking(UreqTransport::new(&connection).unwrap())),
        ];
        for transport in all {
            let server = Server::over(Over::Tls, vec![answer(200, "ok")]);
            transport.send(request(Method::GET, &server)).unwrap();
        }
    }
}

type New<'n> = &'n dyn Fn() -> Box<dyn Sends>;

/// Checks everything that the documentation of the traits promises.
pub(crate) fn contract(new: New<'_>, over: Over) {
    any_status_is_an_answer(new, over);
    no_redirect_is_followed(new, over);
    bodies_have_a_length_and_go_with_any_method(new, over);
    files_are_streamed(new, over);
    the_response_size_is_limited(new, over);
    the_sink_receives_only_successes(new, over);
    the_time_limit_holds(new, over);
    a_limit_while_connecting_is_not_sent(new);
    a_broken_answer_is_interrupted(new, over);
    connection_failures_are_not_sent(new);
    nothing_is_sent_twice(new, over);
    interim_responses_are_skipped(new, over);
}

/// Interim responses may have headers, including `100 Continue` (RFC 9110 15.2).
fn interim_responses_are_skipped(new: New<'_>, over: Over) {
    let interim = [
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 100 Continue\r\nx-a: b\r\nserver: proxy\r\n\r\n",
        "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\nx-a: b\r\n\r\n",
    ];
    let last = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    for before in interim {
        let whole = format!("{before}{last}");
        let server = Server::over(
            over,
            vec![Act::Bytes(whole.clone().into_bytes()), Act::Bytes(whole.clone().into_bytes())],
        );
        for method in [Method::POST, Method::GET] {
            let mut sent = request(method.clone(), &server);
            if method == Method::POST {
                sent.payload = Payload::Bytes(Bytes::from_static(b"{}"));
            }
            assert_eq!(new().send(sent).unwrap().body(), "ok", "{before:?}");
        }
        if over == Over::Plain {
            // Byte by byte.
            let server = Server::over(over, vec![Act::Drip(whole.into_bytes())]);
            assert_eq!(new().send(request(Method::GET, &server)).unwrap().body(), "ok", "{before:?}");
        }
    }
}

/// A server that refuses an upload responds before it has read it, and closes. Writing fails then, but the response
/// can be read.
///
/// hyper may report the failed write first, and this crate has no layer below it.
#[test]
fn ureq_reads_an_early_response() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let length = 40_000_000;
    std::fs::File::create(&path).unwrap().set_len(length).unwrap();
    for (over, status) in [(Over::Plain, 401), (Over::Plain, 413), (Over::Tls, 401), (Over::Tls, 413)] {
        let transport = UreqTransport::new(&trusting()).unwrap();
        for _ in 0..10 {
            let mut sent = HttpRequest::new(Method::POST, refuses(over, status).parse().unwrap());
            sent.payload = Payload::Parts(vec![Part::File { path: path.clone(), length }]);
            let response =
                transport.send(sent).unwrap_or_else(|error| panic!("{over:?} {status}: {error:?}"));
            assert_eq!((response.status().as_u16(), &response.body()[..]), (status, &b"no"[..]));
        }
    }
}

/// A server that responds after the first bytes of a request, and closes.
fn refuses(over: Over, status: u16) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let scheme = if over == Over::Tls { "https" } else { "http" };
    let url = format!("{scheme}://localhost:{}/upload", listener.local_addr().unwrap().port());
    std::thread::spawn(move || {
        let socket = listener.accept().unwrap().0;
        // Otherwise Nagle's algorithm would delay the response, and the close would discard it.
        socket.set_nodelay(true).unwrap();
        let mut stream = if over == Over::Tls { Stream::tls(socket, false) } else { Stream::Plain(socket) };
        let read = stream.read(&mut [0; 100_000]).unwrap();
        assert!(read > 0);
        let answer = format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: 2\r\n\r\nno");
        stream.write_all(answer.as_bytes()).unwrap();
        stream.flush().unwrap();
    });
    url
}

fn connection_failures_are_not_sent(new: New<'_>) {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for url in [
        format!("http://{closed}/"),
        format!("https://{closed}/"),
        "https://no-such-host.invalid/".to_owned(),
    ] {
        let error = new().send(HttpRequest::new(Method::POST, url.parse().unwrap())).unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::NotSent, "{url}");
    }
}

/// A request is not repeated if a new connection breaks, or if the server has closed a kept one.
fn nothing_is_sent_twice(new: New<'_>, over: Over) {
    let server = Server::over(
        over,
        vec![Act::Bytes(Vec::new()), answer(200, "ok"), Act::Bytes(Vec::new()), answer(200, "ok")],
    );
    let transport = new();
    let post = || {
        let mut sent = request(Method::POST, &server);
        sent.payload = Payload::Bytes(Bytes::from_static(b"{}"));
        sent
    };
    transport.send(post()).unwrap_err();
    assert_eq!(server.seen().len(), 1);
    transport.send(post()).unwrap();
    transport.send(post()).unwrap_err();
    assert_eq!(server.seen().len(), 3);
}

fn request(method: Method, server: &Server) -> HttpRequest {
    HttpRequest::new(method, format!("{}/x?y=1", server.url()).parse().unwrap())
}

fn any_status_is_an_answer(new: New<'_>, over: Over) {
    for status in [200, 201, 204, 304, 400, 404, 429, 500, 503] {
        let server = Server::over(over, vec![answer_with(status, &[("x-kept", "yes")], "")]);
        let response = new().send(request(Method::GET, &server)).unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()["x-kept"], "yes");
    }
}

fn no_redirect_is_followed(new: New<'_>, over: Over) {
    for status in [301, 302, 303, 307, 308] {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let evil = Server::over(over, vec![answer(200, "evil")]);
            let server = Server::over(over, vec![answer_with(status, &[("location", &evil.url())], "")]);
            let mut moved = request(method, &server);
            moved.payload = Payload::Bytes(Bytes::from_static(b"{}"));
            let response = new().send(moved).unwrap();
            assert_eq!(response.status(), status);
            assert_eq!((server.seen().len(), evil.seen().len()), (1, 0));
        }
    }
}

fn bodies_have_a_length_and_go_with_any_method(new: New<'_>, over: Over) {
    for method in [Method::GET, Method::DELETE, Method::POST, Method::PUT] {
        for (payload, expected) in [
            (Payload::Empty, &b""[..]),
            (Payload::Bytes(Bytes::from_static(b"{\"a\":1}")), b"{\"a\":1}"),
            (
                Payload::Parts(vec![
                    Part::Bytes(Bytes::from_static(b"ab")),
                    Part::Bytes(Bytes::from_static(b"c")),
                ]),
                b"abc",
            ),
        ] {
            let server = Server::over(over, vec![answer(200, "ok")]);
            let mut sent = request(method.clone(), &server);
            let empty = matches!(payload, Payload::Empty);
            sent.payload = payload;
            assert_eq!(new().send(sent).unwrap().body(), "ok");
            let seen = server.seen().remove(0);
            assert_eq!(
                (seen.method.as_str(), seen.target.as_str(), &seen.body[..]),
                (method.as_str(), "/x?y=1", expected)
            );
            let head = server.heads().remove(0).to_ascii_lowercase();
            if empty && matches!(method, Method::GET | Method::DELETE) {
                assert!(!head.contains("content-length"), "{head}");
            } else {
                assert!(head.contains(&format!("content-length: {}", expected.len())), "{head}");
            }
        }
    }
}

fn files_are_streamed(new: New<'_>, over: Over) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let content: Vec<u8> = (0..3_000_000u32).map(|i| (i % 251) as u8).collect();
    std::fs::write(&path, &content).unwrap();
    let parts = |length| {
        vec![
            Part::Bytes(Bytes::from_static(b"head")),
            Part::File { path: path.clone(), length },
            Part::Bytes(Bytes::from_static(b"tail")),
        ]
    };
    let server = Server::over(over, vec![answer(200, "ok")]);
    let mut sent = request(Method::POST, &server);
    sent.payload = Payload::Parts(parts(content.len() as u64));
    new().send(sent).unwrap();
    let expected = [&b"head"[..], &content, b"tail"].concat();
    assert!(server.seen().remove(0).body == expected);
    // A file shorter than announced fails, and is not padded.
    let server = Server::over(over, vec![answer(200, "ok")]);
    let mut sent = request(Method::POST, &server);
    sent.payload = Payload::Parts(parts(content.len() as u64 + 1));
    new().send(sent).unwrap_err();
}

fn the_response_size_is_limited(new: New<'_>, over: Over) {
    for (length, fits) in [(1000, true), (1001, false), (300_000, false)] {
        let server = Server::over(over, vec![answer(200, vec![b'x'; length])]);
        let mut limited = request(Method::GET, &server);
        limited.response_limit = 1000;
        match new().send(limited) {
            Ok(response) => assert!(fits && response.body().len() == length, "{length}"),
            Err(error) => assert_eq!((fits, error.kind()), (false, TransportErrorKind::TooLarge), "{length}"),
        }
    }
    // A limit larger than the address space means no limit.
    let server = Server::over(over, vec![answer(200, vec![b'x'; 3_000_000])]);
    let mut unlimited = request(Method::GET, &server);
    unlimited.response_limit = u64::MAX;
    assert_eq!(new().send(unlimited).unwrap().body().len(), 3_000_000);
    // Without a length, in chunks. HTTP/2 has no chunks.
    if over == Over::Http2 {
        return;
    }
    let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n400\r\n".to_vec();
    let chunked =
        [chunked, vec![b'x'; 1024], b"\r\n400\r\n".to_vec(), vec![b'y'; 1024], b"\r\n0\r\n\r\n".to_vec()]
            .concat();
    let server = Server::over(over, vec![Act::Bytes(chunked.clone()), Act::Bytes(chunked)]);
    assert_eq!(new().send(request(Method::GET, &server)).unwrap().body().len(), 2048);
    let mut limited = request(Method::GET, &server);
    limited.response_limit = 2047;
    // On its own connection, because the server has closed the first.
    assert_eq!(new().send(limited).unwrap_err().kind(), TransportErrorKind::TooLarge);
}

#[derive(Debug, Default)]
struct Sink {
    taken: Mutex<Vec<u8>>,
    begun: Mutex<u32>,
    heads: Mutex<Vec<u16>>,
}

impl BodySink for Sink {
    fn head(&self, status: http::StatusCode) {
        self.heads.lock().unwrap().push(status.as_u16());
    }
    fn begin(&self) -> io::Result<()> {
        *self.begun.lock().unwrap() += 1;
        self.taken.lock().unwrap().clear();
        Ok(())
    }
    fn write(&self, piece: &[u8]) -> io::Result<()> {
        self.taken.lock().unwrap().extend_from_slice(piece);
        Ok(())
    }
}

fn the_sink_receives_only_successes(new: New<'_>, over: Over) {
    let body = vec![b'z'; 2_000_000];
    let server = Server::over(over, vec![answer(200, &body), answer(404, "not here")]);
    let transport = new();
    let sink = Arc::new(Sink::default());
    let mut sunk = request(Method::GET, &server);
    sunk.sink = Some(sink.clone());
    assert!(transport.send(sunk.clone()).unwrap().body().is_empty());
    assert!(*sink.taken.lock().unwrap() == body, "the response limit does not apply to a sink");
    assert_eq!(transport.send(sunk).unwrap().body(), "not here");
    assert_eq!(*sink.begun.lock().unwrap(), 1);
    assert_eq!(*sink.heads.lock().unwrap(), [200, 404], "the sink gets the head of every response");
}

/// A timeout before a connection is established has a known outcome: not sent.
fn a_limit_while_connecting_is_not_sent(new: New<'_>) {
    // Accepts connections, but never starts TLS.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/", silent.local_addr().unwrap());
    for method in [Method::POST, Method::GET] {
        for limit in [Duration::from_nanos(1), Duration::from_millis(300)] {
            let mut hasty = HttpRequest::new(method.clone(), url.parse().unwrap());
            if method == Method::POST {
                hasty.payload = Payload::Bytes(Bytes::from_static(b"{}"));
            }
            hasty.time_limit = limit;
            let error = new().send(hasty).unwrap_err();
            assert_eq!(error.kind(), TransportErrorKind::NotSent, "{method} within {limit:?}: {error:?}");
            assert!(error.is_timeout(), "{method} within {limit:?}: {error:?}");
        }
    }
}

fn the_time_limit_holds(new: New<'_>, over: Over) {
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab".to_vec();
    for part in [Vec::new(), b"HTTP/1.1 200 OK\r\n".to_vec(), head] {
        let server = Server::over(over, vec![Act::Hang(part)]);
        let mut hasty = request(Method::POST, &server);
        hasty.payload = Payload::Bytes(Bytes::from_static(b"{}"));
        hasty.time_limit = Duration::from_millis(300);
        assert_eq!(new().send(hasty).unwrap_err().kind(), TransportErrorKind::Timeout);
    }
}

fn a_broken_answer_is_interrupted(new: New<'_>, over: Over) {
    for bytes in [
        &b""[..],
        b"HTTP/1.1 20",
        b"HTTP/1.1 200 OK\r\nx-a: b",
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab",
    ] {
        let server = Server::over(over, vec![Act::Bytes(bytes.to_vec())]);
        let mut sent = request(Method::POST, &server);
        sent.payload = Payload::Bytes(Bytes::from_static(b"{}"));
        let error = new().send(sent).unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Interrupted, "{:?}", String::from_utf8_lossy(bytes));
    }
}
