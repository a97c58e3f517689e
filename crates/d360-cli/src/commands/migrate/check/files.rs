//! Selects the files of a folder to read, with reasons for skipping the others.
use crate::{failure::Failure, input};
use std::path::{Path, PathBuf};

/// The maximum number of files, and the maximum depth.
const MOST_FILES: usize = 10_000;
const DEEPEST: usize = 16;
/// The largest source file that is read. Larger ones are probably generated.
const LONGEST: u64 = 4 << 20;

const DOCUMENTS: [&str; 3] = ["json", "ndjson", "jsonl"];
const SOURCES: [&str; 18] = [
    "py", "js", "jsx", "mjs", "cjs", "ts", "tsx", "php", "java", "kt", "go", "cs", "rb", "rs", "scala",
    "swift", "vb", "sh",
];
/// Settings files, which may contain base URLs and paths.
const SETTINGS: [&str; 9] = ["env", "yml", "yaml", "properties", "toml", "ini", "cfg", "conf", "config"];
/// Folders of dependencies or build results.
const FOREIGN: [&str; 9] = [
    "node_modules",
    "bower_components",
    "vendor",
    "site-packages",
    "venv",
    "__pycache__",
    "target",
    "dist",
    "build",
];

/// How to read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    Documents,
    Source,
}

fn form(path: &Path) -> Option<Form> {
    let name = path.file_name()?.to_str()?.to_ascii_lowercase();
    // `.env` has no extension.
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    if DOCUMENTS.contains(&extension) {
        Some(Form::Documents)
    } else if SOURCES.contains(&extension) || SETTINGS.contains(&extension) || name.starts_with(".env") {
        Some(Form::Source)
    } else {
        None
    }
}

/// Returns the file, or the files of a folder to read, sorted by name. All others are added to `skipped`.
pub(super) fn list(root: &Path, skipped: &mut Vec<String>) -> Result<Vec<(PathBuf, Form)>, Box<Failure>> {
    if root == Path::new("-") || !root.is_dir() {
        return Ok(vec![(root.to_owned(), form(root).unwrap_or(Form::Documents))]);
    }
    let mut files = Vec::new();
    let mut folders = vec![(root.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let fail = |error: std::io::Error| Failure::invalid("", format!("{}: {error}", input::name(&folder)));
        for entry in std::fs::read_dir(&folder).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let (kind, path) = (entry.file_type().map_err(fail)?, entry.path());
            if kind.is_dir() {
                match folder_reason(&path, depth) {
                    Some(why) => skipped.push(format!("{}: {why}", place(root, &path))),
                    None => folders.push((path, depth + 1)),
                }
                continue;
            }
            match (form(&path), file_reason(&path, kind, files.len())) {
                (Some(form), None) => files.push((path, form)),
                (Some(_), Some(why)) => skipped.push(format!("{}: {why}", place(root, &path))),
                (None, _) => {
                    skipped
                        .push(format!("{}: is neither JSON nor a supported source file", place(root, &path)));
                }
            }
        }
    }
    files.sort();
    Ok(files)
}

fn folder_reason(path: &Path, depth: usize) -> Option<&'static str> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if name.starts_with('.') {
        Some("is a hidden folder; check it separately")
    } else if FOREIGN.contains(&name.as_str()) {
        Some("is a folder of dependencies or build results; check it separately")
    } else if depth >= DEEPEST {
        Some("is nested too deeply; check it separately")
    } else {
        None
    }
}

fn file_reason(path: &Path, kind: std::fs::FileType, files: usize) -> Option<&'static str> {
    let length = || std::fs::metadata(path).map_or(0, |file| file.len());
    if !kind.is_file() {
        Some("is a link or not a regular file; check its target")
    } else if files >= MOST_FILES {
        Some("exceeds the maximum number of files; check its folder separately")
    } else if form(path) == Some(Form::Source) && length() > LONGEST {
        Some("is larger than 4 MiB, so it was probably generated")
    } else {
        None
    }
}

/// Returns a path relative to the checked folder, for messages.
pub(super) fn place(root: &Path, path: &Path) -> String {
    let rest = path.strip_prefix(root).ok().filter(|rest| rest.components().next().is_some());
    d360::model::mask(&rest.unwrap_or(path).display().to_string())
}
