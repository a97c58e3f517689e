//! Counts the system calls of a call and the threads that it starts, with strace. System calls of those threads are
//! not counted.
use super::bench_program;
use crate::{Result, tools};
use serde_json::{Value, json};
use std::{fs, path::Path, process::Command};

const CALLS: u32 = 500;
/// Each case, its baseline and the highest count allowed.
const COUNTED: [(&str, &str, f64); 3] =
    [("async", "reqwest", 3.0), ("hyper", "reqwest", 3.0), ("blocking", "ureq", 12.0)];

/// The counts of the calling thread. The server runs on other threads.
pub(super) fn run(folder: &Path) -> Result<Option<Vec<Value>>> {
    if !tools::installed("strace") {
        println!("system-calls: SKIPPED: strace is not installed");
        return Ok(None);
    }
    let program = bench_program()?;
    let mut rows = Vec::new();
    println!(
        "{:<10} {:>12} {:>8}  {:<8} {:>12} {:>8} {:>5}",
        "case", "system calls", "threads", "against", "system calls", "threads", "goal"
    );
    for (case, against, goal) in COUNTED {
        let (ours, theirs) = (count(&program, folder, case)?, count(&program, folder, against)?);
        let missed = if ours.calls <= goal && ours.threads <= 0.0 { "" } else { "  MISSED" };
        println!(
            "{case:<10} {:>12.2} {:>8.2}  {against:<8} {:>12.2} {:>8.2} {goal:>5.0}{missed}",
            ours.calls, ours.threads, theirs.calls, theirs.threads
        );
        let of = |count: Count| json!({ "system_calls": count.calls, "threads": count.threads });
        rows.push(
            json!({ "case": case, "ours": of(ours), "against": against, "theirs": of(theirs), "goal": goal }),
        );
    }
    Ok(Some(rows))
}

/// The counts per call.
#[derive(Clone, Copy)]
struct Count {
    calls: f64,
    threads: f64,
}

/// Returns the difference of two runs, which removes the setup.
fn count(program: &Path, folder: &Path, case: &str) -> Result<Count> {
    let (few, more) = (traced(program, folder, case, CALLS)?, traced(program, folder, case, 2 * CALLS)?);
    // The program warms up with as many calls as it measures, and both are counted.
    let a_call = |few: u32, more: u32| (f64::from(more) - f64::from(few)) / f64::from(2 * CALLS);
    Ok(Count { calls: a_call(few.0, more.0), threads: a_call(few.1, more.1) })
}

fn traced(program: &Path, folder: &Path, case: &str, calls: u32) -> Result<(u32, u32)> {
    let path = folder.join(format!("strace.{case}.{calls}"));
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-o"]).arg(&path).arg(program).args(["--count", case, &calls.to_string()]);
    let told = command.output().map_err(|error| format!("strace: {error}"))?;
    if !told.status.success() {
        return Err(format!(
            "{case} exited with {}:\n{}",
            told.status,
            String::from_utf8_lossy(&told.stderr)
        ));
    }
    let trace = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(of_caller(&trace))
}

/// Counts the system calls and new threads of the first thread of a trace. An interrupted call appears twice, the
/// second time as
/// `resumed`.
fn of_caller(trace: &str) -> (u32, u32) {
    let (mut calls, mut threads) = (0, 0);
    let first = trace.split_whitespace().next();
    for line in trace.lines() {
        let Some((thread, what)) = line.split_once(' ') else { continue };
        let what = what.trim_start();
        if Some(thread) == first && what.starts_with(|c: char| c.is_ascii_lowercase()) {
            calls += 1;
            threads += u32::from(what.starts_with("clone"));
        }
    }
    (calls, threads)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_of_the_first_thread_are_counted_once() {
        let trace = "7 execve(\"p\") = 0\n7 clone3({}) = 8\n8 read(3) = 0\n7 read(4 <unfinished ...>\n8 close(3) = 0\n7 <... read resumed>) = 9\n7 --- SIGCHLD ---\n7 +++ exited with 0 +++\n";
        assert_eq!(of_caller(trace), (3, 1));
    }
}
