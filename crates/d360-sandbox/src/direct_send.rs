//! Direct Send: a message with a `category` can be sent outside the 24-hour window without a template (Meta, "Direct
//! Send", 2026-07-31; 360dialog, "Direct Send").
use crate::{
    schema::kind::{Mistake, UNKNOWN},
    templates::{GENERATED, MOST, is_generated},
    world::{World, ids::is_bsuid},
};
use serde_json::{Value, json};

/// Categories with their range of `ttl_seconds`.
const CATEGORIES: [(&str, i64, i64); 2] = [("utility", 30, 43_200), ("authentication", 30, 900)];
/// Types of interactive messages that Direct Send supports.
const INTERACTIVE: [&str; 3] = ["button", "cta_url", "voice_call"];
/// The maximum length of a body, the same as of a template.
const MAX_BODY: usize = 1024;

/// The error code for messages that cannot be sent to a business-scoped user id.
const NO_BSUID: i64 = 131_062;

pub(crate) fn is(message: &Value) -> bool {
    message.get("category").is_some()
}

/// Returns the first mistake in a message's `category` and `ttl_seconds`.
pub(crate) fn problem(message: &Value) -> Option<Mistake> {
    let refuse = |details: String| Some((UNKNOWN, details));
    let ttl = message.get("ttl_seconds");
    let Some(category) = message.get("category") else {
        // "Returned when you provide a TTL value on a message that doesn't use Direct Send."
        return ttl.and_then(|_| {
            refuse("Unexpected key \"ttl_seconds\" at ttl_seconds: it goes with a category".to_owned())
        });
    };
    let known = CATEGORIES.iter().find(|(name, ..)| Some(*name) == category.as_str());
    let Some((category, least, most)) = known else {
        let names: Vec<&str> = CATEGORIES.iter().map(|(name, ..)| *name).collect();
        return refuse(format!("category must be one of {}", names.join(", ")));
    };
    let kind = message["type"].as_str().unwrap_or_default();
    let body = match kind {
        "text" => &message["text"]["body"],
        "interactive" => {
            let kind = message["interactive"]["type"].as_str().unwrap_or_default();
            if !INTERACTIVE.contains(&kind) {
                return refuse(format!("an interactive message of type {kind} cannot have a category"));
            }
            &message["interactive"]["body"]["text"]
        }
        _ => return refuse(format!("a message of type {kind} cannot have a category")),
    };
    if body.as_str().is_some_and(|body| body.chars().count() > MAX_BODY) {
        return refuse(format!("the body of a message with a category has at most {MAX_BODY} characters"));
    }
    if message["recipient_type"] == "group" {
        return refuse("a message to a group cannot have a category".to_owned());
    }
    match ttl.and_then(Value::as_i64) {
        Some(ttl) if ttl > *most => {
            return refuse(format!("The time-to-live value must be lower than or equal to {most}"));
        }
        Some(ttl) if ttl < *least => {
            return refuse(format!("The time-to-live value must be higher than or equal to {least}"));
        }
        _ => {}
    }
    // `to` takes precedence.
    let to_user_id = message.get("to").is_none() && message["recipient"].as_str().is_some_and(is_bsuid);
    (to_user_id && *category == "authentication")
        .then(|| (NO_BSUID, "authentication messages cannot be sent to a business-scoped user ID".to_owned()))
}

/// Stores the template that Meta creates from such a message. Messages with the same body share one. The real API also
/// matches bodies that differ in details.
pub(crate) fn keep_template(world: &mut World, message: &Value) {
    let (kind, category) = (message["type"].as_str().unwrap_or_default(), &message["category"]);
    let body =
        if kind == "text" { &message["text"]["body"] } else { &message["interactive"]["body"]["text"] };
    let category = category.as_str().unwrap_or_default().to_uppercase();
    let components = json!([{ "type": "BODY", "text": body }]);
    let same = |known: &Value| {
        is_generated(known) && known["components"] == components && known["category"] == category.as_str()
    };
    if world.templates.iter().any(same) || world.templates.len() >= MOST {
        return;
    }
    let id = world.next_number();
    world.templates.push(json!({
        "id": id, "name": format!("direct_send_{id}"), "language": "en", "status": "APPROVED", "category": category,
        "parameter_format": "POSITIONAL", "source": GENERATED, "components": components,
    }));
}
