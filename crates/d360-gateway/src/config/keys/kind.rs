//! The types of the table of keys.
use crate::{config::number::SecretName, place::Place};
use std::collections::BTreeMap;

/// A key of a table that is read into a `T`.
pub(in crate::config) struct Key<T> {
    pub(in crate::config) name: &'static str,
    pub(in crate::config) about: &'static str,
    /// The option of `d360 gateway` that overrides it.
    pub(in crate::config) flag: Option<&'static str>,
    pub(in crate::config) kind: Kind<T>,
    /// The value in the example if there is no default, in TOML.
    pub(in crate::config) example: &'static str,
}

/// The type of a value, and how it is set.
pub(in crate::config) enum Kind<T> {
    /// A string that `check` accepts.
    Text {
        get: fn(&T) -> Option<String>,
        set: fn(&mut T, String),
        check: Check,
    },
    /// The name of an environment variable, or of a file, with a secret.
    SecretEnv {
        of: SecretName,
        set: fn(&mut T, SecretName, String),
    },
    SecretFile {
        of: SecretName,
        set: fn(&mut T, SecretName, String),
    },
    Texts {
        set: fn(&mut T, Vec<String>),
    },
    Flag {
        get: fn(&T) -> bool,
        set: fn(&mut T, bool),
    },
    /// A whole number with a unit and a range.
    Whole {
        get: fn(&T) -> Option<u64>,
        set: fn(&mut T, u64),
        unit: &'static str,
        least: u64,
        most: u64,
    },
    /// Strings by name.
    Map {
        set: fn(&mut T, BTreeMap<String, String>),
    },
}

/// Returns what a string must be, if it is not valid.
pub(in crate::config) type Check = fn(&str) -> Option<&'static str>;

pub(super) fn any(_: &str) -> Option<&'static str> {
    None
}

pub(super) fn url(text: &str) -> Option<&'static str> {
    let problem = "a URL that starts with http:// or https:// and has no password";
    Place::of(text).is_none().then_some(problem)
}

pub(super) fn address(text: &str) -> Option<&'static str> {
    let port = text.rsplit_once(':').filter(|(host, _)| !host.is_empty()).map(|(_, port)| port);
    let good = port.is_some_and(|port| port.parse::<u16>().is_ok());
    (!good).then_some("an address with a port, such as 127.0.0.1:8080")
}

pub(super) fn path(text: &str) -> Option<&'static str> {
    text.is_empty().then_some("the name of a file")
}
