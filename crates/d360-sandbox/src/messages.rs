//! `POST /messages`.
use crate::{
    answer::Answer,
    direct_send, json, media,
    schema::contents::{CONTENTS, MESSAGE, READ},
    statuses, template_values, templates,
    world::{
        World,
        ids::{digits, is_bsuid},
    },
};
use serde_json::{Value, json as value};

pub(crate) fn send(world: &mut World, key: &str, body: &[u8]) -> Answer {
    let Some(message) = json::read(body) else {
        return Answer::error(100, "The body is not JSON");
    };
    if message.get("status").is_some() {
        return read(&message);
    }
    if let Err((code, details)) = MESSAGE.check(&message, "") {
        return Answer::error(code, &details);
    }
    let text = |name: &str| message.get(name).and_then(Value::as_str);
    let kind = text("type").unwrap_or_default();
    if !CONTENTS.contains(&kind) {
        return Answer::error(
            131_051,
            &format!("Unsupported message type; known are {}", CONTENTS.join(", ")),
        );
    }
    let Some(content) = message.get(kind) else {
        return Answer::error(131_008, &format!("{kind} is required for a message of this type"));
    };
    if matches!(kind, "image" | "video" | "audio" | "document" | "sticker")
        && content.get("id").is_none() == content.get("link").is_none()
    {
        return Answer::error(131_008, &format!("{kind} needs an id or a link, and one of them alone"));
    }
    let problem = template_values::problem(&message)
        .or_else(|| direct_send::problem(&message))
        .or_else(|| media::unknown_in(world, &message));
    if let Some((code, details)) = problem {
        return Answer::error(code, &details);
    }
    // If both are set, `to` takes precedence.
    let (name, input) = match (text("to"), text("recipient")) {
        (Some(to), _) => ("to", to),
        (None, Some(recipient)) => ("recipient", recipient),
        (None, None) => return Answer::error(131_008, "to or recipient is required"),
    };
    let group = text("recipient_type") == Some("group");
    if !group && !is_recipient(name, input) {
        return Answer::error(131_009, &format!("{name} is not a phone number or user id"));
    }
    let user = world.users.key(input);
    let Some(number) = world.numbers.get(key) else { return Answer::unauthorized() };
    if number.phone == user {
        return Answer::error(131_021, "Recipient phone number cannot be the sender phone number");
    }
    if number.is_blocked(&user) {
        return Answer::error(130_403, "This business has blocked the user");
    }
    // Templates and Direct Send need no open window.
    let direct = direct_send::is(&message);
    if !group && kind != "template" && !direct && !world.window_is_open(key, &user) {
        let details =
            "Message failed to send because more than 24 hours have passed since the customer last replied";
        return Answer::error(131_047, details);
    }
    let refusal = message.get("template").and_then(|template| templates::refusal(world, template));
    if let Some((code, details)) = refusal {
        return Answer::error(code, &details);
    }
    if let Some(code) = world.count_message(key, &user) {
        return Answer::error(code, "Slow down");
    }
    if direct {
        direct_send::keep_template(world, &message);
    }
    let to = if group { input } else { &user };
    let id = world.accept(message.clone(), to);
    // A number that is not on WhatsApp is reported by webhook only.
    let failed = (!group && !world.is_on_whatsapp(&user)).then_some(131_026);
    statuses::tell(world, key, &id, &message, to, failed);
    let contact = if is_bsuid(input) {
        value!({ "input": input, "user_id": input })
    } else {
        value!({ "input": input, "wa_id": if group { input.to_owned() } else { digits(input) } })
    };
    Answer::ok(&value!({
        "messaging_product": "whatsapp",
        "contacts": [contact],
        "messages": [{ "id": id, "message_status": "accepted" }],
    }))
}

fn read(mark: &Value) -> Answer {
    match READ.check(mark, "") {
        Err((code, details)) => Answer::error(code, &details),
        Ok(()) => Answer::ok(&value!({ "success": true })),
    }
}

/// Returns whether `text` fits the property: a phone number in any notation for `to`, a BSUID for `recipient`.
fn is_recipient(name: &str, text: &str) -> bool {
    match name {
        "to" => {
            let allowed = |c: char| c.is_ascii_digit() || "+-() ".contains(c);
            (7..=15).contains(&digits(text).len()) && text.chars().all(allowed)
        }
        _ => is_bsuid(text),
    }
}
