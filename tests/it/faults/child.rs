//! The client side: one process per cell, so that memory can be measured.
use super::places::Setup;
use crate::{
    authority::Authority,
    rig::{Client, Naps, config, growth, real},
};
use d360::{
    Outcome,
    cloud::messages::SendMessage,
    model::{Location, Message},
    transport::{Connection, Protocol, Roots},
};
use std::{
    env,
    process::Command,
    time::{Duration, Instant},
};

pub(super) const CALLS: [&str; 3] = ["message", "list", "block"];
pub(super) const TRANSPORTS: [&str; 3] = ["reqwest", "hyper", "ureq"];
/// reqwest with `Protocol::Http2`.
pub(super) const HTTP2: [&str; 1] = ["http2"];

/// The result of a call.
pub(super) struct Report {
    pub(super) outcome: Option<Outcome>,
    pub(super) took: Duration,
    /// The maximum growth of the process; `None` if the system does not report it.
    pub(super) grew_kib: Option<u64>,
}

const WORDS: [(&str, Option<Outcome>); 5] = [
    ("done", None),
    ("not_sent", Some(Outcome::NotSent)),
    ("again", Some(Outcome::Refused { retryable: true })),
    ("refused", Some(Outcome::Refused { retryable: false })),
    ("unknown", Some(Outcome::Unknown)),
];

/// Makes `call` over transport `who`, in a new process.
pub(super) fn run(call: &str, who: &str, setup: &Setup) -> Report {
    run_with(call, who, setup, &[])
}

/// Like [`run`], with additional environment variables.
fn run_with(call: &str, who: &str, setup: &Setup, environment: &[(&str, &str)]) -> Report {
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "faults::child::client", "--ignored", "--nocapture", "--test-threads=1"])
        .env("D360_CALL", call)
        .env("D360_OVER", who)
        .env("D360_URL", &setup.url)
        .env("D360_MS", format!("{} {}", setup.attempt.as_millis(), setup.connect.as_millis()))
        .env("D360_WARM", if setup.warm { "yes" } else { "" })
        .env("D360_ROOTS", setup.roots.as_deref().unwrap_or_default())
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find_map(|line| line.split_once("REPORT ").map(|(_, line)| line.trim()));
    let line = line
        .unwrap_or_else(|| panic!("{call} over {who}: {text}{}", String::from_utf8_lossy(&output.stderr)));
    let mut words = line.split(' ');
    let word = words.next().unwrap();
    let mut number = || words.next().unwrap().parse::<u64>();
    Report {
        outcome: WORDS.iter().find(|(known, _)| *known == word).unwrap().1,
        took: Duration::from_micros(number().unwrap()),
        grew_kib: number().ok(),
    }
}

/// Requests to this machine bypass the proxy of the environment and go out directly with their key, which the server
/// checks.
#[test]
fn local_hosts_bypass_the_proxy_of_the_environment() {
    let ours = Authority::new();
    let server = ours.server("localhost");
    let mut setup = Setup::new(format!("https://localhost:{}", server.port));
    setup.roots = Some(ours.pem.clone());
    for who in TRANSPORTS {
        let report = run_with("list", who, &setup, &[("HTTPS_PROXY", "http://127.0.0.1:1")]);
        assert_eq!(report.outcome, None, "{who}");
    }
    assert_eq!(server.seen(), TRANSPORTS.len());
}

/// Compares how the transports use the environment, by the request that reaches the proxy.
#[test]
fn all_transports_parse_proxy_settings_alike() {
    let asked = |who: &str, proxy: &str, no_proxy: &str, host: &str| {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = proxy.replace("PORT", &listener.local_addr().unwrap().port().to_string());
        let seen = std::sync::Arc::new(std::sync::Mutex::new(None));
        let kept = seen.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut head = String::new();
                let mut byte = [0];
                while !head.ends_with("\r\n\r\n")
                    && std::io::Read::read(&mut stream, &mut byte).is_ok_and(|n| n == 1)
                {
                    head.push(char::from(byte[0]));
                }
                *kept.lock().unwrap() = Some(head.to_ascii_lowercase());
                let _ =
                    std::io::Write::write_all(&mut stream, b"HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n");
            }
        });
        let mut setup = Setup::new(format!("https://{host}/"));
        setup.connect = Duration::from_secs(5);
        let report = run_with("list", who, &setup, &[("HTTPS_PROXY", &proxy), ("NO_PROXY", no_proxy)]);
        assert_eq!(report.outcome, Some(Outcome::NotSent), "{who}: {proxy} {no_proxy}");
        let head = seen.lock().unwrap().take();
        head.map(|head| {
            let line = head.lines().next().unwrap().to_owned();
            let login =
                head.lines().find_map(|line| line.strip_prefix("proxy-authorization: ").map(str::to_owned));
            (line, login)
        })
    };
    let plain = "http://127.0.0.1:PORT";
    let line = |host: &str| format!("connect {host}:443 http/1.1");
    for (proxy, no_proxy, host, expected) in [
        (plain, "", "a.invalid", Some((line("a.invalid"), None))),
        ("127.0.0.1:PORT", "b.invalid", "a.invalid", Some((line("a.invalid"), None))),
        // me:, and me:p@ss
        (
            "http://me@127.0.0.1:PORT/",
            "",
            "a.invalid",
            Some((line("a.invalid"), Some("basic bwu6".to_owned()))),
        ),
        (
            "http://me:p%40ss@127.0.0.1:PORT",
            "",
            "a.invalid",
            Some((line("a.invalid"), Some("basic bwu6cebzcw==".to_owned()))),
        ),
        (plain, ".invalid", "a.invalid", None),
        (plain, "x.example, *.A.invalid", "a.invalid", None),
        (plain, "a.invalid:8443", "a.invalid", Some((line("a.invalid"), None))),
        (plain, "*", "a.invalid", None),
        (plain, "192.0.2.0/24", "192.0.2.7:1", None),
        (plain, "192.0.3.0/24", "192.0.2.7:1", Some(("connect 192.0.2.7:1 http/1.1".to_owned(), None))),
        (plain, "[::1]", "[::1]:1", None),
        (
            plain,
            "2001:db8::/32",
            "[2001:db9::1]:1",
            Some(("connect [2001:db9::1]:1 http/1.1".to_owned(), None)),
        ),
    ] {
        for who in ["reqwest", "hyper", "ureq", "http2"] {
            assert_eq!(
                asked(who, proxy, no_proxy, host),
                expected,
                "{who}: {proxy}, NO_PROXY={no_proxy}, {host}"
            );
        }
    }
    // An invalid proxy is an error in all of them, with the same text and without the password.
    for bad in [
        "http://proxy.example:99999",
        "http://pr\u{f6}xy.example:1",
        "socks5://me:s3cret@a.example",
        "http://",
    ] {
        let connection = Connection::new().proxy(d360::transport::Proxy::Url(bad.to_owned()));
        let errors = [
            d360::transport::ReqwestTransport::new(&connection).unwrap_err().to_string(),
            d360::transport::HyperTransport::new(&connection).unwrap_err().to_string(),
            d360::transport::UreqTransport::new(&connection).unwrap_err().to_string(),
        ];
        assert!(errors.iter().all(|error| *error == errors[0]), "{errors:?}");
        assert!(
            errors[0].contains("expected http://proxy.example:3128") && !errors[0].contains("s3cret"),
            "{}",
            errors[0]
        );
    }
}

/// Prints one line: the outcome, microseconds, KiB.
#[test]
#[ignore = "the matrix runs it in a separate process"]
fn client() {
    let var = |name: &str| env::var(name).unwrap();
    let ms = var("D360_MS");
    let (attempt, connect) = ms.split_once(' ').unwrap();
    let ms = |text: &str| Duration::from_millis(text.parse().unwrap());
    let mut connection = Connection::new().connect_timeout(ms(connect));
    let roots = var("D360_ROOTS");
    if !roots.is_empty() {
        connection = connection.roots(Roots::Pem(roots.into_bytes()));
    }
    let over = var("D360_OVER");
    let http2 = HTTP2.contains(&over.as_str());
    if http2 {
        connection = connection.protocol(Protocol::Http2);
    }
    let config = config(&var("D360_URL")).attempt_timeout(ms(attempt)).connection(connection);
    let clients = real(&config, &Naps::default());
    let name = if http2 { "reqwest" } else { &over };
    let (_, client) = clients.into_iter().find(|(who, _)| *who == name).unwrap();
    let run = match var("D360_CALL").as_str() {
        "message" => message,
        "list" => list,
        _ => block,
    };
    if var("D360_WARM") == "yes" {
        assert_eq!(run(&client), None, "the first call on the connection succeeds");
    }
    let start = Instant::now();
    let (outcome, grew) = growth(|| run(&client));
    let took = start.elapsed().as_micros();
    let grew = grew.map_or("?".to_owned(), |kib| kib.to_string());
    let word = WORDS.iter().find(|(_, known)| *known == outcome).unwrap().0;
    println!("REPORT {word} {took} {grew}");
}

fn message(client: &Client) -> Option<Outcome> {
    let to = "+16505551234";
    let sent = client.call(SendMessage::new(Message::location(to, Location::default())));
    sent.err().map(|error| error.outcome())
}

fn list(client: &Client) -> Option<Outcome> {
    client.blocked(None).err().map(|error| error.outcome())
}

fn block(client: &Client) -> Option<Outcome> {
    client.block(vec!["+16505551234".parse().unwrap()]).err().map(|error| error.error().outcome())
}
