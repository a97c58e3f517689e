//! `/message_templates`: the templates of the one account, which all numbers share.
use crate::{
    answer::Answer,
    schema::kind::Mistake,
    template_match::{self, Format},
    world::{
        World,
        ids::{decode, encode},
    },
};
use serde_json::{Value, json};
use std::collections::HashMap;

/// The default page size.
const PAGE: usize = 25;
/// The maximum number of templates of an account (360dialog, "Templates").
pub(crate) const MOST: usize = 250;

/// The `source` of templates created by Direct Send.
pub(crate) const GENERATED: &str = "AUTO_GENERATED";

pub(crate) fn is_generated(template: &Value) -> bool {
    template["source"] == GENERATED
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

pub(crate) fn list(world: &World, query: &HashMap<String, String>) -> Answer {
    let wanted = |template: &&Value| {
        let fits = |key: &str| query.get(key).is_none_or(|value| value == text(template, key));
        fits("name") && fits("status") && fits("language") && fits("category") && fits("source")
    };
    let all: Vec<&Value> = world.templates.iter().filter(wanted).collect();
    let Ok(limit @ 1..) = query.get("limit").map_or(Ok(PAGE), |limit| limit.parse()) else {
        return Answer::error(100, "limit must be a number from 1");
    };
    let from = match query.get("after").map(|after| decode(after).and_then(|at| at.parse::<usize>().ok())) {
        None => 0,
        Some(Some(at)) => at,
        Some(None) => return Answer::error(100, "after is not a cursor"),
    };
    let data: Vec<&Value> = all.iter().skip(from).take(limit).copied().collect();
    let mut page = json!({ "data": data });
    if !data.is_empty() {
        let after = encode(&(from + data.len()).to_string());
        page["paging"] = json!({ "cursors": { "before": encode(&from.to_string()), "after": after } });
    }
    if let Some(fields) = query.get("summary") {
        page["summary"] = summary(world, fields);
    }
    Answer::ok(&page)
}

/// Returns the fields named in `summary=`, over all templates of the account (Meta, "Message templates").
fn summary(world: &World, fields: &str) -> Value {
    let count = world.templates.len();
    let known = [
        ("total_count", json!(count)),
        ("message_template_count", json!(count)),
        ("message_template_limit", json!(MOST)),
        ("are_translations_complete", json!(true)),
    ];
    let named = |name: &str| fields.split(',').any(|field| field.trim() == name);
    known.into_iter().filter(|(name, _)| named(name)).map(|(name, value)| (name.to_owned(), value)).collect()
}

pub(crate) fn create(world: &mut World, body: &[u8]) -> Answer {
    let Some(template @ Value::Object(_)) = crate::json::read(body) else {
        return Answer::error(100, "The body is not JSON");
    };
    let (name, language) = (text(&template, "name"), text(&template, "language"));
    let named = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.is_empty() || name.len() > 512 || !name.chars().all(named) {
        let details = "name must consist of lower-case letters, digits and underscores";
        return Answer::error(100, details);
    }
    if language.is_empty() {
        return Answer::error(100, "The parameter language is required.");
    }
    if !matches!(text(&template, "category"), "AUTHENTICATION" | "MARKETING" | "UTILITY") {
        return Answer::error(100, "category must be one of AUTHENTICATION, MARKETING, UTILITY");
    }
    let parts = template.get("components").and_then(Value::as_array);
    let is_body = |part: &Value| text(part, "type").eq_ignore_ascii_case("BODY");
    let from_library = template.get("library_template_name").is_some();
    if !from_library && !parts.is_some_and(|parts| parts.iter().any(is_body)) {
        return Answer::error(100, "components must include one of type BODY");
    }
    let Some(format) = Format::of(&template) else {
        return Answer::error(100, "parameter_format must be one of NAMED, POSITIONAL");
    };
    if let Some(placeholder) = template_match::foreign_placeholder(&template, format) {
        let details = format!("{placeholder} is not a placeholder of the parameter_format {}", format.name());
        return Answer::error(100, &details);
    }
    let same = |known: &&Value| text(known, "name") == name;
    if world.templates.iter().filter(same).any(|known| text(known, "language") == language) {
        return Answer::error(100, "Content in This Language Already Exists");
    }
    if world.templates.len() >= MOST {
        return Answer::error(80_008, "The account has reached its limit of templates");
    }
    let (id, category) = (world.next_number(), template["category"].clone());
    let mut kept = template.clone();
    kept["id"] = json!(id);
    kept["status"] = json!("PENDING");
    kept["parameter_format"] = json!(format.name());
    world.templates.push(kept);
    Answer::ok(&json!({ "id": id, "status": "PENDING", "category": category }))
}

pub(crate) fn delete(world: &mut World, query: &HashMap<String, String>) -> Answer {
    let Some(name) = query.get("name").filter(|name| !name.is_empty()) else {
        return Answer::error(100, "The parameter name is required.");
    };
    let before = world.templates.len();
    let id = query.get("hsm_id");
    let meant = |known: &Value| text(known, "name") == name && id.is_none_or(|id| text(known, "id") == id);
    if world.templates.iter().any(|known| meant(known) && is_generated(known)) {
        return Answer::error(2_388_330, "Can't delete a Direct Send template");
    }
    world.templates.retain(|known| !meant(known));
    if world.templates.len() == before {
        return Answer::error(100, "Message template not found");
    }
    Answer::ok(&json!({ "success": true }))
}

/// `GET /{template_id}`.
pub(crate) fn show(world: &World, id: &str) -> Option<Answer> {
    world.templates.iter().find(|known| text(known, "id") == id).map(Answer::ok)
}

/// `POST /{template_id}`: changes a template's category or components. It is then pending approval again.
pub(crate) fn update(world: &mut World, id: &str, body: &[u8]) -> Option<Answer> {
    let template = world.templates.iter_mut().find(|known| text(known, "id") == id)?;
    let Some(Value::Object(change)) = crate::json::read(body) else {
        return Some(Answer::error(100, "The body is not JSON"));
    };
    if is_generated(template) {
        return Some(Answer::error(2_388_318, "Can't update a Direct Send template"));
    }
    let known = ["category", "components", "message_send_ttl_seconds", "parameter_format"];
    if let Some(name) = change.keys().find(|name| !known.contains(&name.as_str())) {
        return Some(Answer::error(100, &format!("Unexpected key {name:?}")));
    }
    let mut changed = template.clone();
    change.into_iter().for_each(|(name, value)| changed[name] = value);
    let Some(format) = Format::of(&changed) else {
        return Some(Answer::error(100, "parameter_format must be one of NAMED, POSITIONAL"));
    };
    if let Some(placeholder) = template_match::foreign_placeholder(&changed, format) {
        let details = format!("{placeholder} is not a placeholder of the parameter_format {}", format.name());
        return Some(Answer::error(100, &details));
    }
    changed["status"] = json!("PENDING");
    *template = changed;
    let (name, category) = (&template["name"], &template["category"]);
    Some(Answer::ok(&json!({ "success": true, "id": id, "name": name, "category": category })))
}

/// Returns why a template cannot be sent.
///
/// A name that was never submitted is accepted, so that tests need not submit it. A submitted template has to be
/// approved in this language, and the values have to match its placeholders.
pub(crate) fn refusal(world: &World, template: &Value) -> Option<Mistake> {
    let language = template.get("language").map(|language| text(language, "code")).unwrap_or_default();
    let name = text(template, "name");
    let mut translations = world.templates.iter().filter(|known| text(known, "name") == name).peekable();
    translations.peek()?;
    let Some(known) = translations.find(|known| text(known, "language") == language) else {
        return Some((132_001, format!("template name ({name}) does not exist in {language}")));
    };
    let code = match text(known, "status") {
        "APPROVED" => return template_match::problem(known, template),
        "PAUSED" => 132_015,
        "DISABLED" => 132_016,
        _ => 132_001,
    };
    Some((code, "The template is not approved".to_owned()))
}

/// Sets the status of a template in all its languages. Returns whether a template has this name.
pub(crate) fn set_status(world: &mut World, name: &str, status: &str) -> bool {
    let mut found = false;
    for template in world.templates.iter_mut().filter(|known| text(known, "name") == name) {
        template["status"] = json!(status);
        found = true;
    }
    found
}
