//! `cargo xtask peers [NAME...]`: runs third-party clients against the sandbox, with one row per call and kind of
//! webhook.
//!
//! The programs in `tests/peers` check the results. This module installs their packages below `target/peers`, starts
//! a sandbox for each, and prints the table. A client whose tools or registry are unavailable is skipped with a
//! message.
use crate::{
    Result, root,
    tools::{self, cargo},
};
use serde_json::Value;
use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// The default key of a sandbox.
const KEY: &str = "sandbox-key";

struct Peer {
    name: &'static str,
    /// The package in its registry, with the version.
    package: &'static str,
    script: &'static str,
    /// Installs the package below a folder, and returns the command that runs its script.
    install: fn(&Peer, &Path) -> Result<Command>,
}

const PEERS: [Peer; 3] = [
    Peer { name: "pywa 4.5.0", package: "pywa==4.5.0", script: "sandbox_pywa.py", install: python },
    Peer {
        name: "@kapso/whatsapp-cloud-api 0.3.0",
        package: "@kapso/whatsapp-cloud-api@0.3.0",
        script: "sandbox_kapso.mjs",
        install: node,
    },
    Peer {
        name: "whatsapp-api-js 6.3.0",
        package: "whatsapp-api-js@6.3.0",
        script: "sandbox_whatsapp_api_js.mjs",
        install: node,
    },
];

pub(crate) fn run(names: &[&str]) -> Result {
    let chosen = |peer: &&Peer| names.is_empty() || names.iter().any(|name| peer.name.contains(name));
    if let Some(unknown) = names.iter().find(|name| !PEERS.iter().any(|peer| peer.name.contains(*name))) {
        let known: Vec<&str> = PEERS.iter().map(|peer| peer.name).collect();
        return Err(format!("{unknown} is not a peer; the peers are: {}", known.join(", ")));
    }
    let folder = root().join("target/peers");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let program = program()?;
    let (mut rows, mut skipped, mut broken) = (Vec::new(), Vec::new(), Vec::new());
    for peer in PEERS.iter().filter(chosen) {
        match (peer.install)(peer, &folder) {
            Err(why) => skipped.push(format!("peers: {} SKIPPED: {}", peer.name, reason(&why))),
            Ok(command) => match judged(&program, command) {
                Ok(found) => rows.extend(found.into_iter().map(|row| (peer.name, row))),
                Err(why) => broken.push(format!("{}: {why}", peer.name)),
            },
        }
    }
    print(&rows);
    // Printed after the table, where they are visible.
    skipped.iter().for_each(|line| println!("{line}"));
    let failed = rows.iter().filter(|(_, row)| row.result == "FAILED").count();
    if !broken.is_empty() {
        return Err(format!("peers: incomplete: {}", broken.join("; ")));
    }
    if failed > 0 {
        return Err(format!("peers: {failed} rows failed"));
    }
    Ok(())
}

/// Builds the program `d360` and returns its path.
fn program() -> Result<PathBuf> {
    let told = tools::output(&mut cargo(&["build", "-q", "-p", "d360-cli", "--message-format=json"]))?;
    let built = told.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let program = built.filter(|told| told["target"]["name"] == "d360" && told["executable"].is_string());
    let path = program.filter_map(|told| told["executable"].as_str().map(PathBuf::from)).next_back();
    path.ok_or_else(|| "cargo reported no program d360".to_owned())
}

/// Creates an environment with the package.
fn python(peer: &Peer, folder: &Path) -> Result<Command> {
    if !tools::installed("python3") {
        return Err("python3 is not installed".to_owned());
    }
    let place = folder.join("python");
    tools::output(Command::new("python3").args(["-m", "venv"]).arg(&place))?;
    let python = place.join("bin/python");
    let pip = ["-m", "pip", "install", "-q", "--disable-pip-version-check", "--retries", "1"];
    tools::output(Command::new(&python).args(pip).arg(peer.package))?;
    let mut command = Command::new(python);
    command.arg(scripts().join(peer.script));
    Ok(command)
}

/// Copies the script next to the package that it imports. Install scripts do not run, and no lock file is written.
fn node(peer: &Peer, folder: &Path) -> Result<Command> {
    if let Some(missing) = ["node", "npm"].into_iter().find(|program| !tools::installed(program)) {
        return Err(format!("{missing} is not installed"));
    }
    let place = folder.join(peer.script.trim_end_matches(".mjs"));
    let failed = |error: std::io::Error| format!("{}: {error}", place.display());
    fs::create_dir_all(&place).map_err(failed)?;
    let npm = [
        "install",
        "--loglevel=error",
        "--no-fund",
        "--no-audit",
        "--ignore-scripts",
        "--no-package-lock",
        "--prefer-offline",
        "--fetch-retries=1",
        "--fetch-timeout=20000",
    ];
    tools::output(Command::new("npm").args(npm).arg("--prefix").arg(&place).arg(peer.package))?;
    for script in [peer.script, "sandbox_common.mjs"] {
        fs::copy(scripts().join(script), place.join(script)).map_err(failed)?;
    }
    let mut command = Command::new("node");
    command.arg(place.join(peer.script));
    Ok(command)
}

fn scripts() -> PathBuf {
    root().join("tests/peers")
}

/// Returns the line that explains a failed installation.
fn reason(text: &str) -> &str {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let error =
        |line: &&str| ["error", "npm error"].iter().any(|start| line.to_lowercase().starts_with(start));
    lines().find(error).or_else(|| lines().next_back()).unwrap_or(text)
}

/// A row of the table.
struct Row {
    what: String,
    result: String,
    why: String,
}

/// A sandbox process that is killed on drop.
struct Sandbox(Child);

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs a client's program against a new sandbox, and parses its rows.
fn judged(program: &Path, mut command: Command) -> Result<Vec<Row>> {
    let mut sandbox = Command::new(program);
    sandbox.args(["sandbox", "--listen", "127.0.0.1:0"]).env_remove("D360_API_KEY").stdout(Stdio::piped());
    let mut sandbox = Sandbox(sandbox.spawn().map_err(|error| format!("d360 sandbox: {error}"))?);
    let out = sandbox.0.stdout.take().ok_or("d360 sandbox has no output")?;
    let mut lines = BufReader::new(out).lines();
    let url = lines.next().and_then(std::result::Result::ok).unwrap_or_default();
    let url = url.strip_prefix("sandbox: ").ok_or("d360 sandbox printed no URL")?.to_owned();
    let told = command.args([&url, KEY]).output().map_err(|error| error.to_string())?;
    let rows: Option<Vec<Row>> = String::from_utf8_lossy(&told.stdout).lines().map(row).collect();
    match rows {
        Some(rows) if told.status.success() && !rows.is_empty() => Ok(rows),
        _ => Err(String::from_utf8_lossy(&told.stderr).trim().to_owned()),
    }
}

fn row(line: &str) -> Option<Row> {
    let row: Value = serde_json::from_str(line).ok()?;
    let text = |name: &str| row[name].as_str().map(str::to_owned);
    Some(Row { what: text("what")?, result: text("result")?, why: text("why")? })
}

/// Prints the table: a row per call and webhook, and one row for all calls of a client that the sandbox does not serve.
fn print(rows: &[(&str, Row)]) {
    println!("| peer | call or webhook | result |\n|---|---|---|");
    for (peer, row) in rows.iter().filter(|(_, row)| row.result != "unserved") {
        let result = match (row.result.as_str(), row.why.as_str()) {
            ("theirs", why) => format!("fails because of the peer: {why}"),
            (result, "") => result.to_owned(),
            (result, why) => format!("{result}: {why}"),
        };
        println!("| {peer} | {} | {} |", row.what.replace('|', "\\|"), result.replace('|', "\\|"));
    }
    for peer in PEERS.iter().map(|peer| peer.name) {
        let others = rows.iter().filter(|(whose, row)| *whose == peer && row.result == "unserved");
        let others: Vec<&str> = others.map(|(_, row)| row.what.as_str()).collect();
        if !others.is_empty() {
            println!("| {peer} | {} | not served by the sandbox ({}) |", others.join(", "), others.len());
        }
    }
    let count = |result: &str| rows.iter().filter(|(_, row)| row.result == result).count();
    println!(
        "\n{} ok, {} failed because of the peer, {} not served, {} FAILED",
        count("ok"),
        count("theirs"),
        count("unserved"),
        count("FAILED")
    );
}
