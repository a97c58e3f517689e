//! `d360 profile`.
use crate::{
    Result,
    args::{ApiName, Global, Profile as Verb, ProfileAdd, ProfileName, ProfileShown},
    client,
    failure::{Exit, Failure},
    input,
    output::Output,
    paths,
    profile::{self, KeySource, Profile, Profiles},
    settings, table,
};
use d360::{ApiKey, transport::SetupError};
use serde_json::{Map, Value, json};
use std::{
    io::{self, IsTerminal as _},
    path::{Path, PathBuf},
};
use toml_edit::{DocumentMut, Item, Table, value};

type Step<T> = std::result::Result<T, Box<Failure>>;

pub(crate) fn run(global: &Global, verb: &Verb, output: Output) -> Result {
    match verb {
        Verb::Add(args) => add(global, args, output),
        Verb::List => list(output),
        Verb::Use(args) => choose(args, output),
        Verb::Show(args) => show(args, output),
        Verb::Remove(args) => remove(args, output),
    }
}

fn file() -> Step<PathBuf> {
    let file = paths::config_file().map(|(path, _)| path);
    file.ok_or_else(|| Failure::settings("no home folder for the profile file; set D360_CONFIG to its path"))
}

fn load() -> Step<Profiles> {
    let path = file()?;
    let none = || Profiles { path: path.clone(), default: None, all: Default::default() };
    Ok(Profiles::load(&path)?.unwrap_or_else(none))
}

fn add(global: &Global, args: &ProfileAdd, output: Output) -> Result {
    profile::check_name(&args.name).map_err(Failure::usage)?;
    let path = file()?;
    let exists = |profiles: &Profiles| {
        if args.replace || !profiles.all.contains_key(&args.name) {
            return Ok(());
        }
        Err(Failure::settings(format!("profile {} already exists; replace it with --replace", args.name)))
    };
    // Check this before asking for a key.
    exists(&load()?)?;
    client::check_settings(global)?;
    let table = table(global, args)?;
    let profiles = profile::change(&path, |profiles, document| {
        exists(profiles)?;
        named(document, &path)?.insert(&args.name, Item::Table(table));
        if profiles.default.is_none() {
            document["default_profile"] = value(&args.name);
        }
        Ok(())
    })?;
    let default = profiles.default.as_deref() == Some(&args.name);
    if output.is_json() {
        output.document(&json!({ "profile": args.name, "file": path, "default": default }));
    } else {
        output.line(format!("profile {} is in {}", args.name, path.display()));
        let hint = format!("use it with --profile {0}, or as the default: d360 profile use {0}", args.name);
        output.note(if default { "it is the default".to_owned() } else { hint });
    }
    Ok(Exit::Done)
}

/// Builds the settings from the flags, with the key or its source.
fn table(global: &Global, args: &ProfileAdd) -> Step<Table> {
    let mut table = Table::new();
    let absolute = |path: &Path| std::path::absolute(path).map_err(|error| Failure::local(error.to_string()));
    table["api"] = value(global.api.unwrap_or(ApiName::Cloud).name());
    // Settings from the environment are not stored.
    let base_url = global.base_url.as_ref().filter(|_| global.base_url_from == settings::Origin::Flag);
    let texts = [
        ("base_url", base_url),
        ("phone_number_id", global.phone_number_id.as_ref()),
        ("waba_id", global.waba_id.as_ref()),
        ("graph_version", global.graph_version.as_ref()),
        ("partner_id", global.partner_id.as_ref()),
        ("channel_id", global.channel_id.as_ref()),
        ("proxy", global.proxy.as_ref()),
        ("key_env", args.key_env.as_ref()),
        ("key_command", args.key_command.as_ref()),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            table[name] = value(text);
        }
    }
    if let Some(path) = &global.ca_file {
        table["ca_file"] = value(absolute(path)?.display().to_string());
    }
    if let Some(rate) = args.messages_per_second {
        table["messages_per_second"] = value(i64::from(rate));
    }
    match &global.key_file {
        Some(path) if path != Path::new("-") => {
            // Check its permissions and content now, not at the first call.
            let key = client::secret_file(path, "--key-file")?;
            ApiKey::new(key).map_err(SetupError::from)?;
            table["key_file"] = value(absolute(path)?.display().to_string());
        }
        _ if args.key_env.is_some() || args.key_command.is_some() => {}
        _ => {
            let key = ask(&args.name)?;
            let key = key.trim();
            ApiKey::new(key).map_err(SetupError::from)?;
            table["key"] = value(key);
        }
    }
    Ok(table)
}

/// Reads the key from standard input or a prompt.
fn ask(name: &str) -> Step<String> {
    if io::stdin().is_terminal() {
        let typed = rpassword::prompt_password(format!("API key of {name} (not shown): "));
        return typed.map_err(|error| Failure::local(format!("the key cannot be read: {error}")));
    }
    let key = input::read_as(Path::new("-"), "standard input")?;
    String::from_utf8(key).map_err(|_| Failure::invalid("standard input", "is not text"))
}

/// Returns the table of all profiles and creates it if missing.
fn named<'d>(document: &'d mut DocumentMut, path: &Path) -> Step<&'d mut dyn toml_edit::TableLike> {
    let entry = document.entry("profiles").or_insert_with(|| {
        let mut table = Table::new();
        // No [profiles] header: [profiles.NAME] implies it.
        table.set_implicit(true);
        Item::Table(table)
    });
    entry
        .as_table_like_mut()
        .ok_or_else(|| Failure::settings(format!("{}: profiles is not a table", path.display())))
}

fn choose(args: &ProfileName, output: Output) -> Result {
    let path = file()?;
    profile::change(&path, |profiles, document| {
        profiles.get(&args.name)?;
        let mut name = toml_edit::Value::from(&args.name);
        // Keep a comment after the old name.
        if let Some(old) = document.get("default_profile").and_then(Item::as_value) {
            *name.decor_mut() = old.decor().clone();
        }
        document["default_profile"] = Item::Value(name);
        Ok(())
    })?;
    if output.is_json() {
        output.document(&json!({ "profile": args.name, "file": path, "default": true }));
    } else {
        output.line(format!("profile {} is the default", args.name));
    }
    Ok(Exit::Done)
}

fn remove(args: &ProfileName, output: Output) -> Result {
    let path = file()?;
    let mut was_default = false;
    profile::change(&path, |profiles, document| {
        profiles.get(&args.name)?;
        named(document, &path)?.remove(&args.name);
        was_default = profiles.default.as_deref() == Some(&args.name);
        if was_default {
            document.remove("default_profile");
        }
        Ok(())
    })?;
    if output.is_json() {
        output.document(&json!({ "removed": args.name, "file": path }));
    } else {
        output.line(format!("removed profile {}", args.name));
        if was_default {
            output.note("it was the default; set another with: d360 profile use NAME");
        }
    }
    Ok(Exit::Done)
}

fn list(output: Output) -> Result {
    let profiles = load()?;
    let default = |name: &str| profiles.default.as_deref() == Some(name);
    if output.is_json() {
        let all: Vec<Value> =
            profiles.all.iter().map(|(name, profile)| document(name, profile, default(name))).collect();
        output.document(&json!({ "file": profiles.path, "profiles": all }));
        return Ok(Exit::Done);
    }
    if profiles.all.is_empty() {
        output.note(format!(
            "{} has no profiles; add one with: d360 profile add NAME",
            profiles.path.display()
        ));
    }
    if output.is_table() {
        let mut rows = table::Table::new(&["", "NAME", "API", "KEY", "BASE URL"]);
        for (name, profile) in &profiles.all {
            rows.row(vec![
                default(name).then(|| "*".to_owned()),
                Some(name.clone()),
                profile.api.map(|api| api.name().to_owned()),
                profile.key.as_ref().map(|key| key.setting().to_owned()),
                profile.base_url.clone(),
            ]);
        }
        output.table(&rows);
        return Ok(Exit::Done);
    }
    let width = profiles.all.keys().map(String::len).max().unwrap_or_default();
    for (name, profile) in &profiles.all {
        let mark = if default(name) { '*' } else { ' ' };
        let api = profile.api.map_or("-", ApiName::name);
        let key = profile.key.as_ref().map_or("no key", KeySource::setting);
        let url = profile.base_url.as_deref().unwrap_or_default();
        output.line(format!("{mark} {name:width$}  {api:7}  {key:11}  {url}").trim_end());
    }
    Ok(Exit::Done)
}

fn show(args: &ProfileShown, output: Output) -> Result {
    let (profiles, name) = match &args.name {
        Some(name) => (load()?, name.clone()),
        None => settings::chosen(None)?.ok_or_else(|| {
            Failure::settings("no profile is in use; name one, or set the default: d360 profile use NAME")
        })?,
    };
    let profile = profiles.get(&name)?;
    let document = document(&name, profile, profiles.default.as_deref() == Some(&name));
    if output.is_json() {
        output.document(&document);
        return Ok(Exit::Done);
    }
    for (key, value) in document.as_object().into_iter().flatten() {
        match value {
            Value::String(text) => output.line(format!("{key}: {text}")),
            Value::Null => {}
            other => output.line(format!("{key}: {other}")),
        }
    }
    Ok(Exit::Done)
}

/// Returns a profile with its key masked.
fn document(name: &str, profile: &Profile, default: bool) -> Value {
    let mut out = Map::new();
    out.insert("name".to_owned(), name.into());
    out.insert("default".to_owned(), default.into());
    let texts = [
        ("api", profile.api.map(|api| api.name().to_owned())),
        ("base_url", profile.base_url.clone()),
        ("phone_number_id", profile.phone_number_id.clone()),
        ("waba_id", profile.waba_id.clone()),
        ("graph_version", profile.graph_version.clone()),
        ("partner_id", profile.partner_id.clone()),
        ("channel_id", profile.channel_id.clone()),
        // It may hold a password.
        ("proxy", profile.proxy.as_ref().map(|_| "••••".to_owned())),
        ("ca_file", profile.ca_file.as_ref().map(|path| path.display().to_string())),
    ];
    for (key, text) in texts {
        if let Some(text) = text {
            out.insert(key.to_owned(), text.into());
        }
    }
    if let Some(rate) = profile.messages_per_second {
        out.insert("messages_per_second".to_owned(), rate.into());
    }
    if let Some(key) = &profile.key {
        let shown = match key {
            KeySource::Text(_) => "••••".into(),
            KeySource::File(path) => path.display().to_string().into(),
            KeySource::Env(name) => name.as_str().into(),
            KeySource::Command { words, .. } => json!(words),
        };
        out.insert(key.setting().to_owned(), shown);
    }
    out.into()
}
