//! Checks that features are documented and reachable from the facade (fast), and that they build alone and in pairs
//! (slow).
use super::{cargo, keys};
use crate::{
    Result, root,
    tools::{has, manifest},
};
use std::fs;

pub(super) fn run() -> Result {
    // Depth 2: each alone and each pair, without dev-dependencies, which would enable features.
    if !has("hack") {
        eprintln!("ci: features: installing cargo-hack");
        if cargo(&["install", "cargo-hack", "--locked"]).is_err() {
            return Err(format!(
                "{}cargo-hack is missing and cannot be installed; features were not built alone",
                crate::tools::SKIPPED
            ));
        }
    }
    for name in ["d360-transport", "d360"] {
        cargo(&["hack", "check", "-p", name, "--feature-powerset", "--depth", "2", "--no-dev-deps"])?;
    }
    Ok(())
}

/// Checks that every feature has a comment where it is declared, and a row in the crate's documentation and in the
/// README. Every feature of the transport must be reachable from the facade.
pub(super) fn explained() -> Result {
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
