//! The schema of On-Premise messages (Meta, On-Premise reference, "Messages", until 2025-10).
use super::{
    contents::{COMPONENT, CONTACT, CONTEXT, INTERACTIVE, LOCATION, MANY, REACTION, may, must},
    kind::{Field, Kind, MISSING, Mistake},
};
use crate::template_values;
use serde_json::Value;

const PROVIDER: Kind = Kind::Object(&[must("name", Kind::Short(MANY))]);
const FILE: Kind = Kind::Object(&[
    may("id", Kind::Short(MANY)),
    may("link", Kind::Link),
    may("provider", PROVIDER),
    may("caption", Kind::UpTo(1024)),
    may("filename", Kind::Text),
]);
const LANGUAGE: Kind = Kind::Object(&[
    must("code", Kind::Short(MANY)),
    may("policy", Kind::One(&["deterministic", "fallback"])),
]);
const TEMPLATE: Kind = Kind::Object(&[
    must("namespace", Kind::Short(MANY)),
    must("name", Kind::Short(MANY)),
    must("language", LANGUAGE),
    may("components", Kind::List(&COMPONENT, 0, MANY)),
]);
const PARAM: Kind = Kind::Object(&[must("default", Kind::Text)]);
const HSM: Kind = Kind::Object(&[
    must("namespace", Kind::Short(MANY)),
    must("element_name", Kind::Short(MANY)),
    must("language", LANGUAGE),
    may("localizable_params", Kind::List(&PARAM, 0, MANY)),
]);
const TEXT: Kind = Kind::Object(&[must("body", Kind::Short(4096))]);

/// Message contents by type.
const CONTENTS: &[Field] = &[
    may("contacts", Kind::List(&CONTACT, 1, 257)),
    may("location", LOCATION),
    may("text", TEXT),
    may("image", FILE),
    may("video", FILE),
    may("audio", FILE),
    may("voice", FILE),
    may("document", FILE),
    may("sticker", FILE),
    may("reaction", REACTION),
    may("template", TEMPLATE),
    may("hsm", HSM),
    may("interactive", INTERACTIVE),
];
const MESSAGE: Kind = Kind::Object(&[
    must("to", Kind::Short(MANY)),
    must("type", Kind::Short(MANY)),
    may("preview_url", Kind::Flag),
    may("context", CONTEXT),
]);

/// Returns On-Premise's error code and details for the first mistake of a message.
pub(crate) fn problem(message: &Value) -> Option<(i64, String)> {
    let by_cloud = |(code, details): Mistake| (if code == MISSING { 1008 } else { 1009 }, details);
    if let Err(mistake) = MESSAGE.check_loosely(message, "") {
        return Some(by_cloud(mistake));
    }
    let kind = message["type"].as_str().unwrap_or_default();
    let Some(Field(.., form)) = CONTENTS.iter().find(|Field(name, ..)| *name == kind) else {
        let known: Vec<&str> = CONTENTS.iter().map(|Field(name, ..)| *name).collect();
        return Some((1009, format!("type is none of {}", known.join(", "))));
    };
    let Some(content) = message.get(kind) else {
        return Some((1008, format!("{kind} is required for a message of this type")));
    };
    if let Err(mistake) = form.check_loosely(content, kind) {
        return Some(match kind {
            "text" if content["body"].as_str().is_some_and(|body| body.chars().count() > 4096) => {
                (1001, "text.body is longer than 4096 characters".to_owned())
            }
            _ => by_cloud(mistake),
        });
    }
    if let Some((code, details)) = template_values::problem(message) {
        return Some((template_code(code), details));
    }
    let params = template_values::list(&message["hsm"]["localizable_params"]);
    let blank = |param: &&Value| param["default"].as_str().is_some_and(template_values::breaks_whitespace);
    if let Some(param) = params.iter().find(blank) {
        return Some((
            2006,
            format!("hsm.localizable_params: {param} has a new line, a tab or more than 4 spaces in a row"),
        ));
    }
    let sources = usize::from(content.get("id").is_some()) + usize::from(content.get("link").is_some());
    let is_file = matches!(kind, "image" | "video" | "audio" | "voice" | "document" | "sticker");
    (is_file && sources != 1).then(|| (1008, format!("{kind} needs an id or a link, and one of them alone")))
}

/// Maps Cloud's error code for a template to On-Premise's.
pub(crate) fn template_code(code: i64) -> i64 {
    match code {
        132_000 => 2000,
        132_001 => 2001,
        132_018 => 2006,
        132_012 => 2012,
        132_015 => 2061,
        132_016 => 2062,
        131_008 => 1008,
        _ => 1009,
    }
}
