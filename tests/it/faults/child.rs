//! The side of the client: a process of its own for each cell, so that its memory is nobody else's.
use super::places::Setup;
use crate::{
    authority::Authority,
    rig::{Client, Naps, config, growth, real},
};
use d360::{
    Outcome,
    cloud::messages::SendMessage,
    model::{Location, Message},
    transport::{Connection, Roots},
};
use std::{
    env,
    process::Command,
    time::{Duration, Instant},
};

pub(super) const CALLS: [&str; 3] = ["message", "list", "block"];
pub(super) const TRANSPORTS: [&str; 2] = ["reqwest", "ureq"];

/// What a call came to.
pub(super) struct Report {
    pub(super) outcome: Option<Outcome>,
    pub(super) took: Duration,
    /// By how much the process grew at most; `None` where the system does not tell.
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

/// The same, with more in the environment.
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

/// The proxy of the environment is passed by for this machine: the request goes there itself, its key along (which that server
/// looks for).
#[test]
fn a_proxy_of_the_environment_is_not_asked_for_this_machine() {
    let ours = Authority::new();
    let server = ours.server("localhost");
    let mut setup = Setup::new(format!("https://localhost:{}", server.port));
    setup.roots = Some(ours.pem.clone());
    for who in TRANSPORTS {
        let report = run_with("list", who, &setup, &[("HTTPS_PROXY", "http://127.0.0.1:1")]);
        assert_eq!(report.outcome, None, "{who}");
    }
    assert_eq!(server.seen(), 2);
}

/// Sends one line back: the outcome, microseconds, KiB.
#[test]
#[ignore = "the matrix runs it in a process of its own"]
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
    let config = config(&var("D360_URL")).attempt_timeout(ms(attempt)).connection(connection);
    let over = var("D360_OVER");
    let clients = real(&config, &Naps::default());
    let (_, client) = clients.into_iter().find(|(who, _)| *who == over).unwrap();
    let run = match var("D360_CALL").as_str() {
        "message" => message,
        "list" => list,
        _ => block,
    };
    if var("D360_WARM") == "yes" {
        assert_eq!(run(&client), None, "the first call on the connection");
    }
    let start = Instant::now();
    let (outcome, grew) = growth(|| run(&client));
    let took = start.elapsed().as_micros();
    let grew = grew.map_or("?".to_owned(), |kib| kib.to_string());
    let word = WORDS.iter().find(|(_, known)| *known == outcome).unwrap().0;
    println!("REPORT {word} {took} {grew}");
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
