//! Messages from users, of every type, in the form of webhooks (Meta, "Webhooks", 2025-11 to 2026-06; Meta, On-Premise
//! reference).
use crate::{
    media,
    world::{
        World,
        ids::{Way, is_bsuid},
    },
};
use axum::body::Bytes;
use serde_json::{Map, Value, json};

/// A message and its sender.
#[derive(Debug)]
struct Inbound {
    message: Value,
    contact: Value,
}

/// Types that have an example, used if no content is given.
const TYPES: [&str; 15] = [
    "text",
    "image",
    "video",
    "audio",
    "document",
    "sticker",
    "location",
    "contacts",
    "reaction",
    "interactive",
    "button",
    "order",
    "system",
    "unsupported",
    "request_welcome",
];

/// Sends the message that `asked` describes: opens the 24-hour window and queues a webhook. Returns the message's id.
///
/// # Errors
/// Returns why it cannot be sent.
pub(crate) fn send(
    world: &mut World,
    key: Option<&str>,
    from: &str,
    asked: &Map<String, Value>,
) -> Result<String, String> {
    let user = world.users.key(from);
    if user.is_empty() {
        return Err(format!("from: {from:?} is not a number or user id"));
    }
    let Inbound { message, contact } = message(world, &user, asked)?;
    let (key, now) = (world.key_or_first(key), world.now());
    let id = message["id"].as_str().unwrap_or_default().to_owned();
    let number = world.number(Some(&key)).ok_or("no number has this key")?;
    if number.is_blocked(&user) {
        return Err("the user is blocked and cannot send messages".to_owned());
    }
    number.written(user, now);
    world.hooks.message(&key, message, contact);
    Ok(id)
}

/// Sends an example text. Opens the window even if the user is blocked.
pub(crate) fn write(world: &mut World, key: Option<&str>, user: &str) {
    let (now, known) = (world.now(), world.users.key(user));
    if send(world, key, user, &Map::new()).is_err()
        && let Some(number) = world.number(key)
    {
        number.written(known, now);
    }
}

/// Builds the message that `asked` describes: `type`, its content, and other properties of messages (`context`,
/// `referral`, `group_id`, …). `name` and `username` describe the sender.
fn message(world: &mut World, user: &str, asked: &Map<String, Value>) -> Result<Inbound, String> {
    let onprem = world.hooks.settings.on_premise;
    let user_ids = world.hooks.settings.user_ids && !onprem;
    let kind = asked.get("type").map_or(Ok("text"), |kind| kind.as_str().ok_or("type must be a string"))?;
    world.users.introduce(user, asked);
    let mut message = Map::new();
    if !is_bsuid(user) {
        message.insert("from".to_owned(), json!(user));
    }
    if user_ids || is_bsuid(user) {
        message.insert("from_user_id".to_owned(), json!(world.users.id(user)));
    }
    let id = if onprem { format!("ABGG{}", world.next_id("in")) } else { world.wamid(user, Way::In) };
    message.insert("id".to_owned(), json!(id));
    message.insert("timestamp".to_owned(), json!(world.now().as_secs().to_string()));
    // On-Premise calls this type `unknown`.
    let shown = if onprem && kind == "unsupported" { "unknown" } else { kind };
    message.insert("type".to_owned(), json!(shown));
    let content = match asked.get(kind) {
        Some(content) => Some(content.clone()),
        None if TYPES.contains(&kind) => example(world, kind, user, onprem),
        None => return Err(format!("the type {kind} has no example; give its content as {kind:?}")),
    };
    match content {
        Some(content) if shown == kind => drop(message.insert(kind.to_owned(), content)),
        _ => {}
    }
    if kind == "unsupported" {
        let error = if onprem {
            json!({ "code": 501, "title": "Unknown message type", "details": "Message type is not currently supported" })
        } else {
            json!({ "code": 131_051, "title": "Message type unknown", "message": "Message type unknown", "error_data": { "details": "Message type is currently not supported." } })
        };
        message.insert("errors".to_owned(), json!([error]));
    }
    let ours = ["type", "from", "key", "name", "username"];
    for (key, value) in asked.iter().filter(|(key, _)| !ours.contains(&key.as_str()) && *key != kind) {
        message.insert(key.clone(), value.clone());
    }
    let contact = world.users.contact(user, true, user_ids);
    Ok(Inbound { message: message.into(), contact })
}

/// Stores a small example file that can be downloaded.
fn file(world: &mut World, mime: &str, bytes: &'static [u8]) -> Value {
    let id = media::store(world, mime.to_owned(), Bytes::from_static(bytes));
    media::in_webhook(world, &id)
}

fn example(world: &mut World, kind: &str, user: &str, onprem: bool) -> Option<Value> {
    Some(match kind {
        "text" => json!({ "body": "Hello" }),
        "image" => {
            let mut image = file(world, "image/jpeg", b"\xff\xd8\xff\xe0sandbox\xff\xd9");
            image["caption"] = json!("A photo");
            image
        }
        "video" => file(world, "video/mp4", b"\0\0\0\x18ftypmp42sandbox"),
        "audio" => {
            let mut audio = file(world, "audio/ogg; codecs=opus", b"OggSsandbox");
            audio["voice"] = json!(true);
            audio
        }
        "document" => {
            let mut document = file(world, "application/pdf", b"%PDF-1.4 sandbox\n%%EOF\n");
            document["filename"] = json!("invoice.pdf");
            document
        }
        "sticker" => {
            let mut sticker = file(world, "image/webp", b"RIFF\x10\0\0\0WEBPsandbox");
            sticker["animated"] = json!(false);
            sticker
        }
        "location" => json!({
            "latitude": 37.442_214_965_82, "longitude": -122.161_659_240_72,
            "name": "Philz Coffee", "address": "101 Forest Ave, Palo Alto, CA 94301", "url": "https://philzcoffee.com/",
        }),
        "contacts" => {
            let mut card = json!({
                "name": { "first_name": "Barbara", "last_name": "Johnson", "formatted_name": "Barbara J. Johnson" },
                "org": { "company": "Social Tsunami" },
                "phones": [{ "phone": "+1 (415) 555-0829", "wa_id": "14155550829", "type": "MOBILE" }],
            });
            if onprem {
                card["ims"] = json!([{ "service": "AIM", "user_id": "barbara" }]);
            }
            json!([card])
        }
        "reaction" => {
            let to = world.sent(None).map_or("wamid.HBgL", |sent| &sent.id);
            json!({ "message_id": to, "emoji": "\u{1f44d}" })
        }
        "interactive" => {
            json!({ "type": "button_reply", "button_reply": { "id": "yes", "title": "Yes" } })
        }
        "button" => json!({ "payload": "yes", "text": "Yes" }),
        "order" => json!({
            "catalog_id": "194836987003835", "text": "Love these!",
            "product_items": [{ "product_retailer_id": "di9ozbzfi4", "quantity": 2, "item_price": 30, "currency": "USD" }],
        }),
        "system" if onprem => json!({
            "type": "user_changed_number", "body": format!("User {} changed from {user} to 12195555358", world.users.name(user)), "new_wa_id": "12195555358",
        }),
        "system" => {
            let body = format!("User {} changed from {user} to 12195555358", world.users.name(user));
            let mut system = json!({ "type": "user_changed_number", "body": body, "wa_id": "12195555358" });
            if world.hooks.settings.user_ids {
                // A new number has a new user id (Meta, changelog, 2026-08-11).
                system["user_id"] = json!(world.users.id("12195555358"));
                system["previous_user_id"] = json!(world.users.id(user));
            }
            system
        }
        "unsupported" => json!({ "type": "edit" }),
        _ => return None,
    })
}
