//! Blocks users on every channel of a partner. Needs D360_API_KEY: the partner's key, not that of a number.
//!
//! `cargo run -p d360-examples --example partner -- a1b2c3PA +16505551234`
use d360::{
    Config,
    model::block::User,
    partner::{Channel, ChannelId, PartnerId, blocking::Client, channel_host, channels::ListChannels},
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let partner = PartnerId::new(args.next().ok_or("missing argument: the partner ID")?)?;
    let users = args.map(|text| text.parse()).collect::<Result<Vec<User>, _>>()?;
    run(&Client::new(Config::from_env()?)?, &partner, &users)
}

fn run(client: &Client, partner: &PartnerId, users: &[User]) -> Result<(), Box<dyn std::error::Error>> {
    for channel in client.pages(ListChannels::new(partner)) {
        let Some(id) = channel?.id else { continue };
        // A client of the channel that shares the connections.
        let channel = client.with_host::<Channel>(channel_host(partner, &ChannelId::new(&*id)?))?;
        let report = channel.block_users(users.to_vec())?;
        println!("{id}: {} blocked, {} not", report.done.len(), report.failed.len());
    }
    Ok(())
}

#[test]
fn it_blocks_on_every_channel() -> Result<(), Box<dyn std::error::Error>> {
    let sandbox =
        d360_sandbox::Sandbox::builder().key("one", "+15550000001").key("two", "+15550000002").start()?;
    sandbox.user_writes_to("one", "+16505551234");
    sandbox.user_writes_to("two", "+16505551234");
    let client = Client::new(Config::new(d360::ApiKey::new("one")?).base_url(sandbox.base_url()))?;
    run(&client, &PartnerId::new("a1b2c3PA")?, &["+16505551234".parse()?])?;
    for key in ["one", "two"] {
        let config = Config::new(d360::ApiKey::new(key)?).base_url(sandbox.base_url());
        assert_eq!(d360::blocking::Client::new(config)?.blocked_users(None).count(), 1, "{key}");
    }
    Ok(())
}
