//! `/v1`: On-Premise. Unknown properties are accepted, errors are a list, and contacts are blocked one by one.
use crate::{
    answer::{Answer, onprem_meta},
    config_templates,
    schema::onprem_contents,
    statuses, templates, webhooks,
    world::{
        World,
        ids::{digits, encode, user_key},
    },
};
use serde_json::{Value, json};
use std::collections::HashMap;

/// The default and maximum page sizes of the blocklist.
const PAGE: usize = 100;
const MAX_PAGE: usize = 200;

pub(crate) fn handle(
    world: &mut World,
    key: &str,
    method: &str,
    steps: &[&str],
    query: &HashMap<String, String>,
    body: &[u8],
) -> Option<Answer> {
    if let ("GET" | "POST", ["configs", "webhook"]) = (method, steps) {
        return Some(webhooks::config(world, key, method, body, false));
    }
    if let ["configs", "templates", name @ ..] = steps {
        return config_templates::handle(world, method, name, query, body);
    }
    let value = if body.is_empty() { Some(json!({})) } else { crate::json::read(body) };
    let Some(value) = value else { return Some(Answer::onprem_error(1025, "The body is not JSON")) };
    Some(match (method, steps) {
        ("POST", ["messages"]) => send(world, key, &value),
        ("PUT", ["messages", _]) if value["status"] == "read" => done(),
        ("PUT", ["messages", _]) => Answer::onprem_error(1009, "status must be read"),
        ("POST", ["contacts"]) => check(world, &value),
        ("GET", ["contacts", "blocklist"]) => list(world, key, query),
        ("POST", ["contacts", contact, "block"]) => block(world, key, contact, &value),
        ("POST", ["contacts", contact, "unblock"]) => unblock(world, key, contact),
        ("POST", ["contacts", contact, "report"]) => report(world, key, contact, &value),
        ("GET", ["contacts", contact, "identity"]) => identity(contact),
        ("PUT", ["contacts", contact, "identity"]) => acknowledge(contact, &value),
        _ => return None,
    })
}

/// A success has no `errors`.
fn done() -> Answer {
    Answer::ok(&json!({ "meta": onprem_meta() }))
}

fn is_number(text: &str) -> bool {
    // "Numbers can be in any phone number format."
    (7..=15).contains(&digits(text).len()) && !text.contains(char::is_alphabetic)
}

fn invalid_contact() -> Answer {
    let details = "Provided WhatsApp ID is not valid. Please provide a valid WhatsApp ID or a phone number with a country code";
    Answer::onprem_error(1009, details)
}

/// Sends a message. Even a message that fails gets an id; the failure is reported by webhook only, and the message is
/// not stored.
fn send(world: &mut World, key: &str, message: &Value) -> Answer {
    let text = |name: &str| message.get(name).and_then(Value::as_str);
    if !matches!(text("recipient_type"), None | Some("individual" | "group")) {
        return Answer::onprem_error(1002, "recipient_type must be individual or group");
    }
    if let Some((code, details)) = onprem_contents::problem(message) {
        return Answer::onprem_error(code, &details);
    }
    let (to, kind) = (text("to").unwrap_or_default(), text("type").unwrap_or_default());
    let group = text("recipient_type") == Some("group");
    if !group && !is_number(to) {
        return Answer::onprem_error(1013, "to is not a WhatsApp ID or phone number");
    }
    let user = user_key(to);
    let Some(number) = world.numbers.get(key) else { return Answer::unauthorized() };
    if number.phone == user {
        return Answer::onprem_error(1021, "Sender and recipient are the same");
    }
    let refusal = message.get("template").and_then(|template| templates::refusal(world, template));
    if let Some((code, details)) = refusal {
        return Answer::onprem_error(onprem_contents::template_code(code), &details);
    }
    let failed = if number.is_blocked(&user) {
        Some(1026)
    } else if !group && !matches!(kind, "template" | "hsm") && !world.window_is_open(key, &user) {
        Some(470)
    } else {
        None
    };
    if failed.is_none() {
        world.accept(message.clone(), to);
    }
    let id = format!("gBEG{}", world.next_id("onprem"));
    statuses::tell(world, key, &id, message, if group { to } else { &user }, failed);
    Answer::json(201, &json!({ "messages": [{ "id": id }], "meta": onprem_meta() }))
}

fn check(world: &mut World, request: &Value) -> Answer {
    let Some(numbers) = request.get("contacts").and_then(Value::as_array).filter(|list| !list.is_empty())
    else {
        return Answer::onprem_error(1008, "contacts is required");
    };
    if !matches!(request.get("blocking").and_then(Value::as_str), None | Some("wait" | "no_wait")) {
        return Answer::onprem_error(1009, "blocking must be wait or no_wait");
    }
    let waits = request.get("blocking").and_then(Value::as_str) == Some("wait");
    let mut contact = |input: &str| {
        let id = digits(input);
        // Without `wait`, the first check of a number returns `processing`.
        if world.checked.insert(id.clone()) && !waits {
            json!({ "input": input, "status": "processing" })
        } else if is_number(input) && world.is_on_whatsapp(&id) {
            json!({ "input": input, "status": "valid", "wa_id": id })
        } else {
            json!({ "input": input, "status": "invalid" })
        }
    };
    let contacts: Vec<Value> = numbers.iter().filter_map(Value::as_str).map(&mut contact).collect();
    Answer::ok(&json!({ "contacts": contacts, "meta": onprem_meta() }))
}

fn list(world: &World, key: &str, query: &HashMap<String, String>) -> Answer {
    let Some(number) = world.numbers.get(key) else { return Answer::unauthorized() };
    let read =
        |name: &str, otherwise: usize| query.get(name).map_or(Ok(otherwise), |text| text.parse::<usize>());
    let (Ok(limit @ 1..=MAX_PAGE), Ok(offset)) = (read("limit", PAGE), read("offset", 0)) else {
        return Answer::onprem_error(1009, "limit must be in (0;200], offset from 0");
    };
    // On-Premise predates BSUIDs.
    let all: Vec<&String> = number.blocked.iter().filter(|user| !user.contains('.')).collect();
    let page = all.iter().skip(offset).take(limit);
    let contacts: Vec<Value> =
        page.map(|user| json!({ "wa_id": format!("{user}@s.whatsapp.net") })).collect();
    let pagination = json!({ "limit": limit, "offset": offset, "total": all.len() });
    Answer::ok(&json!({ "contacts": contacts, "pagination": pagination }))
}

/// Returns why a contact cannot be blocked or reported.
fn refusal(world: &World, key: &str, contact: &str, request: &Value) -> Option<Answer> {
    let user = user_key(contact);
    let fits = |reason: &Value| reason.as_str().is_some_and(|text| (1..60).contains(&text.chars().count()));
    if !is_number(contact) || !world.is_on_whatsapp(&user) {
        Some(invalid_contact())
    } else if !request.get("reason").is_none_or(fits) {
        Some(Answer::onprem_error(1009, "reason must be a string of less than 60 characters"))
    } else if world.numbers.get(key).is_some_and(|number| number.phone == user) {
        Some(Answer::onprem_error(1021, "A number cannot block itself"))
    } else if !world.window_is_open(key, &user) {
        let details = "Invalid Request. This contact has not engaged with you in the last 24 hrs.";
        Some(Answer::onprem_error(2048, details))
    } else {
        None
    }
}

fn block(world: &mut World, key: &str, contact: &str, request: &Value) -> Answer {
    if let Some(refusal) = refusal(world, key, contact, request) {
        return refusal;
    }
    world.force_block(Some(key), contact);
    done()
}

fn unblock(world: &mut World, key: &str, contact: &str) -> Answer {
    if !is_number(contact) || !world.is_on_whatsapp(&user_key(contact)) {
        return invalid_contact();
    }
    if let Some(number) = world.numbers.get_mut(key) {
        number.unblock(&user_key(contact));
    }
    done()
}

fn report(world: &mut World, key: &str, contact: &str, request: &Value) -> Answer {
    if let Some(refusal) = refusal(world, key, contact, request) {
        return refusal;
    }
    match request.get("block") {
        None | Some(Value::Bool(false)) => {}
        Some(Value::Bool(true)) => world.force_block(Some(key), contact),
        Some(_) => return Answer::onprem_error(1009, "block must be a boolean"),
    }
    done()
}

/// The identity is derived from the number, so it never changes.
fn hash(contact: &str) -> String {
    encode(&format!("identity:{}", digits(contact)))
}

fn identity(contact: &str) -> Answer {
    if !is_number(contact) {
        return invalid_contact();
    }
    let identity =
        json!({ "hash": hash(contact), "acknowledged": true, "created_timestamp": 1_602_532_300_000_u64 });
    Answer::ok(&json!({ "contacts": { "identity": identity }, "meta": onprem_meta() }))
}

fn acknowledge(contact: &str, request: &Value) -> Answer {
    if !is_number(contact) {
        return invalid_contact();
    }
    match request.get("hash").and_then(Value::as_str) {
        Some(given) if given == hash(contact) => done(),
        Some(_) => Answer::onprem_error(1009, "hash is not the contact's"),
        None => Answer::onprem_error(1008, "hash is required"),
    }
}
