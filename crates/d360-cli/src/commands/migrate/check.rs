//! `d360 migrate check`: what an old program's files hold, and what becomes of it.
use super::{documents, documents::Kind, shown};
use crate::{
    Result,
    args::MigrateCheck as Check,
    input,
    output::{Exit, Failure, Output},
};
use d360::migrate::{Note, NoteKind, Options, calls, message, templates, webhook};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Files of a folder that are read, at most; and how deep.
const MOST_FILES: usize = 10_000;
const DEEPEST: usize = 16;

/// Something that an old program sends, reads or holds.
struct Found {
    place: String,
    what: String,
    gateway: Gateway,
    cloud: Option<Value>,
    notes: Vec<Note>,
}

/// What happens to it through the gateway.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gateway {
    AsItIs,
    WithLoss,
    Refused,
}

impl Gateway {
    const fn word(self) -> &'static str {
        match self {
            Self::AsItIs => "works as it is",
            Self::WithLoss => "works, with a loss",
            Self::Refused => "has to change",
        }
    }
}

pub(super) fn run(args: &Check, output: Output) -> Result {
    let mut found = Vec::new();
    let mut skipped = Vec::new();
    let files = files(&args.path, &mut skipped)?;
    for path in &files {
        let place = path
            .strip_prefix(&args.path)
            .ok()
            .filter(|rest| rest.components().next().is_some())
            .unwrap_or(path);
        let place = d360::model::mask(&place.display().to_string());
        let text = input::read(path)?;
        let before = found.len();
        for (at, document) in documents::read(&text).into_iter().enumerate() {
            match document {
                Ok(document) => look(&document, &format!("{place}#{at}"), &mut found, &mut skipped),
                Err(why) => skipped.push(format!("{place}#{at}: {why}")),
            }
        }
        if found.len() == before && !skipped.iter().any(|line| line.starts_with(&place)) {
            skipped.push(format!("{place}: holds nothing of On-Premise that is known here"));
        }
    }
    if found.is_empty() {
        let why = skipped.first().cloned().unwrap_or_else(|| "there is no .json file".to_owned());
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

/// The file, or those of a folder that may hold JSON.
fn files(path: &Path, skipped: &mut Vec<String>) -> std::result::Result<Vec<PathBuf>, Box<Failure>> {
    if path == Path::new("-") || !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    let mut folders = vec![(path.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let fail = |error: std::io::Error| Failure::invalid("", format!("{}: {error}", input::name(&folder)));
        for entry in std::fs::read_dir(&folder).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let kind = entry.file_type().map_err(fail)?;
            let path = entry.path();
            let json =
                path.extension().is_some_and(|ext| matches!(ext.to_str(), Some("json" | "ndjson" | "jsonl")));
            let mut skip = |why: &str| {
                skipped.push(format!("{}: {why}", d360::model::mask(&path.display().to_string())));
            };
            if kind.is_dir() && depth < DEEPEST {
                folders.push((path, depth + 1));
            } else if kind.is_dir() {
                skip("is too deep within folders; check it by itself");
            } else if json && !kind.is_file() {
                skip("is a link; check what it leads to");
            } else if json && files.len() < MOST_FILES {
                files.push(path);
            } else if json {
                skip("is one of too many files; check its folder by itself");
            }
        }
    }
    files.sort();
    Ok(files)
}

fn look(document: &Value, place: &str, found: &mut Vec<Found>, skipped: &mut Vec<String>) {
    if document.get("item").is_some() && document.get("info").is_some() {
        let variables = variables(document);
        return collection(document, place, &variables, found, skipped);
    }
    // 360dialog's list of templates.
    if let Some(templates) = document.get("waba_templates").and_then(Value::as_array) {
        for (at, template) in templates.iter().enumerate() {
            look(template, &format!("{place}[{at}]"), found, skipped);
        }
        return;
    }
    let add = |what: &str, value: Option<Value>, notes: Vec<Note>, found: &mut Vec<Found>| {
        found.push(Found {
            place: place.to_owned(),
            what: what.to_owned(),
            gateway: through(&notes),
            cloud: value,
            notes,
        });
    };
    match documents::kind(document) {
        Kind::Message => {
            let translated = message::to_cloud(document, &Options::new());
            add("message", translated.value, translated.notes, found);
        }
        Kind::Webhook if document.get("entry").is_some() => {
            let translated = webhook::to_onprem(document, &Options::new());
            add("webhook of Cloud", Some(document.clone()), translated.notes, found);
        }
        Kind::Webhook => {
            let translated = webhook::to_cloud(document, &Options::new());
            add("webhook", translated.value, translated.notes, found);
        }
        Kind::Contacts => call("POST", "/v1/contacts", document, place, found),
        Kind::Call => {
            let text = |key: &str| document.get(key).and_then(Value::as_str).unwrap_or_default();
            call(text("method"), text("path"), document.get("body").unwrap_or(&Value::Null), place, found);
        }
        Kind::Template => {
            let (cloud, notes) = template(document);
            add("template", cloud, notes, found);
        }
        Kind::Unknown => {}
    }
}

/// A template as 360dialog's On-Premise API kept it: Cloud has no namespace.
fn template(template: &Value) -> (Option<Value>, Vec<Note>) {
    let body = json!({ "to": "+10000000", "type": "template", "template": {
        "namespace": template.get("namespace"), "name": template.get("name"), "language": { "code": template.get("language") } } });
    let mut notes = message::to_cloud(&body, &Options::new()).notes;
    notes.retain(|note| note.path.starts_with("template"));
    let translated = templates::to_cloud(template);
    notes.extend(translated.notes.into_iter().filter(|note| note.path != "namespace"));
    let cloud = translated.value.map(|mut cloud| {
        if let Value::Object(map) = &mut cloud {
            ["rejected_reason", "status", "id"].iter().for_each(|key| drop(map.remove(*key)));
        }
        cloud
    });
    (cloud, notes)
}

fn call(method: &str, path: &str, body: &Value, place: &str, found: &mut Vec<Found>) {
    let translated = documents::calls(method, path, body, &Options::new());
    let shown = calls::look_up(method, path).map_or("", |row| row.path);
    let what =
        if shown.is_empty() { format!("{method} of another API") } else { format!("{method} {shown}") };
    found.push(Found {
        place: place.to_owned(),
        what,
        gateway: through(&translated.notes),
        cloud: translated.value,
        notes: translated.notes,
    });
}

fn through(notes: &[Note]) -> Gateway {
    match notes.iter().map(|note| note.kind).max() {
        Some(NoteKind::Refused) => Gateway::Refused,
        Some(NoteKind::Lost) => Gateway::WithLoss,
        _ => Gateway::AsItIs,
    }
}

/// The variables of a Postman collection.
fn variables(collection: &Value) -> BTreeMap<String, String> {
    let list = collection.get("variable").and_then(Value::as_array).cloned().unwrap_or_default();
    let of =
        |item: &Value| Some((item.get("key")?.as_str()?.to_owned(), item.get("value")?.as_str()?.to_owned()));
    list.iter().filter_map(of).collect()
}

/// `{{Name}}` by its value; those without one by something of their kind.
fn filled(text: &str, variables: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("{{") {
        let Some((name, after)) = behind.split_once("}}") else { break };
        out.push_str(before);
        let lower = name.to_ascii_lowercase();
        match variables.get(name).filter(|value| !value.is_empty()) {
            Some(value) => out.push_str(value),
            None if lower.contains("url") || lower.contains("host") => out.push_str("https://onprem.example"),
            None if lower.contains("wa") || lower.contains("phone") || lower.contains("recipient") => {
                out.push_str("16505551234")
            }
            None => out.push_str("example"),
        }
        rest = after;
    }
    out + rest
}

/// The requests of a Postman collection (format 2), however deep they stand.
fn collection(
    item: &Value,
    place: &str,
    variables: &BTreeMap<String, String>,
    found: &mut Vec<Found>,
    skipped: &mut Vec<String>,
) {
    for item in item.get("item").and_then(Value::as_array).into_iter().flatten() {
        let name = item.get("name").and_then(Value::as_str).unwrap_or("?");
        let place = format!("{place}/{}", d360::model::mask(name));
        if item.get("item").is_some() {
            collection(item, &place, variables, found, skipped);
        }
        let Some(request) = item.get("request") else { continue };
        let method = request.get("method").and_then(Value::as_str).unwrap_or("GET");
        let url = request.get("url");
        let raw = url.and_then(|url| url.as_str().or_else(|| url.get("raw")?.as_str())).unwrap_or_default();
        let url = filled(raw, variables);
        let path = url.find("/v1").map_or("", |at| &url[at..]);
        if path.is_empty() {
            skipped.push(format!("{place}: its URL has no /v1"));
            continue;
        }
        let body = request.pointer("/body/raw").and_then(Value::as_str).map(|text| filled(text, variables));
        let body = match body.filter(|text| !text.trim().is_empty()).map(|text| serde_json::from_str(&text)) {
            Some(Ok(body)) => body,
            Some(Err(error)) => {
                skipped.push(format!("{place}: its body is no JSON: {error}"));
                continue;
            }
            None => Value::Null,
        };
        call(method, path, &body, &place, found);
    }
}

fn report(found: &[Found], skipped: &[String], output: Output) {
    let count = |gateway: Gateway| found.iter().filter(|found| found.gateway == gateway).count();
    if output.is_json() {
        let one = |found: &Found| {
            json!({ "place": found.place, "what": found.what, "through_the_gateway": found.gateway.word(), "cloud": found.cloud,
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
