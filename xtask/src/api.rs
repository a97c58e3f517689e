//! Writes the public API as text to `docs/api`, so that reviews show every change. `ci api` fails if the text is out
//! of date.
use crate::{Result, root, tools, tools::SKIPPED};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

/// The library crates. The others are programs.
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
/// The format version of rustdoc's JSON that `public-api` reads: that of Rust 1.95.
const FORMAT: u64 = 57;

/// Writes the texts. With `check`, fails if one differs.
pub(crate) fn run(check: bool) -> Result {
    let mut stale = Vec::new();
    let mut texts = Vec::new();
    let mut traits = BTreeMap::new();
    for name in CRATES {
        let json = json(name)?;
        texts.push((name, text(&json)?));
        add_traits(&json, &mut traits)?;
    }
    texts.push(("traits", table(&traits)));
    let silent = |traits: &BTreeSet<String>| !traits.contains("Debug");
    let silent: Vec<&str> =
        traits.iter().filter(|(_, traits)| silent(traits)).map(|(name, _)| name.as_str()).collect();
    if !silent.is_empty() {
        return Err(format!("every public type implements Debug; these do not: {}", silent.join(", ")));
    }
    for (name, text) in texts {
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
        "the public API differs from docs/api; if the change is intended, run `cargo xtask api` and commit the result:\n{}",
        stale.join("\n")
    ))
}

/// Writes rustdoc's JSON of a crate with all its features.
fn json(name: &str) -> Result<PathBuf> {
    // rustdoc writes JSON only on nightly. This variable enables it on stable.
    let mut rustdoc = tools::cargo(&["rustdoc", "-q", "-p", name, "--lib", "--all-features", "--"]);
    rustdoc.args(["-Z", "unstable-options", "--output-format", "json", "--cap-lints", "allow"]);
    tools::run(rustdoc.env("RUSTC_BOOTSTRAP", "1"))?;
    let json = tools::target()?.join("doc").join(name.replace('-', "_")).with_extension("json");
    let read = fs::read_to_string(&json).map_err(|error| format!("{}: {error}", json.display()))?;
    let format = serde_json::from_str::<serde_json::Value>(&read)
        .ok()
        .and_then(|json| json["format_version"].as_u64())
        .unwrap_or_default();
    if format != FORMAT {
        return Err(format!(
            "{SKIPPED}rustdoc of this toolchain writes JSON format {format}; expected format {FORMAT} (Rust 1.95)"
        ));
    }
    Ok(json)
}

fn items(json: &Path, derived: bool) -> Result<Vec<String>> {
    let api = public_api::Builder::from_rustdoc_json(json)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(!derived)
        .build()
        .map_err(|error| format!("{}: {error}", json.display()))?;
    Ok(api.items().map(ToString::to_string).collect())
}

/// Returns the API of a crate, one item per line, without derived implementations.
fn text(json: &Path) -> Result<String> {
    Ok(items(json, false)?.join("\n") + "\n")
}

/// The names of the traits that each public type implements.
type Traits = BTreeMap<String, BTreeSet<String>>;

/// Adds the public types of a crate with the traits that they implement.
fn add_traits(json: &Path, traits: &mut Traits) -> Result {
    let items = items(json, true)?;
    for item in &items {
        let item = item.strip_prefix("#[non_exhaustive] ").unwrap_or(item);
        if let Some(name) = ["pub struct ", "pub enum "].iter().find_map(|kind| item.strip_prefix(kind)) {
            traits.entry(path(name)).or_default();
        }
    }
    for item in &items {
        let Some((name, on)) = item.strip_prefix("impl").and_then(|rest| rest.split_once(" for ")) else {
            continue;
        };
        // The name of the trait follows the implementation's own parameters, as in `impl<T: Clone> Clone for …`.
        let name =
            name.rsplit_once("> ").filter(|(left, _)| left.starts_with('<')).map_or(name, |(_, name)| name);
        let name = path(name).rsplit("::").next().unwrap_or_default().to_owned();
        if name == "StructuralPartialEq" {
            continue;
        }
        if let Some(of) = traits.get_mut(&path(on)) {
            of.insert(name);
        }
    }
    // A type that is exported twice has its implementations at one of its paths. The other needs no line.
    let ends = |path: &str| {
        (path.split("::").next().map(str::to_owned), path.rsplit("::").next().map(str::to_owned))
    };
    let known: BTreeSet<_> =
        traits.iter().filter(|(_, traits)| !traits.is_empty()).map(|(path, _)| ends(path)).collect();
    traits.retain(|path, traits| !traits.is_empty() || !known.contains(&ends(path)));
    Ok(())
}

/// Returns the path of a type or trait without its parameters and fields.
fn path(item: &str) -> String {
    item.split(['<', '(', ' ']).find(|part| !part.is_empty()).unwrap_or_default().to_owned()
}

fn table(traits: &Traits) -> String {
    let mut text = String::new();
    for (name, traits) in traits {
        let traits: Vec<&str> = traits.iter().map(String::as_str).collect();
        let _ = writeln!(text, "{name}: {}", traits.join(" "));
    }
    text
}

/// The lines that only one of the texts has.
fn difference(old: &str, new: &str) -> String {
    let lines = |of: &str, other: &str, sign: char| -> String {
        let other: std::collections::HashSet<&str> = other.lines().collect();
        of.lines().filter(|line| !other.contains(line)).map(|line| format!("\n  {sign} {line}")).collect()
    };
    lines(old, new, '-') + &lines(new, old, '+')
}
