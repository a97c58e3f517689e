//! The contract of a transport. Any can be run against it: see [`Sends`].
use crate::{
    rig::runtime,
    server::{Act, Server, answer, answer_with},
};
use bytes::Bytes;
use d360::transport::{
    AsyncTransport, BlockingTransport, BodySink, Connection, HttpRequest, HttpResponse, Part, Payload,
    ReqwestTransport, TransportError, TransportErrorKind, UreqTransport,
};
use http::Method;
use std::{
    io,
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

#[test]
fn reqwest_keeps_it() {
    contract(&|| Box::new(Async(ReqwestTransport::new(&Connection::new()).unwrap())));
}

#[test]
fn ureq_keeps_it() {
    contract(&|| Box::new(Blocking(UreqTransport::new(&Connection::new()).unwrap())));
}

/// Everything that the traits' documentation promises.
pub(crate) fn contract(new: &dyn Fn() -> Box<dyn Sends>) {
    any_status_is_an_answer(new);
    no_redirect_is_followed(new);
    bodies_have_a_length_and_go_with_any_method(new);
    files_are_streamed(new);
    the_answer_is_capped(new);
    the_sink_takes_a_success_alone(new);
    the_time_limit_holds(new);
    a_limit_while_connecting_is_not_sent(new);
    a_broken_answer_is_interrupted(new);
    what_could_not_be_sent_says_so(new);
    nothing_is_sent_twice(new);
}

fn what_could_not_be_sent_says_so(new: &dyn Fn() -> Box<dyn Sends>) {
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

/// Not on a fresh connection that breaks, and not on a kept one that the server has closed meanwhile.
fn nothing_is_sent_twice(new: &dyn Fn() -> Box<dyn Sends>) {
    let server = Server::start(vec![
        Act::Bytes(Vec::new()),
        answer(200, "ok"),
        Act::Bytes(Vec::new()),
        answer(200, "ok"),
    ]);
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

fn any_status_is_an_answer(new: &dyn Fn() -> Box<dyn Sends>) {
    for status in [200, 201, 204, 304, 400, 404, 429, 500, 503] {
        let server = Server::start(vec![answer_with(status, &[("x-kept", "yes")], "")]);
        let response = new().send(request(Method::GET, &server)).unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()["x-kept"], "yes");
    }
}

fn no_redirect_is_followed(new: &dyn Fn() -> Box<dyn Sends>) {
    for status in [301, 302, 303, 307, 308] {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let evil = Server::start(vec![answer(200, "evil")]);
            let server = Server::start(vec![answer_with(status, &[("location", &evil.url())], "")]);
            let mut moved = request(method, &server);
            moved.payload = Payload::Bytes(Bytes::from_static(b"{}"));
            let response = new().send(moved).unwrap();
            assert_eq!(response.status(), status);
            assert_eq!((server.seen().len(), evil.seen().len()), (1, 0));
        }
    }
}

fn bodies_have_a_length_and_go_with_any_method(new: &dyn Fn() -> Box<dyn Sends>) {
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
            let server = Server::start(vec![answer(200, "ok")]);
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

fn files_are_streamed(new: &dyn Fn() -> Box<dyn Sends>) {
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
    let server = Server::start(vec![answer(200, "ok")]);
    let mut sent = request(Method::POST, &server);
    sent.payload = Payload::Parts(parts(content.len() as u64));
    new().send(sent).unwrap();
    let expected = [&b"head"[..], &content, b"tail"].concat();
    assert!(server.seen().remove(0).body == expected);
    // A file that is shorter than was said fails, and nothing is made up.
    let server = Server::start(vec![answer(200, "ok")]);
    let mut sent = request(Method::POST, &server);
    sent.payload = Payload::Parts(parts(content.len() as u64 + 1));
    new().send(sent).unwrap_err();
}

fn the_answer_is_capped(new: &dyn Fn() -> Box<dyn Sends>) {
    for (length, fits) in [(1000, true), (1001, false), (300_000, false)] {
        let server = Server::start(vec![answer(200, vec![b'x'; length])]);
        let mut limited = request(Method::GET, &server);
        limited.response_limit = 1000;
        match new().send(limited) {
            Ok(response) => assert!(fits && response.body().len() == length, "{length}"),
            Err(error) => assert_eq!((fits, error.kind()), (false, TransportErrorKind::TooLarge), "{length}"),
        }
    }
    // Without a length, cut into chunks.
    let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n400\r\n".to_vec();
    let chunked =
        [chunked, vec![b'x'; 1024], b"\r\n400\r\n".to_vec(), vec![b'y'; 1024], b"\r\n0\r\n\r\n".to_vec()]
            .concat();
    let server = Server::start(vec![Act::Bytes(chunked.clone()), Act::Bytes(chunked)]);
    assert_eq!(new().send(request(Method::GET, &server)).unwrap().body().len(), 2048);
    let mut limited = request(Method::GET, &server);
    limited.response_limit = 2047;
    // By a connection of its own: the server has closed the first.
    assert_eq!(new().send(limited).unwrap_err().kind(), TransportErrorKind::TooLarge);
}

#[derive(Debug, Default)]
struct Sink {
    taken: Mutex<Vec<u8>>,
    begun: Mutex<u32>,
}

impl BodySink for Sink {
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

fn the_sink_takes_a_success_alone(new: &dyn Fn() -> Box<dyn Sends>) {
    let body = vec![b'z'; 2_000_000];
    let server = Server::start(vec![answer(200, &body), answer(404, "not here")]);
    let transport = new();
    let sink = Arc::new(Sink::default());
    let mut sunk = request(Method::GET, &server);
    sunk.sink = Some(sink.clone());
    assert!(transport.send(sunk.clone()).unwrap().body().is_empty());
    assert!(*sink.taken.lock().unwrap() == body, "the limit of answers does not hold for a sink");
    assert_eq!(transport.send(sunk).unwrap().body(), "not here");
    assert_eq!(*sink.begun.lock().unwrap(), 1);
}

/// A time limit that is over before a connection was made leaves nothing in doubt.
fn a_limit_while_connecting_is_not_sent(new: &dyn Fn() -> Box<dyn Sends>) {
    // It takes connections, and never speaks TLS.
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
        }
    }
}

fn the_time_limit_holds(new: &dyn Fn() -> Box<dyn Sends>) {
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab".to_vec();
    for part in [Vec::new(), b"HTTP/1.1 200 OK\r\n".to_vec(), head] {
        let server = Server::start(vec![Act::Hang(part)]);
        let mut hasty = request(Method::POST, &server);
        hasty.payload = Payload::Bytes(Bytes::from_static(b"{}"));
        hasty.time_limit = Duration::from_millis(300);
        assert_eq!(new().send(hasty).unwrap_err().kind(), TransportErrorKind::Timeout);
    }
}

fn a_broken_answer_is_interrupted(new: &dyn Fn() -> Box<dyn Sends>) {
    for bytes in [
        &b""[..],
        b"HTTP/1.1 20",
        b"HTTP/1.1 200 OK\r\nx-a: b",
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab",
    ] {
        let server = Server::start(vec![Act::Bytes(bytes.to_vec())]);
        let mut sent = request(Method::POST, &server);
        sent.payload = Payload::Bytes(Bytes::from_static(b"{}"));
        let error = new().send(sent).unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Interrupted, "{:?}", String::from_utf8_lossy(bytes));
    }
}
