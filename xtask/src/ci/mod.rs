//! What CI runs, step by step. Each names what is wrong and where; what cannot be run here says so.
mod deps;
mod features;
mod layers;
mod outside;
mod packaging;

use crate::{Result, tools, tools::SKIPPED};
use std::{fs, process::Command, time::Instant};

type Step = (&'static str, &'static str, fn() -> Result);

/// In the order in which they are quickest to fail.
const STEPS: &[Step] = &[
    ("fmt", "the sources are formatted", || cargo(&["fmt", "--all", "--check"])),
    ("codegen", "the generated files are up to date", || crate::codegen::run(true)),
    ("layers", "the crates depend on each other as ARCHITECTURE.md says", layers::run),
    ("deps", "what features bring, and what they may not", deps::run),
    ("explained", "every feature is explained, and reachable from the facade", features::explained),
    ("lint", "clippy, for the workspace and for choices of features", lint),
    ("test", "the README's test command, and the workshop's own tests", || {
        cargo(&["test"])?;
        cargo(&["test", "-p", "xtask"])
    }),
    ("docs", "the documentation has no warning, and its examples compile", docs),
    ("api", "the public API is what docs/api says", || crate::api::run(true)),
    ("site", "the links of the Markdown pages work, and the documentation site builds", || {
        crate::docs::ci(SKIPPED)
    }),
    ("wasm", "model and migrate compile without an operating system", wasm),
    ("fuzz", "what reads other people's bytes, over changed seeds", fuzz),
    ("peers", "the bench's programs of other people's clients still compile", peers),
    ("features", "every feature builds alone and with each other", features::run),
    ("msrv", "nothing newer than the declared Rust", outside::msrv),
    ("deny", "licences, bans and sources of what is depended on", outside::deny),
    ("packaging", "systemd and hadolint take the unit and the Dockerfile", packaging::run),
    ("semver", "no breaking change since the last release", outside::semver),
];

/// What .ci/run leaves to `cargo xtask ci`: it takes long, or needs tools that may be missing.
const NOT_IN_CI_RUN: [&str; 5] = ["peers", "features", "msrv", "deny", "semver"];

/// The names of all steps.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    STEPS.iter().map(|(name, ..)| *name)
}

/// Runs the steps named, or all of them; `quick` is what .ci/run runs beside the tests.
pub(crate) fn run(names: &[&str]) -> Result {
    let skipped = steps(names)?;
    if !skipped.is_empty() {
        eprintln!("ci: not run here: {}", skipped.join(" "));
    }
    Ok(())
}

/// Runs them, and gives the names of those that could not be run here.
pub(crate) fn steps(names: &[&str]) -> Result<Vec<&'static str>> {
    if names == ["--list"] {
        STEPS.iter().for_each(|(name, what, _)| println!("{name:<10} {what}"));
        return Ok(Vec::new());
    }
    if names == ["quick"] {
        let quick = |name: &&str| !NOT_IN_CI_RUN.contains(name) && *name != "test";
        let names: Vec<&str> = STEPS.iter().map(|(name, ..)| *name).filter(quick).collect();
        return steps(&names);
    }
    if let Some(unknown) = names.iter().find(|name| !STEPS.iter().any(|(step, ..)| step == *name)) {
        let known: Vec<&str> = STEPS.iter().map(|(step, ..)| *step).collect();
        return Err(format!("{unknown} is no step; the steps are: {}", known.join(" ")));
    }
    let mut skipped = Vec::new();
    for (name, _, step) in STEPS.iter().filter(|(name, ..)| names.is_empty() || names.contains(name)) {
        let start = Instant::now();
        match step() {
            Ok(()) => eprintln!("ci: {name}: ok, {} s", start.elapsed().as_secs()),
            Err(why) if why.starts_with(SKIPPED) => {
                eprintln!("ci: {name}: {why}");
                skipped.push(*name);
            }
            Err(error) => return Err(format!("ci: {name}: {error}")),
        }
    }
    Ok(skipped)
}

/// The fault matrix, as a table and with times. A test of its own runs the same without them.
pub(crate) fn faults() -> Result {
    cargo(&[
        "test",
        "-q",
        "-p",
        "d360-tests",
        "--test",
        "it",
        "faults::table",
        "--",
        "--ignored",
        "--nocapture",
    ])
}

fn cargo(args: &[&str]) -> Result {
    cargo_with(args, &[])
}

fn cargo_with(args: &[&str], envs: &[(&str, &str)]) -> Result {
    eprintln!("ci: cargo {}", args.join(" "));
    tools::run(tools::cargo(args).envs(envs.iter().copied()))
}

/// Feature sets of the facade that users choose; the workspace's own build has them all on, so that a missing `cfg`
/// shows here alone.
const CHOICES: [&str; 11] = [
    "",
    "cloud",
    "cloud,ureq",
    "cloud,reqwest",
    "cloud,ureq,rustls,vcard",
    "cloud,mock",
    "onprem,ureq",
    "partner,reqwest",
    "cloud,ureq,tracing,webhook",
    "migrate",
    "cloud,onprem,partner,reqwest,ureq,rustls,webpki-roots,vcard,mock,tracing",
];

fn lint() -> Result {
    cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])?;
    CHOICES.iter().try_for_each(|choice| {
        let features =
            ["clippy", "-p", "d360", "--no-default-features", "--features", choice, "--", "-D", "warnings"];
        cargo(&features)
    })
}

fn docs() -> Result {
    cargo_with(&["doc", "--workspace", "--no-deps", "--all-features"], &[("RUSTDOCFLAGS", "-D warnings")])?;
    // As docs.rs builds them, which takes nightly.
    let nightly = Command::new("cargo").args(["+nightly", "--version"]).output();
    if nightly.is_ok_and(|out| out.status.success()) {
        let flags = [("RUSTDOCFLAGS", "-D warnings --cfg docsrs"), ("CARGO_TARGET_DIR", "target/docsrs")];
        cargo_with(&["+nightly", "doc", "-p", "d360", "--no-deps", "--all-features"], &flags)?;
    } else {
        eprintln!("ci: docs: nightly is not installed: not built as docs.rs does");
    }
    cargo(&["test", "--workspace", "--all-features", "--doc"])
}

/// A workspace of its own, which the other steps do not see.
fn peers() -> Result {
    let manifest = ["--manifest-path", "tests/peers/Cargo.toml"];
    cargo(&[&["fmt", "--check"][..], &manifest].concat())?;
    cargo(&[&["check", "-q", "--locked", "--target-dir", "target/bench/peers"][..], &manifest].concat())
}

/// Changed seeds through the functions that are fuzzed, a few seconds each, on stable. (`cargo fuzz` needs nightly.)
fn fuzz() -> Result {
    let test =
        ["test", "-q", "-p", "d360-tests", "--test", "it", "fuzz::smoke", "--", "--ignored", "--nocapture"];
    cargo(&test)
}

/// The model and the migration compile where there is no operating system. Skipped, with a word, where the target is not installed.
fn wasm() -> Result {
    const TARGET: &str = "wasm32-unknown-unknown";
    let listed = Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]).output();
    let folder = listed.map(|out| String::from_utf8_lossy(&out.stdout).trim().to_owned()).unwrap_or_default();
    if folder.is_empty() || !fs::exists(&folder).unwrap_or(false) {
        return Err(format!("{SKIPPED}{TARGET} is not installed (rustup target add {TARGET})"));
    }
    cargo(&["check", "-p", "d360-model", "-p", "d360-migrate", "--target", TARGET])
}

fn keys(table: &toml::Table, section: &str) -> Vec<String> {
    let table = table.get(section).and_then(toml::Value::as_table);
    table.map(|table| table.keys().cloned().collect()).unwrap_or_default()
}
