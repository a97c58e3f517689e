//! Steps that need tools which may be missing.
use super::cargo;
use crate::tools::SKIPPED;
use crate::{
    Result, root,
    tools::{has, manifest},
};
use std::process::Command;

/// Checks the declared Rust version with clippy's `incompatible_msrv`, and builds with that compiler if it is
/// installed.
pub(super) fn msrv() -> Result {
    let declared = manifest("Cargo.toml")?;
    let version = declared
        .get("workspace")
        .and_then(|workspace| workspace.get("package")?.get("rust-version")?.as_str())
        .ok_or("Cargo.toml has no rust-version")?
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
            _ => Err(format!("the build fails with Rust {version}, the rust-version of Cargo.toml")),
        };
    }
    eprintln!(
        "ci: msrv: Rust {version} is not installed (rustup toolchain install {version}); only clippy checked it"
    );
    Ok(())
}

/// Checks licences, bans and sources. Advisories need a database from the network and are not checked here.
pub(super) fn deny() -> Result {
    if !has("deny") {
        return Err(format!("{SKIPPED}cargo-deny is not installed (cargo install cargo-deny --locked)"));
    }
    cargo(&["deny", "--all-features", "check", "licenses", "bans", "sources"])
}

/// Compares with the last release, if there is one.
pub(super) fn semver() -> Result {
    let tags =
        Command::new("git").current_dir(root()).args(["tag", "--list", "v*", "--sort=-v:refname"]).output();
    let tags = tags.map(|out| String::from_utf8_lossy(&out.stdout).into_owned()).unwrap_or_default();
    // A release candidate (v0.2.0-rc.1) makes no compatibility promise.
    let Some(last) = tags.lines().find(|tag| !tag.contains('-')) else {
        return Err(format!("{SKIPPED}no release to compare with (no tag v*)"));
    };
    if !has("semver-checks") {
        return Err(format!(
            "{SKIPPED}cargo-semver-checks is not installed (cargo install cargo-semver-checks --locked)"
        ));
    }
    cargo(&["semver-checks", "--workspace", "--baseline-rev", last])
}
