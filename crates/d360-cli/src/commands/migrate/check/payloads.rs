//! Checks JSON documents: payloads, templates, recorded calls and Postman collections.
use super::{
    super::documents::{self, Kind},
    found::{Found, through},
};
use d360::migrate::{Note, Options, calls, message, templates, webhook};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) fn look(document: &Value, place: &str, found: &mut Vec<Found>, skipped: &mut Vec<String>) {
    if document.get("item").is_some() && document.get("info").is_some() {
        let variables = variables(document);
        return collection(document, place, &variables, found, skipped);
    }
    // 360dialog's template list.
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
            on_cloud: None,
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

/// Translates a template in the form of 360dialog's On-Premise API. Cloud has no namespace.
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
        on_cloud: None,
        notes: translated.notes,
    });
}

/// Returns the variables of a Postman collection.
fn variables(collection: &Value) -> BTreeMap<String, String> {
    let list = collection.get("variable").and_then(Value::as_array).cloned().unwrap_or_default();
    let of =
        |item: &Value| Some((item.get("key")?.as_str()?.to_owned(), item.get("value")?.as_str()?.to_owned()));
    list.iter().filter_map(of).collect()
}

/// Replaces `{{Name}}` with its value, or with a plausible one if it has none.
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

/// Checks the requests of a Postman collection (format 2), at any depth.
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
                skipped.push(format!("{place}: its body is not JSON: {error}"));
                continue;
            }
            None => Value::Null,
        };
        call(method, path, &body, &place, found);
    }
}
