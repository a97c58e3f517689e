//! `d360 man` and `d360 completions`, generated from the clap definition so that they always match it.
use crate::{
    Result,
    args::{Completions, Man},
    failure::{Exit, Failure},
    help,
    output::Output,
};
use serde_json::json;

/// Writes one page per command: `d360.1`, `d360-send.1` and so on.
pub(crate) fn man(man: &Man, output: Output) -> Result {
    let folder = &man.folder;
    let cannot = |error| Failure::local(format!("{}: {error}", folder.display()));
    std::fs::create_dir_all(folder).map_err(cannot)?;
    let mut command = help::listed(false).max_term_width(0).mut_subcommands(without_help);
    command.build();
    clap_mangen::generate_to(command, folder).map_err(cannot)?;
    if output.is_json() {
        output.document(&json!({ "folder": folder }));
    } else {
        output.line(format!(
            "man pages are in {}; read the first with `man {}`",
            folder.display(),
            folder.join("d360.1").display()
        ));
    }
    Ok(Exit::Done)
}

/// Removes `help` subcommands. `d360 send help text` equals `d360 send text --help` and needs no page.
fn without_help(command: clap::Command) -> clap::Command {
    let hidden = command.get_name() == "help";
    command.hide(hidden).disable_help_subcommand(true).mut_subcommands(without_help)
}

pub(crate) fn completions(completions: &Completions, output: Output) -> Result {
    let mut script = Vec::new();
    clap_complete::generate(completions.shell, &mut help::listed(true), "d360", &mut script);
    let script = String::from_utf8_lossy(&script);
    if output.is_json() {
        output.document(&json!({ "shell": completions.shell.to_string(), "script": script }));
    } else {
        output.exact(&script);
    }
    Ok(Exit::Done)
}
