//! `cargo xtask bench [NAME...]`: what the bench program measures, and beside it what takes tools of its own.
mod callgrind;
mod cost;
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

/// Of the program in `tests/bench`.
const MEASURED: [&str; 5] = ["model", "client", "sandbox", "gateway", "memory"];
/// What is measured, whether also where nothing is named, and by what. `None` where a tool is missing, which is said.
type Bench = (&'static str, bool, fn(&Path) -> Result<Option<Vec<Value>>>);
/// Of xtask itself, by tools.
const OWN: [Bench; 4] = [
    ("instructions", true, callgrind::instructions),
    ("system-calls", true, system_calls::run),
    ("cost", true, cost::run),
    // It fetches and runs other people's programs, which nobody is to do by the way.
    ("peers", false, peers::run),
];

pub(crate) fn run(names: &[&str]) -> Result {
    let known: Vec<&str> = MEASURED.into_iter().chain(OWN.map(|(name, ..)| name)).collect();
    if let Some(unknown) = names.iter().find(|name| !known.contains(name)) {
        return Err(format!("{unknown} is no bench; there are: {}", known.join(" ")));
    }
    let chosen = |name: &str| names.is_empty() || names.contains(&name);
    let folder = root().join("target/bench");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;

    // Each in a process of its own: the system tells the peak of memory of a whole process.
    for name in MEASURED.into_iter().filter(|name| chosen(name)) {
        let mut command = cargo(&["bench", "-q", "-p", "d360-tests", "--bench", "bench", "--", name]);
        tools::run(command.env("D360_BENCH_JSON", folder.join(format!("{name}.json"))))?;
    }
    for (name, always, run) in OWN {
        if (always && names.is_empty() || names.contains(&name))
            && let Some(rows) = run(&folder)?
        {
            keep(&folder.join(format!("{name}.json")), &rows)?;
        }
    }
    println!("as JSON: {}", folder.display());
    if names.is_empty() {
        let left: Vec<&str> =
            OWN.into_iter().filter(|(_, always, _)| !always).map(|(name, ..)| name).collect();
        println!("not run, because it was not named: {}", left.join(" "));
    }
    Ok(())
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

fn keep(path: &Path, rows: &[Value]) -> Result {
    fs::write(path, Value::from(rows).to_string()).map_err(|error| format!("{}: {error}", path.display()))
}
