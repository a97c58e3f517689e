//! `d360 vcard`.
use crate::{
    Result,
    args::{Global, Vcard},
    failure::{Exit, Failure},
    input,
    output::Output,
    visible,
};
use d360::vcard::{self, Card, Loss};
use serde_json::json;
use std::{io::IsTerminal as _, path::Path};

pub(crate) fn run(global: &Global, command: &Vcard, output: Output) -> Result {
    match command {
        Vcard::ToContacts(args) => {
            let cards = cards(&args.file)?;
            let contacts: Vec<_> = cards.iter().map(|card| &card.contact).collect();
            let losses = cards.iter().flat_map(|card| &card.losses);
            if output.is_json() {
                let losses: Vec<_> = losses.map(loss).collect();
                output.document(&json!({ "contacts": contacts, "left_out": losses }));
            } else {
                losses.for_each(|loss| output.note(noted(loss)));
                let text =
                    serde_json::to_string_pretty(&contacts).map_err(|e| Failure::local(e.to_string()))?;
                output.exact(&format!("{}\n", visible::json_visible(&text)));
            }
        }
        Vcard::FromContacts(args) => {
            let (contacts, advice) = input::cards(&args.file, 0)?;
            advice.clone().into_result(global.strict)?;
            let text = vcard::write(&contacts);
            if output.is_json() {
                output.document(&json!({ "vcard": text }));
            } else {
                output.advice(&advice);
                // A file gets the card unchanged. A terminal gets nothing that could disrupt it.
                let shown = if std::io::stdout().is_terminal() { visible::visible(&text) } else { text };
                output.exact(&shown);
            }
        }
    }
    Ok(Exit::Done)
}

/// Reads the cards of a vCard file.
pub(crate) fn cards(path: &Path) -> std::result::Result<Vec<Card>, Box<Failure>> {
    let content = input::read(path)?;
    if matches!(content.trim_ascii_start().first(), Some(b'[' | b'{')) {
        return Err(Failure::invalid(&input::name(path), "is JSON, not a vCard file; give it with --card"));
    }
    vcard::read(&content).map_err(|error| Failure::invalid(&input::name(path), error.to_string()))
}

/// Returns a loss as text. A missing name that was substituted is only advice.
pub(crate) fn noted(loss: &Loss) -> String {
    if loss.property == "FN" && loss.value.is_none() {
        format!("advice: {loss}")
    } else {
        format!("left out: {loss}")
    }
}

pub(crate) fn loss(loss: &Loss) -> serde_json::Value {
    json!({ "property": loss.property, "value": loss.value, "reason": loss.reason })
}
