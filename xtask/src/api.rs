//! The public API as text, in `docs/api`: a change of it shows in a review, and `ci api` fails where the text is stale.
use crate::{Result, root, tools, tools::SKIPPED};
use std::{fmt::Write as _, fs};

/// The crates that a program depends on. The others are programs.
const CRATES: [&str; 9] = [
    "d360",
    "d360-cloud",
    "d360-migrate",
    "d360-model",
    "d360-onprem",
    "d360-partner",
    "d360-transport",
    "d360-vcard",
    "d360-webhook",
];
/// The version of rustdoc's JSON that the library reads: that of Rust 1.95.
const FORMAT: u64 = 57;

/// Writes the texts, or with `check` fails where one differs.
pub(crate) fn run(check: bool) -> Result {
    let mut stale = Vec::new();
    for name in CRATES {
        let text = text(name)?;
        let path = format!("docs/api/{name}.txt");
        let old = fs::read_to_string(root().join(&path)).unwrap_or_default().replace("\r\n", "\n");
        if old == text {
            continue;
        }
        if check {
            stale.push(format!("{path}{}", difference(&old, &text)));
        } else {
            let at = |error| format!("{path}: {error}");
            fs::create_dir_all(root().join("docs/api")).map_err(at)?;
            fs::write(root().join(&path), text).map_err(at)?;
            eprintln!("wrote {path}");
        }
    }
    if stale.is_empty() {
        return Ok(());
    }
    Err(format!(
        "the public API is not what docs/api says; if the change is meant, run `cargo xtask api` and commit:\n{}",
        stale.join("\n")
    ))
}

/// The API of a crate with all its features, an item a line.
fn text(name: &str) -> Result<String> {
    // rustdoc writes JSON on nightly alone, unless it is told to do as nightly does.
    let mut rustdoc = tools::cargo(&["rustdoc", "-q", "-p", name, "--lib", "--all-features", "--"]);
    rustdoc.args(["-Z", "unstable-options", "--output-format", "json", "--cap-lints", "allow"]);
    tools::run(rustdoc.env("RUSTC_BOOTSTRAP", "1"))?;
    let target = tools::target()?;
    let json = target.join("doc").join(name.replace('-', "_")).with_extension("json");
    let read = fs::read_to_string(&json).map_err(|error| format!("{}: {error}", json.display()))?;
    let format = serde_json::from_str::<serde_json::Value>(&read)
        .ok()
        .and_then(|json| json["format_version"].as_u64())
        .unwrap_or_default();
    if format != FORMAT {
        return Err(format!(
            "{SKIPPED}rustdoc of this toolchain writes JSON of format {format}; format {FORMAT} (Rust 1.95) is read"
        ));
    }
    let api = public_api::Builder::from_rustdoc_json(json)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build()
        .map_err(|error| format!("{name}: {error}"))?;
    let mut text = String::new();
    for item in api.items() {
        let _ = writeln!(text, "{item}");
    }
    Ok(text)
}

/// The lines that one of the texts alone has.
fn difference(old: &str, new: &str) -> String {
    let lines = |of: &str, other: &str, sign: char| -> String {
        let other: std::collections::HashSet<&str> = other.lines().collect();
        of.lines().filter(|line| !other.contains(line)).map(|line| format!("\n  {sign} {line}")).collect()
    };
    lines(old, new, '-') + &lines(new, old, '+')
}
