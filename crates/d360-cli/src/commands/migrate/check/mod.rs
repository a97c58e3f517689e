//! `d360 migrate check`: finds On-Premise calls and payloads in an old program's files.
use super::{documents, shown};
use crate::{
    Result,
    args::MigrateCheck as Check,
    failure::{Exit, Failure},
    input,
    output::Output,
};
use d360::migrate::{NoteKind, calls};
use files::Form;
use found::{Found, Gateway};
use serde_json::json;

mod files;
mod found;
mod payloads;
mod sources;

pub(super) fn run(args: &Check, output: Output) -> Result {
    let mut found = Vec::new();
    let mut skipped = Vec::new();
    let files = files::list(&args.path, &mut skipped)?;
    // A base URL and its paths may be in different files.
    let mut base = false;
    for (path, _) in files.iter().filter(|(_, form)| *form == Form::Source) {
        base = base || calls::has_base(&String::from_utf8_lossy(&input::read(path)?));
    }
    for (path, form) in &files {
        let (place, text) = (files::place(&args.path, path), input::read(path)?);
        let before = (found.len(), skipped.len());
        match form {
            Form::Documents => {
                for (at, document) in documents::read(&text).into_iter().enumerate() {
                    let place = format!("{place}#{at}");
                    match document {
                        Ok(document) => payloads::look(&document, &place, &mut found, &mut skipped),
                        Err(why) => skipped.push(format!("{place}: {why}")),
                    }
                }
            }
            Form::Source if text.contains(&0) => skipped.push(format!("{place}: is a binary file")),
            Form::Source => {
                sources::look(&String::from_utf8_lossy(&text), &place, base, &mut found, &mut skipped);
            }
        }
        if before == (found.len(), skipped.len()) {
            skipped.push(match form {
                Form::Documents => format!("{place}: contains no known On-Premise document"),
                Form::Source => format!("{place}: contains no On-Premise path"),
            });
        }
    }
    skipped.sort();
    if found.is_empty() {
        if !output.is_json() && skipped.len() > 1 {
            skipped.iter().for_each(|line| output.note(format!("skipped: {line}")));
        }
        let why = match &skipped[..] {
            [] => "the folder is empty".to_owned(),
            [one] => one.clone(),
            _ => format!("nothing from On-Premise was found; {} items were skipped", skipped.len()),
        };
        return Err(Failure::invalid("", format!("{}: {why}", input::name(&args.path))));
    }
    report(&found, &skipped, output);
    let worst = found.iter().flat_map(|found| &found.notes).map(|note| note.kind).max();
    Ok(match worst {
        Some(NoteKind::Refused) => Exit::Invalid,
        Some(NoteKind::Lost) => Exit::Partly,
        _ => Exit::Done,
    })
}

fn report(found: &[Found], skipped: &[String], output: Output) {
    let count = |gateway: Gateway| found.iter().filter(|found| found.gateway == gateway).count();
    if output.is_json() {
        let one = |found: &Found| {
            json!({ "place": found.place, "what": found.what, "through_the_gateway": found.gateway.word(), "cloud": found.cloud, "on_cloud": found.on_cloud,
                "notes": shown(&found.notes) })
        };
        output.document(&json!({
            "found": found.iter().map(one).collect::<Vec<_>>(), "skipped": skipped,
            "works_as_it_is": count(Gateway::AsItIs), "works_with_a_loss": count(Gateway::WithLoss),
            "has_to_change": count(Gateway::Refused),
        }));
        return;
    }
    for found in found {
        output.line(format!(
            "{}: {}: through the gateway it {}",
            found.place,
            found.what,
            found.gateway.word()
        ));
        for note in &found.notes {
            output.line(format!("  {}", d360::model::mask(&note.to_string())));
        }
        if let Some(cloud) = &found.cloud {
            output.line(format!("  on Cloud: {cloud}"));
        }
    }
    skipped.iter().for_each(|line| output.note(format!("skipped: {line}")));
    output.line("");
    output.line(format!(
        "{} found: {} work as they are, {} with a loss, {} have to change",
        found.len(),
        count(Gateway::AsItIs),
        count(Gateway::WithLoss),
        count(Gateway::Refused)
    ));
}
