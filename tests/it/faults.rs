//! What a network or a server can do to a call: for each fault the outcome and how often the server saw the call, for a
//! message, a list and a block, over real sockets in both transports.
use crate::{
    rig::{Client, Naps, config, real},
    server::{Act, Server, answer, answer_with},
};
use d360::{
    Outcome,
    cloud::messages::SendMessage,
    model::{Location, Message},
};
use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    time::{Duration, Instant},
};

/// How a call ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Done,
    /// Refused for good.
    Final,
    /// Refused, and made again.
    Again,
    Unknown,
}

impl End {
    /// How often the server sees a message, and how often a list or a block, which may be repeated.
    fn requests(self) -> (usize, usize) {
        match self {
            Self::Done | Self::Final => (1, 1),
            Self::Again => (3, 3),
            Self::Unknown => (1, 3),
        }
    }
    fn outcome(self) -> Option<Outcome> {
        match self {
            Self::Done => None,
            Self::Final => Some(Outcome::Refused { retryable: false }),
            Self::Again => Some(Outcome::Refused { retryable: true }),
            Self::Unknown => Some(Outcome::Unknown),
        }
    }
}

fn message(client: &Client) -> Option<Outcome> {
    let to = "+16505551234".parse().unwrap();
    let sent = client.call(SendMessage::new(Message::location(to, Location::default())));
    sent.err().map(|error| error.outcome())
}

fn list(client: &Client) -> Option<Outcome> {
    client.blocked(None).err().map(|error| error.outcome())
}

fn block(client: &Client) -> Option<Outcome> {
    client.block(vec!["+16505551234".parse().unwrap()]).err().map(|error| error.error().outcome())
}

type Run = fn(&Client) -> Option<Outcome>;
const CALLS: [(&str, Run); 3] = [("message", message), ("list", list), ("block", block)];

/// Longest that an attempt may take where the server is slow.
const LIMIT: Duration = Duration::from_millis(500);

/// One call over one transport against one fault.
struct Cell {
    call: &'static str,
    who: &'static str,
    found: (Option<Outcome>, usize),
    expected: (Option<Outcome>, usize),
    took: Duration,
}

/// The three calls through both transports.
fn cells(act: &Act, end: End) -> Vec<Cell> {
    let mut cells = Vec::new();
    for (i, (call, run)) in CALLS.into_iter().enumerate() {
        for transport in 0..2 {
            let server = Server::start(vec![act.clone(); 3]);
            let config = config(&server.url());
            // A busy machine must not make a time-out of a fault that is none.
            let slow = matches!(act, Act::Hang(_) | Act::Drip(_));
            let config = if slow { config.attempt_timeout(LIMIT) } else { config };
            let (who, client) = real(&config, &Naps::default()).into_iter().nth(transport).unwrap();
            let start = Instant::now();
            let outcome = run(&client);
            let took = start.elapsed();
            let (once, repeated) = end.requests();
            let expected = (end.outcome(), if i == 0 { once } else { repeated });
            cells.push(Cell { call, who, found: (outcome, server.seen().len()), expected, took });
        }
    }
    cells
}

fn bytes(text: &str) -> Act {
    Act::Bytes(text.as_bytes().to_vec())
}

/// A success of any of the three calls.
const SUCCESS: &str = r#"{"messages":[{"id":"wamid.x"}],"data":[],"block_users":{"added_users":[{"input":"+16505551234","wa_id":"16505551234"}]}}"#;

fn success(before: &str, headers: &str, after: &str) -> Act {
    bytes(&format!(
        "{before}HTTP/1.1 200 OK\r\ncontent-length: {}\r\n{headers}\r\n{SUCCESS}{after}",
        SUCCESS.len()
    ))
}

fn faults() -> Vec<(&'static str, Act, End)> {
    use End::{Again, Done, Final, Unknown};
    let head = "HTTP/1.1 200 OK\r\n";
    let code = |status, code: u32| answer(status, format!(r#"{{"error":{{"code":{code},"message":"x"}}}}"#));
    let to_elsewhere = |status| answer_with(status, &[("location", "http://127.0.0.1:1/")], "");
    vec![
        ("no fault", answer(200, SUCCESS), Done),
        ("closed without an answer", bytes(""), Unknown),
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
        ("a body of 64 MiB", answer(200, vec![b' '; 64 << 20]), Unknown),
        (
            "compressed, which was not asked for",
            answer_with(200, &[("content-encoding", "gzip")], "\u{1f}\u{8b}"),
            Unknown,
        ),
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

#[test]
fn every_fault_ends_in_its_outcome_in_both_transports() {
    let faults = faults();
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let run = |(name, act, end): &(&str, Act, End)| {
            let wrong = cells(act, *end).into_iter().filter(|cell| cell.found != cell.expected);
            wrong
                .map(|Cell { call, who, found, expected, .. }| {
                    format!("{name}: {call} over {who}: {found:?} instead of {expected:?}")
                })
                .collect::<Vec<_>>()
        };
        let runs: Vec<_> = faults.iter().map(|fault| scope.spawn(move || run(fault))).collect();
        runs.into_iter().flat_map(|run| run.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{} wrong cells:\n{}", wrong.len(), wrong.join("\n"));
}

/// The same, one after another, as a table and with the time that each cell took.
#[test]
#[ignore = "cargo xtask faults runs it: its time limits need a quiet machine"]
fn table() {
    let mut out = std::io::stdout().lock();
    let mut wrong = 0;
    writeln!(out, "{:34} {:8} {:8} {:20} requests      ms", "fault", "call", "over", "outcome").unwrap();
    for (name, act, end) in faults() {
        for Cell { call, who, found, expected, took } in cells(&act, end) {
            let longest = LIMIT * u32::try_from(found.1).unwrap() + Duration::from_millis(250);
            let outcome = match found.0 {
                None => "done",
                Some(Outcome::NotSent) => "not sent",
                Some(Outcome::Refused { retryable: true }) => "refused, try again",
                Some(Outcome::Refused { retryable: false }) => "refused",
                Some(_) => "unknown",
            };
            let verdict = match (found == expected, took <= longest) {
                (true, true) => String::new(),
                (false, _) => format!("  WRONG: {expected:?} expected"),
                (true, false) => format!("  LATE: {} ms are allowed", longest.as_millis()),
            };
            wrong += usize::from(!verdict.is_empty());
            let took = took.as_millis();
            writeln!(out, "{name:34} {call:8} {who:8} {outcome:20} {:8} {took:7}{verdict}", found.1).unwrap();
        }
    }
    assert_eq!(wrong, 0, "wrong cells");
}

/// Connections that end before a request could be read: only one that was never made proves that nothing was sent.
#[test]
fn connections_that_fail_are_not_sent_or_unknown() {
    let refused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let plain = Server::start(Vec::new());
    for (who, client) in real(&config(&format!("http://{refused}")), &Naps::default()) {
        for (call, run) in CALLS {
            assert_eq!(run(&client), Some(Outcome::NotSent), "refused: {call} over {who}");
        }
    }
    for (who, client) in real(&config(&plain.url().replace("http:", "https:")), &Naps::default()) {
        for (call, run) in CALLS {
            assert_eq!(run(&client), Some(Outcome::NotSent), "TLS to a plain port: {call} over {who}");
        }
    }
    assert!(plain.seen().is_empty());
    // It reads a part and closes with the rest unread, which resets the connection.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = stream.unwrap().read(&mut [0; 16]);
        }
    });
    for (who, client) in real(&config(&format!("http://{address}")), &Naps::default()) {
        for (call, run) in CALLS {
            assert_eq!(run(&client), Some(Outcome::Unknown), "reset: {call} over {who}");
        }
    }
}
