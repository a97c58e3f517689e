//! The unit and the Dockerfile, by the tools that read them.
use crate::tools::SKIPPED;
use crate::{Result, root};
use std::{fs, path::Path, process::Command};

/// The exposure that `systemd-analyze security` may find at most, in tenths (10 is wide open).
const EXPOSURE: &str = "--threshold=20";

pub(super) fn run() -> Result {
    let mut missing = Vec::new();
    for (tool, check) in [("systemd-analyze", unit as fn() -> Result), ("hadolint", dockerfile)] {
        let found = Command::new(tool).arg("--version").output().is_ok_and(|ran| ran.status.success());
        if found { check()? } else { missing.push(tool) }
    }
    match missing[..] {
        [] => Ok(()),
        _ => Err(format!("{SKIPPED}{} not installed; its part was not checked", missing.join(" and "))),
    }
}

fn unit() -> Result {
    let unit = fs::read_to_string(root().join("packaging/d360-gateway.service"))
        .map_err(|error| format!("packaging/d360-gateway.service: {error}"))?;
    // It asks whether the program is there.
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

/// A tool that has nothing to say.
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
