//! `cargo xtask bench [NAME...]`: what the bench program measures, and beside it what takes tools of its own: instructions by
//! callgrind, and what the smallest programs cost to build.
use crate::{
    Result, root,
    tools::{self, cargo},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

/// Of the program in `tests/bench`.
const MEASURED: [&str; 5] = ["model", "client", "sandbox", "gateway", "memory"];
/// Of this file.
const OWN: [&str; 2] = ["instructions", "cost"];

/// How many calls the program is told to make within `counted`; as many warm it up.
const CALLS: f64 = 200.0;
/// What is counted, what it is held against, and the highest ratio.
const COUNTED: [(&str, &str, f64); 3] =
    [("async", "reqwest", 1.0), ("blocking", "ureq", 0.85), ("validate", "write", 0.1)];

pub(crate) fn run(names: &[&str]) -> Result {
    let known = || MEASURED.iter().chain(&OWN);
    if let Some(unknown) = names.iter().find(|name| !known().any(|known| known == *name)) {
        let known: Vec<&str> = known().copied().collect();
        return Err(format!("{unknown} is no bench; there are: {}", known.join(" ")));
    }
    let chosen = |name: &str| names.is_empty() || names.contains(&name);
    let folder = root().join("target/bench");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;

    let measured: Vec<&str> = MEASURED.into_iter().filter(|name| chosen(name)).collect();
    if !measured.is_empty() {
        let mut command = cargo(&["bench", "-p", "d360-tests", "--bench", "bench", "--"]);
        tools::run(command.args(measured).env("D360_BENCH_JSON", folder.join("measured.json")))?;
    }
    if chosen("instructions")
        && let Some(rows) = instructions(&folder)?
    {
        keep(&folder.join("instructions.json"), &rows)?;
    }
    if chosen("cost") {
        keep(&folder.join("cost.json"), &cost(&folder)?)?;
    }
    println!("as JSON: {}", folder.display());
    Ok(())
}

/// What callgrind counts of a call.
#[derive(Clone, Copy)]
struct Count {
    instructions: f64,
    allocations: f64,
}

/// Instructions and allocations of each case, beside those of what it is held against.
fn instructions(folder: &Path) -> Result<Option<Vec<Value>>> {
    if !Command::new("valgrind").arg("--version").output().is_ok_and(|out| out.status.success()) {
        println!("instructions: SKIPPED: valgrind is not installed");
        return Ok(None);
    }
    let program = bench_program()?;
    let mut rows = Vec::new();
    println!(
        "{:<10} {:>12} {:>6}  {:<8} {:>12} {:>6} {:>6} {:>5}",
        "case", "instructions", "allocs", "against", "instructions", "allocs", "ratio", "goal"
    );
    for (case, against, goal) in COUNTED {
        let (ours, theirs) = (count(&program, folder, case)?, count(&program, folder, against)?);
        let ratio = ours.instructions / theirs.instructions;
        let missed = if ratio <= goal { "" } else { "  MISSED" };
        println!(
            "{case:<10} {:>12.0} {:>6.1}  {against:<8} {:>12.0} {:>6.1} {ratio:>6.3} {goal:>5.2}{missed}",
            ours.instructions, ours.allocations, theirs.instructions, theirs.allocations
        );
        let of =
            |count: Count| json!({ "instructions": count.instructions, "allocations": count.allocations });
        rows.push(json!({ "case": case, "ours": of(ours), "against": against, "theirs": of(theirs), "ratio": ratio, "goal": goal }));
    }
    Ok(Some(rows))
}

fn count(program: &Path, folder: &Path, case: &str) -> Result<Count> {
    let (instructions, few) = profile(program, folder, case, CALLS)?;
    // Callgrind counts calls also where it does not collect. What comes before the calls that are meant is the same in both runs.
    let (_, many) = profile(program, folder, case, 2.0 * CALLS)?;
    Ok(Count { instructions: instructions / CALLS, allocations: (many - few) / (2.0 * CALLS) })
}

/// Instructions within `counted`, and allocations of the whole program.
fn profile(program: &Path, folder: &Path, case: &str, calls: f64) -> Result<(f64, f64)> {
    let path = folder.join(format!("callgrind.{case}.{calls}"));
    let out = format!("--callgrind-out-file={}", path.display());
    let args = ["--tool=callgrind", "--toggle-collect=*counted*", &out];
    let told =
        Command::new("valgrind").args(args).arg(program).args(["--count", case, &calls.to_string()]).output();
    let told = told.map_err(|error| format!("valgrind: {error}"))?;
    let ended = told.status;
    let told = String::from_utf8_lossy(&told.stderr).into_owned();
    if !ended.success() {
        return Err(format!("{case} ended in {ended}:\n{told}"));
    }
    let collected = told.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    let collected: f64 = collected.ok_or_else(|| format!("callgrind counted nothing of {case}: {told}"))?;
    let profile = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok((collected, allocations(&profile)))
}

/// Calls of the allocator in a profile. A function is named where it is first met, as `fn=(12) name` or `cfn=(12) name`, and by its
/// number from there on; what is called stands in `cfn=`, and how often in the `calls=` after it.
fn allocations(profile: &str) -> f64 {
    let mut names = BTreeMap::new();
    let mut called = "";
    let mut calls = 0.0;
    for line in profile.lines() {
        if let Some((kind, function)) = line.split_once("fn=(").filter(|(kind, _)| ["", "c"].contains(kind)) {
            let (number, name) = function.split_once(')').unwrap_or((function, ""));
            if !name.is_empty() {
                names.insert(number, name.trim());
            }
            if kind == "c" {
                called = names.get(number).copied().unwrap_or_default();
            }
        } else if let Some(times) = line.strip_prefix("calls=")
            && ["malloc", "calloc", "realloc"].contains(&called)
        {
            calls += times.split(' ').next().and_then(|times| times.parse::<f64>().ok()).unwrap_or_default();
        }
    }
    calls
}

/// Where cargo puts the bench program.
fn bench_program() -> Result<PathBuf> {
    let args = ["bench", "-p", "d360-tests", "--bench", "bench", "--no-run", "--message-format=json"];
    let told = tools::output(&mut cargo(&args))?;
    let programs = told.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let bench = programs.filter(|told| told["target"]["name"] == "bench");
    let path = bench.filter_map(|told| told["executable"].as_str().map(PathBuf::from)).next_back();
    path.ok_or_else(|| "cargo named no bench program".to_owned())
}

/// A small program: its name, what it depends on, and its source.
type Program = (&'static str, &'static str, &'static str);

/// The smallest programs that send one card: ours, and each beside it on the library alone with the same TLS.
const SMALLEST: [Program; 4] = [
    (
        "async",
        "d360 = { path = D360, default-features = false, features = [\"cloud\", \"reqwest\", \"rustls\"] }
         tokio = { version = \"1\", features = [\"rt\"] }",
        "async fn send() -> Result<(), Box<dyn std::error::Error>> {
             use d360::model::{Contact, Message, Name, Phone};
             let client = d360::cloud::Client::new(d360::Config::from_env()?)?;
             let card = Contact::new(Name::new(\"Barbara\")).phone(Phone::new(\"+16505559999\"));
             client.send(Message::contacts(\"+16505551234\".parse()?, [card])).await?;
             Ok(())
         }
         fn main() -> Result<(), Box<dyn std::error::Error>> {
             tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(send())
         }",
    ),
    (
        "reqwest",
        "reqwest = { version = \"0.13\", default-features = false, features = [\"rustls\", \"http2\", \"json\"] }
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
             client.send(Message::contacts(\"+16505551234\".parse()?, [card]))?;
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

/// Crates, seconds of a clean release build, and bytes of the stripped program.
fn cost(folder: &Path) -> Result<Vec<Value>> {
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
        // The versions of the workspace, so that the figures move with them alone.
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
    Ok(rows)
}

fn keep(path: &Path, rows: &[Value]) -> Result {
    fs::write(path, Value::from(rows).to_string()).map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allocations_are_counted_by_number_and_name() {
        let profile = "fn=(1) main\ncfn=(2) malloc\ncalls=3 0\n0 9\ncfn=(3) free\ncalls=5 0\n0 9\nfn=(4) other\ncfn=(2)\ncalls=4 0\n0 9\n";
        assert!((allocations(profile) - 7.0).abs() < 1e-9);
    }
}
