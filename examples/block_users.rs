//! Blocks users, lists the blocked users and unblocks them. Needs D360_API_KEY; D360_BASE_URL for a sandbox.
//!
//! `cargo run -p d360-examples --example block_users -- +16505551234 +14155559876`
use d360::{Config, blocking::Client, model::block::User};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let users: Vec<String> = std::env::args().skip(1).collect();
    run(&Client::new(Config::from_env()?)?, &users)
}

fn run(client: &Client, users: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    // Any number of users: requests hold up to 1,000 each, and the report covers every user.
    let report = client.block_users(users)?;
    for failed in &report.failed {
        println!("not blocked: {}: {}", failed.input.as_str(), failed.errors[0]);
    }
    for user in client.blocked_users(None) {
        println!("blocked: {}", user?.key().unwrap_or("?"));
    }
    let done: Vec<User> = report.done.into_iter().map(|done| done.input).collect();
    assert!(client.unblock_users(done)?.is_complete());
    Ok(())
}

#[test]
fn it_blocks_and_unblocks() -> Result<(), Box<dyn std::error::Error>> {
    let sandbox = d360_sandbox::Sandbox::start()?;
    sandbox.user_writes("+16505551234");
    let config = Config::new(d360::ApiKey::new(sandbox.key())?).base_url(sandbox.base_url());
    run(&Client::new(config)?, &["+16505551234".into(), "+14155559876".into()])?;
    let methods: Vec<_> = sandbox.requests().iter().map(|request| request["method"].clone()).collect();
    assert_eq!(methods, ["POST", "GET", "GET", "DELETE"]);
    Ok(())
}
