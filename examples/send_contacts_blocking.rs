//! Sends the contact cards of a vCard file, blocking. Needs D360_API_KEY; D360_BASE_URL for a sandbox.
//!
//! `cargo run -p d360-examples --example send_contacts_blocking -- +16505551234 examples/barbara.vcf`
use d360::{Config, blocking::Client, model::Message, vcard};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let to = args.next().ok_or("missing argument: the recipient")?;
    let file = std::fs::read(args.next().ok_or("missing argument: the vCard file")?)?;
    let client = Client::new(Config::from_env()?)?;
    println!("accepted as {}", send(&client, &to, &file)?);
    Ok(())
}

fn send(client: &Client, to: &str, file: &[u8]) -> Result<String, Box<dyn std::error::Error>> {
    let cards = vcard::read(file)?;
    for loss in cards.iter().flat_map(|card| &card.losses) {
        eprintln!("left out: {loss}");
    }
    let contacts = cards.into_iter().map(|card| card.contact);
    let sent = client.send(Message::contacts(to, contacts))?;
    Ok(sent.message_id().map(|id| id.as_str().to_owned()).unwrap_or_default())
}

#[test]
fn it_sends() -> Result<(), Box<dyn std::error::Error>> {
    let sandbox = d360_sandbox::Sandbox::start()?;
    sandbox.user_writes("+16505551234");
    let config = Config::new(d360::ApiKey::new(sandbox.key())?).base_url(sandbox.base_url());
    send(&Client::new(config)?, "+16505551234", include_bytes!("barbara.vcf"))?;
    assert_eq!(sandbox.messages()[0]["contacts"][0]["org"]["company"], "Lucky Shrub");
    Ok(())
}
