//! Finds the command of a command line that could not be fully parsed.
use clap::{Arg, Command};

/// Returns the names of the command, such as `["send", "text"]`, and the command.
pub(super) fn of<'c>(root: &'c Command, line: &[String]) -> (Vec<&'c str>, &'c Command) {
    let mut path = Vec::new();
    let mut here = root;
    let mut words = line.iter().skip(1);
    while let Some(word) = words.next() {
        if word.starts_with('-') {
            if takes_the_next(here, word) {
                words.next();
            }
            continue;
        }
        let Some(below) = here.find_subcommand(word) else { break };
        path.push(below.get_name());
        here = below;
    }
    (path, here)
}

/// Whether the word after this option is its value.
fn takes_the_next(command: &Command, option: &str) -> bool {
    if option.contains('=') {
        return false;
    }
    let found = command.get_arguments().find(|arg| match option.strip_prefix("--") {
        Some(long) => is_long(arg, long),
        None => arg.get_short().is_some_and(|short| option.ends_with(short)),
    });
    found.is_some_and(|arg| arg.get_action().takes_values())
}

/// Whether an option has this name or alias.
pub(super) fn is_long(arg: &Arg, long: &str) -> bool {
    arg.get_long() == Some(long) || arg.get_all_aliases().is_some_and(|all| all.contains(&long))
}

/// Returns the paths of all subcommands that satisfy a condition, such as a name or alias.
pub(super) fn search(command: &Command, path: &[&str], is_it: &impl Fn(&Command) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        let path: Vec<&str> = path.iter().copied().chain([below.get_name()]).collect();
        if is_it(below) {
            found.push(path.join(" "));
        }
        found.extend(search(below, &path, is_it));
    }
    found
}

/// Whether a command has this name or alias.
pub(super) fn is_named(command: &Command, word: &str) -> bool {
    command.get_name() == word || command.get_all_aliases().any(|alias| alias == word)
}
