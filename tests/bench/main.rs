//! Measures the project's claims about speed and cost. `cargo xtask bench [NAME...]`.
//!
//! Compared code runs alternately in this process, so that a busy machine slows both alike. Results are medians of
//! ratios. Callgrind counts instructions (`cargo xtask bench instructions`) and runs this program once per case.
mod app;
mod client;
mod count;
mod gateway;
mod model;
mod peers;
mod server;
mod table;

use std::process::ExitCode;
use table::Table;

type Bench = (&'static str, &'static str, fn(&mut Table));

const BENCHES: &[Bench] = &[
    ("model", "cards, checks and webhooks against plain serde", model::run),
    ("client", "a call through our client against the same call on reqwest and ureq", client::run),
    ("sandbox", "requests a second of the sandbox", client::sandbox),
    ("gateway", "what the gateway adds to a call at 200 a second", gateway::run),
    ("memory", "1,000,000 sends from a stream", client::memory),
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    if let [flag, case, calls] = &args[..]
        && flag == "--count"
        && let Ok(calls) = calls.parse()
    {
        return count::run(case, calls);
    }
    if let Some(unknown) = args.iter().find(|arg| !BENCHES.iter().any(|(name, ..)| name == arg)) {
        let known: Vec<&str> = BENCHES.iter().map(|(name, ..)| *name).collect();
        eprintln!("{unknown} is not a bench; the benches are: {}", known.join(", "));
        return ExitCode::FAILURE;
    }
    let mut table = Table::default();
    for (name, what, run) in
        BENCHES.iter().filter(|(name, ..)| args.is_empty() || args.iter().any(|arg| arg == name))
    {
        eprintln!("bench: {name}: {what}");
        run(&mut table);
    }
    table.print();
    ExitCode::SUCCESS
}
