//! Reads the profile file. Errors name the file and the line but no value, because it might be a key.
use super::{NONE, key::KeySource};
use crate::{args::ApiName, failure::Failure, paths};
use clap::ValueEnum as _;
use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read as _},
    ops::Range,
    path::{Path, PathBuf},
    time::Duration,
};
use toml_edit::{Document, Item, TableLike};

type Step<T> = Result<T, Box<Failure>>;

/// The default time limit of a `key_command`, in seconds. It may ask for a passphrase.
const KEY_COMMAND_TIMEOUT: u64 = 60;
const KEYS: &str = "api, base_url, key, key_file, key_env, key_command, key_command_timeout, phone_number_id, waba_id, \
    graph_version, partner_id, channel_id, messages_per_second, proxy and ca_file";

/// The settings of one number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Profile {
    pub(crate) api: Option<ApiName>,
    pub(crate) base_url: Option<String>,
    pub(crate) phone_number_id: Option<String>,
    pub(crate) waba_id: Option<String>,
    pub(crate) graph_version: Option<String>,
    pub(crate) partner_id: Option<String>,
    pub(crate) channel_id: Option<String>,
    pub(crate) proxy: Option<String>,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) messages_per_second: Option<u32>,
    pub(crate) key: Option<KeySource>,
}

/// All profiles of a file.
#[derive(Debug)]
pub(crate) struct Profiles {
    pub(crate) path: PathBuf,
    pub(crate) default: Option<String>,
    pub(crate) all: BTreeMap<String, Profile>,
}

impl Profiles {
    /// Loads the profiles. Returns `None` if the file does not exist.
    pub(crate) fn load(path: &Path) -> Step<Option<Self>> {
        let Some((text, mode)) = text(path)? else { return Ok(None) };
        let profiles = Self::parse(path, &text)?;
        profiles.refuse_if_open(mode)?;
        Ok(Some(profiles))
    }

    /// Refuses a file that holds keys and is readable by others.
    pub(super) fn refuse_if_open(&self, mode: u32) -> Step<()> {
        let holds_keys = self.all.values().any(|profile| matches!(profile.key, Some(KeySource::Text(_))));
        if holds_keys && mode & 0o077 != 0 {
            let path = self.path.display();
            return Err(Failure::settings(format!(
                "{path} holds keys and can be read by others (mode {mode:o}); run: chmod 600 {path}"
            )));
        }
        Ok(())
    }

    pub(super) fn parse(path: &Path, text: &str) -> Step<Self> {
        let at = Place { path, text };
        let document = Document::parse(text).map_err(|error| {
            at.problem(error.span().as_ref(), &format!("invalid TOML: {}", error.message()))
        })?;
        let mut found = Self { path: path.to_owned(), default: None, all: BTreeMap::new() };
        let mut default_at = None;
        for (name, item) in document.iter() {
            match name {
                "default_profile" => {
                    default_at = item.span();
                    found.default = Some(at.text_of(name, item)?);
                }
                "profiles" => {
                    let profiles = at.table(name, item)?;
                    for (name, item) in profiles.iter() {
                        check_name(name)
                            .map_err(|problem| at.problem(span(profiles, name).as_ref(), &problem))?;
                        found.all.insert(name.to_owned(), at.profile(name, at.table(name, item)?)?);
                    }
                }
                other => {
                    let problem =
                        format!("unknown key {other}; valid keys: default_profile and [profiles.NAME]");
                    return Err(at.problem(span(document.as_table(), other).as_ref(), &problem));
                }
            }
        }
        match &found.default {
            Some(name) if !found.all.contains_key(name) => {
                let problem = format!("default_profile is {name:?}, which is not a profile in this file");
                Err(at.problem(default_at.as_ref(), &problem))
            }
            _ => Ok(found),
        }
    }

    /// Returns the profile of this name.
    pub(crate) fn get(&self, name: &str) -> Step<&Profile> {
        self.all.get(name).ok_or_else(|| {
            let names: Vec<&str> = self.all.keys().map(String::as_str).collect();
            let has = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            let path = self.path.display();
            Failure::settings(format!("{path} has no profile {name:?}; its profiles: {has}"))
        })
    }
}

/// Reads the file and its permissions, if it exists.
pub(super) fn text(path: &Path) -> Step<Option<(String, u32)>> {
    let fail = |error: io::Error| Failure::settings(format!("cannot read {}: {error}", path.display()));
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(fail(error)),
    };
    let mode = mode(&file).map_err(fail)?;
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(fail)?;
    Ok(Some((text, mode)))
}

#[cfg(unix)]
fn mode(file: &File) -> io::Result<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(file.metadata()?.permissions().mode() & 0o7777)
}

#[cfg(not(unix))]
fn mode(_: &File) -> io::Result<u32> {
    Ok(0o600)
}

/// Checks a profile name.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name == NONE {
        return Err(format!("{NONE:?} means no profile; choose another name"));
    }
    if name.is_empty() || name.len() > 64 || !name.chars().all(fits) {
        return Err(format!("{name:?} is not a valid profile name; use 1 to 64 letters, digits, -, _ and ."));
    }
    Ok(())
}

/// Returns the position of a table's key.
fn span(table: &dyn TableLike, name: &str) -> Option<Range<usize>> {
    let (key, item) = table.get_key_value(name)?;
    key.span().or_else(|| item.span())
}

/// A file, for error messages with line numbers.
struct Place<'t> {
    path: &'t Path,
    text: &'t str,
}

impl Place<'_> {
    fn problem(&self, span: Option<&Range<usize>>, problem: &str) -> Box<Failure> {
        let path = self.path.display();
        match span {
            Some(span) => {
                let before = self.text.get(..span.start).unwrap_or(self.text);
                let line = before.matches('\n').count() + 1;
                Failure::settings(format!("{path}:{line}: {problem}"))
            }
            None => Failure::settings(format!("{path}: {problem}")),
        }
    }
    fn table<'i>(&self, name: &str, item: &'i Item) -> Step<&'i dyn TableLike> {
        item.as_table_like()
            .ok_or_else(|| self.problem(item.span().as_ref(), &format!("{name} is not a table")))
    }
    fn text_of(&self, name: &str, item: &Item) -> Step<String> {
        let text = item.as_str().filter(|text| !text.trim().is_empty());
        let problem = || self.problem(item.span().as_ref(), &format!("{name} must be a string in quotes"));
        text.map(str::to_owned).ok_or_else(problem)
    }
    fn number(&self, name: &str, item: &Item, most: u32) -> Step<u32> {
        let number = item.as_integer().and_then(|number| u32::try_from(number).ok());
        let problem = || {
            let problem = format!("{name} must be a whole number from 1 to {most}");
            self.problem(item.span().as_ref(), &problem)
        };
        number.filter(|number| (1..=most).contains(number)).ok_or_else(problem)
    }

    fn profile(&self, name: &str, table: &dyn TableLike) -> Step<Profile> {
        let mut profile = Profile::default();
        let mut limit = Duration::from_secs(KEY_COMMAND_TIMEOUT);
        for (key, item) in table.iter() {
            let text = || self.text_of(key, item);
            let source = match key {
                "api" => {
                    let known = |text: &str| ApiName::from_str(text, false).ok();
                    let problem =
                        || self.problem(item.span().as_ref(), "api must be cloud, graph, onprem or partner");
                    profile.api = Some(known(&text()?).ok_or_else(problem)?);
                    continue;
                }
                "ca_file" => {
                    profile.ca_file = Some(paths::relative_to(self.path, &text()?));
                    continue;
                }
                "messages_per_second" => {
                    profile.messages_per_second = Some(self.number(key, item, 1000)?);
                    continue;
                }
                "key_command_timeout" => {
                    limit = Duration::from_secs(self.number(key, item, 3600)?.into());
                    continue;
                }
                "key" => KeySource::Text(text()?.into()),
                "key_file" => KeySource::File(paths::relative_to(self.path, &text()?)),
                "key_env" => KeySource::Env(text()?),
                "key_command" => KeySource::Command { words: self.command(item)?, limit },
                other => {
                    let setting = match other {
                        "base_url" => &mut profile.base_url,
                        "phone_number_id" => &mut profile.phone_number_id,
                        "waba_id" => &mut profile.waba_id,
                        "graph_version" => &mut profile.graph_version,
                        "partner_id" => &mut profile.partner_id,
                        "channel_id" => &mut profile.channel_id,
                        "proxy" => &mut profile.proxy,
                        other => {
                            let problem =
                                format!("unknown key {other} in profile {name}; valid keys: {KEYS}");
                            return Err(self.problem(span(table, other).as_ref(), &problem));
                        }
                    };
                    *setting = Some(text()?);
                    continue;
                }
            };
            if profile.key.replace(source).is_some() {
                let problem = format!(
                    "profile {name} has more than one of key, key_file, key_env and key_command; keep one"
                );
                return Err(self.problem(span(table, key).as_ref(), &problem));
            }
        }
        if let Some(KeySource::Command { limit: own, .. }) = &mut profile.key {
            *own = limit;
        }
        Ok(profile)
    }

    /// A list is a program and its arguments. A string is a shell command.
    fn command(&self, item: &Item) -> Step<Vec<String>> {
        let problem = || {
            let problem =
                "key_command must be a list of strings (program and arguments), or a string for the shell";
            self.problem(item.span().as_ref(), problem)
        };
        if item.is_str() {
            return Ok(super::key::shell(&self.text_of("key_command", item)?));
        }
        let words = item.as_array().ok_or_else(problem)?.iter();
        let words: Option<Vec<String>> = words.map(|word| word.as_str().map(str::to_owned)).collect();
        words.filter(|words| words.first().is_some_and(|program| !program.is_empty())).ok_or_else(problem)
    }
}
