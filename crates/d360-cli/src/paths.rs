//! Paths of this program's files.
use std::{
    env,
    path::{Path, PathBuf},
};

/// Returns the profile file and whether `D360_CONFIG` names it. `None` without that variable and a home folder.
pub(crate) fn config_file() -> Option<(PathBuf, bool)> {
    match env::var_os("D360_CONFIG").filter(|path| !path.is_empty()) {
        Some(path) => Some((PathBuf::from(path), true)),
        None => Some((base("XDG_CONFIG_HOME", ".config")?.join("d360").join("config.toml"), false)),
    }
}

/// Returns the folder for data kept between runs.
pub(crate) fn state_folder() -> Option<PathBuf> {
    Some(base("XDG_STATE_HOME", ".local/state")?.join("d360"))
}

/// Returns an XDG base directory. The specification ignores relative paths.
fn base(variable: &str, under_home: &str) -> Option<PathBuf> {
    let named = env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    named.or_else(|| Some(env::home_dir().filter(|home| home.is_absolute())?.join(under_home)))
}

/// Resolves a path from a settings file. `~/` is the home folder. A relative path starts at the file's folder.
pub(crate) fn relative_to(file: &Path, path: &str) -> PathBuf {
    match path.strip_prefix("~/").zip(env::home_dir()) {
        Some((rest, home)) => home.join(rest),
        None => file.parent().unwrap_or(Path::new("")).join(path),
    }
}

/// Creates a folder that only its owner can read, and its parents.
pub(crate) fn create_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}
