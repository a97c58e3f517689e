//! `cargo xtask release VERSION [--execute]`: a dry run by default. It works in a temporary copy of the repository.
use crate::{Result, ci, root, tools};
use jiff::Timestamp;
use semver::Version;
use serde_json::Value;
use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    process::Command,
};

const UNRELEASED: &str = "\n## [Unreleased]\n";

pub(crate) fn run(version: &str, execute: bool) -> Result {
    let version: Version =
        version.parse().map_err(|error| format!("{version} is not a version like 0.2.0: {error}"))?;
    if !version.build.is_empty() {
        return Err(format!("{version}: remove the build metadata after +; crates.io ignores it"));
    }
    let present = present()?;
    // Before the first release, the version in the manifests is itself unreleased.
    let is_first = git(&root(), &["tag", "--list", "v*"])?.is_empty();
    if version < present || version == present && !is_first {
        return Err(format!("{version} is not higher than the current version {present}"));
    }
    let tag = format!("v{version}");
    if !git(&root(), &["tag", "--list", &tag])?.is_empty() {
        return Err(format!("the tag {tag} already exists"));
    }
    clean()?;
    published()?;
    println!("release {version} after {present}:");

    // The copy runs the whole release first, so that a failure changes nothing here.
    let copy = Copy::new()?;
    let mut edited = Vec::new();
    edit(&copy.0, &present, &version, &mut edited)?;
    for path in &edited {
        println!("  edit     {path}");
    }
    let identity = ["-c", "user.name=release", "-c", "user.email=release@localhost"];
    commit(&copy.0, &identity, &version, &edited)?;
    println!("  commit   Release {version}");
    println!("  tag      {tag}");
    let order = order()?;
    rehearse(&copy.0, &order, &version)?;
    println!("  publish  {}", order.join(" "));
    drop(copy);
    if !execute {
        println!(
            "Dry run: nothing was changed. --execute runs `cargo xtask ci` and then performs these steps."
        );
        return Ok(());
    }

    let head = git(&root(), &["rev-parse", "HEAD"])?;
    // Checked on the new version, because the version number decides whether a breaking change is allowed.
    let steps: Vec<&str> = ci::names().filter(|step| *step != "semver").collect();
    complete(&steps)?;
    clean()?;
    if git(&root(), &["rev-parse", "HEAD"])? != head {
        return Err("HEAD changed while the checks ran; start again".to_owned());
    }
    let mut edited = Vec::new();
    let made = edit(&root(), &present, &version, &mut edited)
        // Before the first release there is nothing to compare with.
        .and_then(|()| if is_first { Ok(()) } else { complete(&["semver"]) })
        .and_then(|()| commit(&root(), &[], &version, &edited));
    if let Err(error) = made {
        undo(&head, &tag, &edited)?;
        return Err(format!("{error}\nNothing was released, and the edits were undone"));
    }
    for (at, name) in order.iter().enumerate() {
        cargo(&root(), &["publish", "-p", name]).map_err(|error| {
            let left: Vec<String> = order[at..].iter().map(|name| format!("cargo publish -p {name}")).collect();
            format!(
                "{error}\nRelease {version} is committed and tagged, and {at} crates are published (crates.io takes a few new ones at once, \
                 and then one every ten minutes). To continue:\n{}",
                left.join(" && ")
            )
        })?;
    }
    println!("Published. Now: git push --follow-tags");
    Ok(())
}

/// Runs steps of CI. A skipped step fails the release.
fn complete(steps: &[&str]) -> Result {
    let skipped = ci::steps(steps)?;
    if skipped.is_empty() {
        Ok(())
    } else {
        Err(format!("not run here: {}; install the missing tools", skipped.join(" ")))
    }
}

fn clean() -> Result {
    let changed = git(&root(), &["status", "--porcelain"])?;
    if changed.is_empty() {
        Ok(())
    } else {
        Err(format!("the tree is not clean; commit or stash first:\n{changed}"))
    }
}

/// Restores the files of the release and its commit. Other files are not touched.
fn undo(head: &str, tag: &str, edited: &[String]) -> Result {
    // There may be no release commit yet.
    let _ = git(&root(), &["tag", "-d", tag]);
    git(&root(), &["reset", "-q", "--soft", head])?;
    let edited = edited.iter().map(String::as_str);
    let args: Vec<&str> = ["checkout", "-q", head, "--"].into_iter().chain(edited).collect();
    if args.len() > 4 { git(&root(), &args).map(drop) } else { Ok(()) }
}

/// A copy of the repository that is removed on drop.
struct Copy(PathBuf);

impl Copy {
    fn new() -> Result<Self> {
        let folder = root().join("target/release-rehearsal");
        let _ = fs::remove_dir_all(&folder);
        let copy = Self(folder);
        git(&root(), &["clone", "-q", "--no-hardlinks", ".", &copy.0.to_string_lossy()])?;
        Ok(copy)
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Returns the current version of the workspace.
fn present() -> Result<Version> {
    let manifest = tools::manifest("Cargo.toml")?;
    let version = manifest["workspace"]["package"]["version"].as_str().unwrap_or_default();
    version.parse().map_err(|error| format!("Cargo.toml: version {version}: {error}"))
}

/// Returns the published crates, dependencies first.
fn order() -> Result<Vec<String>> {
    let mut left = metadata()?;
    let mut order: Vec<String> = Vec::new();
    while !left.is_empty() {
        let names: Vec<String> = left.iter().map(|package| name(package).to_owned()).collect();
        let waits = |package: &Value| {
            let needs = package["dependencies"].as_array().into_iter().flatten();
            needs
                .filter(|need| need["kind"] != "dev")
                .any(|need| names.iter().any(|name| need["name"] == **name))
        };
        let (waiting, ready): (Vec<Value>, Vec<Value>) = left.into_iter().partition(waits);
        if ready.is_empty() {
            return Err(format!("circular dependency between crates: {}", names.join(" ")));
        }
        order.extend(ready.iter().map(|package| name(package).to_owned()));
        left = waiting;
    }
    Ok(order)
}

fn name(package: &Value) -> &str {
    package["name"].as_str().unwrap_or_default()
}

/// Returns the published crates of the workspace. Cargo reports `publish = false` as an empty list of registries.
fn metadata() -> Result<Vec<Value>> {
    let packages = tools::packages()?.into_iter();
    Ok(packages.filter(|package| package["publish"] != Value::Array(Vec::new())).collect())
}

/// Checks that each crate has the metadata of a published crate, and that all have one version.
fn published() -> Result {
    let present = present()?.to_string();
    let mut problems = Vec::new();
    for package in metadata()? {
        let name = name(&package);
        let empty = |value: &Value| value.as_str().is_none_or(str::is_empty);
        for key in ["description", "license", "readme", "rust_version"] {
            if empty(&package[key]) {
                problems.push(format!("{name} has no {key}"));
            }
        }
        for key in ["keywords", "categories"] {
            if package[key].as_array().is_none_or(Vec::is_empty) {
                problems.push(format!("{name} has no {key}"));
            }
        }
        if package["metadata"]["docs"]["rs"].is_null() {
            problems.push(format!("{name} has no package.metadata.docs.rs"));
        }
        if package["version"] != *present {
            problems
                .push(format!("{name} has version {}, but the workspace has {present}", package["version"]));
        }
        let manifest = PathBuf::from(package["manifest_path"].as_str().unwrap_or_default());
        let folder = manifest.parent().unwrap_or(Path::new(""));
        for file in ["LICENSE-MIT", "LICENSE-APACHE"] {
            if !folder.join(file).is_file() {
                problems.push(format!("{name} has no {file}"));
            }
        }
        let readme = folder.join(package["readme"].as_str().unwrap_or_default());
        if !readme.is_file() {
            problems.push(format!("{name}: {} does not exist", readme.display()));
        }
        let needs = package["dependencies"].as_array().into_iter().flatten();
        let exact = format!("={present}");
        for need in
            needs.filter(|need| need["path"].is_string() && need["req"] != *exact && need["kind"] != "dev")
        {
            // They share `#[doc(hidden)]` items, which a crate of another version may not have.
            problems.push(format!("{name} requires {} {}, not {exact}", need["name"], need["req"]));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}

/// Changes every mention of the version. `edited` collects the changed paths, also if it fails halfway.
fn edit(folder: &Path, present: &Version, version: &Version, edited: &mut Vec<String>) -> Result {
    let files = git(folder, &["ls-files"])?;
    for path in files.lines() {
        let extension = Path::new(path).extension().and_then(|extension| extension.to_str());
        if !matches!(extension, Some("md" | "rs" | "toml")) || path.starts_with("xtask/src") {
            continue;
        }
        let file = folder.join(path);
        let text = fs::read_to_string(&file).map_err(|error| format!("{path}: {error}"))?;
        let new = match path {
            "CHANGELOG.md" => changelog(&text, version)?,
            _ => text.split_inclusive('\n').map(|line| snippet(path, line, present, version)).collect(),
        };
        if new != text {
            edited.push(path.to_owned());
            fs::write(&file, new).map_err(|error| format!("{path}: {error}"))?;
        }
    }
    // In the lock files only our own crates change.
    for lock in files.lines().filter(|path| path.ends_with("Cargo.lock")) {
        edited.push(lock.to_owned());
        let manifest = lock.replace("Cargo.lock", "Cargo.toml");
        cargo(folder, &["update", "--quiet", "--workspace", "--manifest-path", &manifest])?;
    }
    Ok(())
}

/// Renames `[Unreleased]` to the version and adds an empty `[Unreleased]` above it. A pre-release (0.2.0-rc.1) does
/// not move the entries.
fn changelog(text: &str, version: &Version) -> Result<String> {
    let (before, after) =
        text.split_once(UNRELEASED).ok_or("CHANGELOG.md has no `## [Unreleased]`".to_owned())?;
    let entries = after.split("\n## ").next().unwrap_or_default();
    if entries.trim().is_empty() {
        return Err("CHANGELOG.md has no entries under `## [Unreleased]`".to_owned());
    }
    if !version.pre.is_empty() {
        return Ok(text.to_owned());
    }
    let today = Timestamp::now().strftime("%F");
    Ok(format!("{before}{UNRELEASED}\n## [{version}] - {today}\n{after}"))
}

/// Returns a line that mentions one of our crates, or the workspace version, with the new version.
fn snippet(path: &str, line: &str, present: &Version, version: &Version) -> String {
    if path == "README.md" && line.starts_with("Not on crates.io yet") {
        return String::new();
    }
    let own = path == "Cargo.toml" && line.starts_with("version = ");
    let start = line.trim_start().trim_start_matches("//! ").trim_start_matches("/// ");
    if !own && !start.contains("d360") {
        return line.to_owned();
    }
    // A reader's Cargo.toml has only the part of the version that compatibility depends on: 0.1, or 1.
    let short = |version: &Version| match version {
        version if !version.pre.is_empty() => version.to_string(),
        Version { major: 0, minor, .. } => format!("0.{minor}"),
        Version { major, .. } => major.to_string(),
    };
    let named = |version: &str| format!("= \"{version}\"");
    let full = if path.ends_with("Cargo.toml") { version.to_string() } else { short(version) };
    line.replace(&named(&format!("={present}")), &named(&format!("={version}")))
        .replace(&named(&present.to_string()), &named(&full))
        .replace(&named(&short(present)), &named(&short(version)))
}

fn commit(folder: &Path, options: &[&str], version: &Version, edited: &[String]) -> Result {
    let add: Vec<&str> = ["add", "--"].into_iter().chain(edited.iter().map(String::as_str)).collect();
    git(folder, &add)?;
    let text = format!("Release {version}");
    git(folder, &[options, &["commit", "-q", "--allow-empty", "-m", &text]].concat())?;
    let tag = format!("v{version}");
    git(folder, &[options, &["tag", "-a", &tag, "-m", &text]].concat()).map(drop)
}

/// Packages every crate and builds it from the package alone, as users do.
fn rehearse(folder: &Path, order: &[String], version: &Version) -> Result {
    forget(order, version)?;
    let mut publish = tools::cargo(&["publish", "--workspace", "--dry-run"]);
    let build = folder.join("target");
    let done = tools::output(publish.current_dir(folder).env("CARGO_TARGET_DIR", build));
    let forgotten = forget(order, version);
    done.and(forgotten)
}

/// Removes the packages that cargo cached in its home folder, because it would reuse the old code of the same
/// version. Their build output is in the copy and is removed with it.
fn forget(order: &[String], version: &Version) -> Result {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home =
        home.or_else(|| Some(std::env::home_dir()?.join(".cargo"))).ok_or("there is no home folder")?;
    // It does not exist if nothing was downloaded yet.
    let registries = fs::read_dir(home.join("registry/src")).into_iter().flatten().flatten();
    for registry in registries.filter(|of| of.file_name().to_string_lossy().starts_with('-')) {
        for name in order {
            let folder = registry.path().join(format!("{name}-{version}"));
            match fs::remove_dir_all(&folder) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(format!("{}: {error}", folder.display()));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

fn cargo(folder: &Path, args: &[&str]) -> Result {
    tools::run(tools::cargo(args).current_dir(folder))
}

fn git(folder: &Path, args: &[&str]) -> Result<String> {
    let told = tools::output(Command::new("git").current_dir(folder).args(args))?;
    Ok(told.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn lines_that_name_us_get_the_version() {
        let cases = [
            ("Cargo.toml", "version = \"0.1.0\"\n", "version = \"0.2.0\"\n"),
            (
                "Cargo.toml",
                "d360-model = { version = \"=0.1.0\", path = \"crates/d360-model\" }\n",
                "d360-model = { version = \"=0.2.0\", path = \"crates/d360-model\" }\n",
            ),
            ("README.md", "d360 = \"0.1\"\n", "d360 = \"0.2\"\n"),
            (
                "README.md",
                "Blocking, with `d360 = { version = \"0.1\", default-features = false }`:\n",
                "Blocking, with `d360 = { version = \"0.2\", default-features = false }`:\n",
            ),
            ("README.md", "tower = { version = \"0.1\" }\n", "tower = { version = \"0.1\" }\n"),
            ("crates/d360/Cargo.toml", "version = \"0.1.0\"\n", "version = \"0.1.0\"\n"),
            ("README.md", "d360-sandbox = \"0.1\"\n", "d360-sandbox = \"0.2\"\n"),
            ("README.md", "Not on crates.io yet; until then, a path.\n", ""),
        ];
        for (path, line, expected) in cases {
            assert_eq!(snippet(path, line, &version("0.1.0"), &version("0.2.0")), expected, "{path}");
        }
        let patched = snippet("README.md", "d360 = \"0.1\"\n", &version("0.1.0"), &version("0.1.1"));
        assert_eq!(patched, "d360 = \"0.1\"\n");
        // To a release candidate, and then to the version itself.
        let candidate = snippet("README.md", "d360 = \"0.1\"\n", &version("0.1.0"), &version("0.2.0-rc.1"));
        assert_eq!(candidate, "d360 = \"0.2.0-rc.1\"\n");
        let last = snippet("README.md", &candidate, &version("0.2.0-rc.1"), &version("0.2.0"));
        assert_eq!(last, "d360 = \"0.2\"\n");
    }

    #[test]
    fn unreleased_becomes_the_version() {
        let new = changelog("# Changelog\n\n## [Unreleased]\n\n- It works.\n", &version("0.2.0")).unwrap();
        assert!(new.starts_with("# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 20"), "{new}");
        assert!(new.ends_with("\n\n- It works.\n"), "{new}");
        let text = "# Changelog\n\n## [Unreleased]\n\n- It works.\n";
        assert_eq!(changelog(text, &version("0.2.0-rc.1")).unwrap(), text);
        let empty = "# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2026-11-26\n\n- It works.\n";
        assert!(changelog(empty, &version("0.3.0")).is_err());
    }
}
