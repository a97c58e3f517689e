//! `/api/v2`: the partner API (hub).
use crate::{answer::Answer, blocking, world::World};
use serde_json::{Value, json};
use std::collections::HashMap;

/// The default page size.
const PAGE: usize = 20;

pub(crate) fn handle(
    world: &mut World,
    method: &str,
    steps: &[&str],
    query: &HashMap<String, String>,
    body: &[u8],
) -> Option<Answer> {
    Some(match (method, steps) {
        ("POST", ["token"]) => token(world, body),
        ("GET", ["partners", _, "channels"]) => channels(world, query),
        (_, ["partners", _, "channels", channel, "block_users"]) => {
            let Some(key) = key_of(world, channel) else {
                return Some(Answer::hub_error(404, "Channel not found"));
            };
            match method {
                "POST" => blocking::change(world, &key, body, true),
                "DELETE" => blocking::change(world, &key, body, false),
                "GET" => blocking::list(world, &key, query),
                _ => return None,
            }
        }
        _ => return None,
    })
}

fn token(world: &mut World, body: &[u8]) -> Answer {
    let request = crate::json::read(body).unwrap_or_default();
    let text = |name: &str| request.get(name).and_then(Value::as_str).unwrap_or_default();
    if text("username").is_empty() || text("password").is_empty() {
        let detail = json!({ "json": { "username": ["Missing data for required field."] } });
        return Answer::json(400, &json!({ "detail": detail, "message": "Validation error" }));
    }
    let token = world.next_id("token");
    world.tokens.insert(token.clone());
    Answer::ok(
        &json!({ "access_token": token, "refresh_token": null, "token_type": "Bearer", "expires_in": 86_400 }),
    )
}

/// Returns numbers and their keys, ordered by number.
fn sorted(world: &World) -> Vec<(String, String)> {
    let mut numbers: Vec<(String, String)> =
        world.numbers.iter().map(|(key, number)| (number.phone.clone(), key.clone())).collect();
    numbers.sort();
    numbers
}

fn channel_id(phone: &str) -> String {
    format!("{phone}CH")
}

/// Returns the key of a channel. With a single number, any id is accepted.
fn key_of(world: &World, channel: &str) -> Option<String> {
    let numbers = sorted(world);
    if let [(_, key)] = &numbers[..] {
        return Some(key.clone());
    }
    numbers.into_iter().find(|(phone, _)| channel_id(phone) == channel).map(|(_, key)| key)
}

fn channels(world: &World, query: &HashMap<String, String>) -> Answer {
    let read =
        |name: &str, otherwise: usize| query.get(name).map_or(Ok(otherwise), |text| text.parse::<usize>());
    let (Ok(limit @ 1..), Ok(offset)) = (read("limit", PAGE), read("offset", 0)) else {
        let detail = json!({ "query": { "limit": ["Not a valid integer."] } });
        return Answer::json(400, &json!({ "detail": detail, "message": "Validation error" }));
    };
    let all = sorted(world);
    let channel = |(phone, _): &(String, String)| {
        json!({
            "id": channel_id(phone), "client_id": "sandboxCL", "status": "running", "account_mode": "live",
            "setup_info": { "phone_number": phone, "phone_name": "Sandbox" },
        })
    };
    let page: Vec<Value> = all.iter().skip(offset).take(limit).map(channel).collect();
    Answer::ok(&json!({
        "count": page.len(), "filters": {}, "sort": [], "limit": limit, "offset": offset, "total": all.len(),
        "partner_channels": page,
    }))
}
