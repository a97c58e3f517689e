//! Runs the libFuzzer targets on stable: every test run uses the regressions and seeds, and `cargo xtask ci fuzz`
//! uses mutated seeds.
use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

#[path = "../fuzz/targets.rs"]
#[allow(unreachable_pub, reason = "it is a library there")]
mod targets;

/// Returns the files of a target in one of the folders.
fn files(folder: &str, target: &str) -> Vec<(String, Vec<u8>)> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(folder).join(target);
    let Ok(entries) = fs::read_dir(&path) else { return Vec::new() };
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.display().to_string(), fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

/// Runs a target, and reports the bytes on which it panicked.
fn run(name: &str, target: targets::Target, what: &str, bytes: &[u8]) {
    let result = std::panic::catch_unwind(|| target(bytes));
    assert!(result.is_ok(), "{name} fails with {what}: {}", bytes.escape_ascii());
}

#[test]
fn seeds_and_findings_pass() {
    for (name, target) in targets::TARGETS {
        let seeds = files("seeds", name);
        assert!(!seeds.is_empty(), "{name} has no seeds");
        for (file, bytes) in seeds.into_iter().chain(files("regressions", name)) {
            run(name, target, &file, &bytes);
            (0..bytes.len().min(400)).for_each(|end| run(name, target, &file, &bytes[..end]));
        }
    }
}

/// Every target has a program for libFuzzer, and every program is built.
#[test]
fn libfuzzer_knows_every_target() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    for (name, _) in targets::TARGETS {
        let program = fs::read_to_string(folder.join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(program.contains(&format!("targets::{name}(")), "{name}");
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
    }
}

/// Runs each target for `D360_FUZZ_SECONDS` (3 by default), from a fixed seed.
#[test]
#[ignore = "cargo xtask ci fuzz runs it"]
fn smoke() {
    let seconds = std::env::var("D360_FUZZ_SECONDS").map_or(3, |seconds| seconds.parse().unwrap());
    for (name, target) in targets::TARGETS {
        let seeds = [files("seeds", name), files("regressions", name)].concat();
        let mut random = fastrand::Rng::with_seed(1);
        let (start, mut runs) = (Instant::now(), 0_u64);
        while start.elapsed() < Duration::from_secs(seconds) {
            for _ in 0..100 {
                let mut bytes = random.choice(&seeds).unwrap().1.clone();
                for _ in 0..random.usize(1..8) {
                    change(&mut bytes, &random.choice(&seeds).unwrap().1, &mut random);
                }
                run(name, target, "changed seeds", &bytes);
                runs += 1;
            }
        }
        println!("fuzz: {name}: {runs} runs in {seconds} s");
    }
}

/// Bytes that break parsers.
const PIECES: [&str; 24] = [
    "null",
    "\"\"",
    "[]",
    "{}",
    "[[",
    "{\"a\":",
    "-1",
    "1e999",
    "18446744073709551616",
    "true",
    "\\u0000",
    "\\ud800",
    "\u{feff}",
    "\u{202e}",
    "\r\n",
    "\r\n ",
    "\0",
    "=0A",
    "BEGIN:VCARD",
    "END:VCARD",
    "%2f",
    "../",
    "+16505550123",
    "\u{e9}",
];

/// Mutates `bytes` in one of several ways.
fn change(bytes: &mut Vec<u8>, other: &[u8], random: &mut fastrand::Rng) {
    let at = random.usize(0..=bytes.len());
    let to = random.usize(at..=bytes.len().min(at + 40));
    match random.u32(0..7) {
        0 => drop(bytes.drain(at..to)),
        1 => bytes.insert(at, random.u8(..)),
        2 if at < bytes.len() => bytes[at] ^= 1 << random.u32(0..8),
        3 => drop(bytes.splice(at..to, random.choice(PIECES).unwrap().bytes())),
        4 => {
            let piece = bytes[at..to].repeat(random.usize(1..4));
            bytes.splice(at..at, piece);
        }
        5 if !other.is_empty() => {
            let from = random.usize(0..other.len());
            let end = random.usize(from..=other.len().min(from + 80));
            bytes.splice(at..to, other[from..end].iter().copied());
        }
        _ => bytes.truncate(at),
    }
    bytes.truncate(20_000);
}
