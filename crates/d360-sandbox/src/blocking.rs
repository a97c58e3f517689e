//! `/block_users`: block, unblock and list.
use crate::{
    answer::{Answer, error_object},
    json,
    schema::contents::BLOCK,
    world::{
        World,
        ids::{decode, digits, encode, is_bsuid},
    },
};
use serde_json::{Value, json as value};
use std::collections::HashMap;

/// The maximum number of users in a request, and in the list.
const MAX_REQUEST: usize = 1_000;
const MAX_LIST: usize = 64_000;
/// The default and maximum page sizes. Neither is documented.
const PAGE: usize = 25;
const MAX_PAGE: usize = 1_000;

/// Blocks (`POST`) or unblocks (`DELETE`) users.
pub(crate) fn change(world: &mut World, key: &str, body: &[u8], block: bool) -> Answer {
    let Some(request) = json::read(body) else {
        return Answer::error(100, "The body is not JSON");
    };
    if let Err((code, details)) = BLOCK.check(&request, "") {
        return Answer::error(code, &details);
    }
    let users = request.get("block_users").and_then(Value::as_array).cloned().unwrap_or_default();
    if users.len() > MAX_REQUEST {
        return Answer::error(130_429, "Too many numbers in the request; at most 1,000");
    }
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for (i, item) in users.iter().enumerate() {
        // If both are set, `user` takes precedence.
        let Some(input) = item.get("user").or(item.get("user_id")).and_then(Value::as_str) else {
            return Answer::error(131_008, &format!("block_users[{i}] needs user or user_id"));
        };
        if input.get(2..).is_some_and(|rest| rest.starts_with(".ENT.")) {
            return Answer::error(100, "Parent BSUIDs are not supported for blocking or unblocking users");
        }
        let user = world.users.key(input);
        let mut named = if is_bsuid(input) {
            value!({ "input": input, "user_id": input })
        } else {
            value!({ "input": input, "wa_id": user })
        };
        match refusal(world, key, &user, block) {
            None => done.push((user, named)),
            Some((code, message, details)) => {
                if is_invalid(world, &user)
                    && let Some(map) = named.as_object_mut()
                {
                    map.remove("wa_id");
                }
                named["errors"] =
                    value!([{ "message": message, "code": code, "error_data": { "details": details } }]);
                failed.push(named);
            }
        }
    }
    let Some(number) = world.numbers.get_mut(key) else { return Answer::unauthorized() };
    let new = done.iter().filter(|(user, _)| !number.is_blocked(user)).count();
    if block && number.blocked.len() + new > MAX_LIST {
        return Answer::error(139_101, "The blocklist has reached its limit of 64,000 users");
    }
    for (user, _) in &done {
        if block { number.block(user) } else { number.unblock(user) }
    }
    let list = if block { "added_users" } else { "removed_users" };
    let done: Vec<Value> = done.into_iter().map(|(_, named)| named).collect();
    if failed.is_empty() {
        return Answer::ok(&value!({ "messaging_product": "whatsapp", "block_users": { list: done } }));
    }
    let verb = if block { "block" } else { "unblock" };
    let mut error = error_object(
        139_100,
        &format!("Failed to {verb} some users, see the block_users response list for details"),
    );
    error["message"] = value!("(#139100) Failed to block/unblock users");
    let lists = value!({ list: done, "failed_users": failed });
    let body = value!({ "messaging_product": "whatsapp", "block_users": lists, "error": error });
    Answer::json(world.settings.mixed_block_status, &body)
}

/// Returns why a user cannot be blocked or unblocked: code, message and details.
fn refusal(world: &World, key: &str, user: &str, block: bool) -> Option<(i64, &'static str, &'static str)> {
    let own = world.numbers.get(key).is_some_and(|number| number.phone == user);
    if own {
        Some((131_021, "Self block", "Cannot block your own phone number"))
    } else if is_invalid(world, user) {
        Some((131_047, "Re-engagement required", "The number is not a WhatsApp user"))
    } else if block && !world.window_is_open(key, user) {
        Some((131_047, "Re-engagement required", "User has not messaged in the last 24 hours"))
    } else {
        None
    }
}

fn is_invalid(world: &World, user: &str) -> bool {
    !world.is_on_whatsapp(user) || (!is_bsuid(user) && !(7..=15).contains(&digits(user).len()))
}

/// Returns a page of the list (`GET`).
pub(crate) fn list(world: &World, key: &str, query: &HashMap<String, String>) -> Answer {
    let Some(number) = world.numbers.get(key) else { return Answer::unauthorized() };
    if let Some(unknown) = query.keys().find(|name| !["limit", "after", "before"].contains(&name.as_str())) {
        return Answer::error(100, &format!("Unexpected query parameter {unknown:?}"));
    }
    let limit = match query.get("limit").map(|limit| limit.parse::<usize>()) {
        None => PAGE,
        Some(Ok(limit @ 1..)) => limit.min(MAX_PAGE),
        Some(_) => return Answer::error(100, "limit must be a number from 1"),
    };
    let cursor = query.get("after").or(query.get("before"));
    let offset = match cursor.map(|cursor| read_cursor(cursor)) {
        None => 0,
        Some(None) => return Answer::error(131_059, "The cursor is damaged"),
        Some(Some((_, version))) if version != number.version => {
            let error = error_object(139_102, "Blocklist was updated during retrieval - retry with offset 0");
            return Answer::json(400, &value!({ "messaging_product": "whatsapp", "error": error }));
        }
        Some(Some((offset, _))) if query.contains_key("after") => offset,
        Some(Some((offset, _))) => offset.saturating_sub(limit),
    };
    let page: Vec<&String> = number.blocked.iter().skip(offset).take(limit).collect();
    let end = offset + page.len();
    let item = |user: &&String| {
        let id = if is_bsuid(user) { "user_id" } else { "wa_id" };
        value!({ "messaging_product": "whatsapp", id: user })
    };
    let data: Vec<Value> = page.iter().map(item).collect();
    if data.is_empty() {
        return Answer::ok(&value!({ "data": [] }));
    }
    let cursors =
        value!({ "before": cursor_at(offset, number.version), "after": cursor_at(end, number.version) });
    Answer::ok(&value!({ "data": data, "paging": { "cursors": cursors } }))
}

fn cursor_at(offset: usize, version: u64) -> String {
    encode(&value!({ "offset": offset, "versionId": version.to_string() }).to_string())
}

fn read_cursor(cursor: &str) -> Option<(usize, u64)> {
    let cursor: Value = serde_json::from_str(&decode(cursor)?).ok()?;
    let offset = usize::try_from(cursor.get("offset")?.as_u64()?).ok()?;
    Some((offset, cursor.get("versionId")?.as_str()?.parse().ok()?))
}
