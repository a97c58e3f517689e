//! `d360 help`: pages of commands and topics.
use super::{HEADING, LITERAL, command};
use crate::{
    Result,
    args::Help,
    failure::{Exit, Failure},
    output::Output,
};
use clap::{Command, builder::StyledStr};
use serde_json::json;
use std::fmt::Write as _;

const ENVIRONMENT: &[(&str, &str)] = &[
    ("D360_API_KEY", "API key or token for the system to call"),
    ("D360_PROFILE", "Profile to use, as --profile"),
    ("D360_CONFIG", "File of profiles [default: ~/.config/d360/config.toml]"),
    ("D360_BASE_URL", "Scheme, host and port of another server, as --base-url"),
    ("D360_WEBHOOK_SECRET", "Secret of webhooks, unless --secret-file names a file"),
    ("D360_VERIFY_TOKEN", "Token of Meta's verification request (webhook listen)"),
    ("HTTPS_PROXY, ALL_PROXY", "Proxy, unless --proxy names one"),
    ("NO_COLOR, CLICOLOR", "No colors if NO_COLOR is set or CLICOLOR is 0"),
    ("NO_PROXY", "Hosts to reach without a proxy"),
];

const EXIT_CODES: &[(&str, &str)] = &[
    ("0", "Done"),
    ("1", "Failure on this machine"),
    ("2", "Invalid usage or settings"),
    ("3", "Invalid input; nothing was sent"),
    ("4", "The server refused the request"),
    ("5", "Outcome unknown: do not retry a message blindly"),
    ("6", "Partly done"),
    ("7", "Not sent: the server could not be reached"),
];

/// Prints the help page of a command or topic.
pub(crate) fn run(help: &Help, output: Output) -> Result {
    let page = match help.topic.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["options"] => options(),
        ["environment" | "env"] => table("Environment variables", ENVIRONMENT),
        ["exit-codes" | "exit-code"] => table("Exit codes", EXIT_CODES),
        _ => of_command(&help.topic)?,
    };
    if output.is_json() {
        output.document(&json!({ "help": page.to_string() }));
    } else {
        output.page(&page);
    }
    Ok(Exit::Done)
}

fn of_command(names: &[String]) -> std::result::Result<StyledStr, Box<Failure>> {
    let mut root = command();
    root.build();
    let mut found = &mut root;
    for name in names {
        let here = found.get_bin_name().unwrap_or("d360").to_owned();
        found = found.find_subcommand_mut(name).ok_or_else(|| {
            let name = d360::model::mask(name);
            Failure::mistake(
                format!("`{here}` has no command `{name}`"),
                "list the commands with `d360 help`; topics are options, environment and exit-codes",
            )
        })?;
    }
    Ok(found.render_long_help())
}

/// Returns all common options, grouped by purpose.
fn options() -> StyledStr {
    let common = super::common().into_iter().map(|arg| arg.hide(false));
    let page = Command::new("d360").disable_help_flag(true).styles(super::STYLES).args(common);
    page.about("Options of every command that calls an API. Other commands accept only those under Output.")
        .help_template("{about-with-newline}\n{all-args}\n")
        .max_term_width(100)
        .render_help()
}

fn table(heading: &str, rows: &[(&str, &str)]) -> StyledStr {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let mut page = StyledStr::new();
    let _ = writeln!(page, "{HEADING}{heading}:{HEADING:#}");
    for (name, about) in rows {
        let _ = writeln!(page, "  {LITERAL}{name:<width$}{LITERAL:#}  {about}");
    }
    page
}

/// Returns the topics as one text, for the man page.
pub(super) fn long() -> StyledStr {
    let mut page = StyledStr::new();
    let _ = write!(
        page,
        "{}\n\n{}",
        table("Environment variables", ENVIRONMENT),
        table("Exit codes", EXIT_CODES)
    );
    page
}
