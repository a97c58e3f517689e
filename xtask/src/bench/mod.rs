//! `cargo xtask bench [NAME...]`: the benches of the bench program, and those that need tools.
mod callgrind;
mod cost;
mod gate;
mod peers;
mod system_calls;

use crate::{
    Result, root,
    tools::{self, cargo},
};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A bench of the program in `tests/bench`.
const MEASURED: [&str; 5] = ["model", "client", "sandbox", "gateway", "memory"];
/// A bench: its name, whether it runs by default, and its function. The function returns `None` after it reports a
/// missing tool.
type Bench = (&'static str, bool, fn(&Path) -> Result<Option<Vec<Value>>>);
/// A bench of xtask itself, by means of tools.
const OWN: [Bench; 4] = [
    ("instructions", true, callgrind::instructions),
    ("system-calls", true, system_calls::run),
    ("cost", true, cost::run),
    // It downloads and runs third-party programs, so it runs only on request.
    ("peers", false, peers::run),
];

/// Runs the benches. With `--gate`, a missed goal is an error.
pub(crate) fn run(args: &[&str]) -> Result {
    let (flags, names): (Vec<&str>, Vec<&str>) = args.iter().partition(|arg| **arg == "--gate");
    let names = &names[..];
    let known: Vec<&str> = MEASURED.into_iter().chain(OWN.map(|(name, ..)| name)).collect();
    if let Some(unknown) = names.iter().find(|name| !known.contains(name)) {
        return Err(format!("{unknown} is not a bench; the benches are: {}", known.join(" ")));
    }
    let chosen = |name: &str| names.is_empty() || names.contains(&name);
    let folder = root().join("target/bench");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;

    // Each runs in its own process, because the system reports peak memory per process.
    let (mut missed, mut skipped) = (Vec::new(), Vec::new());
    for name in MEASURED.into_iter().filter(|name| chosen(name)) {
        let mut command = cargo(&["bench", "-q", "-p", "d360-tests", "--bench", "bench", "--", name]);
        let json = folder.join(format!("{name}.json"));
        tools::run(command.env("D360_BENCH_JSON", &json))?;
        let at = |error: &dyn std::fmt::Display| format!("{}: {error}", json.display());
        let rows = fs::read_to_string(&json).map_err(|error| at(&error))?;
        missed.extend(gate::missed(&serde_json::from_str::<Vec<Value>>(&rows).map_err(|error| at(&error))?));
    }
    for (name, always, run) in OWN {
        if !(always && names.is_empty() || names.contains(&name)) {
            continue;
        }
        match run(&folder)? {
            Some(rows) => {
                keep(&folder.join(format!("{name}.json")), &rows)?;
                missed.extend(gate::missed(&rows));
            }
            None => skipped.push(name),
        }
    }
    println!("as JSON: {}", folder.display());
    if names.is_empty() {
        let left: Vec<&str> =
            OWN.into_iter().filter(|(_, always, _)| !always).map(|(name, ..)| name).collect();
        println!("not run by default: {}", left.join(" "));
    }
    if flags.is_empty() {
        return Ok(());
    }
    if !missed.is_empty() {
        return Err(format!("missed goals:\n  {}", missed.join("\n  ")));
    }
    if !skipped.is_empty() {
        return Err(format!("{}a tool is missing for {}", tools::SKIPPED, skipped.join(", ")));
    }
    Ok(())
}

/// The path of the bench program.
fn bench_program() -> Result<PathBuf> {
    let args = ["bench", "-p", "d360-tests", "--bench", "bench", "--no-run", "--message-format=json"];
    let told = tools::output(&mut cargo(&args))?;
    let programs = told.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let bench = programs.filter(|told| told["target"]["name"] == "bench");
    let path = bench.filter_map(|told| told["executable"].as_str().map(PathBuf::from)).next_back();
    path.ok_or_else(|| "cargo reported no bench program".to_owned())
}

fn keep(path: &Path, rows: &[Value]) -> Result {
    fs::write(path, Value::from(rows).to_string()).map_err(|error| format!("{}: {error}", path.display()))
}
