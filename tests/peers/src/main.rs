//! Compares messages per second of our client and of third-party clients, with the same card and server: `cargo xtask
//! bench peers`.
//!
//! Every client posts the card and reads the response with its default settings. Only our rate limit, which follows
//! Meta's limits, is off. The clients alternate, and results are medians of the rounds.
#[allow(dead_code, unreachable_pub, reason = "shared with the other bench")]
#[path = "../../bench/server.rs"]
mod server;
#[allow(dead_code, unreachable_pub, reason = "shared with the other bench")]
#[path = "../../bench/table.rs"]
mod table;

use d360::model::{Contact, Email, Message, Name, Org, Phone, Url};
use futures_util::{StreamExt as _, stream};
use meta_whatsapp as meta;
use std::{
    future::Future,
    process::{Command, ExitCode},
    time::Instant,
};

const ROUNDS: usize = 9;
const TO: &str = "+16505551234";

/// A client that sends a number of messages and returns messages per second.
struct Sender<'s> {
    name: &'static str,
    messages: usize,
    send: Box<dyn Fn(usize) -> Result<f64, String> + 's>,
    /// The goal for our client, as a multiple of this one.
    goal: Option<f64>,
    told: Vec<f64>,
}

fn main() -> ExitCode {
    let base = format!("http://{}", server::start());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = || {
        let key = d360::ApiKey::new("k").unwrap();
        d360::Config::new(key).base_url(&base).rate_limit(d360::RateLimit::off())
    };
    let ours = d360::cloud::Client::new(config()).unwrap();
    let blocking = d360::cloud::blocking::Client::new(config()).unwrap();
    let theirs = meta::WhatsAppClient::new("1", "k", meta::ReqwestTransport::new()).with_base_url(&base);
    // Each message is created anew, as programs do.
    let by_ours = |count: usize, at_once: usize| {
        let since = Instant::now();
        runtime.block_on(many(count, at_once, || async { drop(ours.send(message()).await.unwrap()) }));
        Ok(per_second(count, since))
    };
    let by_meta = |count: usize, at_once: usize| {
        let since = Instant::now();
        runtime
            .block_on(many(count, at_once, || async { drop(theirs.send(&same_for_meta()).await.unwrap()) }));
        Ok(per_second(count, since))
    };
    let threads = |count: usize, threads: usize| {
        let since = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| (0..count / threads).for_each(|_| drop(blocking.send(message()).unwrap())));
            }
        });
        Ok(per_second(count, since))
    };
    let mut senders = vec![
        Sender::new("d360, async, 64 in flight", 10_000, None, |count| by_ours(count, 64)),
        Sender::new("d360, async, 1 in flight", 5_000, None, |count| by_ours(count, 1)),
        Sender::new("d360, blocking, 16 threads", 10_000, None, |count| threads(count, 16)),
        Sender::new("meta-whatsapp 0.1.5 (Rust), 64 in flight", 10_000, None, |count| by_meta(count, 64)),
        Sender::new("meta-whatsapp 0.1.5 (Rust), 1 in flight", 5_000, None, |count| by_meta(count, 1)),
    ];
    // An interpreter and a script, if `cargo xtask bench peers` could install what they need.
    if let Ok(python) = std::env::var("D360_PEERS_PYTHON") {
        let run = by_program(python, "pywa_cards.py", base.clone());
        senders.push(Sender::new("pywa 4.5.0 (Python), 16 threads", 2_000, Some(20.0), run));
    }
    if let Ok(script) = std::env::var("D360_PEERS_NODE") {
        let run = by_program("node".to_owned(), script, base.clone());
        senders.push(Sender::new("@kapso 0.3.0 (Node), 64 in flight", 4_000, Some(10.0), run));
    }

    for round in 0..=ROUNDS {
        for sender in &mut senders {
            match (sender.send)(sender.messages) {
                // The first round warms up.
                Ok(rate) if round > 0 => sender.told.push(rate),
                Ok(_) => {}
                Err(error) => {
                    eprintln!("{}: {error}", sender.name);
                    return ExitCode::FAILURE;
                }
            }
        }
    }
    let mut table = table::Table::default();
    let ours = senders[0].told.clone();
    for sender in &mut senders {
        // Compared within each round, because a busy machine slows the whole round.
        let mut ratios: Vec<f64> =
            ours.iter().zip(&sender.told).map(|(ours, theirs)| ours / theirs).collect();
        table.tell(sender.name, table::median(&mut sender.told), "messages/s");
        if let Some(goal) = sender.goal {
            let what = format!("d360, async, 64 in flight, to {}", sender.name);
            table.at_least(what, table::median(&mut ratios), "ratio", goal);
        }
    }
    // The results are close, so the turns are shorter.
    let (ours, theirs) = (|| drop(by_ours(1_000, 64)), || drop(by_meta(1_000, 64)));
    let what = "d360 to meta-whatsapp 0.1.5, async, 64 in flight";
    table.at_least(what, 1.0 / table::ratio(1, ours, theirs), "ratio", 1.2);
    table.print();
    ExitCode::SUCCESS
}

impl<'s> Sender<'s> {
    fn new(
        name: &'static str,
        messages: usize,
        goal: Option<f64>,
        send: impl Fn(usize) -> Result<f64, String> + 's,
    ) -> Self {
        Self { name, messages, send: Box::new(send), goal, told: Vec::new() }
    }
}

async fn many<F: Future<Output = ()>>(count: usize, at_once: usize, call: impl Fn() -> F) {
    stream::iter(0..count).map(|_| call()).buffer_unordered(at_once).collect::<()>().await;
}

#[allow(clippy::cast_precision_loss, reason = "thousands")]
fn per_second(count: usize, since: Instant) -> f64 {
    count as f64 / since.elapsed().as_secs_f64()
}

/// A program that takes a base URL and a number of messages, sends them, and prints messages per second.
fn by_program(
    program: String,
    script: impl Into<std::path::PathBuf>,
    base: String,
) -> impl Fn(usize) -> Result<f64, String> {
    let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(script.into());
    move |count| {
        let out = Command::new(&program).arg(&script).args([&base, &count.to_string()]).output();
        let out = out.map_err(|error| format!("{program}: {error}"))?;
        let told = String::from_utf8_lossy(&out.stdout);
        told.trim().parse().map_err(|_| format!("{program}: {told}{}", String::from_utf8_lossy(&out.stderr)))
    }
}

/// A message that every client can send.
fn message() -> Message {
    let name = Name::new("Barbara J. Johnson").first_name("Barbara").last_name("Johnson");
    let card = Contact::new(name)
        .phone(Phone::new("+16505559999").kind("WORK"))
        .email(Email::new("barbara@example.com").kind("WORK"))
        .url(Url::new("https://www.example.com").kind("WORK"))
        .org(Org::default().company("Lucky Shrub").department("Legal").title("Lead Counsel"));
    Message::contacts(TO.parse().unwrap(), [card])
}

fn same_for_meta() -> meta::MessageRequest {
    let card = meta::ContactCard::new("Barbara J. Johnson")
        .phone("+16505559999", meta::PhoneType::Work)
        .email("barbara@example.com", meta::EmailType::Work)
        .url("https://www.example.com", meta::UrlType::Work)
        .org(meta::ContactOrg::new("Lucky Shrub").department("Legal").title("Lead Counsel"));
    // It accepts only digits.
    meta::MessageRequest::new(TO.trim_start_matches('+'), meta::ContactsMessage::new(vec![card]))
}
