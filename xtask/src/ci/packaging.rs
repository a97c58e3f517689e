//! Checks the systemd unit and the Dockerfile with systemd-analyze and hadolint.
use crate::tools::SKIPPED;
use crate::{Result, root};
use std::{fs, path::Path, process::Command};

/// The highest exposure accepted from `systemd-analyze security`, in tenths (10 is the worst score).
const EXPOSURE: &str = "--threshold=20";

pub(super) fn run() -> Result {
    let mut missing = Vec::new();
    for (tool, check) in [("systemd-analyze", unit as fn() -> Result), ("hadolint", dockerfile)] {
        let found = Command::new(tool).arg("--version").output().is_ok_and(|ran| ran.status.success());
        if found { check()? } else { missing.push(tool) }
    }
    match missing[..] {
        [] => Ok(()),
        _ => Err(format!("{SKIPPED}{} not installed; these checks were skipped", missing.join(" and "))),
    }
}

fn unit() -> Result {
    let unit = fs::read_to_string(root().join("packaging/d360-gateway.service"))
        .map_err(|error| format!("packaging/d360-gateway.service: {error}"))?;
    // systemd-analyze checks that the program exists.
    let folder = root().join("target/packaging");
    let path = folder.join("d360-gateway.service");
    fs::create_dir_all(&folder)
        .and_then(|()| fs::write(&path, unit.replace("/usr/bin/d360 ", "/usr/bin/env ")))
        .map_err(|error| format!("{}: {error}", path.display()))?;
    silent("systemd-analyze", &["verify", "--man=no"], &path)?;
    asked("systemd-analyze", &["security", "--no-pager", "--offline=true", EXPOSURE], &path).map(drop)
}

fn dockerfile() -> Result {
    silent("hadolint", &[], &root().join("packaging/Dockerfile"))
}

/// Fails if the tool prints anything.
fn silent(tool: &str, args: &[&str], path: &Path) -> Result {
    let said = asked(tool, args, path)?;
    if said.trim().is_empty() { Ok(()) } else { Err(format!("{tool}: {said}")) }
}

fn asked(tool: &str, args: &[&str], path: &Path) -> Result<String> {
    eprintln!("ci: {tool} {} {}", args.join(" "), path.display());
    let ran = Command::new(tool).args(args).arg(path).output().map_err(|error| format!("{tool}: {error}"))?;
    let said = [ran.stdout, ran.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    if ran.status.success() { Ok(said) } else { Err(format!("{tool}: {said}")) }
}
