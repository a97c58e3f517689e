//! Sends a contact card, async. Needs D360_API_KEY; D360_BASE_URL for a sandbox.
//!
//! `cargo run -p d360-examples --example send_contacts -- +16505551234`
use d360::{
    Client, Config,
    model::{Contact, Message, Name, Phone},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let to = std::env::args().nth(1).ok_or("missing argument: the recipient")?;
    let client = Client::new(Config::from_env()?)?;
    println!("accepted as {}", send(&client, &to).await?);
    Ok(())
}

async fn send(client: &Client, to: &str) -> Result<String, Box<dyn std::error::Error>> {
    let card = Contact::new(Name::new("Barbara J. Johnson").first_name("Barbara"))
        .phone(Phone::new("+16505559999").kind("CELL").wa_id("16505559999"));
    let sent = client.send(Message::contacts(to, [card])).await?;
    Ok(sent.message_id().map(|id| id.as_str().to_owned()).unwrap_or_default())
}

#[tokio::test]
async fn it_sends() -> Result<(), Box<dyn std::error::Error>> {
    let sandbox = d360_sandbox::Sandbox::start()?;
    sandbox.user_writes("+16505551234");
    let config = Config::new(d360::ApiKey::new(sandbox.key())?).base_url(sandbox.base_url());
    assert!(send(&Client::new(config)?, "+16505551234").await?.starts_with("wamid."));
    assert_eq!(sandbox.messages()[0]["contacts"][0]["phones"][0]["wa_id"], "16505559999");
    Ok(())
}
