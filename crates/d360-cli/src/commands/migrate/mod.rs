//! `d360 migrate`.
use crate::{
    Result,
    args::{Global, Migrate},
    output::Output,
};
use d360::migrate::Note;
use serde_json::Value;

mod blocklist;
mod check;
mod documents;
mod record;
mod translate;

pub(crate) fn run(global: &Global, verb: &Migrate, output: Output) -> Result {
    match verb {
        Migrate::Translate(args) => translate::run(args, output),
        Migrate::Blocklist(verb) => blocklist::run(global, verb, output),
        Migrate::Record(args) => record::run(global, args, output),
        Migrate::Check(args) => check::run(args, output),
    }
}

/// Returns the notes as JSON.
fn shown(notes: &[Note]) -> Value {
    serde_json::to_value(notes).unwrap_or_default()
}
