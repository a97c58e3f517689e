//! The faults of a network or a server. For each fault: the outcome, the number of requests and the memory of a
//! message, a list and a block, over real sockets in every transport: plain, over TLS, and as HTTP/2.
mod child;
mod places;

use d360::Outcome;
use places::{End, Fault, Setup, faults};
use std::{
    io::Write as _,
    sync::Mutex,
    time::{Duration, Instant},
};

/// The maximum memory of a call, whatever the server sends. A list page may have 10 MiB, other responses 1 MiB.
fn memory_kib(call: &str) -> u64 {
    if call == "list" { 20 * 1024 } else { 16 * 1024 }
}

/// One call over one transport with one fault.
struct Cell {
    fault: String,
    call: &'static str,
    who: &'static str,
    found: (Option<Outcome>, usize),
    took: Duration,
    grew_kib: Option<u64>,
    /// The differences from the expected result.
    wrong: Option<String>,
    /// The maximum duration.
    longest: Duration,
}

/// Runs the three calls through every transport, or over HTTP/2.
fn cells(Fault { name: fault, place, end, who }: &Fault) -> Vec<Cell> {
    let mut cells = Vec::new();
    for call in child::CALLS {
        for who in who.iter().copied() {
            let place = place();
            let report = child::run(call, who, &place.setup);
            let found = (report.outcome, (place.seen)());
            let expected = (end.outcome(), end.requests(call));
            let wrong = if found != expected {
                Some(format!("{found:?} instead of {expected:?}"))
            } else {
                report
                    .grew_kib
                    .filter(|grew| *grew > memory_kib(call))
                    .map(|grew| format!("{grew} KiB instead of {} at most", memory_kib(call)))
            };
            let Setup { attempt, connect, .. } = place.setup;
            let attempt = if *end == End::NotSent { connect.min(attempt) } else { attempt };
            let attempts = u32::try_from(found.1.max(end.attempts(call))).unwrap();
            let longest = attempt * attempts + Duration::from_millis(250);
            let (took, grew_kib) = (report.took, report.grew_kib);
            cells.push(Cell { fault: fault.clone(), call, who, found, took, grew_kib, wrong, longest });
        }
    }
    cells
}

#[test]
fn every_fault_ends_in_its_outcome_in_all_transports() {
    let left = Mutex::new(faults().into_iter());
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                loop {
                    let next = left.lock().unwrap().next();
                    let Some(fault) = next else { return };
                    let cells = cells(&fault);
                    done.lock().unwrap().extend(cells);
                }
            });
        }
    });
    let done = done.into_inner().unwrap();
    let wrong: Vec<String> = done
        .iter()
        .filter_map(|Cell { fault, call, who, wrong, .. }| {
            Some(format!("{fault}: {call} over {who}: {}", wrong.as_ref()?))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {} cells are wrong:\n{}", wrong.len(), done.len(), wrong.join("\n"));
    if cfg!(target_os = "linux") {
        assert!(done.iter().all(|cell| cell.grew_kib.is_some()), "memory was not measured");
    }
}

/// Prints the same as a table, one after another, with the time of each cell.
#[test]
#[ignore = "cargo xtask faults runs it: its time limits need a quiet machine"]
fn table() {
    let mut out = std::io::stdout().lock();
    let (mut wrong, mut all) = (0, 0);
    let start = Instant::now();
    writeln!(out, "{:46} {:8} {:8} {:20} requests      ms     KiB", "fault", "call", "over", "outcome")
        .unwrap();
    for fault in faults() {
        for cell in cells(&fault) {
            let outcome = match cell.found.0 {
                None => "done",
                Some(Outcome::NotSent) => "not sent",
                Some(Outcome::Refused { retryable: true }) => "refused, try again",
                Some(Outcome::Refused { retryable: false }) => "refused",
                Some(_) => "unknown",
            };
            let verdict = match &cell.wrong {
                Some(why) => format!("  WRONG: {why}"),
                None if cell.took > cell.longest => {
                    format!("  LATE: {} ms are allowed", cell.longest.as_millis())
                }
                None => String::new(),
            };
            all += 1;
            wrong += usize::from(!verdict.is_empty());
            let grew = cell.grew_kib.map_or("?".to_owned(), |grew| grew.to_string());
            writeln!(
                out,
                "{:46} {:8} {:8} {outcome:20} {:8} {:7} {grew:>7}{verdict}",
                cell.fault,
                cell.call,
                cell.who,
                cell.found.1,
                cell.took.as_millis()
            )
            .unwrap();
        }
    }
    writeln!(out, "{all} cells, {wrong} of them wrong, in {} s", start.elapsed().as_secs()).unwrap();
    assert_eq!(wrong, 0, "wrong cells");
}
