//! `/_sandbox`: control routes for what the API itself cannot do.
use crate::{
    answer::Answer,
    inbound, statuses,
    world::{World, failure::Failure},
};
use serde_json::{Map, Value, json};
use std::time::Duration;

pub(crate) fn handle(world: &mut World, method: &str, path: &str, body: &[u8]) -> Answer {
    let route = path.trim_start_matches("/_sandbox").trim_start_matches('/');
    let value = if body.is_empty() { Ok(json!({})) } else { serde_json::from_slice::<Value>(body) };
    let Ok(value) = value else { return refuse("the body is not JSON") };
    let key = value.get("key").and_then(Value::as_str);
    if let Some(unknown) = key.filter(|key| !world.numbers.contains_key(*key)) {
        return refuse(&format!("{unknown:?} is not a key of this sandbox"));
    }
    match (method, route) {
        ("GET", "") => Answer::ok(&describe(world)),
        ("GET", "messages") => Answer::ok(&json!({ "messages": world.accepted })),
        ("GET", "requests") => Answer::ok(&json!({ "requests": world.requests() })),
        ("POST", "reset") => {
            world.reset();
            done()
        }
        ("GET", "deliveries") => Answer::ok(&json!({ "deliveries": world.hooks.delivered })),
        ("POST", "inbound") => user_sends(world, key, &value),
        ("POST", "webhooks") => webhooks(world, key, &value),
        ("POST", "templates") => template(world, &value),
        ("POST", "not_on_whatsapp") => each(&value, "users", |user| world.not_on_whatsapp(user)),
        ("POST", "blocked") => each(&value, "users", |user| world.force_block(key, user)),
        ("POST", "clock") => clock(world, &value),
        ("POST", "settings") => settings(world, &value),
        ("POST", "statuses") => status(world, &value),
        ("GET", "errors") => Answer::ok(&json!({ "errors": world.failures.shown() })),
        ("DELETE", "errors") => Answer::ok(&json!({ "success": true, "dropped": world.failures.clear() })),
        ("POST", "errors") => fail(world, &value),
        _ => Answer::not_found(method, path),
    }
}

fn describe(world: &World) -> Value {
    json!({
        "serves": {
            "cloud": [
                "POST /messages", "POST /block_users", "DELETE /block_users", "GET /block_users",
                "POST /media", "GET /{media_id}", "DELETE /{media_id}", "GET /whatsapp_business/attachments/?mid=&ext=&hash=",
                "GET /message_templates", "POST /message_templates", "DELETE /message_templates?name=&hsm_id=",
                "GET /{template_id}", "POST /{template_id}",
                "GET /v1/configs/templates?limit=&offset=&filters=", "POST /v1/configs/templates", "DELETE /v1/configs/templates/{name}",
                "GET /v1/configs/webhook", "POST /v1/configs/webhook", "GET /waba_webhook", "POST /waba_webhook",
                "GET /health_status",
            ],
            "graph": [
                "the same under /{version}/{phone_number_id}, with Authorization: Bearer; files and templates under /{version}",
                "any other path, or one without a version: Graph's error, code 2500 or 100",
            ],
            "onprem": [
                "POST /v1/messages", "PUT /v1/messages/{id}", "POST /v1/contacts", "POST /v1/contacts/{phone}/block",
                "POST /v1/contacts/{phone}/unblock", "POST /v1/contacts/{phone}/report", "GET /v1/contacts/blocklist",
                "GET /v1/contacts/{wa_id}/identity", "PUT /v1/contacts/{wa_id}/identity",
            ],
            "partner": [
                "POST /api/v2/token", "GET /api/v2/partners/{partner_id}/channels",
                "POST, DELETE, GET /api/v2/partners/{partner_id}/channels/{channel_id}/block_users",
                "(a sandbox with one number accepts any channel id; with several, the ids that channels returns)",
            ],
        },
        "access": "the control routes accept requests from programs and from pages of this address; requests with another Origin, or a Sec-Fetch-Site other than same-origin or none, get 403",
        "control": {
            "GET /_sandbox/messages": "accepted messages",
            "GET /_sandbox/requests": "received requests: method, path, body, status",
            "GET /_sandbox/deliveries": "posted webhooks: url, attempt, status or error, body",
            "POST /_sandbox/inbound": "send a message from a user, which opens the 24-hour window and posts a webhook: {\"from\": \"+16505551234\"} or a list; \"type\" (text, image, …; each has an example), its content, context, referral, group_id, \"name\" and \"username\" of the sender; \"key\" selects a number, the first by default",
            "POST /_sandbox/statuses": "post the status of a message as a webhook: {\"status\": \"read\"}; \"id\" selects a message, the last by default; \"code\" is the error code of failed",
            "POST /_sandbox/webhooks": "set the webhook URL and options: {\"url\", \"headers\", \"duplicates\": 1, \"delay_ms\": 0, \"reorder\": true, \"batch\": 10, \"hold\": true, \"app_secret\", \"platform_secret\", \"on_premise\": true, \"statuses\": [\"sent\", \"read\"], \"user_ids\": false (the form before April 2026), \"escape_unicode\": true (\\uXXXX outside ASCII)}; omitted options are unchanged",
            "POST /_sandbox/templates": "set the status of a template: {\"name\", \"status\": \"APPROVED\"}",
            "POST /_sandbox/not_on_whatsapp": "mark numbers as not on WhatsApp: {\"users\": [..]}",
            "POST /_sandbox/blocked": "block users regardless of the 24-hour window: {\"users\": [..]}",
            "POST /_sandbox/clock": "advance the clock: {\"advance_seconds\": 86400}; or set it: {\"now\": unix seconds}, which also stops it",
            "POST /_sandbox/settings":
                "{\"messages_per_second\": 80 or null, \"pair_limit\": true, \"mixed_block_status\": 400, \"unversioned\": true (serve Graph paths without a version)}",
            "POST /_sandbox/errors":
                "make the next calls fail: {\"code\": 131056} or {\"http\": 503}, with times, method, path, body, retry_after",
            "GET /_sandbox/errors": "list failures that are not used up",
            "DELETE /_sandbox/errors": "drop them",
            "POST /_sandbox/reset": "restore the initial state",
        },
        "now": world.now().as_secs(),
        "settings": {
            "messages_per_second": world.settings.messages_per_second,
            "pair_limit": world.settings.pair_limit,
            "mixed_block_status": world.settings.mixed_block_status,
            "unversioned": world.settings.unversioned,
        },
    })
}

/// Sends a message from each user.
fn user_sends(world: &mut World, key: Option<&str>, value: &Value) -> Answer {
    let Some(asked) = value.as_object() else { return refuse("expected an object") };
    let (mut ids, mut user_ids, mut refused) = (Vec::new(), Vec::new(), None);
    let answer = each(value, "from", |user| match inbound::send(world, key, user, asked) {
        Ok(id) => {
            ids.push(id);
            let user = world.users.key(user);
            user_ids.push(world.users.id(&user));
        }
        Err(why) => refused = Some(why),
    });
    match refused {
        Some(why) => refuse(&why),
        None if answer.status == 200 => {
            let webhook = world.hooks.has_target(&world.key_or_first(key));
            Answer::ok(&json!({ "success": true, "ids": ids, "user_ids": user_ids, "webhook": webhook }))
        }
        None => answer,
    }
}

/// Posts a status of an accepted message.
fn status(world: &mut World, value: &Value) -> Answer {
    let Some(asked) = value.as_object() else { return refuse("expected an object") };
    if let Some(name) = asked.keys().find(|name| !["status", "id", "code", "key"].contains(&name.as_str())) {
        return refuse(&format!("unknown property {name}; known are status, id, code"));
    }
    let text = |name: &str| asked.get(name).and_then(Value::as_str);
    let Some(status) = text("status").filter(|status| statuses::KNOWN.contains(status)) else {
        return refuse(&format!("status must be one of {}", statuses::KNOWN.join(", ")));
    };
    let code = match asked.get("code") {
        None | Some(Value::Null) => None,
        Some(code) if status == "failed" && code.as_i64().is_some() => code.as_i64(),
        Some(_) => return refuse("code must be a number, and needs the status failed"),
    };
    let id = match asked.get("id") {
        Some(id) if !id.is_string() && !id.is_null() => return refuse("id must be a string"),
        _ => text("id"),
    };
    let Some(sent) = world.sent(id).cloned() else {
        return refuse(&match id {
            Some(id) => format!("no accepted message has the id {id:?}"),
            None => "no message has been accepted yet; send one first".to_owned(),
        });
    };
    statuses::push(world, &sent, status, code);
    let webhook = world.hooks.has_target(&sent.key);
    Answer::ok(&json!({ "success": true, "id": sent.id, "status": status, "webhook": webhook }))
}

/// Sets the webhook URL and options.
fn webhooks(world: &mut World, key: Option<&str>, value: &Value) -> Answer {
    let Some(map) = value.as_object() else { return refuse("expected an object") };
    let mut settings = world.hooks.settings.clone();
    let mut target = Map::new();
    for (name, value) in map {
        let number = value.as_u64().filter(|number| *number <= 1_000_000);
        let text = || value.as_str().map(str::to_owned);
        match (name.as_str(), value, number) {
            ("key", _, _) => {}
            ("url" | "headers", _, _) => drop(target.insert(name.clone(), value.clone())),
            ("duplicates", _, Some(number)) => settings.duplicates = u32::try_from(number).unwrap_or(100),
            ("delay_ms", _, Some(number)) => settings.delay = Duration::from_millis(number),
            ("batch", _, Some(number)) => settings.batch = usize::try_from(number).unwrap_or(1_000),
            ("reorder", Value::Bool(on), _) => settings.reorder = *on,
            ("hold", Value::Bool(on), _) => settings.hold = *on,
            ("on_premise", Value::Bool(on), _) => settings.on_premise = *on,
            ("user_ids", Value::Bool(on), _) => settings.user_ids = *on,
            ("escape_unicode", Value::Bool(on), _) => settings.escape_unicode = *on,
            ("app_secret", Value::Null | Value::String(_), _) => settings.app_secret = text(),
            ("platform_secret", Value::Null | Value::String(_), _) => settings.platform_secret = text(),
            ("statuses", Value::Null, _) => settings.statuses = None,
            ("statuses", Value::Array(list), _) if list.iter().all(Value::is_string) => {
                let texts = list.iter().filter_map(Value::as_str).map(str::to_owned);
                settings.statuses = Some(texts.collect());
            }
            _ => return refuse(&format!("{name} is not a webhook setting, or its value is invalid")),
        }
    }
    let key = world.key_or_first(key);
    if !target.is_empty()
        && let Err(why) = world.hooks.set(&key, &Value::Object(target), false)
    {
        return refuse(&why);
    }
    world.hooks.change(settings);
    done()
}

fn template(world: &mut World, value: &Value) -> Answer {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let (Some(name), Some(status)) = (text("name"), text("status")) else {
        return refuse("name and status are required");
    };
    if crate::templates::set_status(world, name, status) {
        done()
    } else {
        refuse(&format!("there is no template {name:?}"))
    }
}

fn done() -> Answer {
    Answer::ok(&json!({ "success": true }))
}

fn refuse(why: &str) -> Answer {
    Answer::json(400, &json!({ "error": why }))
}

/// Calls `f` for each string of a property that is a string or a list of strings.
fn each(value: &Value, key: &str, mut f: impl FnMut(&str)) -> Answer {
    let users = match value.get(key) {
        Some(Value::String(user)) => vec![user.as_str()],
        Some(Value::Array(users)) if users.iter().all(Value::is_string) => {
            users.iter().filter_map(Value::as_str).collect()
        }
        _ => return refuse(&format!("{key} must be a string or a list of strings")),
    };
    users.into_iter().for_each(&mut f);
    done()
}

fn clock(world: &mut World, value: &Value) -> Answer {
    // A larger value could overflow a sum of times.
    let seconds =
        |key| value.get(key).and_then(Value::as_u64).filter(|n| *n < 1 << 40).map(Duration::from_secs);
    match (seconds("now"), seconds("advance_seconds")) {
        (Some(now), None) => world.set_clock(now),
        (None, Some(time)) => world.advance(time),
        _ => return refuse("give either now or advance_seconds, in whole seconds"),
    }
    done()
}

fn settings(world: &mut World, value: &Value) -> Answer {
    let Some(map) = value.as_object() else { return refuse("expected an object") };
    let mut settings = world.settings.clone();
    for (name, value) in map {
        match (name.as_str(), value) {
            ("messages_per_second", Value::Null) => settings.messages_per_second = None,
            ("messages_per_second", value) => match value.as_u64().and_then(|n| u32::try_from(n).ok()) {
                Some(limit) => settings.messages_per_second = Some(limit),
                None => return refuse("messages_per_second must be a number or null"),
            },
            ("pair_limit", Value::Bool(on)) => settings.pair_limit = *on,
            ("unversioned", Value::Bool(on)) => settings.unversioned = *on,
            ("mixed_block_status", value) if matches!(value.as_u64(), Some(200 | 400)) => {
                settings.mixed_block_status = if value.as_u64() == Some(200) { 200 } else { 400 };
            }
            _ => {
                return refuse(&format!(
                    "{name} is not a setting, or its value is invalid; GET /_sandbox shows them"
                ));
            }
        }
    }
    world.settings = settings;
    done()
}

fn fail(world: &mut World, value: &Value) -> Answer {
    let Some(map) = value.as_object() else { return refuse("expected an object") };
    let known = ["code", "http", "body", "retry_after", "times", "method", "path"];
    if let Some(name) = map.keys().find(|name| !known.contains(&name.as_str())) {
        return refuse(&format!("unknown property {name}; known are {}", known.join(", ")));
    }
    let texts = ["body", "method", "path"];
    let numbers = ["code", "http", "retry_after", "times"];
    let wrong = |key: &&&str| map.get(**key).is_some_and(|value| !value.is_null() && !value.is_string());
    if let Some(key) = texts.iter().find(wrong) {
        return refuse(&format!("{key} must be a string"));
    }
    let wrong =
        |key: &&&str| map.get(**key).is_some_and(|value| value.as_u64().is_none() && !value.is_null());
    if let Some(key) = numbers.iter().find(wrong) {
        return refuse(&format!("{key} must be a non-negative whole number"));
    }
    let text = |key: &str| map.get(key).and_then(Value::as_str).map(str::to_owned);
    let number = |key: &str| map.get(key).and_then(Value::as_u64);
    let http = number("http")
        .and_then(|status| u16::try_from(status).ok())
        .filter(|status| (200..600).contains(status));
    let failure = Failure {
        code: map.get("code").and_then(Value::as_i64),
        http,
        body: text("body"),
        retry_after: number("retry_after"),
        times: number("times").and_then(|times| u32::try_from(times).ok()),
        method: text("method"),
        path: text("path"),
    };
    if failure.code.is_none() && failure.http.is_none() {
        return refuse("give a code, or an HTTP status from 200 to 599");
    }
    world.failures.push(failure);
    done()
}
