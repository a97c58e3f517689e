//! Migration from On-Premise: messages of old programs, webhooks of Cloud, and the gateway between them.
use d360::{
    migrate::{Note, Options, calls, message, webhook},
    model::{Message, mask, webhook as events},
};
use d360_gateway::{Config, Gateway, Number};
use d360_sandbox::Sandbox;
use serde_json::{Value, json};
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::OnceLock,
    time::Duration,
};

/// Checks that a note has a place, a reason and a hint, and shows no number.
fn notes(notes: &[Note]) {
    for note in notes {
        assert!(!note.why.is_empty() && !note.what_to_do.is_empty(), "{note:?}");
        assert_eq!(mask(&note.path), note.path);
    }
}

/// The option sets for translations.
fn options() -> [Options; 2] {
    let other = Options::new().old_ids(true).namespace("n").account("1").number("2", "15550783881");
    [Options::new(), other.pass_new_types(true)]
}

/// Messages in both directions: a result for Cloud is valid on Cloud.
pub fn migrate_messages(data: &[u8]) {
    let Ok(given) = serde_json::from_slice::<Value>(data) else { return };
    for options in options() {
        let told = message::to_cloud(&given, &options);
        notes(&told.notes);
        if let Some(cloud) = told.value {
            let (read, findings) =
                Message::from_json(cloud.to_string().as_bytes()).expect("a message of Cloud");
            assert!(findings.errors().next().is_none() && !read.validate().refuses(false), "{cloud}");
            let again = message::to_cloud(&cloud, &options);
            assert!(again.value.is_some(), "{cloud}: {:?}", again.notes);
        }
        notes(&message::to_onprem(&given, &options).notes);
    }
}

fn items(value: &Value) -> usize {
    let one = |value: &Value| match value {
        Value::Array(items) => items.len(),
        Value::Null => 0,
        _ => 1,
    };
    ["messages", "calls", "statuses", "errors"].iter().filter_map(|key| value.get(*key)).map(one).sum()
}

/// Returns the values of the changes of an envelope.
fn values(webhook: &Value) -> Vec<&Value> {
    fn list(value: Option<&Value>) -> &[Value] {
        match value {
            Some(Value::Array(items)) => items,
            None | Some(Value::Null) => &[],
            Some(one) => std::slice::from_ref(one),
        }
    }
    let changes = list(webhook.get("entry")).iter().flat_map(|entry| list(entry.get("changes")));
    changes.filter_map(|change| change.get("value")).collect()
}

/// Webhooks: splitting loses no item, and each part gives the old program at most one.
pub fn migrate_webhooks(data: &[u8]) {
    let Ok(given) = events::json(data) else { return };
    let parts = webhook::split(&given);
    let count = |webhook: &Value| values(webhook).into_iter().map(items).sum::<usize>();
    assert_eq!(parts.iter().map(count).sum::<usize>(), count(&given), "{given}");
    for options in options() {
        notes(&webhook::to_onprem(&given, &options).notes);
        let back = webhook::to_cloud(&given, &options);
        notes(&back.notes);
        for part in &parts {
            let told = webhook::to_onprem(part, &options);
            notes(&told.notes);
            for flat in told.value.iter().flatten() {
                let split = part.get("entry").is_some();
                assert!(!split || flat.get("entry").is_none() && items(flat) <= 1, "{flat}");
                let back = webhook::to_cloud(flat, &options);
                assert!(back.value.is_some() || flat.get("calls").is_some(), "{flat}");
                drop(events::read_value(flat.clone()));
            }
        }
    }
}

/// Parses `METHOD PATH` in the first line, and the body.
fn request(data: &[u8]) -> Option<(&str, &str, &[u8])> {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (method, path) = std::str::from_utf8(&data[..end]).ok()?.trim_end().split_once(' ')?;
    Some((method, path, data.get(end + 1..).unwrap_or_default()))
}

/// Other calls: no input can escape its place in a path.
pub fn migrate_calls(data: &[u8]) {
    let Some((method, path, body)) = request(data) else { return };
    let body = serde_json::from_slice(body).unwrap_or_default();
    for options in options() {
        let told = calls::to_cloud(method, path, &body, &options);
        notes(&told.notes);
        for call in told.value.into_iter().flatten() {
            assert!(
                call.path.starts_with('/') && call.path.bytes().all(|byte| byte.is_ascii_graphic()),
                "{call:?}"
            );
            assert!(
                !call.path.split(['/', '?']).any(|step| step == "..") && call.path.matches('?').count() <= 1,
                "{call:?}"
            );
        }
    }
}

/// Sources of old programs: positions are within the text and increase, and paths belong to On-Premise.
pub fn migrate_sources(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let lines = text.matches('\n').count() + 1;
    for base in [false, true, calls::has_base(&text)] {
        let mut last = 1;
        for mention in calls::in_source(&text, base) {
            assert!((last..=lines).contains(&mention.line) && mention.path.starts_with("/v1"), "{mention:?}");
            assert!(!mention.calls.is_empty() || mention.path.starts_with("/v1/{}"), "{mention:?}");
            last = mention.line;
        }
    }
}

/// The gateway's configuration: neither the result nor an error shows a key.
pub fn gateway_config(data: &[u8]) {
    const KEY: &str = "hush-hush";
    let Ok(text) = std::str::from_utf8(data) else { return };
    let shown = match Config::from_toml(text, &|name| (name == "KEY").then(|| KEY.to_owned())) {
        Ok(config) => format!("{config:?}"),
        Err(error) => error.to_string(),
    };
    assert!(!shown.is_empty() && (text.contains(KEY) || !shown.contains(KEY)), "{shown}");
}

/// A gateway with a sandbox behind it and an old program that accepts every webhook, for the lifetime of the process.
struct Running {
    address: SocketAddr,
    _parts: (tokio::runtime::Runtime, Gateway, Sandbox, tempfile::TempDir),
}

fn running() -> &'static Running {
    static RUNNING: OnceLock<Running> = OnceLock::new();
    RUNNING.get_or_init(|| {
        let sandbox = Sandbox::start().expect("a sandbox");
        let folder = tempfile::tempdir().expect("a folder");
        let number = Number::new("a", sandbox.key()).webhook_to(takes_everything());
        let config = Config::new("127.0.0.1:0", folder.path().join("s.db")).base_url(sandbox.base_url());
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let gateway = runtime.block_on(Gateway::start(config.number(number))).expect("a gateway");
        Running { address: gateway.address(), _parts: (runtime, gateway, sandbox, folder) }
    })
}

fn takes_everything() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
    let serve = |stream: TcpStream| {
        let mut reader = BufReader::new(stream);
        while answer(&mut reader).is_some() {
            let _ = reader.get_mut().write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        }
    };
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || serve(stream));
        }
    });
    url
}

/// Reads one head and its body, and returns the first line and the body.
fn answer(reader: &mut BufReader<TcpStream>) -> Option<(String, Vec<u8>)> {
    let (mut first, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if let Some((_, value)) =
            line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        {
            length = value.trim().parse().ok()?;
        }
        if line.is_empty() {
            break;
        }
        if first.is_empty() {
            line.clone_into(&mut first);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((first, body))
}

/// A running gateway answers whatever an old program or Cloud sends: in On-Premise's form below `/v1`, and never by
/// closing the connection without a response.
pub fn gateway(data: &[u8]) {
    let Some((method, path, body)) = request(data) else { return };
    // Input that is not HTTP is handled by hyper.
    let is_target = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    let is_method =
        method.len() < 20 && method.bytes().all(|byte| byte.is_ascii_uppercase()) && !method.is_empty();
    let no_uri = path.parse::<http::Uri>().is_err() || !path.starts_with('/');
    if !is_method || !is_target(path) || no_uri || matches!(method, "CONNECT" | "HEAD") {
        return;
    }
    let mut stream = TcpStream::connect(running().address).expect("the gateway listens");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a time limit");
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nD360-API-KEY: sandbox-key\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).expect("it reads");
    let (first, answer) = answer(&mut BufReader::new(stream)).expect("an answer");
    let status: u16 = first.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    let shown = String::from_utf8_lossy(&answer);
    assert!(!shown.contains("sandbox-key"), "{shown}");
    if path.starts_with("/v1/") && status >= 400 {
        let told: Value = serde_json::from_slice(&answer).unwrap_or_default();
        assert!(
            told["errors"][0]["code"].is_i64() && told["errors"][0]["details"] != json!(""),
            "{status}: {shown}"
        );
    }
}
