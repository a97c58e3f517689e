//! `/message_templates`: those of the one account that all numbers belong to.
use crate::{
    answer::{Answer, decode, encode},
    world::World,
};
use serde_json::{Value, json};
use std::collections::HashMap;

/// Templates a page, where nothing is asked for.
const PAGE: usize = 25;
/// Most names of an account (360dialog, "Templates").
const MOST: usize = 250;

/// The template that every account begins with.
pub(crate) fn first() -> Value {
    json!({
        "id": "1192339204654487",
        "name": "hello_world",
        "language": "en_US",
        "status": "APPROVED",
        "category": "UTILITY",
        "components": [
            { "type": "HEADER", "format": "TEXT", "text": "Hello World" },
            { "type": "BODY", "text": "Welcome and congratulations!! This message demonstrates your ability to send a message." },
            { "type": "FOOTER", "text": "WhatsApp Business Platform sample message" },
        ],
    })
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

pub(crate) fn list(world: &World, query: &HashMap<String, String>) -> Answer {
    let wanted = |template: &&Value| {
        let fits = |key: &str| query.get(key).is_none_or(|value| value == text(template, key));
        fits("name") && fits("status") && fits("language") && fits("category")
    };
    let all: Vec<&Value> = world.templates.iter().filter(wanted).collect();
    let Ok(limit @ 1..) = query.get("limit").map_or(Ok(PAGE), |limit| limit.parse()) else {
        return Answer::error(100, "limit must be a number from 1");
    };
    let from = match query.get("after").map(|after| decode(after).and_then(|at| at.parse::<usize>().ok())) {
        None => 0,
        Some(Some(at)) => at,
        Some(None) => return Answer::error(100, "after is no cursor"),
    };
    let data: Vec<&Value> = all.iter().skip(from).take(limit).copied().collect();
    let mut page = json!({ "data": data });
    if !data.is_empty() {
        let after = encode(&(from + data.len()).to_string());
        page["paging"] = json!({ "cursors": { "before": encode(&from.to_string()), "after": after } });
    }
    Answer::ok(&page)
}

pub(crate) fn create(world: &mut World, body: &[u8]) -> Answer {
    let Ok(template @ Value::Object(_)) = serde_json::from_slice::<Value>(body) else {
        return Answer::error(100, "The body is not JSON");
    };
    let (name, language) = (text(&template, "name"), text(&template, "language"));
    let named = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.is_empty() || name.len() > 512 || !name.chars().all(named) {
        let details = "name has to be made of lower-case letters, digits and underscores";
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
        return Answer::error(100, "components need one of type BODY");
    }
    let same = |known: &&Value| text(known, "name") == name;
    if world.templates.iter().filter(same).any(|known| text(known, "language") == language) {
        return Answer::error(100, "Content in This Language Already Exists");
    }
    if world.templates.len() >= MOST {
        return Answer::error(80_008, "The account has as many templates as it may");
    }
    let (id, category) = (world.next_number(), template["category"].clone());
    let mut kept = template.clone();
    kept["id"] = json!(id);
    kept["status"] = json!("PENDING");
    world.templates.push(kept);
    Answer::ok(&json!({ "id": id, "status": "PENDING", "category": category }))
}

pub(crate) fn delete(world: &mut World, query: &HashMap<String, String>) -> Answer {
    let Some(name) = query.get("name").filter(|name| !name.is_empty()) else {
        return Answer::error(100, "The parameter name is required.");
    };
    let before = world.templates.len();
    let id = query.get("hsm_id");
    world
        .templates
        .retain(|known| text(known, "name") != name || id.is_some_and(|id| text(known, "id") != id));
    if world.templates.len() == before {
        return Answer::error(100, "Message template not found");
    }
    Answer::ok(&json!({ "success": true }))
}

/// What keeps a template from being sent. One that nobody has handed in is taken, so that tests need not.
pub(crate) fn refusal(world: &World, template: &Value) -> Option<Answer> {
    let language = template.get("language").map(|language| text(language, "code")).unwrap_or_default();
    let mut known = world.templates.iter().filter(|known| text(known, "name") == text(template, "name"));
    let known = known.find(|known| text(known, "language") == language)?;
    let code = match text(known, "status") {
        "APPROVED" => return None,
        "PAUSED" => 132_015,
        "DISABLED" => 132_016,
        _ => 132_001,
    };
    Some(Answer::error(code, "The template is not approved"))
}

/// Sets where a template stands, as Meta would; whether there is one.
pub(crate) fn set_status(world: &mut World, name: &str, status: &str) -> bool {
    let mut found = false;
    for template in world.templates.iter_mut().filter(|known| text(known, "name") == name) {
        template["status"] = json!(status);
        found = true;
    }
    found
}
