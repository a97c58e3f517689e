//! Steps that need tools which may not be there.
use super::cargo;
use crate::tools::SKIPPED;
use crate::{
    Result, root,
    tools::{has, manifest},
};
use std::process::Command;

/// Nothing newer than the declared Rust: by clippy's list of what came when, and by that compiler where it is installed.
pub(super) fn msrv() -> Result {
    let declared = manifest("Cargo.toml")?;
    let version = declared
        .get("workspace")
        .and_then(|workspace| workspace.get("package")?.get("rust-version")?.as_str())
        .ok_or("Cargo.toml names no rust-version")?
        .to_owned();
    cargo(&["clippy", "--workspace", "--", "-D", "clippy::incompatible_msrv"])?;
    let listed = Command::new("rustup").args(["toolchain", "list"]).output();
    let listed = listed.map(|out| String::from_utf8_lossy(&out.stdout).into_owned()).unwrap_or_default();
    if listed
        .lines()
        .any(|line| line.starts_with(&format!("{version}-")) || line.starts_with(&format!("{version}.")))
    {
        let toolchain = format!("+{version}");
        let built = Command::new("cargo")
            .current_dir(root())
            .args([&toolchain, "check", "--workspace", "--exclude", "xtask", "--all-features"])
            .env("CARGO_TARGET_DIR", root().join("target/msrv"))
            .status();
        return match built {
            Ok(status) if status.success() => Ok(()),
            _ => Err(format!("it does not build with Rust {version}, which Cargo.toml promises")),
        };
    }
    eprintln!(
        "ci: msrv: Rust {version} is not installed (rustup toolchain install {version}): clippy's list was asked, no build was made"
    );
    Ok(())
}

/// Licences, bans and sources. Advisories need a database from the network, and are another matter.
pub(super) fn deny() -> Result {
    if !has("deny") {
        return Err(format!("{SKIPPED}cargo-deny is not there (cargo install cargo-deny --locked)"));
    }
    cargo(&["deny", "--all-features", "check", "licenses", "bans", "sources"])
}

/// Against the last release, where there is one.
pub(super) fn semver() -> Result {
    let tags =
        Command::new("git").current_dir(root()).args(["tag", "--list", "v*", "--sort=-v:refname"]).output();
    let tags = tags.map(|out| String::from_utf8_lossy(&out.stdout).into_owned()).unwrap_or_default();
    // A candidate (v0.2.0-rc.1) is nothing that was promised.
    let Some(last) = tags.lines().find(|tag| !tag.contains('-')) else {
        return Err(format!("{SKIPPED}there is no release to compare with (no tag v*)"));
    };
    if !has("semver-checks") {
        return Err(format!(
            "{SKIPPED}cargo-semver-checks is not there (cargo install cargo-semver-checks --locked)"
        ));
    }
    cargo(&["semver-checks", "--workspace", "--baseline-rev", last])
}
