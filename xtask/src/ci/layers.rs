//! Compares the dependencies between the crates in Cargo's metadata with the table in ARCHITECTURE.md.
use crate::{Result, root, tools};
use serde_json::Value;
use std::{collections::BTreeMap, fs};

/// The crates that `d360-model` may depend on.
const MODEL: [&str; 3] = ["serde", "serde_json", "thiserror"];

pub(super) fn run() -> Result {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md"))
        .map_err(|error| format!("ARCHITECTURE.md: {error}"))?;
    let documented = dependencies_in(&text)?;
    let packages = tools::packages()?;
    let mut seen = Vec::new();
    for package in &packages {
        let text =
            |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let name = text(package, "name");
        // Unpublished packages may depend on whatever they test.
        if !text(package, "manifest_path").replace('\\', "/").contains("/crates/") {
            continue;
        }
        let Some(allowed) = documented.get(&name) else {
            return Err(format!("{name} has no row in the dependency table of ARCHITECTURE.md"));
        };
        let dependencies = package.get("dependencies").and_then(Value::as_array).cloned().unwrap_or_default();
        let normal =
            dependencies.iter().filter(|dependency| dependency.get("kind").is_some_and(Value::is_null));
        for dependency in normal.map(|dependency| text(dependency, "name")) {
            if dependency.starts_with("d360") && !allowed.contains(&dependency) {
                return Err(format!(
                    "{name} depends on {dependency}, which the table of ARCHITECTURE.md does not allow (crates/{name}/Cargo.toml)"
                ));
            }
            if name == "d360-model" && !MODEL.contains(&dependency.as_str()) {
                return Err(format!(
                    "d360-model may depend on {} only, not on {dependency}",
                    MODEL.join(", ")
                ));
            }
        }
        seen.push(name);
    }
    match documented.keys().find(|name| !seen.contains(name)) {
        Some(gone) => Err(format!("ARCHITECTURE.md has a row for {gone}, which does not exist")),
        None => Ok(()),
    }
}

/// Parses the rows of `| crate | depends on |`.
fn dependencies_in(text: &str) -> Result<BTreeMap<String, Vec<String>>> {
    let rows = text.lines().skip_while(|line| !line.starts_with("| crate | depends on |")).skip(2);
    let names =
        |cell: &str| -> Vec<String> { cell.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
    let mut table = BTreeMap::new();
    for row in rows.take_while(|line| line.starts_with('|')) {
        let mut cells = row.split('|').skip(1);
        let (Some(of), Some(on)) = (cells.next(), cells.next()) else { continue };
        for name in names(of) {
            table.insert(name, names(on));
        }
    }
    if table.is_empty() {
        Err("ARCHITECTURE.md has no table with the head | crate | depends on |".to_owned())
    } else {
        Ok(table)
    }
}
