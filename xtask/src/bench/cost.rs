//! Measures the build cost of minimal programs.
use crate::{
    Result, root,
    tools::{self, cargo},
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, path::Path, time::Instant};

/// A minimal program: its name, dependencies and source.
type Program = (&'static str, &'static str, &'static str);

/// Over reqwest, and over hyper where that is the only async transport.
const OURS: &str = "async fn send() -> Result<(), Box<dyn std::error::Error>> {
             use d360::model::{Contact, Message, Name, Phone};
             let client = d360::cloud::Client::new(d360::Config::from_env()?)?;
             let card = Contact::new(Name::new(\"Barbara\")).phone(Phone::new(\"+16505559999\"));
             client.send(Message::contacts(\"+16505551234\", [card])).await?;
             Ok(())
         }
         fn main() -> Result<(), Box<dyn std::error::Error>> {
             tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(send())
         }";

/// Minimal programs that send one card: each of ours, followed by the same program on the bare HTTP library with the
/// same TLS.
const SMALLEST: [Program; 5] = [
    (
        "async",
        "d360 = { path = D360, default-features = false, features = [\"cloud\", \"reqwest\", \"rustls\"] }
         tokio = { version = \"1\", features = [\"rt\"] }",
        OURS,
    ),
    (
        "hyper",
        "d360 = { path = D360, default-features = false, features = [\"cloud\", \"hyper\", \"rustls\"] }
         tokio = { version = \"1\", features = [\"rt\"] }",
        OURS,
    ),
    (
        "reqwest",
        "reqwest = { version = \"0.13\", default-features = false, features = [\"rustls\", \"json\"] }
         serde_json = \"1\"
         tokio = { version = \"1\", features = [\"rt\"] }",
        "async fn send() -> Result<(), Box<dyn std::error::Error>> {
             let card = serde_json::json!({\"to\": \"+16505551234\", \"type\": \"contacts\", \"contacts\": [{\"name\": {\"formatted_name\": \"Barbara\"}}]});
             let request = reqwest::Client::new().post(\"https://waba-v2.360dialog.io/messages\").json(&card);
             let answer = request.header(\"D360-API-KEY\", std::env::var(\"D360_API_KEY\")?).send().await?;
             println!(\"{}\", answer.error_for_status()?.json::<serde_json::Value>().await?);
             Ok(())
         }
         fn main() -> Result<(), Box<dyn std::error::Error>> {
             tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(send())
         }",
    ),
    (
        "blocking",
        "d360 = { path = D360, default-features = false, features = [\"cloud\", \"ureq\", \"rustls\"] }",
        "fn main() -> Result<(), Box<dyn std::error::Error>> {
             use d360::model::{Contact, Message, Name, Phone};
             let client = d360::cloud::blocking::Client::new(d360::Config::from_env()?)?;
             let card = Contact::new(Name::new(\"Barbara\")).phone(Phone::new(\"+16505559999\"));
             client.send(Message::contacts(\"+16505551234\", [card]))?;
             Ok(())
         }",
    ),
    (
        "ureq",
        "rustls = { version = \"0.23\", default-features = false, features = [\"aws_lc_rs\", \"std\", \"tls12\"] }
         serde_json = \"1\"
         ureq = { version = \"3\", default-features = false, features = [\"rustls-no-provider\", \"platform-verifier\", \"json\"] }",
        "fn main() -> Result<(), Box<dyn std::error::Error>> {
             let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
             let tls = ureq::tls::TlsConfig::builder().root_certs(ureq::tls::RootCerts::PlatformVerifier).build();
             let agent: ureq::Agent = ureq::Agent::config_builder().tls_config(tls).build().into();
             let card = serde_json::json!({\"to\": \"+16505551234\", \"type\": \"contacts\", \"contacts\": [{\"name\": {\"formatted_name\": \"Barbara\"}}]});
             let request = agent.post(\"https://waba-v2.360dialog.io/messages\").header(\"D360-API-KEY\", std::env::var(\"D360_API_KEY\")?);
             println!(\"{}\", request.send_json(card)?.into_body().read_json::<serde_json::Value>()?);
             Ok(())
         }",
    ),
];

/// The number of crates, seconds of a clean release build, and bytes of the stripped program.
pub(super) fn run(folder: &Path) -> Result<Option<Vec<Value>>> {
    let mut rows = Vec::new();
    println!("{:<10} {:>8} {:>10} {:>10}", "program", "crates", "seconds", "MB");
    let ours = format!("{:?}", root().join("crates/d360"));
    for (name, needs, main) in SMALLEST {
        let place = folder.join(format!("smallest-{name}"));
        let _ = fs::remove_dir_all(&place);
        let manifest = format!(
            "[package]\nname = \"smallest\"\nedition = \"2024\"\n[workspace]\n[profile.release]\nstrip = true\n[dependencies]\n{}\n",
            needs.replace("D360,", &format!("{ours},"))
        );
        let write = |path: &str, text: &str| -> Result {
            let path = place.join(path);
            path.parent().map_or(Ok(()), fs::create_dir_all).map_err(|error| error.to_string())?;
            fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
        };
        write("Cargo.toml", &manifest)?;
        write("src/main.rs", main)?;
        // The versions of the workspace, so that the figures change only with them.
        fs::copy(root().join("Cargo.lock"), place.join("Cargo.lock")).map_err(|error| error.to_string())?;
        let here = |args: &[&str]| {
            let mut command = cargo(args);
            command.current_dir(&place).env("CARGO_TARGET_DIR", place.join("target"));
            command
        };
        let told = tools::output(&mut here(&["tree", "-e", "normal", "--prefix", "none", "-f", "{p}"]))?;
        let crates: BTreeSet<&str> = told.lines().filter_map(|line| line.split(' ').next()).collect();
        let crates = crates.iter().filter(|name| !name.starts_with("d360") && **name != "smallest").count();
        let start = Instant::now();
        tools::run(&mut here(&["build", "--release", "-q"]))?;
        let seconds = start.elapsed().as_secs_f64();
        let program = place.join("target/release/smallest");
        let size = fs::metadata(&program).map_err(|error| format!("{}: {error}", program.display()))?.len();
        #[allow(clippy::cast_precision_loss, reason = "megabytes")]
        let megabytes = size as f64 / 1e6;
        println!("{name:<10} {crates:>8} {seconds:>10.1} {megabytes:>10.2}");
        rows.push(json!({ "program": name, "crates_of_others": crates, "seconds": seconds, "bytes": size }));
    }
    Ok(Some(rows))
}
