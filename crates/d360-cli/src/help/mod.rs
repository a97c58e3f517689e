//! Help pages. A command shows its own options and two examples. `d360 help options` lists the common options.
use crate::args::Args;
use clap::{
    Arg, Command, CommandFactory as _,
    builder::{
        StyledStr, Styles,
        styling::{AnsiColor, Style},
    },
};
use std::fmt::Write as _;

mod examples;
mod pages;
mod reach;
pub(crate) use pages::run;
pub(crate) use reach::{calls_an_api, refused};

const HEADING: Style = AnsiColor::Green.on_default().bold();
const LITERAL: Style = AnsiColor::Cyan.on_default().bold();
const PLACEHOLDER: Style = AnsiColor::Cyan.on_default();

const STYLES: Styles =
    Styles::styled().header(HEADING).usage(HEADING).literal(LITERAL).placeholder(PLACEHOLDER);

/// The commands as `d360 --help` groups them.
const GROUPS: &[(&str, &[&str])] = &[
    ("Start here", &["demo", "sandbox", "profile", "whoami"]),
    ("Messages", &["send", "read", "block", "contacts"]),
    ("Account", &["media", "templates", "webhook", "health", "channels"]),
    ("Migration from On-Premise", &["gateway", "migrate"]),
    ("Tools", &["vcard", "errors", "completions", "man", "help"]),
];

/// Commands that also run without a subcommand.
const SERVERS: [&str; 2] = ["gateway", "sandbox"];

const TOPICS: &str = "\
Set the API key with D360_API_KEY, --key-file or `d360 profile add`.
Topics: d360 help options, d360 help environment, d360 help exit-codes";

/// Returns the command line with its help pages.
pub(crate) fn command() -> Command {
    let command = Args::command().styles(STYLES).mut_args(|arg| {
        let hidden = arg.is_global_set();
        arg.hide(hidden)
    });
    let template = groups(&command);
    with_notes(command, "").help_template(template)
}

/// Returns the command line for man pages and completions. The common options are on the root command and, with
/// `everywhere`, on each command that accepts them.
pub(crate) fn listed(everywhere: bool) -> Command {
    let command = Args::command().mut_args(|arg| arg.global(false));
    let command = with_notes(command, "").after_long_help(pages::long());
    let common = common();
    if everywhere {
        return reach::give(command, "", &common);
    }
    // Its own options conflict with a common one.
    command.mut_subcommand("profile", |profile| {
        profile.mut_subcommand("add", |add| reach::add(add, "profile add", &common))
    })
}

/// Returns the common options, without a command.
fn common() -> Vec<Arg> {
    let command = Args::command();
    let common = command.get_arguments().filter(|arg| arg.is_global_set());
    common.map(|arg| arg.clone().global(false)).collect()
}

/// Adds two examples and one line about the common options.
fn with_notes(command: Command, path: &str) -> Command {
    let name = |sub: &Command| format!("{path} {}", sub.get_name()).trim_start().to_owned();
    let mut notes = StyledStr::new();
    if path.is_empty() {
        examples(&mut notes, path);
        let _ = write!(notes, "\n{TOPICS}");
    } else {
        if !command.has_subcommands() || SERVERS.contains(&path) {
            let (which, what) = match reach::local(path) {
                None => ("Common options", "key, API, time limits, output; ".to_owned()),
                Some([]) => ("Output options", String::new()),
                Some(taken) => ("Common options", format!("{}; ", flags(taken))),
            };
            let _ = write!(
                notes,
                "{HEADING}{which}:{HEADING:#} {what}see {LITERAL}d360 help options{LITERAL:#}\n\n"
            );
        }
        examples(&mut notes, path);
    }
    command.after_help(notes).mut_subcommands(|sub| {
        let path = name(&sub);
        with_notes(sub, &path)
    })
}

/// Returns the first example of a command.
pub(crate) fn example(path: &str) -> Option<&'static str> {
    examples::of(path).first().copied()
}

/// Returns the first options of a list, with dashes.
fn flags(ids: &[&str]) -> String {
    let flags: Vec<String> = ids.iter().take(3).map(|id| format!("--{}", id.replace('_', "-"))).collect();
    flags.join(", ") + if ids.len() > 3 { ", …" } else { "" }
}

fn examples(notes: &mut StyledStr, path: &str) {
    let _ = writeln!(notes, "{HEADING}Examples:{HEADING:#}");
    for example in examples::of(path) {
        let _ = writeln!(notes, "  {example}");
    }
}

/// Lists the commands of `d360 --help` in groups, which clap does not support.
fn groups(command: &Command) -> StyledStr {
    let mut text = StyledStr::new();
    let _ = write!(text, "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n");
    for (heading, names) in GROUPS {
        let _ = write!(text, "\n{HEADING}{heading}:{HEADING:#}\n");
        for name in *names {
            let about = command.find_subcommand(name).and_then(Command::get_about);
            let about = about.map(ToString::to_string).unwrap_or_default();
            let _ = writeln!(text, "  {LITERAL}{name:<11}{LITERAL:#}  {about}");
        }
    }
    let _ = write!(text, "\n{HEADING}Options:{HEADING:#}\n{{options}}{{after-help}}");
    text
}
