//! Generates a configuration file with every key, and the list of keys.
use super::{
    file::{LISTEN, STATE},
    keys::{Key, Kind, NUMBER, TOP},
    number::Draft,
    settings::Config,
};
use std::fmt::Write as _;

/// A key of a configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfigKey {
    /// Its table: empty for the top of the file, or `number`.
    pub table: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The type of its value.
    pub value: &'static str,
    /// The default, in TOML.
    pub default: Option<String>,
    /// An example, in TOML.
    pub example: String,
    /// What it does.
    pub about: &'static str,
    /// The option of `d360 gateway` that overrides it.
    pub flag: Option<&'static str>,
}

pub(super) fn keys() -> Vec<ConfigKey> {
    let (config, number) = (Config::new(LISTEN, STATE), Draft::default());
    let top = TOP.iter().map(|key| shown("", key, &config));
    top.chain(NUMBER.iter().map(|key| shown("number", key, &number))).collect()
}

fn shown<T>(table: &'static str, key: &Key<T>, defaults: &T) -> ConfigKey {
    let quoted = |text: String| format!("{text:?}");
    let (value, default) = match &key.kind {
        Kind::Text { get, .. } => ("string", get(defaults).map(quoted)),
        Kind::SecretEnv { .. } => ("name of an environment variable", None),
        Kind::SecretFile { .. } => ("file name", None),
        Kind::Texts { .. } => ("list of strings", Some("[]".to_owned())),
        Kind::Flag { get, .. } => ("boolean", Some(get(defaults).to_string())),
        Kind::Whole { get, unit, .. } => (*unit, get(defaults).map(|number| number.to_string())),
        Kind::Map { .. } => ("table of strings", Some("{}".to_owned())),
    };
    let example =
        if key.example.is_empty() { default.clone().unwrap_or_default() } else { key.example.to_owned() };
    ConfigKey { table, name: key.name, value, default, example, about: key.about, flag: key.flag }
}

/// The maximum length of a comment line.
const WIDTH: usize = 100;

pub(super) fn text() -> String {
    let mut text = "\
# Configuration of `d360 gateway`, with every key.
# Start it with: d360 gateway --config gateway.toml
#
# Keys behind # are not set. They show the default, or an example if the comment says so.
# Command line options override the file.
"
    .to_owned();
    let mut table = "";
    for key in keys() {
        if key.table != table {
            table = key.table;
            let _ = write!(text, "\n\n# One table for each phone number.\n[[{table}]]\n");
        }
        text.push('\n');
        comment(&mut text, &key);
        // These two are the minimum.
        let (open, value) = match (key.table, key.name) {
            ("number", "name") => ("", "\"main\""),
            ("number", "key_env") => ("", &*key.example),
            _ => ("#", key.default.as_deref().filter(|default| !is_empty(default)).unwrap_or(&key.example)),
        };
        let _ = writeln!(text, "{open}{} = {value}", key.name);
    }
    text
}

fn is_empty(default: &str) -> bool {
    matches!(default, "[]" | "{}")
}

fn comment(text: &mut String, key: &ConfigKey) {
    let mut about = key.about.to_owned();
    if let Some(flag) = key.flag {
        let _ = write!(about, " Option: {flag}.");
    }
    if key.default.as_deref().is_none_or(is_empty) && key.name != "key_env" {
        about.push_str(" Example:");
    }
    let mut line = "#".to_owned();
    for word in about.split(' ') {
        if line.chars().count() + 1 + word.chars().count() > WIDTH {
            text.push_str(&line);
            line = "\n#".to_owned();
        }
        line.push(' ');
        line.push_str(word);
    }
    text.push_str(&line);
    text.push('\n');
}
