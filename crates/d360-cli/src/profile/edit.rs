//! Edits the profile file. Manual changes and comments are preserved.
use super::read::{Profiles, text};
use crate::{failure::Failure, paths};
use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::Path,
};
use toml_edit::DocumentMut;

type Step<T> = Result<T, Box<Failure>>;

/// Permissions of a file created here. It may hold keys.
const PRIVATE: u32 = 0o600;

/// Applies `edit` to the file, or creates it. The change is atomic for other processes.
pub(crate) fn change(
    path: &Path,
    edit: impl FnOnce(&Profiles, &mut DocumentMut) -> Step<()>,
) -> Step<Profiles> {
    let fail = |error: io::Error| Failure::local(format!("cannot write {}: {error}", path.display()));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    paths::create_private(folder).map_err(fail)?;
    // Without a lock, concurrent changes would be lost. If a folder cannot be locked, as on Windows, the last one wins.
    let lock = File::open(folder).ok();
    let _ = lock.as_ref().map(File::lock);
    let (before, mode) = text(path)?.unwrap_or((String::new(), PRIVATE));
    let profiles = Profiles::parse(path, &before)?;
    profiles.refuse_if_open(mode)?;
    let mut document: DocumentMut = before
        .parse()
        .map_err(|error: toml_edit::TomlError| Failure::settings(error.message().to_owned()))?;
    edit(&profiles, &mut document)?;
    let after = document.to_string();
    let profiles = Profiles::parse(path, &after)?;
    profiles.refuse_if_open(mode)?;
    // Keep symbolic links, for example into a dotfiles folder.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    replace(&target, &after, mode).map_err(fail)?;
    Ok(profiles)
}

fn replace(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".config.").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    set_mode(file.as_file(), mode)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

#[cfg(unix)]
fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_: &File, _: u32) -> io::Result<()> {
    Ok(())
}
