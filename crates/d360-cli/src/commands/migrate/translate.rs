//! `d360 migrate translate`.
use super::{documents, documents::Kind, shown};
use crate::{
    Result,
    args::{Translate, TranslateKind},
    failure::{Exit, Failure},
    input,
    output::Output,
};
use d360::migrate::{NoteKind, Options, Translation, message, webhook};
use serde_json::{Value, json};

/// Prints each translated document to standard output, one per line. Notes go to standard error, or into the JSON output.
pub(super) fn run(args: &Translate, output: Output) -> Result {
    let text = input::read(&args.file)?;
    let documents = documents::read(&text);
    if documents.is_empty() {
        return Err(Failure::invalid("", format!("{} contains no JSON", input::name(&args.file))));
    }
    let options = options(args);
    let several = documents.len() > 1;
    let mut worst = None;
    for (at, document) in documents.into_iter().enumerate() {
        let translated = match document {
            Ok(document) => translate(&document, args.kind, &options),
            Err(why) => Err(why),
        };
        let translated = translated.unwrap_or_else(|why| {
            // Report it like any other refused document.
            let mut refused = message::to_cloud(&Value::Null, &options);
            if let Some(note) = refused.notes.first_mut() {
                note.why = d360::model::mask(&why).into();
                note.what_to_do = "give a body of POST /v1/messages or of a webhook".into();
            }
            refused
        });
        worst = worst.max(translated.worst());
        if output.is_json() {
            output.document(
                &json!({ "document": at, "value": translated.value, "notes": shown(&translated.notes) }),
            );
            continue;
        }
        if let Some(value) = &translated.value {
            output.document(value);
        }
        for note in &translated.notes {
            let place = if several { format!("document {at}: ") } else { String::new() };
            output.note(format!("{place}{}", d360::model::mask(&note.to_string())));
        }
    }
    Ok(match worst {
        Some(NoteKind::Refused) => Exit::Invalid,
        Some(NoteKind::Lost) => Exit::Partly,
        _ => Exit::Done,
    })
}

fn options(args: &Translate) -> Options {
    let mut options = Options::new();
    options.account.clone_from(&args.account);
    options.phone_number_id.clone_from(&args.number_id);
    options.display_phone_number.clone_from(&args.display_phone_number);
    options
}

fn translate(
    document: &Value,
    kind: Option<TranslateKind>,
    options: &Options,
) -> std::result::Result<Translation<Value>, String> {
    match (kind, documents::kind(document)) {
        (Some(TranslateKind::Message), _) | (None, Kind::Message) => Ok(message::to_cloud(document, options)),
        (Some(TranslateKind::Webhook), _) | (None, Kind::Webhook) => Ok(webhook::to_cloud(document, options)),
        (Some(TranslateKind::Call), _) | (None, Kind::Call) => {
            let text = |key: &str| document.get(key).and_then(Value::as_str).unwrap_or_default();
            let body = document.get("body").unwrap_or(&Value::Null);
            Ok(documents::calls(text("method"), text("path"), body, options))
        }
        (None, Kind::Contacts) => Ok(documents::calls("POST", "/v1/contacts", document, options)),
        _ => Err("is neither a message (it has no `to`), a webhook nor {\"method\", \"path\", \"body\"}; set its kind with --kind".to_owned()),
    }
}
