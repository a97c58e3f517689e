//! Usage errors, in plain words and with hints.
use crate::{failure::Mistake, help};
use clap::{
    Arg, Command, Error,
    error::{ContextKind, ContextValue, ErrorKind},
};
use std::error::Error as _;

mod guesses;
mod place;

/// Explains clap's error: clap reports what it found, not what the user probably meant.
pub(crate) fn explain(error: &Error, line: &[String]) -> Mistake {
    let mut root = help::command();
    root.build();
    let (names, command) = place::of(&root, line);
    let at = At { root: &root, command, path: names.join(" "), line };
    let (message, details, hints) = at.explain(error);
    let mask = |texts: Vec<String>| texts.iter().map(|text| d360::model::mask(text)).collect();
    Mistake { message: d360::model::mask(&message), details: mask(details), hints: mask(hints) }
}

/// The command at which parsing stopped.
struct At<'a> {
    root: &'a Command,
    command: &'a Command,
    path: String,
    line: &'a [String],
}

type Told = (String, Vec<String>, Vec<String>);

fn told(message: impl Into<String>, hint: impl Into<String>) -> Told {
    (message.into(), Vec::new(), vec![hint.into()])
}

impl At<'_> {
    fn name(&self) -> String {
        format!("d360 {}", self.path).trim_end().to_owned()
    }

    fn help(&self) -> String {
        format!("see `{} -h`", self.name())
    }

    fn explain(&self, error: &Error) -> Told {
        let arg = text(error, ContextKind::InvalidArg);
        let option = arg.split(' ').next().unwrap_or_default();
        let value = text(error, ContextKind::InvalidValue);
        match error.kind() {
            ErrorKind::InvalidSubcommand => self.unknown_command(error),
            ErrorKind::UnknownArgument if arg.starts_with('-') => self.unknown_option(error, &arg),
            ErrorKind::UnknownArgument => self.unexpected(&arg),
            ErrorKind::MissingRequiredArgument => self.missing(error),
            ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                let hint = if self.path.is_empty() { self.help() } else { self.commands() };
                told(format!("`{}` needs a command", self.name()), hint)
            }
            ErrorKind::InvalidValue if value.is_empty() => told(
                format!("{option} needs a value"),
                format!("give one: {arg}; write {option}=VALUE for a value that starts with -"),
            ),
            ErrorKind::InvalidValue => {
                let similar = texts(error, ContextKind::SuggestedValue);
                let hint =
                    similar.first().map_or_else(|| self.help(), |similar| format!("did you mean {similar}?"));
                let valid = texts(error, ContextKind::ValidValue).join(", ");
                told(format!("{option} must be one of {valid}, not `{value}`"), hint)
            }
            ErrorKind::ValueValidation => {
                let why = error.source().map(ToString::to_string).unwrap_or_default();
                told(format!("`{value}` is not a valid value for {arg}: {why}"), self.help())
            }
            ErrorKind::ArgumentConflict => {
                let prior = texts(error, ContextKind::PriorArg).join(" and ");
                if prior == arg {
                    return told(format!("{option} is given twice"), format!("give {option} once"));
                }
                told(format!("{arg} cannot be used with {prior}"), "omit one of them")
            }
            ErrorKind::InvalidUtf8 => {
                told("an argument is not UTF-8", "write it in UTF-8, or put it into a file")
            }
            _ => {
                let text = error.render().to_string();
                let first = text.lines().next().unwrap_or_default();
                told(first.strip_prefix("error: ").unwrap_or(first), self.help())
            }
        }
    }

    fn commands(&self) -> String {
        let names = self.command.get_subcommands().map(Command::get_name).filter(|name| *name != "help");
        format!("commands of `{}`: {}", self.name(), names.collect::<Vec<_>>().join(", "))
    }

    fn unknown_command(&self, error: &Error) -> Told {
        let word = text(error, ContextKind::InvalidSubcommand);
        let message = format!("`{}` has no command `{}`", self.name(), short(&word));
        let instead = guesses::command(&self.path, &word).map(str::to_owned);
        let path: Vec<&str> = self.path.split_whitespace().collect();
        let named = |command: &Command| place::is_named(command, &word);
        let instead = instead
            .or_else(|| guesses::file(&self.path, &word))
            .or_else(|| place::search(self.command, &path, &named).into_iter().next())
            .or_else(|| place::search(self.root, &[], &named).into_iter().next());
        // clap lists the most similar one last.
        let similar = texts(error, ContextKind::SuggestedSubcommand).pop();
        match (instead, self.path.as_str()) {
            (Some(instead), _) => told(message, format!("use `d360 {instead}`")),
            (None, "block") if is_user(&word) => told(message, "to block a user: d360 block add USER"),
            (None, "send") if similar.is_none() => {
                let body = if word.contains('"') || word.len() > 40 { "TEXT" } else { word.as_str() };
                told(message, format!("to send text: d360 send text \"{body}\" --to NUMBER"))
            }
            (None, path) => match similar {
                Some(similar) => told(message, format!("did you mean `{} {similar}`?", self.name())),
                None if path.is_empty() => told(message, self.help()),
                None => told(message, self.commands()),
            },
        }
    }

    fn unknown_option(&self, error: &Error, arg: &str) -> Told {
        // Its value may be a key.
        let option = arg.split('=').next().unwrap_or_default();
        let message = format!("`{}` has no option {option}", self.name());
        if let Some(instead) = guesses::option(&self.path, option) {
            return told(message, instead);
        }
        let path: Vec<&str> = self.path.split_whitespace().collect();
        let long = option.trim_start_matches('-');
        let has = |command: &Command| command.get_arguments().any(|arg| place::is_long(arg, long));
        if let Some(below) = place::search(self.command, &path, &has).first() {
            let hint = format!("put it after the whole command: d360 {below} {option} …");
            return told(message, hint);
        }
        let similar = texts(error, ContextKind::SuggestedArg);
        told(
            message,
            similar.first().map_or_else(|| self.help(), |similar| format!("did you mean {similar}?")),
        )
    }

    /// Explains an unexpected word.
    fn unexpected(&self, word: &str) -> Told {
        let message = format!("`{}` does not expect `{}`", self.name(), short(word));
        let takes_to = self.command.get_arguments().any(|arg| arg.get_long() == Some("to"));
        let has_to = self.line.iter().any(|word| word == "--to" || word.starts_with("--to="));
        if takes_to && is_user(word) && !has_to {
            return told(message, "give the recipient with --to");
        }
        if takes_to && is_user(word) {
            return told(message, "repeat --to for each recipient, or give a file with --to-file");
        }
        told(message, guesses::extra(&self.path).map_or_else(|| self.help(), str::to_owned))
    }

    fn missing(&self, error: &Error) -> Told {
        let missing = texts(error, ContextKind::InvalidArg);
        let bare = |name: &str| name.trim_matches(|c| "<>[].".contains(c)).to_owned();
        let arg = |name: &str| self.command.get_arguments().find(|arg| bare(&arg.to_string()) == bare(name));
        let is_shown = |name: &&str| arg(name).is_none_or(|arg| !arg.is_hide_set());
        let parts = |name| parts(name).into_iter().filter(is_shown).collect::<Vec<_>>();
        let names: Vec<String> = missing.iter().map(|name| parts(name).join(" or ")).collect();
        let choice = names.iter().any(|name| name.contains(" or "));
        let message =
            format!("`{}` needs {}", self.name(), names.join(if choice { ", and " } else { " and " }));
        let of = |name: &str| arg(name).and_then(Arg::get_help).map(ToString::to_string);
        let all: Vec<&str> = missing.iter().flat_map(|name| parts(name)).collect();
        let width = all.iter().map(|part| part.chars().count()).max().unwrap_or_default();
        let details = all.iter().filter_map(|part| Some(format!("  {part:width$}  {}", of(part)?))).collect();
        let mut hints: Vec<String> =
            missing.iter().filter_map(|name| guesses::missing(&self.path, name)).map(str::to_owned).collect();
        if let Some(example) = help::example(&self.path) {
            hints.push(format!("for example: {}", shown_numbers(example)));
        }
        (message, details, hints)
    }
}

/// Returns the arguments of a group such as `<--id <MEDIA_ID>|--link <URL>>`. One of them is required.
fn parts(name: &str) -> Vec<&str> {
    match name.strip_prefix('<').and_then(|inner| inner.strip_suffix('>')) {
        Some(inner) if inner.contains('|') && inner.contains("--") => inner.split('|').collect(),
        _ => vec![name],
    }
}

/// Replaces the numbers of an example, which would be masked.
fn shown_numbers(example: &str) -> String {
    let words = example.split(' ').map(|word| if is_user(word) { "NUMBER" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

/// Whether a word looks like a phone number or an ID of a user.
fn is_user(word: &str) -> bool {
    let number = word.trim_start_matches('+');
    word.contains("@s.whatsapp.net")
        || (number.len() > 5 && number.bytes().all(|b| b.is_ascii_digit() || b == b' '))
}

/// Shortens a word for messages.
fn short(word: &str) -> String {
    let mut chars = word.chars();
    let head: String = chars.by_ref().take(40).collect();
    if chars.next().is_some() { format!("{head}…") } else { head }
}

fn text(error: &Error, kind: ContextKind) -> String {
    texts(error, kind).into_iter().next().unwrap_or_default()
}

fn texts(error: &Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        Some(ContextValue::StyledStr(text)) => vec![text.to_string()],
        _ => Vec::new(),
    }
}
