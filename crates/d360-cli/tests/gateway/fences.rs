//! Limits for strangers: they can do little, and nothing that affects others.
use crate::{
    rig::{Answer, Gateway, OldProgram, PATIENCE, args, http, read, webhook},
    scripted::eventually,
};
use d360_sandbox::Sandbox;
use serde_json::{Value, json};
use std::{
    io::{BufReader, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpStream},
    path::Path,
    time::{Duration, Instant},
};

/// A gateway with the lines that every configuration needs, followed by these.
fn started(folder: &Path, key: &str, upstream: &str, lines: &str) -> Gateway {
    let config = folder.join("gateway.toml");
    let state = folder.join("state.db");
    let all = format!(
        "listen = \"127.0.0.1:0\"\nmetrics_listen = \"127.0.0.1:0\"\nbase_url = {upstream:?}\nstate = {state:?}\n{lines}"
    );
    std::fs::write(&config, all).unwrap();
    Gateway::start(key, &["--config", config.to_str().unwrap()])
}

const SECRET: &str = "[[number]]\nkey_env = \"D360_API_KEY\"\nwebhook_secret_header = \"x-secret\"\nwebhook_secret_env = \"D360_WEBHOOK_SECRET\"\n";
const SIGNED: &str = "[[number]]\nkey_env = \"D360_API_KEY\"\napp_secret_env = \"D360_WEBHOOK_SECRET\"\n";
const NOWHERE: &str = "http://127.0.0.1:9";

/// Sends these bytes, and waits for a response.
fn raw(to: SocketAddr, bytes: &[u8]) -> std::io::Result<Answer> {
    read(&mut BufReader::new(begun(to, bytes)))
}

fn begun(to: SocketAddr, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(bytes).unwrap();
    stream
}

#[test]
fn requests_without_the_secret_are_refused_before_the_body() {
    let signature = "x-hub-signature-256: sha256=12\r\n";
    for (lines, headers) in [
        (SECRET, ""),
        (SECRET, "x-secret: hus\r\n"),
        (SIGNED, ""),
        (SIGNED, signature),
        ("", "x-forwarded-for: 192.0.2.1\r\n"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let gateway = started(folder.path(), "k", NOWHERE, lines);
        let since = Instant::now();
        // The body never arrives.
        let head = format!(
            "POST /webhook HTTP/1.1\r\nhost: localhost\r\n{headers}content-length: 4000000\r\n\r\n{{"
        );
        let answer = raw(gateway.address, head.as_bytes()).unwrap();
        assert_eq!(answer.status, 401, "{headers}");
        assert!(since.elapsed() < Duration::from_secs(15), "the gateway waited for the body");
        let login = "POST /v1/users/login HTTP/1.1\r\nhost: x\r\nauthorization: Basic YTpi\r\ncontent-length: 1000000\r\n\r\n";
        assert_eq!(raw(gateway.address, login.as_bytes()).unwrap().status, 401);
        assert!(since.elapsed() < Duration::from_secs(15), "the gateway waited for the body");
    }
}

#[test]
fn body_bytes_are_limited_across_connections() {
    let folder = tempfile::tempdir().unwrap();
    let lines = format!("max_bytes_in_flight = 8388608\n{SECRET}");
    let gateway = started(folder.path(), "k", NOWHERE, &lines);
    let head = "POST /webhook HTTP/1.1\r\nhost: x\r\nx-secret: hush\r\ncontent-length: 4000000\r\n\r\n";
    let part = [head.as_bytes(), &vec![b' '; 1 << 20]].concat();
    // 24 MiB arrive, and 8 MiB are accepted. The others get a 503.
    let mut streams: Vec<TcpStream> = Vec::new();
    for _ in 0..24 {
        let mut stream = TcpStream::connect(gateway.address).unwrap();
        stream.set_nonblocking(true).unwrap();
        let mut sent = 0;
        let until = Instant::now() + Duration::from_millis(300);
        while sent < part.len() && Instant::now() < until {
            match stream.write(&part[sent..]) {
                Ok(more) => sent += more,
                Err(_) => std::thread::sleep(Duration::from_millis(1)),
            }
        }
        streams.push(stream);
    }
    let refused = eventually("the rest is refused", || {
        let answers = streams.iter_mut().filter_map(|stream| {
            let mut text = [0; 12];
            stream.peek(&mut text).ok().map(|length| text[..length].to_vec())
        });
        let refused = answers.filter(|text| text == b"HTTP/1.1 503").count();
        (refused >= 14).then_some(refused)
    });
    assert!(refused < 24, "some are accepted");
    let metrics =
        String::from_utf8(http(gateway.operations.unwrap(), "GET", "/metrics", &[], b"").unwrap().body)
            .unwrap();
    assert!(
        metrics.contains("d360_gateway_webhooks_refused_total{number=\"default\",reason=\"overload\"}"),
        "{metrics}"
    );
    drop(streams);
    eventually("space is available again", || {
        let body = webhook("16505551234", "wamid.a", "Hi").to_string();
        let answer =
            http(gateway.address, "POST", "/webhook", &[("x-secret", "hush")], body.as_bytes()).unwrap();
        (answer.status == 200).then_some(())
    });
}

/// Unverified bodies do not use up the space of verified ones.
#[test]
fn unverified_bodies_do_not_block_verified_ones() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = started(folder.path(), "k", NOWHERE, &format!("max_bytes_in_flight = 8388608\n{SIGNED}"));
    let signature = "0".repeat(64);
    let head = format!(
        "POST /webhook HTTP/1.1\r\nhost: x\r\nx-hub-signature-256: {signature}\r\ncontent-length: 4000000\r\n\r\n"
    );
    let part = [head.as_bytes(), &vec![b' '; 1 << 19]].concat();
    let held: Vec<TcpStream> = (0..7).map(|_| begun(gateway.address, &part)).collect();
    let contacts = json!({ "contacts": ["+16505551234 ".repeat(20_000)] });
    let answer = gateway.call("k", "POST", "/v1/contacts", contacts);
    assert_eq!(answer.status, 200);
    drop(held);
}

#[test]
fn idle_connections_do_not_block_new_ones() {
    let folder = tempfile::tempdir().unwrap();
    let gateway =
        started(folder.path(), "k", NOWHERE, "max_connections = 8\nheader_timeout_seconds = 3600\n");
    for port in [gateway.address, gateway.operations.unwrap()] {
        let begin = |bytes: &'static [u8]| (0..8).map(move |_| begun(port, bytes)).collect::<Vec<_>>();
        // No bytes, half a head, and a whole request with nothing after it.
        for bytes in [&b""[..], b"GET /healthz HTTP/1.1\r\nx: ", b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"]
        {
            let idle = begin(bytes);
            for _ in 0..3 {
                assert_eq!(http(port, "GET", "/healthz", &[], b"").unwrap().status, 200);
            }
            drop(idle);
        }
    }
    // Busy connections stay. New ones get a 503, and the health checks still work.
    let body = "{\"contacts\": [\"+16505\"]}";
    let head = format!(
        "POST /v1/contacts HTTP/1.1\r\nhost: x\r\nd360-api-key: k\r\nexpect: 100-continue\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let working: Vec<TcpStream> = (0..8)
        .map(|_| {
            let mut stream = begun(gateway.address, head.as_bytes());
            let mut told = [0; 25];
            stream.read_exact(&mut told).unwrap();
            assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n", "the gateway asks for its body");
            stream
        })
        .collect();
    let other =
        http(gateway.address, "GET", "/v1/settings/application", &[("D360-API-KEY", "k")], b"").unwrap();
    assert_eq!((other.status, other.headers["retry-after"].as_str()), (503, "1"));
    assert_eq!(http(gateway.address, "GET", "/healthz", &[], b"").unwrap().status, 200);
    for mut stream in working {
        stream.write_all(body.as_bytes()).unwrap();
        assert_eq!(read(&mut BufReader::new(stream)).unwrap().status, 200);
    }
}

/// Unverified connections are closed in favor of new ones.
#[test]
fn unverified_bodies_give_up_their_connections() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = started(folder.path(), "k", NOWHERE, &format!("max_connections = 8\n{SIGNED}"));
    let signature = "0".repeat(64);
    let head = format!(
        "POST /webhook HTTP/1.1\r\nhost: x\r\nx-hub-signature-256: {signature}\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n"
    );
    let unproven: Vec<TcpStream> = (0..8)
        .map(|_| {
            let mut stream = begun(gateway.address, head.as_bytes());
            let mut told = [0; 25];
            stream.read_exact(&mut told).unwrap();
            stream
        })
        .collect();
    let since = Instant::now();
    for _ in 0..8 {
        assert_eq!(gateway.call("k", "GET", "/v1/settings/application", None).status, 200);
    }
    assert!(since.elapsed() < Duration::from_secs(15), "the gateway waited for them");
    drop(unproven);
}

#[test]
fn browser_pages_cannot_forge_webhooks() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = started(folder.path(), "k", NOWHERE, "");
    let port = gateway.address.port();
    let own = format!("127.0.0.1:{port}");
    let post = |host: &str, more: &str, id: &str| {
        let body = webhook("16505551234", id, "Hi").to_string();
        let length = body.len();
        let text = format!(
            "POST /webhook HTTP/1.1\r\nhost: {host}\r\n{more}content-type: text/plain\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        raw(gateway.address, text.as_bytes()).unwrap().status
    };
    for (host, more) in [
        (own.as_str(), "Origin: http://evil.example\r\n"),
        (&own, "Origin: null\r\n"),
        (&own, "Origin: http://localhost:3000\r\n"),
        (&own, "Sec-Fetch-Site: cross-site\r\n"),
        (&own, "Sec-Fetch-Site: same-site\r\n"),
        ("localhost.evil.example", ""),
        ("127.0.0.1.evil.example", ""),
        (&format!("localhost:{port}.evil.example"), ""),
        (&format!("127.0.0.1:{port}.evil.example"), ""),
        ("evil.example", ""),
        (&own, "host: evil.example\r\n"),
        (&own, "via: 1.1 proxy\r\n"),
    ] {
        let status = post(host, more, "wamid.forged");
        assert!(matches!(status, 400 | 401 | 403), "{host} {more}: {status}");
    }
    for (at, (host, more)) in [
        (own.clone(), String::new()),
        (format!("localhost:{port}"), String::new()),
        (format!("LOCALHOST:{port}"), String::new()),
        ("[::1]".to_owned(), String::new()),
        (own.clone(), format!("Origin: http://{own}\r\nSec-Fetch-Site: same-origin\r\n")),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(post(&host, &more, &format!("wamid.{at}")), 200, "{host} {more}");
    }
    // With a secret, a page would have to know it.
    let folder = tempfile::tempdir().unwrap();
    let gateway = started(folder.path(), "k", NOWHERE, SECRET);
    let headers = [("x-secret", "hush"), ("origin", "https://relay.example")];
    assert_eq!(http(gateway.address, "POST", "/webhook", &headers, b"{}").unwrap().status, 200);
}

#[test]
fn wrong_logins_are_slowed_counted_and_logged() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = started(folder.path(), "k", NOWHERE, "");
    let login = |header: &str| {
        http(gateway.address, "POST", "/v1/users/login", &[("authorization", header)], b"").unwrap()
    };
    let (wrong, right) = ("Basic YWRtaW46eA==", "Basic YWRtaW46aw==");
    let since = Instant::now();
    for _ in 0..5 {
        assert_eq!(login(wrong).status, 401);
    }
    assert!(since.elapsed() > Duration::from_secs(1), "each takes longer than the last");
    assert_eq!(login(right).status, 200);
    // Many concurrent attempts are refused without a check.
    let answers: Vec<u16> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..40).map(|_| scope.spawn(|| login(wrong).status)).collect();
        all.into_iter().map(|answer| answer.join().unwrap()).collect()
    });
    let looked_at = answers.iter().filter(|status| **status == 401).count();
    assert!(looked_at < 40 && answers.iter().all(|status| matches!(status, 401 | 429)), "{answers:?}");
    assert_eq!(
        http(gateway.address, "GET", "/v1/health", &[("D360-API-KEY", "x")], b"").unwrap().status,
        401
    );
    let metrics =
        String::from_utf8(http(gateway.operations.unwrap(), "GET", "/metrics", &[], b"").unwrap().body)
            .unwrap();
    assert!(metrics.contains("d360_gateway_failed_logins_total{kind=\"login\"} 45"), "{metrics}");
    assert!(metrics.contains("d360_gateway_failed_logins_total{kind=\"key\"} 1"), "{metrics}");
    eventually("it is over", || (login(right).status == 200).then_some(()));
}

#[test]
fn a_number_sees_only_its_own_data() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox =
        Sandbox::builder().key("cloud-a", "15550000001").key("hush", "15550000002").start().unwrap();
    let (a, b) = (OldProgram::start(), OldProgram::start());
    let lines = format!(
        "[[number]]\nname = \"a\"\nkey_env = \"D360_API_KEY\"\nwebhook_to = {:?}\nphone_number_id = \"1\"\n\
         [[number]]\nname = \"b\"\nkey_env = \"D360_WEBHOOK_SECRET\"\nwebhook_to = {:?}\nphone_number_id = \"2\"\n",
        a.url, b.url
    );
    let gateway = started(folder.path(), "cloud-a", &sandbox.base_url(), &lines);
    sandbox.user_writes_to("cloud-a", "16505551234");
    let text = json!({ "to": "16505551234", "type": "text", "text": { "body": "x" }, "preview_url": true });
    assert_eq!(gateway.call("cloud-a", "POST", "/v1/messages", text).status, 201);
    let notes =
        |key: &str| gateway.call(key, "GET", "/notes", None).json()["notes"].as_array().unwrap().len();
    assert!(notes("cloud-a") > 0 && notes("hush") == 0);
    let metrics = |key: &str| String::from_utf8(gateway.call(key, "GET", "/metrics", None).body).unwrap();
    let (of_a, of_b) = (metrics("cloud-a"), metrics("hush"));
    assert!(
        of_a.contains("d360_gateway_calls_total{number=\"a\",call=\"/v1/messages\",status=\"201\"}"),
        "{of_a}"
    );
    assert!(
        of_a.contains("call_seconds_bucket") && !of_a.contains("\"b\"") && !of_b.contains("\"a\""),
        "{of_b}"
    );
    // A webhook for another number than that of the path is not delivered to its program (the rig's is for number 2).
    let post = |path: &str, body: &Value| {
        http(gateway.address, "POST", path, &[], body.to_string().as_bytes()).unwrap().status
    };
    let foreign = webhook("16505551234", "wamid.b", "for b");
    assert_eq!(post("/webhook/a", &foreign), 403);
    let mut both = webhook("16505551234", "wamid.a", "for a");
    both["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = json!("1");
    both["entry"].as_array_mut().unwrap().push(foreign["entry"][0].clone());
    assert_eq!(post("/webhook/a", &both), 200);
    assert_eq!(post("/webhook/b", &foreign), 200);
    for (old, id) in [(&a, "wamid.a"), (&b, "wamid.b")] {
        old.wait_for(id, |seen| seen.iter().any(|hook| hook["messages"][0]["id"] == id).then_some(()));
        assert_eq!(old.seen().len(), 1);
    }
    // It does not see the other's webhooks either.
    assert_eq!(gateway.call("hush", "GET", "/aside", None).json()["total"], 0);
}

#[test]
fn notes_are_limited() {
    let folder = tempfile::tempdir().unwrap();
    let (sandbox, old) = (Sandbox::start().unwrap(), OldProgram::start());
    let (url, state) = (sandbox.base_url(), folder.path().join("state.db"));
    let gateway = Gateway::start(sandbox.key(), &args(&url, &state, &old.url));
    sandbox.user_writes("16505551234");
    // Keys of a kilobyte each, all different.
    for round in 0..4 {
        let mut message = json!({ "to": "16505551234", "type": "text", "text": { "body": "x" } });
        for at in 0..700 {
            message[format!("{round}-{at}-{}", "é".repeat(500))] = json!(1);
        }
        let sent = gateway.call(sandbox.key(), "POST", "/v1/messages", message);
        assert_eq!(sent.status, 201);
        let header = &sent.headers["x-d360-notes"];
        assert!(header.len() <= 2048 && header.contains("lost") && header.ends_with(" more"), "{header}");
    }
    let notes = gateway.call(sandbox.key(), "GET", "/notes", None);
    assert!(notes.body.len() < 2 << 20, "{}", notes.body.len());
    assert!(notes.json()["more"].as_u64().unwrap() > 1_000, "notes beyond the limit are counted");
}

/// A client may close its sending half after the request.
#[test]
fn a_client_that_half_closes_gets_its_answer() {
    let folder = tempfile::tempdir().unwrap();
    let (sandbox, old) = (Sandbox::start().unwrap(), OldProgram::start());
    let (url, state) = (sandbox.base_url(), folder.path().join("state.db"));
    let gateway = Gateway::start(sandbox.key(), &args(&url, &state, &old.url));
    sandbox.user_writes("16505551234");
    let body = json!({ "to": "16505551234", "type": "text", "text": { "body": "x" } }).to_string();
    let length = body.len();
    let text = format!(
        "POST /v1/messages HTTP/1.1\r\nhost: x\r\nd360-api-key: sandbox-key\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    let stream = begun(gateway.address, text.as_bytes());
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(read(&mut BufReader::new(stream)).unwrap().status, 201);
    assert_eq!(sandbox.messages().len(), 1);
}

/// A client that waits for 100 Continue is refused at once if its body is not accepted.
#[test]
fn an_unverified_body_gets_no_100_continue() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state.db");
    let args = ["--listen", "127.0.0.1:0", "--state", state.to_str().unwrap(), "--secret-header", "x-secret"];
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "hush").unwrap();
    #[cfg(unix)]
    std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let args = [&args[..], &["--secret-file", secret.to_str().unwrap()]].concat();
    let gateway = Gateway::start("k", &args);
    for path in ["/webhook", "/v1/messages", "/v1/users/login"] {
        let mut stream = std::net::TcpStream::connect(gateway.address).unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 4000000\r\n\r\n"
        );
        std::io::Write::write_all(&mut stream, head.as_bytes()).unwrap();
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(stream), &mut line).unwrap();
        assert!(line.starts_with("HTTP/1.1 401"), "{path}: {line}");
    }
}
