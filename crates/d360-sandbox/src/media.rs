//! `/media`, `/{media-id}` and Meta's media URLs. Files are kept in memory.
use crate::{
    answer::Answer,
    route::ATTACHMENTS,
    world::{File, World, ids::user_key},
};
use axum::{
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, FromRequest as _, Multipart, Request},
    http::request::Parts,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::{collections::HashMap, fmt::Write as _, time::Duration};

/// The maximum size of a form: the largest file plus the form's overhead.
pub(crate) const MAX_FORM: usize = (100 << 20) + (64 << 10);
/// How long a URL is valid.
const URL_HOLDS: Duration = Duration::from_secs(5 * 60);
/// Accepted types and their maximum sizes in bytes (Meta, "Media").
const TAKEN: [(&str, u64); 19] = [
    ("audio/aac", 16 << 20),
    ("audio/mp4", 16 << 20),
    ("audio/mpeg", 16 << 20),
    ("audio/amr", 16 << 20),
    ("audio/ogg", 16 << 20),
    ("audio/opus", 16 << 20),
    ("application/vnd.ms-powerpoint", 100 << 20),
    ("application/msword", 100 << 20),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", 100 << 20),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation", 100 << 20),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", 100 << 20),
    ("application/pdf", 100 << 20),
    ("text/plain", 100 << 20),
    ("application/vnd.ms-excel", 100 << 20),
    ("image/jpeg", 5 << 20),
    ("image/png", 5 << 20),
    ("image/webp", 500 << 10),
    ("video/mp4", 16 << 20),
    ("video/3gpp", 16 << 20),
];

/// A posted form.
#[derive(Debug, Default)]
pub(crate) struct Form {
    product: Option<String>,
    file: Option<(String, Bytes)>,
    unknown: Option<String>,
}

impl Form {
    /// Reads a form. Returns `None` if the body is not one.
    pub(crate) async fn read(parts: &Parts, body: Bytes) -> Option<Self> {
        let mut request = Request::new(Body::from(body));
        request.headers_mut().clone_from(&parts.headers);
        // The server has already limited the body. axum's default limit is 2 MB.
        DefaultBodyLimit::disable().apply(&mut request);
        let mut fields = Multipart::from_request(request, &()).await.ok()?;
        let mut form = Self::default();
        while let Some(field) = fields.next_field().await.ok()? {
            let name = field.name().unwrap_or_default().to_owned();
            match name.as_str() {
                "messaging_product" => form.product = Some(field.text().await.ok()?),
                "file" => {
                    let mime = field.content_type().unwrap_or("application/octet-stream").to_owned();
                    form.file = Some((mime, field.bytes().await.ok()?));
                }
                // Documented by Meta, but the type of the file's part takes precedence.
                "type" => drop(field.bytes().await.ok()?),
                _ => form.unknown = Some(name),
            }
        }
        Some(form)
    }
}

/// Stores an uploaded file. `messaging_product` may be a form field or a query parameter.
pub(crate) fn upload(world: &mut World, form: Option<Form>, query: &HashMap<String, String>) -> Answer {
    let Some(form) = form else { return Answer::error(100, "The body is not multipart/form-data") };
    if let Some(name) = form.unknown {
        return Answer::error(100, &format!("Unexpected field {name:?}"));
    }
    let product = form.product.as_deref().or(query.get("messaging_product").map(String::as_str));
    if product != Some("whatsapp") {
        return Answer::error(100, "The parameter messaging_product is required.");
    }
    let Some((mime, bytes)) = form.file else {
        return Answer::error(100, "The parameter file is required.");
    };
    let essence = mime.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let Some((_, most)) = TAKEN.iter().find(|(taken, _)| *taken == essence) else {
        let all: Vec<_> = TAKEN.iter().map(|(taken, _)| *taken).collect();
        let details = format!(
            "Param file must be a file with one of the following types: {}. Received file of type '{mime}'.",
            all.join(", ")
        );
        return Answer::error(100, &details);
    };
    if bytes.is_empty() || bytes.len() as u64 > *most {
        return Answer::error(
            131_053,
            &format!("The file has {} bytes; {essence} allows 1 to {most}", bytes.len()),
        );
    }
    let id = store(world, mime, bytes);
    Answer::ok(&json!({ "id": id }))
}

/// Stores a file and returns its new id.
pub(crate) fn store(world: &mut World, mime: String, bytes: Bytes) -> String {
    let hash = world.next_id("media");
    let id = world.next_number();
    world.media.insert(id.clone(), File { mime, bytes, hash });
    id
}

pub(crate) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// Returns a file in the form of webhooks, with the URL that they have since October 2025.
pub(crate) fn in_webhook(world: &World, id: &str) -> Value {
    let Some(file) = world.media.get(id) else { return json!({ "id": id }) };
    let url = url(world, id, file);
    json!({ "id": id, "mime_type": file.mime, "sha256": digest(&file.bytes), "url": url })
}

fn url(world: &World, id: &str, file: &File) -> String {
    let until = world.now().saturating_add(URL_HOLDS).as_secs();
    format!("https://lookaside.fbsbx.com{ATTACHMENTS}?mid={id}&ext={until}&hash={}", file.hash)
}

/// Returns the id of a path that consists of digits only.
pub(crate) fn is_id(path: &str) -> Option<&str> {
    let id = path.strip_prefix('/')?;
    (!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())).then_some(id)
}

/// Returns Graph's error for an unknown id.
pub(crate) fn unknown(method: &str, id: &str) -> Answer {
    let details = format!(
        "Unsupported {method} request. Object with ID '{}' does not exist, cannot be loaded due to missing permissions, or does not support this operation",
        user_key(id)
    );
    Answer::error(100, &details)
}

pub(crate) fn info(world: &World, id: &str) -> Answer {
    let Some(file) = world.media.get(id) else { return unknown("get", id) };
    Answer::ok(&json!({
        "messaging_product": "whatsapp",
        "url": url(world, id, file),
        "mime_type": file.mime,
        "sha256": digest(&file.bytes),
        "file_size": file.bytes.len(),
        "id": id,
    }))
}

pub(crate) fn delete(world: &mut World, id: &str) -> Answer {
    match world.media.remove(id) {
        Some(_) => Answer::ok(&json!({ "success": true })),
        None => unknown("delete", id),
    }
}

pub(crate) fn download(world: &World, query: &HashMap<String, String>) -> Answer {
    let text = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    let holds = text("ext").parse().is_ok_and(|until| world.now() < Duration::from_secs(until));
    match world.media.get(text("mid")).filter(|file| file.hash == text("hash")) {
        Some(file) if holds => Answer::file(file.mime.clone(), file.bytes.clone()),
        _ => Answer::json(404, &json!({ "error": "The media URL is wrong or has expired" })),
    }
}

/// Message properties that may reference an uploaded file.
const NAMED: [&str; 5] = ["image", "video", "audio", "document", "sticker"];

/// Properties with arbitrary data for flows, in which ids have no meaning.
const FOREIGN: [&str; 2] = ["flow_action_payload", "flow_action_data"];

/// Returns the error for the first media id in a message, at any depth, that was not uploaded.
pub(crate) fn unknown_in(world: &World, message: &Value) -> Option<(i64, String)> {
    let path = unknown_below(world, message)?;
    // The first segment has no brackets: `template['components'][0]…`.
    let path = path.strip_prefix("['").map_or(path.clone(), |rest| rest.replacen("']", "", 1));
    Some((100, format!("Param {path} is not a valid whatsapp business account media attachment ID")))
}

fn unknown_below(world: &World, value: &Value) -> Option<String> {
    match value {
        Value::Object(map) => map.iter().find_map(|(name, member)| {
            if FOREIGN.contains(&name.as_str()) {
                return None;
            }
            let id = member.get("id").and_then(Value::as_str).filter(|_| NAMED.contains(&name.as_str()));
            let below = match id {
                Some(id) if !world.media.contains_key(id) => "['id']".to_owned(),
                _ => unknown_below(world, member)?,
            };
            Some(format!("['{name}']{below}"))
        }),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(i, item)| unknown_below(world, item).map(|below| format!("[{i}]{below}"))),
        _ => None,
    }
}
