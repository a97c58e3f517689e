//! Third-party clients with the same card and server, by the programs in `tests/peers`. Clients in other languages
//! are installed below `target/bench` if their tools are available.
use crate::{
    Result, root,
    tools::{self, cargo},
};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const PYWA: &str = "pywa==4.5.0";
const KAPSO: &str = "@kapso/whatsapp-cloud-api@0.3.0";

pub(super) fn run(folder: &Path) -> Result<Option<Vec<Value>>> {
    let here = root().join("tests/peers");
    let mut command = cargo(&["run", "-q", "--release", "--locked"]);
    command.current_dir(&here).env("CARGO_TARGET_DIR", folder.join("peers"));
    match python(folder) {
        Ok(python) => drop(command.env("D360_PEERS_PYTHON", python)),
        Err(reason) => println!("peers: pywa SKIPPED: {reason}"),
    }
    match node(folder, &here) {
        Ok(script) => drop(command.env("D360_PEERS_NODE", script)),
        Err(reason) => println!("peers: @kapso SKIPPED: {reason}"),
    }
    let told = folder.join("peers.json");
    tools::run(command.env("D360_BENCH_JSON", &told))?;
    let rows = fs::read_to_string(&told).map_err(|error| format!("{}: {error}", told.display()))?;
    serde_json::from_str(&rows).map(Some).map_err(|error| format!("{}: {error}", told.display()))
}

/// Returns the interpreter of an environment with pywa.
fn python(folder: &Path) -> Result<PathBuf> {
    let place = folder.join("pywa");
    tools::output(Command::new("python3").args(["-m", "venv"]).arg(&place))?;
    let python = place.join("bin/python");
    tools::output(Command::new(&python).args(["-m", "pip", "install", "-q", PYWA]))?;
    Ok(python)
}

/// Returns the script, copied next to the package that it imports.
fn node(folder: &Path, here: &Path) -> Result<PathBuf> {
    let place = folder.join("kapso");
    let failed = |error: std::io::Error| format!("{}: {error}", place.display());
    fs::create_dir_all(&place).map_err(failed)?;
    tools::output(
        Command::new("npm")
            .args(["install", "--silent", "--no-fund", "--ignore-scripts", "--prefix"])
            .arg(&place)
            .arg(KAPSO),
    )?;
    let script = place.join("kapso_cards.mjs");
    fs::copy(here.join("kapso_cards.mjs"), &script).map_err(failed)?;
    Ok(script)
}
