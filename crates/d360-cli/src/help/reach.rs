//! Which common options a command accepts. A command that calls no API accepts no options about calls.
use clap::{Arg, ArgMatches, Command, parser::ValueSource};

/// Options of every command.
const EVERYWHERE: &[&str] = &["output", "json", "quiet", "verbose", "color"];

/// Commands that call no API, with the options about calls that they accept nevertheless.
const LOCAL: &[(&str, &[&str])] = &[
    ("demo", &["blocking"]),
    ("sandbox", &[]),
    ("webhook parse", &[]),
    ("webhook listen", &[]),
    ("webhook verify", &[]),
    ("gateway", &["key_file", "base_url", "profile"]),
    ("migrate translate", &[]),
    ("migrate check", &[]),
    ("migrate record", &["proxy", "ca_file"]),
    // These become settings of the profile.
    (
        "profile add",
        &[
            "key_file",
            "api",
            "base_url",
            "phone_number_id",
            "waba_id",
            "graph_version",
            "partner_id",
            "channel_id",
            "proxy",
            "ca_file",
        ],
    ),
    ("profile", &[]),
    ("vcard", &[]),
    ("errors", &[]),
    ("completions", &[]),
    ("man", &[]),
    ("help", &[]),
];

/// Returns the options about calls that a command accepts although it makes none.
pub(super) fn local(path: &str) -> Option<&'static [&'static str]> {
    let is_in =
        |name: &str| path == name || path.strip_prefix(name).is_some_and(|rest| rest.starts_with(' '));
    LOCAL.iter().find(|(name, _)| is_in(name)).map(|(_, taken)| *taken)
}

/// Whether the command at this path, for example `send text`, calls an API.
pub(crate) fn calls_an_api(path: &str) -> bool {
    local(path).is_none()
}

fn takes(path: &str, id: &str) -> bool {
    EVERYWHERE.contains(&id) || local(path).is_none_or(|taken| taken.contains(&id))
}

/// Returns the first given option that the command does not accept.
pub(crate) fn refused(matches: &ArgMatches, path: &str) -> Option<String> {
    let given = |arg: &&Arg| matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine);
    let common = super::common();
    let arg = common.iter().filter(given).find(|arg| !takes(path, arg.get_id().as_str()))?;
    arg.get_long().map(|long| format!("--{long}"))
}

/// Adds the common options that a command accepts.
pub(super) fn add(command: Command, path: &str, common: &[Arg]) -> Command {
    command.args(common.iter().filter(|arg| takes(path, arg.get_id().as_str())).cloned())
}

/// Adds the common options to each subcommand.
pub(super) fn give(command: Command, path: &str, common: &[Arg]) -> Command {
    let is_leaf = !path.is_empty() && !command.has_subcommands();
    let command = if is_leaf { add(command, path, common) } else { command };
    command.mut_subcommands(|sub| {
        let path = format!("{path} {}", sub.get_name());
        give(sub, path.trim_start(), common)
    })
}
