//! The `d360` command line. Each command makes one or two calls to the library.
mod args;
mod client;
mod commands;
mod failure;
mod help;
mod input;
mod ordered;
mod output;
mod paths;
mod profile;
mod rate;
mod settings;
mod shown;
mod statuses;
mod table;
mod usage;
mod visible;

use args::{Args, Command};
use clap::FromArgMatches as _;
use failure::{Exit, Failure};
use output::Output;
use std::process::ExitCode;

fn main() -> ExitCode {
    // Help pages and usage errors are colored too.
    let color = color_asked();
    output::use_colors(color);
    let parsed = help::command().color(color).try_get_matches();
    let parsed = parsed.and_then(|matches| Args::from_arg_matches(&matches).map(|args| (matches, args)));
    let (matches, mut args) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return mistake(&error),
    };
    if args.global.json {
        args.global.output = args::Format::Json;
    }
    args.path = path(&matches);
    let path = args.path.as_str();
    failure::at(path);
    let output = Output::of(&args.global).sending(sends(&args.command, path));
    if let Some(option) = help::refused(&matches, path) {
        let failure =
            Failure::usage(format!("{option} is for commands that call an API; `d360 {path}` calls none"));
        return ExitCode::from(output.failure(&failure) as u8);
    }
    if let Command::Send(send) = &args.command {
        args.global.messages_per_second = commands::send::sending(send).messages_per_second;
    }
    if let Err(failure) = settings::resolve(&mut args, output) {
        return ExitCode::from(output.failure(&failure) as u8);
    }
    if let Err(failure) = client::check_flags(&args) {
        return ExitCode::from(output.failure(&failure) as u8);
    }
    let result = match &args.command {
        Command::Demo => commands::demo::run(&args.global, output),
        Command::Sandbox(sandbox) => commands::sandbox::run(&args.global, sandbox, output),
        Command::Send(send) => commands::send::run(&args.global, send, &matches, output),
        Command::Read(read) => commands::content::read(&args.global, read, output),
        Command::Block(block) => commands::block::run(&args.global, block, output),
        Command::Contacts(contacts) => commands::contacts::run(&args.global, contacts, output),
        Command::Channels(channels) => commands::channels::run(&args.global, channels, output),
        Command::Media(verb) => commands::media::run(&args.global, verb, output),
        Command::Templates(verb) => commands::templates::run(&args.global, verb, output),
        Command::Health => commands::templates::health(&args.global, output),
        Command::Webhook(verb) => commands::webhook::run(&args.global, verb, output),
        Command::Gateway(gateway) => commands::gateway::run(&args.global, gateway, output),
        Command::Migrate(verb) => commands::migrate::run(&args.global, verb, output),
        Command::Profile(verb) => commands::profile::run(&args.global, verb, output),
        Command::Whoami(whoami) => commands::whoami::run(&args.global, whoami, output),
        Command::Errors(errors) => commands::errors::run(errors, output),
        Command::Man(man) => commands::manual::man(man, output),
        Command::Completions(completions) => commands::manual::completions(completions, output),
        Command::Help(help) => help::run(help, output),
        Command::Vcard(vcard) => commands::vcard::run(&args.global, vcard, output),
    };
    let exit = result.unwrap_or_else(|failure| output.failure(&failure));
    let exit = if exit == Exit::Done && output::was_cut() { Exit::Local } else { exit };
    ExitCode::from(exit as u8)
}

/// The value of `--color`, which is needed before the command line is parsed.
fn color_asked() -> clap::ColorChoice {
    let args: Vec<String> = std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect();
    let next = args.windows(2).find(|pair| pair[0] == "--color").map(|pair| pair[1].as_str());
    let asked = next.or_else(|| args.iter().find_map(|arg| arg.strip_prefix("--color=")));
    asked.and_then(|asked| asked.parse().ok()).unwrap_or_default()
}

/// Returns the full path of the command, for example `send text`.
fn path(matches: &clap::ArgMatches) -> String {
    let first = matches.subcommand();
    let names = std::iter::successors(first, |(_, below)| below.subcommand()).map(|(name, _)| name);
    names.collect::<Vec<_>>().join(" ")
}

/// Whether the command sends something if its input is valid.
fn sends(command: &Command, path: &str) -> bool {
    let dry = match command {
        Command::Send(send) => commands::send::sending(send).dry_run,
        _ => false,
    };
    !dry && help::calls_an_api(path)
}

/// Prints help, the version, or a usage error. clap's own message would show phone numbers unmasked.
fn mistake(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    // Parsing failed, so look for the flag in the raw arguments.
    let args: Vec<String> = std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect();
    let json = args.windows(2).any(|pair| pair == ["--output", "json"])
        || args.iter().any(|arg| arg == "--output=json" || arg == "--json");
    if !json && error.kind() == clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        // A command group without a subcommand: its page lists them.
        let _ = error.print();
        return ExitCode::from(Exit::Usage as u8);
    }
    let output = Output::new(if json { args::Format::Json } else { args::Format::Text });
    ExitCode::from(output.failure(&Failure::Mistake(usage::explain(error, &args))) as u8)
}

/// The result of a command: an exit code or a failure.
type Result = std::result::Result<Exit, Box<Failure>>;
