//! What CI runs, step by step.
use crate::{Result, root};
use std::{collections::BTreeSet, fs, process::Command, time::Instant};

type Step = (&'static str, fn() -> Result);

/// An error that begins so is no failure: the step could not be run here, and says why.
const SKIPPED: &str = "SKIPPED: ";

/// In the order in which they are quickest to fail.
const STEPS: &[Step] = &[
    ("fmt", || cargo(&["fmt", "--all", "--check"])),
    ("codegen", || crate::codegen::run(true)),
    ("features", features),
    ("arrows", arrows),
    ("tree", tree),
    ("clippy", clippy),
    ("test", || cargo(&["test"])),
    ("doc", doc),
    ("wasm", wasm),
    ("fuzz", fuzz),
];

/// Runs the steps named, or all of them.
pub(crate) fn run(names: &[&str]) -> Result {
    if let Some(unknown) = names.iter().find(|name| !STEPS.iter().any(|(step, _)| step == *name)) {
        let known: Vec<&str> = STEPS.iter().map(|(step, _)| *step).collect();
        return Err(format!("{unknown} is no step; the steps are: {}", known.join(" ")));
    }
    for (name, step) in STEPS.iter().filter(|(name, _)| names.is_empty() || names.contains(name)) {
        let start = Instant::now();
        match step() {
            Ok(()) => eprintln!("ci: {name}: ok, {} s", start.elapsed().as_secs()),
            Err(why) if why.starts_with(SKIPPED) => eprintln!("ci: {name}: {why}"),
            Err(error) => return Err(format!("ci: {name}: {error}")),
        }
    }
    Ok(())
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
    let mut command = Command::new("cargo");
    command.current_dir(root()).args(args).envs(envs.iter().copied());
    let status = command.status().map_err(|error| format!("cargo: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("cargo {} failed", args.join(" "))) }
}

fn output(args: &[&str]) -> Result<String> {
    let out =
        Command::new("cargo").current_dir(root()).args(args).output().map_err(|e| format!("cargo: {e}"))?;
    if !out.status.success() {
        return Err(format!("cargo {} failed: {}", args.join(" "), String::from_utf8_lossy(&out.stderr)));
    }
    String::from_utf8(out.stdout).map_err(|error| format!("cargo: {error}"))
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

fn clippy() -> Result {
    cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])?;
    CHOICES.iter().try_for_each(|choice| {
        let features =
            ["clippy", "-p", "d360", "--no-default-features", "--features", choice, "--", "-D", "warnings"];
        cargo(&features)
    })
}

fn doc() -> Result {
    cargo_with(&["doc", "--workspace", "--no-deps", "--all-features"], &[("RUSTDOCFLAGS", "-D warnings")])
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

/// The names of the crates that a build of the facade with these features links.
fn linked(features: &str) -> Result<BTreeSet<String>> {
    let args = ["tree", "-p", "d360", "--no-default-features", "--features", features, "-e", "normal"];
    let list = output(&[&args[..], &["--prefix", "none", "-f", "{p}"]].concat())?;
    let name = |line: &str| line.split(' ').next().map(str::to_owned);
    Ok(list.lines().filter_map(name).filter(|name| !name.is_empty()).collect())
}

/// What each choice of features may not bring, and how many crates of others it may at most.
fn tree() -> Result {
    let async_only = ["tokio", "hyper", "reqwest", "h2"];
    let cases: [(&str, &[&str], usize); 3] = [
        ("cloud", &async_only, 22),
        ("cloud,ureq,rustls,vcard", &async_only, 70),
        ("cloud,ureq,rustls", &async_only, 42),
    ];
    for (features, banned, most) in cases.into_iter().chain([("cloud,reqwest,rustls", &["ureq"][..], 100)]) {
        let crates = linked(features)?;
        if let Some(found) = banned.iter().find(|name| crates.contains(**name)) {
            return Err(format!("features {features} bring {found}"));
        }
        let others = crates.iter().filter(|name| !name.starts_with("d360")).count();
        eprintln!("ci: tree: {features}: {others} crates of others");
        if others > most {
            return Err(format!("features {features} bring {others} crates, more than {most}"));
        }
    }
    let all = output(&[
        "tree",
        "--workspace",
        "--all-features",
        "--target",
        "all",
        "-e",
        "normal,build",
        "--prefix",
        "none",
    ])?;
    match all.lines().find(|line| line.starts_with("ring ")) {
        Some(found) => Err(format!("{found}is in the tree: one TLS provider is enough")),
        None => Ok(()),
    }
}

fn manifest(path: &str) -> Result<toml::Table> {
    let text = fs::read_to_string(root().join(path)).map_err(|error| format!("{path}: {error}"))?;
    text.parse().map_err(|error| format!("{path}: {error}"))
}

fn keys(table: &toml::Table, section: &str) -> Vec<String> {
    let table = table.get(section).and_then(toml::Value::as_table);
    table.map(|table| table.keys().cloned().collect()).unwrap_or_default()
}

/// Every feature is explained where it is declared, in the crate's documentation and in the README; and every feature
/// of the transport can be reached from the facade.
fn features() -> Result {
    let readme =
        fs::read_to_string(root().join("README.md")).map_err(|error| format!("README.md: {error}"))?;
    let docs =
        fs::read_to_string(root().join("crates/d360/src/lib.rs")).map_err(|error| error.to_string())?;
    let facade = manifest("crates/d360/Cargo.toml")?;
    for feature in keys(&facade, "features").iter().filter(|feature| *feature != "default") {
        for (place, text) in [("README.md", &readme), ("the documentation of d360", &docs)] {
            if !text.contains(&format!("| `{feature}` |")) {
                return Err(format!("feature {feature} is not in the table of {place}"));
            }
        }
    }
    for path in ["crates/d360/Cargo.toml", "crates/d360-transport/Cargo.toml"] {
        let text = fs::read_to_string(root().join(path)).map_err(|error| format!("{path}: {error}"))?;
        let lines: Vec<&str> = text.lines().collect();
        for feature in keys(&manifest(path)?, "features") {
            let declared = lines.iter().position(|line| line.starts_with(&format!("{feature} = ")));
            if declared.is_none_or(|at| at == 0 || !lines[at - 1].starts_with('#')) {
                return Err(format!("{path}: feature {feature} has no comment above it"));
            }
        }
    }
    let reached = format!("{:?}", facade.get("features"));
    for feature in keys(&manifest("crates/d360-transport/Cargo.toml")?, "features") {
        if !reached.contains(&format!("d360-transport/{feature}")) {
            return Err(format!("feature {feature} of d360-transport cannot be reached from d360"));
        }
    }
    Ok(())
}

/// The arrows between the crates, as ARCHITECTURE.md draws them.
fn arrows() -> Result {
    let allowed: [(&str, &[&str]); 12] = [
        ("d360-model", &[]),
        ("d360-transport", &["d360-model"]),
        ("d360-cloud", &["d360-model", "d360-transport"]),
        ("d360-onprem", &["d360-model", "d360-transport"]),
        ("d360-partner", &["d360-model", "d360-transport"]),
        ("d360-vcard", &["d360-model"]),
        ("d360-webhook", &["d360-model"]),
        ("d360-migrate", &["d360-model"]),
        (
            "d360",
            &[
                "d360-model",
                "d360-transport",
                "d360-cloud",
                "d360-onprem",
                "d360-partner",
                "d360-vcard",
                "d360-webhook",
                "d360-migrate",
            ],
        ),
        ("d360-sandbox", &[]),
        ("d360-gateway", &["d360"]),
        ("d360-cli", &["d360", "d360-gateway", "d360-sandbox"]),
    ];
    let folders = fs::read_dir(root().join("crates")).map_err(|error| format!("crates: {error}"))?;
    for folder in folders {
        let name = folder.map_err(|error| error.to_string())?.file_name().to_string_lossy().into_owned();
        let Some((_, allowed)) = allowed.iter().find(|(known, _)| *known == name) else {
            return Err(format!(
                "crate {name} has no arrows here; add it to xtask/src/ci.rs and ARCHITECTURE.md"
            ));
        };
        let dependencies = keys(&manifest(&format!("crates/{name}/Cargo.toml"))?, "dependencies");
        let ours = dependencies.iter().filter(|dependency| dependency.starts_with("d360"));
        if let Some(wrong) = ours.into_iter().find(|dependency| !allowed.contains(&dependency.as_str())) {
            return Err(format!("{name} may not depend on {wrong}"));
        }
        if name == "d360-model" && dependencies != ["serde", "serde_json", "thiserror"] {
            return Err(format!(
                "d360-model stands on serde, serde_json and thiserror alone, not on {dependencies:?}"
            ));
        }
    }
    Ok(())
}
