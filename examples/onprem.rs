//! The On-Premise API, which Meta retired on 2025-10-23: for a program that still uses a self-hosted client.
//!
//! `cargo run -p d360-examples --example onprem -- https://onprem.example +16505551234`, with the token in D360_API_KEY
use d360::{
    Config,
    model::block::User,
    onprem::{
        self,
        blocking::Client,
        contacts::{Reason, ReportContact},
    },
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let host = onprem::self_hosted(&args.next().ok_or("missing argument: the URL of the client")?)?;
    let user = args.next().ok_or("missing argument: the user to block")?.parse()?;
    run(&Client::new(Config::from_env()?.host(host))?, &user)
}

fn run(client: &Client, user: &User) -> Result<(), Box<dyn std::error::Error>> {
    // On-Premise needs one call per user. The report is the same on every system.
    let report = client.block_users_with([user.clone()], Some(Reason::new("spam")?))?;
    for failed in &report.failed {
        println!("not blocked: {}", failed.errors[0]);
    }
    // Only On-Premise can report a user. With a client of another system this does not compile.
    if report.is_complete() {
        client.report_user(ReportContact::new(user.clone()))?;
    }
    for user in client.blocked_users(None) {
        println!("blocked: {}", user?.key().unwrap_or("?"));
    }
    Ok(())
}

#[test]
fn it_blocks_and_reports() -> Result<(), Box<dyn std::error::Error>> {
    let sandbox = d360_sandbox::Sandbox::start()?;
    sandbox.user_writes("+16505551234");
    let host = onprem::self_hosted(&sandbox.base_url())?;
    let client = Client::new(Config::new(d360::ApiKey::new(sandbox.key())?).host(host))?;
    run(&client, &"+16505551234".parse()?)?;
    let paths: Vec<_> = sandbox.requests().iter().map(|request| request["path"].clone()).collect();
    assert_eq!(paths[0], "/v1/contacts/%2B16505551234/block");
    assert_eq!(paths[1], "/v1/contacts/%2B16505551234/report");
    Ok(())
}
