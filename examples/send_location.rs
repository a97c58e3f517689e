//! Sends a location and explains a failure. Needs D360_API_KEY; D360_BASE_URL for a sandbox.
//!
//! `cargo run -p d360-examples --example send_location -- +16505551234`
use d360::{
    Client, Config, Outcome,
    model::{Location, Message},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let to = std::env::args().nth(1).ok_or("missing argument: the recipient")?;
    let client = Client::new(Config::from_env()?)?;
    println!("{}", send(&client, &to).await?);
    Ok(())
}

async fn send(client: &Client, to: &str) -> Result<String, Box<dyn std::error::Error>> {
    let place = Location::new(37.44216, -122.16153)?
        .name("Philz Coffee")
        .address("101 Forest Ave, Palo Alto, CA 94301");
    Ok(match client.send(Message::location(to, place)).await {
        Ok(_) => "accepted; a webhook reports the delivery".to_owned(),
        Err(error) => {
            let known = match error.outcome() {
                Outcome::NotSent => "nothing was sent",
                Outcome::Refused { .. } => "the server refused",
                _ => "it may have been sent: check before you retry",
            };
            format!("{known}: {error}; {}", error.hint())
        }
    })
}

#[tokio::test]
async fn it_says_what_a_failure_means() -> Result<(), Box<dyn std::error::Error>> {
    let sandbox = d360_sandbox::Sandbox::start()?;
    let config = Config::new(d360::ApiKey::new(sandbox.key())?).base_url(sandbox.base_url());
    let client = Client::new(config)?;
    assert!(send(&client, "+16505551234").await?.starts_with("the server refused: "));
    sandbox.user_writes("+16505551234");
    assert!(send(&client, "+16505551234").await?.starts_with("accepted"));
    Ok(())
}
