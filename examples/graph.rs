//! The same calls on Meta's own API. Only the host differs. Needs D360_API_KEY (a token from Meta).
//!
//! `cargo run -p d360-examples --example graph -- 106540352242922 +16505551234`
use d360::{
    Config,
    cloud::{
        Client,
        graph::{GraphVersion, PhoneNumberId, host},
    },
    model::Message,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let number = PhoneNumberId::new(args.next().ok_or("missing argument: the phone number ID")?)?;
    let to = args.next().ok_or("missing argument: the recipient")?;
    send(Config::from_env()?, &number, &to).await
}

async fn send(config: Config, number: &PhoneNumberId, to: &str) -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::new(config.host(host(GraphVersion::default(), number)))?;
    let sent = client.send(Message::text(to, "Hello")).await?;
    if let Some(id) = sent.message_id() {
        println!("accepted as {id}");
    }
    Ok(())
}

#[tokio::test]
async fn it_sends() -> Result<(), Box<dyn std::error::Error>> {
    let sandbox = d360_sandbox::Sandbox::start()?;
    sandbox.user_writes("+16505551234");
    let config = Config::new(d360::ApiKey::new(sandbox.key())?).base_url(sandbox.base_url());
    send(config, &PhoneNumberId::new("106540352242922")?, "+16505551234").await?;
    assert_eq!(sandbox.requests()[0]["path"], "/v25.0/106540352242922/messages");
    Ok(())
}
