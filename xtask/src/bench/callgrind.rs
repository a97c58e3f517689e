//! Counts the instructions and allocations of a call with callgrind.
use super::bench_program;
use crate::{Result, tools};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs, path::Path, process::Command};

/// The number of calls within `counted`. The same number of calls warms the program up.
const CALLS: f64 = 200.0;
/// Each case, its baseline, the highest ratio of instructions, and the highest number of allocations above the
/// baseline.
const COUNTED: [(&str, &str, f64, f64); 6] = [
    ("async", "reqwest", 1.0, 4.0),
    ("hyper", "reqwest", 0.6, 0.0),
    ("blocking", "ureq", 0.85, 4.0),
    ("validate", "write", 0.1, 0.0),
    // 12 allocations: serde into plain structs needs 15.
    ("webhook", "plain-webhook", 1.3, -3.0),
    // 100 messages: one more for each, its box.
    ("webhooks", "plain-webhooks", 1.3, 100.0),
];

/// The counts of callgrind for one call.
#[derive(Clone, Copy)]
struct Count {
    instructions: f64,
    allocations: f64,
}

/// Prints the instructions and allocations of each case and of its baseline.
pub(super) fn instructions(folder: &Path) -> Result<Option<Vec<Value>>> {
    if !tools::installed("valgrind") {
        println!("instructions: SKIPPED: valgrind is not installed");
        return Ok(None);
    }
    let program = bench_program()?;
    let mut rows = Vec::new();
    println!(
        "{:<10} {:>12} {:>6}  {:<14} {:>12} {:>6} {:>6} {:>5}",
        "case", "instructions", "allocs", "against", "instructions", "allocs", "ratio", "goal"
    );
    for (case, against, goal, more) in COUNTED {
        let (ours, theirs) = (count(&program, folder, case)?, count(&program, folder, against)?);
        let ratio = ours.instructions / theirs.instructions;
        // Both repeat within 0.1 %, so half an allocation is none.
        let met = ratio <= goal && ours.allocations - theirs.allocations <= more + 0.5;
        let missed = if met { "" } else { "  MISSED" };
        println!(
            "{case:<10} {:>12.0} {:>6.1}  {against:<14} {:>12.0} {:>6.1} {ratio:>6.3} {goal:>5.2}{missed}",
            ours.instructions, ours.allocations, theirs.instructions, theirs.allocations
        );
        let of =
            |count: Count| json!({ "instructions": count.instructions, "allocations": count.allocations });
        rows.push(json!({ "case": case, "ours": of(ours), "against": against, "theirs": of(theirs), "ratio": ratio, "goal": goal, "met": met, "exact": true }));
    }
    Ok(Some(rows))
}

fn count(program: &Path, folder: &Path, case: &str) -> Result<Count> {
    let (instructions, few) = profile(program, folder, case, CALLS)?;
    // Callgrind counts calls even where it does not collect. The calls before the measured ones are the same in both
    // runs.
    let (_, many) = profile(program, folder, case, 2.0 * CALLS)?;
    Ok(Count { instructions: instructions / CALLS, allocations: (many - few) / (2.0 * CALLS) })
}

/// Returns the instructions within `counted`, and the allocations of the whole program.
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
        return Err(format!("{case} exited with {ended}:\n{told}"));
    }
    let collected = told.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    let collected: f64 =
        collected.ok_or_else(|| format!("callgrind counted no instructions for {case}: {told}"))?;
    let profile = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok((collected, allocations(&profile)))
}

/// Counts the allocator calls in a profile. A function has its name where it first appears (`fn=(12) name` or
/// `cfn=(12) name`), and only its number after that. `cfn=` is the callee, and the following `calls=` is the count.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allocations_are_counted_by_number_and_name() {
        let profile = "fn=(1) main\ncfn=(2) malloc\ncalls=3 0\n0 9\ncfn=(3) free\ncalls=5 0\n0 9\nfn=(4) other\ncfn=(2)\ncalls=4 0\n0 9\n";
        assert!((allocations(profile) - 7.0).abs() < 1e-9);
    }
}
