//! A tour for a new blocking program: sends a card, a location, a template and a file, handles an error, reads lists,
//! and parses a webhook. Needs D360_API_KEY; D360_BASE_URL for a sandbox.
//!
//! `cargo run -p d360-examples --example first_hour_blocking -- +16505551234`
use d360::{
    Config, Outcome,
    blocking::Client,
    model::{
        Contact, Location, Message, Phone, Template,
        webhook::{self, EventKind},
    },
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let to = std::env::args().nth(1).ok_or("missing argument: the recipient, for example +16505551234")?;
    let client = Client::new(Config::from_env()?)?;
    for line in first_hour(&client, &to, std::path::Path::new("cat.jpg"))? {
        println!("{line}");
    }
    Ok(())
}

fn first_hour(
    client: &Client,
    to: &str,
    picture: &std::path::Path,
) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let mut lines = Vec::new();

    let card = Contact::new("Barbara J. Johnson")
        .phone(Phone::new("+16505559999").wa_id("16505559999"))
        .email("barbara@example.com")
        .company("Example Inc.");
    let sent = client.send(Message::contacts(to, [card]))?;
    if let Some(id) = sent.message_id() {
        lines.push(format!("card accepted as {id}"));
    }

    let place = Location::new(37.44216, -122.16153)?.name("Philz Coffee");
    client.send(Message::location(to, place))?;

    let template = Template::new("order_shipped", "en_US").body(["Barbara", "A7"]);
    match client.send(Message::template(to, template)) {
        Ok(_) => lines.push("template accepted".to_owned()),
        Err(error) => match error.outcome() {
            Outcome::NotSent => lines.push(format!("nothing was sent: {error}")),
            Outcome::Refused { .. } => lines.push(format!("refused: {error}; {}", error.hint())),
            _ => lines.push(format!("it may have been sent: {error}")),
        },
    }

    client.send_file(to, picture)?;

    for template in client.templates().list() {
        lines.push(format!("template {}", template?.name.unwrap_or_default()));
    }

    let report = client.block_users([to])?;
    lines.push(format!("{} blocked, {} not", report.done.len(), report.failed.len()));
    for user in client.blocked_users(None) {
        lines.push(format!("blocked: {}", user?.key().unwrap_or("?")));
    }
    client.unblock_users([to])?;

    let body =
        br#"{"messages": [{"from": "16505551234", "id": "gBG", "type": "text", "text": {"body": "Hi"}}]}"#;
    for event in webhook::read(body)? {
        if let EventKind::Message(message) = event.kind {
            client.send(Message::text(&*message, format!("You wrote: {}", message.text().unwrap_or("?"))))?;
        }
    }
    Ok(lines)
}

#[test]
fn the_first_hour_works() -> Result<(), Box<dyn std::error::Error>> {
    let sandbox = d360_sandbox::Sandbox::start()?;
    sandbox.user_writes("+16505551234");
    let folder = tempfile::tempdir()?;
    let picture = folder.path().join("cat");
    std::fs::write(&picture, b"\xff\xd8\xff\xe0\x00\x10JFIF\x00")?;
    let client = Client::new(Config::new(d360::ApiKey::new(sandbox.key())?).base_url(sandbox.base_url()))?;
    let lines = first_hour(&client, "+16505551234", &picture)?;
    assert!(lines[0].starts_with("card accepted as wamid."), "{lines:?}");
    assert!(lines.contains(&"1 blocked, 0 not".to_owned()), "{lines:?}");
    let kinds: Vec<_> = sandbox.messages().iter().map(|message| message["type"].clone()).collect();
    assert!(kinds.contains(&"image".into()) && kinds.last() == Some(&"text".into()), "{kinds:?}");
    Ok(())
}
