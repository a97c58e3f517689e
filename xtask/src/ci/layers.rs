//! The arrows between the crates, as the table of ARCHITECTURE.md has them, against what cargo says.
use crate::{Result, root, tools};
use serde_json::Value;
use std::{collections::BTreeMap, fs};

/// What the smallest crate may stand on.
const MODEL: [&str; 3] = ["serde", "serde_json", "thiserror"];

pub(super) fn run() -> Result {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md"))
        .map_err(|error| format!("ARCHITECTURE.md: {error}"))?;
    let drawn = arrows(&text)?;
    let packages = tools::packages()?;
    let mut seen = Vec::new();
    for package in &packages {
        let text =
            |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let name = text(package, "name");
        // The unpublished ones look at whatever they test.
        if !text(package, "manifest_path").replace('\\', "/").contains("/crates/") {
            continue;
        }
        let Some(allowed) = drawn.get(&name) else {
            return Err(format!("{name} has no row in the table of arrows of ARCHITECTURE.md"));
        };
        let dependencies = package.get("dependencies").and_then(Value::as_array).cloned().unwrap_or_default();
        let normal =
            dependencies.iter().filter(|dependency| dependency.get("kind").is_some_and(Value::is_null));
        for dependency in normal.map(|dependency| text(dependency, "name")) {
            if dependency.starts_with("d360") && !allowed.contains(&dependency) {
                return Err(format!(
                    "{name} depends on {dependency}, and ARCHITECTURE.md draws no arrow for it (crates/{name}/Cargo.toml)"
                ));
            }
            if name == "d360-model" && !MODEL.contains(&dependency.as_str()) {
                return Err(format!("d360-model stands on {} alone, not on {dependency}", MODEL.join(", ")));
            }
        }
        seen.push(name);
    }
    match drawn.keys().find(|name| !seen.contains(name)) {
        Some(gone) => Err(format!("ARCHITECTURE.md has a row for {gone}, and there is no such crate")),
        None => Ok(()),
    }
}

/// The rows of `| crate | stands on |`.
fn arrows(text: &str) -> Result<BTreeMap<String, Vec<String>>> {
    let rows = text.lines().skip_while(|line| !line.starts_with("| crate | stands on |")).skip(2);
    let names =
        |cell: &str| -> Vec<String> { cell.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
    let mut arrows = BTreeMap::new();
    for row in rows.take_while(|line| line.starts_with('|')) {
        let mut cells = row.split('|').skip(1);
        let (Some(of), Some(on)) = (cells.next(), cells.next()) else { continue };
        for name in names(of) {
            arrows.insert(name, names(on));
        }
    }
    if arrows.is_empty() {
        Err("ARCHITECTURE.md has no table that begins with | crate | stands on |".to_owned())
    } else {
        Ok(arrows)
    }
}
