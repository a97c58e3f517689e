//! `d360`: the library with a face. Every verb is one or two calls of it.
mod args;
mod client;
mod commands;
mod input;
mod output;
mod shown;

use args::{Args, Command};
use clap::{CommandFactory as _, FromArgMatches as _};
use output::{Exit, Output};
use std::process::ExitCode;

fn main() -> ExitCode {
    // clap ends the program itself, with 2 for a mistake in the command line.
    let matches = Args::command().get_matches();
    let args = Args::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let output = Output::new(args.global.output);
    let result = match &args.command {
        Command::Demo => commands::demo::run(&args.global, output),
        Command::Sandbox(sandbox) => commands::sandbox::run(sandbox, output),
        Command::Send(send) => commands::send::run(&args.global, send, &matches, output),
        Command::Block(block) => commands::block::run(&args.global, block, output),
        Command::Vcard(vcard) => commands::vcard::run(vcard, output),
    };
    let exit = result.unwrap_or_else(|failure| output.failure(&failure));
    ExitCode::from(exit as u8)
}

/// What a verb ends in: an exit code, or a failure that says why.
type Result = std::result::Result<Exit, Box<output::Failure>>;
