//! Runs other programs.
use crate::{Result, root};
use serde_json::Value;
use std::process::Command;

/// The prefix of the reason why a step could not run.
pub(crate) const SKIPPED: &str = "SKIPPED: ";

/// Returns a cargo command in the workspace folder.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(root()).args(args);
    command
}

/// Runs a command with its output visible.
pub(crate) fn run(command: &mut Command) -> Result {
    let status = command.status().map_err(|error| format!("{}: {error}", shown(command)))?;
    if status.success() { Ok(()) } else { Err(format!("{} failed", shown(command))) }
}

/// Runs a command and returns its output.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let out = command.output().map_err(|error| format!("{}: {error}", shown(command)))?;
    if !out.status.success() {
        return Err(format!("{} failed:\n{}", shown(command), String::from_utf8_lossy(&out.stderr)));
    }
    String::from_utf8(out.stdout).map_err(|error| format!("{}: {error}", shown(command)))
}

/// Returns the workspace's packages from `cargo metadata`.
pub(crate) fn packages() -> Result<Vec<Value>> {
    let told = output(&mut cargo(&["metadata", "--no-deps", "--format-version", "1"]))?;
    let mut told: Value = serde_json::from_str(&told).map_err(|error| format!("cargo metadata: {error}"))?;
    match told["packages"].take() {
        Value::Array(packages) => Ok(packages),
        _ => Err("cargo metadata has no packages".to_owned()),
    }
}

/// Returns cargo's target folder.
pub(crate) fn target() -> Result<std::path::PathBuf> {
    let told = output(&mut cargo(&["metadata", "--no-deps", "--format-version", "1"]))?;
    let told: Value = serde_json::from_str(&told).map_err(|error| format!("cargo metadata: {error}"))?;
    told["target_directory"]
        .as_str()
        .map(Into::into)
        .ok_or_else(|| "cargo metadata has no target folder".to_owned())
}

/// Whether a program is installed.
pub(crate) fn installed(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|out| out.status.success())
}

/// Whether cargo has a subcommand of this name.
pub(crate) fn has(name: &str) -> bool {
    Command::new("cargo").args([name, "--version"]).output().is_ok_and(|out| out.status.success())
}

pub(crate) fn manifest(path: &str) -> Result<toml::Table> {
    let text = std::fs::read_to_string(root().join(path)).map_err(|error| format!("{path}: {error}"))?;
    text.parse().map_err(|error| format!("{path}: {error}"))
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
