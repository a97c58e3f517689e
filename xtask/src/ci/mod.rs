//! The steps of CI. An error names the problem and its place. A step that cannot run reports it.
mod deps;
mod features;
mod layers;
mod outside;
mod packaging;

use crate::{Result, tools, tools::SKIPPED};
use std::{fs, process::Command, time::Instant};

type Step = (&'static str, &'static str, fn() -> Result);

/// The fastest to fail come first.
const STEPS: &[Step] = &[
    ("fmt", "check the formatting", || cargo(&["fmt", "--all", "--check"])),
    ("codegen", "check that generated files are up to date", || crate::codegen::run(true)),
    ("layers", "compare crate dependencies with ARCHITECTURE.md", layers::run),
    ("deps", "check which crates each feature adds", deps::run),
    (
        "explained",
        "check that every feature is documented and reachable from the facade",
        features::explained,
    ),
    ("lint", "run clippy for the workspace and for sets of features", lint),
    ("test", "run the README's test command and the tests of xtask", || {
        cargo(&["test"])?;
        cargo(&["test", "-p", "xtask"])
    }),
    ("docs", "build the documentation without warnings, and compile its examples", docs),
    ("api", "compare the public API with docs/api", || crate::api::run(true)),
    ("site", "check Markdown links, and build the documentation site", || crate::docs::ci(SKIPPED)),
    ("wasm", "build model and migrate for a target without an operating system", wasm),
    ("fuzz", "run the fuzz targets on mutated seeds", fuzz),
    ("gate", "count instructions and allocations, and compare them with their goals", || {
        crate::bench::run(&["--gate", "instructions"])
    }),
    ("peers", "build the bench programs of third-party clients", peers),
    ("features", "build every feature alone and in pairs", features::run),
    ("msrv", "check the minimum supported Rust version", outside::msrv),
    ("deny", "check licences, bans and sources of dependencies", outside::deny),
    ("packaging", "check the systemd unit and the Dockerfile", packaging::run),
    ("semver", "check for breaking changes since the last release", outside::semver),
];

/// The steps that .ci/run leaves to `cargo xtask ci`, because they are slow or need tools that may be missing.
const NOT_IN_CI_RUN: [&str; 6] = ["gate", "peers", "features", "msrv", "deny", "semver"];

/// The names of all steps.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    STEPS.iter().map(|(name, ..)| *name)
}

/// Runs the named steps, or all of them. `quick` stands for the steps that .ci/run runs besides the tests.
pub(crate) fn run(names: &[&str]) -> Result {
    let skipped = steps(names)?;
    if !skipped.is_empty() {
        eprintln!("ci: not run here: {}", skipped.join(" "));
    }
    Ok(())
}

/// Runs the steps and returns the names of those that could not run.
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
        return Err(format!("{unknown} is not a step; the steps are: {}", known.join(" ")));
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

/// Prints the fault matrix as a table with times. A separate test runs it without them.
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

/// Feature sets of the facade that users choose. The workspace builds with all features, so a missing `cfg` shows only
/// here.
const CHOICES: [&str; 13] = [
    "",
    "cloud",
    "cloud,ureq",
    "cloud,reqwest",
    "cloud,hyper",
    "cloud,hyper,rustls",
    "cloud,ureq,rustls,vcard",
    "cloud,mock",
    "onprem,ureq",
    "partner,reqwest",
    "cloud,ureq,tracing,webhook",
    "migrate",
    "cloud,onprem,partner,reqwest,hyper,ureq,rustls,webpki-roots,vcard,mock,tracing",
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
    // Like docs.rs, which needs nightly.
    let nightly = Command::new("cargo").args(["+nightly", "--version"]).output();
    if nightly.is_ok_and(|out| out.status.success()) {
        let flags = [("RUSTDOCFLAGS", "-D warnings --cfg docsrs"), ("CARGO_TARGET_DIR", "target/docsrs")];
        cargo_with(&["+nightly", "doc", "-p", "d360", "--no-deps", "--all-features"], &flags)?;
    } else {
        eprintln!("ci: docs: nightly is not installed; the docs.rs build was skipped");
    }
    cargo(&["test", "--workspace", "--all-features", "--doc"])
}

/// Builds a separate workspace, which the other steps do not cover.
fn peers() -> Result {
    let manifest = ["--manifest-path", "tests/peers/Cargo.toml"];
    cargo(&[&["fmt", "--check"][..], &manifest].concat())?;
    cargo(&[&["check", "-q", "--locked", "--target-dir", "target/bench/peers"][..], &manifest].concat())
}

/// Runs each fuzz target on mutated seeds for a few seconds, on stable. (`cargo fuzz` needs nightly.)
fn fuzz() -> Result {
    let test =
        ["test", "-q", "-p", "d360-tests", "--test", "it", "fuzz::smoke", "--", "--ignored", "--nocapture"];
    cargo(&test)
}

/// Builds the model and the migration for a target without an operating system. Skipped with a message if the target
/// is missing.
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
