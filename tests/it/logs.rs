//! Logging: one span per call, and no key or number from any crate at any level.
use crate::{
    rig::{KEY, Naps, config, everywhere, real, runtime},
    server::{Act, Server, answer},
};
use d360::{
    CallOptions, Config, Error, RetryPolicy,
    cloud::block_users::ListBlockedUsers,
    model::{Message, MessageId},
    onprem, partner,
    transport::Connection,
};
use std::{
    io,
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};
use tracing_subscriber::fmt::format::FmtSpan;

const NUMBER: &str = "16505550123";
const OK: &str =
    r#"{"messages":[{"id":"wamid.x"}],"contacts":[{"input":"+16505550123","wa_id":"16505550123"}]}"#;

fn message() -> Message {
    Message::text(format!("+{NUMBER}"), format!("call {NUMBER}"))
}

/// The log of this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs `run` and returns the log lines of calls.
fn logged(run: impl FnOnce()) -> Vec<String> {
    let log = Log::default();
    let to = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_ansi(false)
        .without_time()
        .with_level(false)
        .with_span_events(FmtSpan::CLOSE)
        .with_writer(move || to.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, run);
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    text.lines().filter(|line| line.contains(" d360: ")).map(str::to_owned).collect()
}

#[test]
fn a_call_is_a_span_with_its_attempts_outcome_code_and_waits() {
    let limit = answer(400, r#"{"error":{"code":131056}}"#);
    everywhere(&[limit.clone(), answer(200, OK), limit, Act::Bytes(Vec::new())], |client| {
        let client = client.with_options(CallOptions::new().label("order-7"));
        let lines = logged(|| drop(client.send(message()).unwrap()));
        let end = lines.last().unwrap();
        for part in [
            "call{",
            r#"endpoint="cloud.messages.send""#,
            "attempts=2",
            r#"outcome="accepted""#,
            "waited_ms=1000",
            "close",
        ] {
            assert!(end.contains(part), "{part}: {lines:#?}");
        }
        let again = lines.iter().find(|line| line.contains("waiting to retry")).unwrap();
        assert!(again.contains("wait_ms=1000") && again.contains("code=131056"), "{again}");
        assert_eq!(lines.iter().filter(|line| line.contains("sending attempt")).count(), 2, "{lines:#?}");
        let lines = logged(|| drop(client.send(message()).unwrap_err()));
        let end = lines.last().unwrap();
        assert!(end.contains(r#"outcome="unknown""#) && !end.contains(" code="), "{end}");
        for line in lines {
            assert!(
                !line.contains("order-7") && !line.contains("6505550123") && !line.contains(KEY),
                "{line}"
            );
        }
    });
    everywhere(&[answer(401, r#"{"error":{"code":190}}"#)], |client| {
        let lines = logged(|| drop(client.call(ListBlockedUsers::new()).unwrap_err()));
        let end = lines.last().unwrap();
        assert!(end.contains(r#"outcome="refused""#) && end.contains("code=190"), "{end}");
    });
}

#[test]
fn a_call_that_is_refused_before_it_is_sent_has_a_span_too() {
    everywhere(&[], |client| {
        let client = client.with_options(CallOptions::new().label(""));
        let lines = logged(|| drop(client.send(message()).unwrap_err()));
        let end = lines.last().unwrap();
        assert!(end.contains(r#"outcome="not_sent""#) && end.contains("attempts=0"), "{end}");
    });
}

#[test]
fn a_dropped_call_is_logged() {
    use std::{future::Future as _, pin::pin, task::Context, task::Waker};
    let server = Server::start(vec![Act::Hang(Vec::new())]);
    let client = d360::cloud::Client::new(config(&server.url())).unwrap();
    let lines = logged(|| {
        runtime().block_on(async {
            let call = pin!(client.send(message()));
            assert!(call.poll(&mut Context::from_waker(Waker::noop())).is_pending());
        });
    });
    assert!(lines.last().unwrap().contains(r#"outcome="dropped""#), "{lines:#?}");
}

/// Runs everything that a program may do in a separate process that logs to standard error.
#[test]
#[ignore = "the tests below run it in a separate process"]
fn canary() {
    let level = if std::env::var("D360_CANARY").unwrap() == "trace" {
        tracing_subscriber::filter::LevelFilter::TRACE
    } else {
        tracing_subscriber::filter::LevelFilter::DEBUG
    };
    tracing_subscriber::fmt().with_max_level(level).with_ansi(false).with_writer(io::stderr).init();
    let show = |error: Error| {
        let mut chain = vec![format!("{error} {error:?} {}", error.hint())];
        let mut source = std::error::Error::source(&error);
        while let Some(error) = source {
            chain.push(format!("{error} {error:?}"));
            source = error.source();
        }
        eprintln!("{chain:?}");
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| panic!("{error:?}")));
    };
    let refused = format!(r#"{{"error":{{"code":131030,"message":"+{NUMBER} is not on the list"}}}}"#);
    for act in [
        answer(200, OK),
        answer(400, &refused),
        answer(200, format!(r#"{{"messages":"{NUMBER}"}}"#)),
        answer(302, "").header("location", &format!("http://127.0.0.1:1/{NUMBER}")),
        Act::Bytes(format!("HTTP/1.1 200 OK\r\nx: {NUMBER}").into_bytes()),
        Act::Bytes(format!("HTTP/1.1 {NUMBER}\r\n").into_bytes()),
    ] {
        for i in 0..crate::rig::REAL {
            let server = Server::start(vec![act.clone(); 9]);
            let config = config(&server.url());
            let (who, client) = real(&config, &Naps::default()).into_iter().nth(i).unwrap();
            eprintln!("{client:?}");
            client.send(message()).map_or_else(show, |sent| eprintln!("{sent:?}"));
            let blocked = client.block(vec![format!("+{NUMBER}").parse().unwrap()]);
            blocked.map_or_else(|error| show(error.into()), |report| eprintln!("{report:?}"));
            client.blocked(None).map_or_else(show, |users| eprintln!("{users:?}"));
            let server = Server::start(vec![act.clone(); 9]);
            others(who != "ureq", crate::rig::config(&server.url()).retry(RetryPolicy::never()), show);
        }
    }
    // Over TLS, as in production.
    let ours = crate::authority::Authority::new();
    let roots = d360::transport::Roots::Pem(ours.pem.clone().into_bytes());
    for _ in 0..2 {
        let server = ours.server("localhost");
        let config = config(&format!("https://localhost:{}", server.port));
        for (_, client) in real(&config.connection(Connection::new().roots(roots.clone())), &Naps::default())
        {
            client.blocked(None).unwrap();
        }
    }
    // A port without a listener, and a server without TLS.
    for url in ["http://127.0.0.1:1".to_owned(), Server::start(Vec::new()).url().replace("http:", "https:")] {
        let connection = Connection::new().connect_timeout(Duration::from_millis(300));
        let config = config(&url).connection(connection).retry(RetryPolicy::never());
        for (_, client) in real(&config, &Naps::default()) {
            client.send(message()).map_or_else(show, |_| unreachable!());
        }
    }
}

/// On-Premise has numbers in its paths, and the Partner API has another key header.
fn others(is_async: bool, config: Config, show: impl Fn(Error)) {
    let user: d360::model::block::User = NUMBER.parse().unwrap();
    let channel =
        partner::channel_host(&partner::PartnerId::new("p").unwrap(), &partner::ChannelId::new("c").unwrap());
    let id = MessageId::from(NUMBER);
    let mark = onprem::messages::MarkMessageRead::new(id);
    if is_async {
        let client = onprem::Client::new(config).unwrap();
        let runtime = runtime();
        runtime.block_on(client.block_users([user.clone()])).map_or_else(|e| show(e.into()), drop);
        runtime.block_on(client.call(mark)).map_or_else(&show, drop);
        let client = client.with_host::<partner::Channel>(channel).unwrap();
        runtime.block_on(client.block_users([user])).map_or_else(|e| show(e.into()), drop);
    } else {
        let client = onprem::blocking::Client::new(config).unwrap();
        client.block_users([user.clone()]).map_or_else(|e| show(e.into()), drop);
        client.call(mark).map_or_else(&show, drop);
        let client = client.with_host::<partner::Channel>(channel).unwrap();
        client.block_users([user]).map_or_else(|e| show(e.into()), drop);
    }
}

/// Returns the output of the canary, on both streams.
fn canary_output(level: &str) -> Vec<String> {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "logs::canary", "--ignored", "--nocapture"])
        .env("D360_CANARY", level)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8(text).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn nothing_logs_a_key_or_a_number() {
    for line in canary_output("debug") {
        assert!(!line.contains(KEY) && !line.contains(NUMBER), "{line}");
    }
    // At TRACE ureq logs the bytes of requests and responses, 16 per line (see SECURITY.md). They contain no key.
    let lines = canary_output("trace");
    let mut bytes = String::new();
    for line in &lines {
        assert!(!line.contains(KEY), "{line}");
        if line.contains("ureq") {
            bytes.extend(line.chars().skip(line.chars().count().saturating_sub(16)));
        } else {
            assert!(!line.contains(NUMBER), "{line}");
        }
    }
    assert!(bytes.contains("d360-api-key:.****"), "the bytes of the log lines are decoded");
    assert!(!bytes.contains(KEY));
    for who in ["hyper", "ureq", "d360: "] {
        assert!(lines.iter().any(|line| line.contains(who)), "{who} logs nothing");
    }
}
