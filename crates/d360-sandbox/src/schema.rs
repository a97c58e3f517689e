//! What a body may hold, as the documents say. The first mistake is the answer, as the API does it.
use crate::contents;
use serde_json::Value;

/// What a value has to be.
#[derive(Debug)]
pub(crate) enum Kind {
    Text,
    /// Text up to so many characters, and not blank.
    Short(usize),
    /// Text up to so many characters.
    UpTo(usize),
    /// A URL of http or https.
    Link,
    /// A whole number.
    Number,
    /// Whatever the documents have there.
    Any,
    Flag,
    /// Degrees, as a number or a text that holds one, up to a limit on both sides.
    Degrees(f64),
    /// `YYYY-MM-DD`, a day that exists.
    Day,
    One(&'static [&'static str]),
    Object(&'static [Field]),
    /// A list of so many.
    List(&'static Kind, usize, usize),
}

/// A property, and whether it has to be there.
#[derive(Debug)]
pub(crate) struct Field(pub(crate) &'static str, pub(crate) bool, pub(crate) Kind);

/// A mistake: Meta's code, and what is wrong where.
pub(crate) type Mistake = (i64, String);

pub(crate) const UNKNOWN: i64 = 100;
pub(crate) const MISSING: i64 = 131_008;
pub(crate) const WRONG: i64 = 131_009;

const MANY: usize = usize::MAX;

const ADDRESS: Kind = Kind::Object(&[
    Field("street", false, Kind::Text),
    Field("city", false, Kind::Text),
    Field("state", false, Kind::Text),
    Field("zip", false, Kind::Text),
    Field("country", false, Kind::Text),
    Field("country_code", false, Kind::Text),
    Field("type", false, Kind::Text),
]);
const EMAIL: Kind = Kind::Object(&[Field("email", false, Kind::Text), Field("type", false, Kind::Text)]);
const NAME: Kind = Kind::Object(&[
    Field("formatted_name", true, Kind::Short(MANY)),
    Field("first_name", false, Kind::Text),
    Field("last_name", false, Kind::Text),
    Field("middle_name", false, Kind::Text),
    Field("suffix", false, Kind::Text),
    Field("prefix", false, Kind::Text),
]);
const ORG: Kind = Kind::Object(&[
    Field("company", false, Kind::Text),
    Field("department", false, Kind::Text),
    Field("title", false, Kind::Text),
]);
const PHONE: Kind = Kind::Object(&[
    Field("phone", false, Kind::Text),
    Field("type", false, Kind::Text),
    Field("wa_id", false, Kind::Text),
]);
const URL: Kind = Kind::Object(&[Field("url", false, Kind::Text), Field("type", false, Kind::Text)]);
pub(crate) const CONTACT: Kind = Kind::Object(&[
    Field("addresses", false, Kind::List(&ADDRESS, 0, MANY)),
    Field("birthday", false, Kind::Day),
    Field("emails", false, Kind::List(&EMAIL, 0, MANY)),
    Field("name", true, NAME),
    Field("org", false, ORG),
    Field("phones", false, Kind::List(&PHONE, 0, MANY)),
    Field("urls", false, Kind::List(&URL, 0, MANY)),
]);
pub(crate) const LOCATION: Kind = Kind::Object(&[
    Field("latitude", true, Kind::Degrees(90.0)),
    Field("longitude", true, Kind::Degrees(180.0)),
    Field("name", false, Kind::Text),
    Field("address", false, Kind::Text),
]);
const TEXT: Kind =
    Kind::Object(&[Field("body", true, Kind::Short(4096)), Field("preview_url", false, Kind::Flag)]);
pub(crate) const CONTEXT: Kind = Kind::Object(&[Field("message_id", true, Kind::Short(128))]);

/// `POST /messages`.
pub(crate) const MESSAGE: Kind = Kind::Object(&[
    Field("messaging_product", true, Kind::One(&["whatsapp"])),
    Field("recipient_type", false, Kind::One(&["individual", "group"])),
    Field("to", false, Kind::Text),
    Field("recipient", false, Kind::Text),
    Field("type", true, Kind::Text),
    Field("context", false, CONTEXT),
    Field("biz_opaque_callback_data", false, Kind::Short(512)),
    Field("recipient_identity_key_hash", false, Kind::Text),
    Field("category", false, Kind::Text),
    Field("ttl_seconds", false, Kind::Number),
    Field("contacts", false, Kind::List(&CONTACT, 1, 257)),
    Field("location", false, LOCATION),
    Field("text", false, TEXT),
    Field("image", false, contents::CAPTIONED),
    Field("video", false, contents::CAPTIONED),
    Field("audio", false, contents::AUDIO),
    Field("document", false, contents::DOCUMENT),
    Field("sticker", false, contents::STICKER),
    Field("reaction", false, contents::REACTION),
    Field("template", false, contents::TEMPLATE),
    Field("interactive", false, contents::INTERACTIVE),
]);

/// The contents that a message may have.
pub(crate) const CONTENTS: [&str; 11] = [
    "contacts",
    "location",
    "text",
    "image",
    "video",
    "audio",
    "document",
    "sticker",
    "reaction",
    "template",
    "interactive",
];

const USER: Kind = Kind::Object(&[Field("user", false, Kind::Text), Field("user_id", false, Kind::Text)]);

/// `POST` and `DELETE /block_users`.
pub(crate) const BLOCK: Kind = Kind::Object(&[
    Field("messaging_product", true, Kind::One(&["whatsapp"])),
    Field("block_users", true, Kind::List(&USER, 1, MANY)),
]);

impl Kind {
    /// The first mistake of `value`, which stands at `path`.
    pub(crate) fn check(&self, value: &Value, path: &str) -> Result<(), Mistake> {
        self.find(value, path, true)
    }
    /// The first mistake where properties that nobody knows are taken, as On-Premise takes them.
    pub(crate) fn check_loosely(&self, value: &Value, path: &str) -> Result<(), Mistake> {
        self.find(value, path, false)
    }
    fn find(&self, value: &Value, path: &str, strict: bool) -> Result<(), Mistake> {
        let wrong = |expected: &str| Err((WRONG, format!("{path} must be {expected}")));
        match (self, value) {
            (Self::Text, Value::String(_)) | (Self::Flag, Value::Bool(_)) => Ok(()),
            (Self::Text, _) => wrong("a string"),
            (Self::Flag, _) => wrong("a boolean"),
            (Self::Short(limit), Value::String(text)) => {
                if text.trim().is_empty() {
                    Err((MISSING, format!("{path} may not be blank")))
                } else if text.chars().count() > *limit {
                    wrong(&format!("at most {limit} characters long"))
                } else {
                    Ok(())
                }
            }
            (Self::UpTo(limit), Value::String(text)) if text.chars().count() <= *limit => Ok(()),
            (Self::UpTo(limit), Value::String(_)) => wrong(&format!("at most {limit} characters long")),
            (Self::Link, Value::String(text))
                if text.starts_with("https://") || text.starts_with("http://") =>
            {
                Ok(())
            }
            (Self::Link, _) => wrong("a URL"),
            (Self::Number, Value::Number(number)) if number.is_i64() => Ok(()),
            (Self::Number, _) => wrong("a whole number"),
            (Self::Any, _) => Ok(()),
            (Self::Short(_) | Self::UpTo(_), _) => wrong("a string"),
            (Self::Degrees(limit), value) => {
                let degrees = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
                match degrees {
                    Some(degrees) if degrees.abs() <= *limit => Ok(()),
                    _ => wrong(&format!("decimal degrees from -{limit} to {limit}")),
                }
            }
            (Self::Day, Value::String(text)) if is_day(text) => Ok(()),
            (Self::Day, _) => wrong("a date of the form YYYY-MM-DD"),
            (Self::One(known), value) => match value.as_str() {
                Some(text) if known.contains(&text) => Ok(()),
                _ => wrong(&format!("one of {}", known.join(", "))),
            },
            (Self::Object(fields), Value::Object(map)) => {
                let at =
                    |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
                for (name, value) in map {
                    match fields.iter().find(|field| field.0 == name) {
                        Some(Field(_, _, kind)) => kind.find(value, &at(name), strict)?,
                        None if !strict => {}
                        None => return Err((UNKNOWN, format!("Unexpected key {name:?} at {}", at(name)))),
                    }
                }
                match fields.iter().find(|Field(name, required, _)| *required && !map.contains_key(*name)) {
                    Some(Field(name, ..)) => Err((MISSING, format!("{} is required", at(name)))),
                    None => Ok(()),
                }
            }
            (Self::Object(_), _) => wrong("an object"),
            (Self::List(kind, least, most), Value::Array(items)) => {
                if items.len() < *least || items.len() > *most {
                    return wrong(&format!("a list of {least} to {most}"));
                }
                let at = |i: usize| format!("{path}[{i}]");
                items.iter().enumerate().try_for_each(|(i, item)| kind.find(item, &at(i), strict))
            }
            (Self::List(..), _) => wrong("a list"),
        }
    }
}

fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts[..] else { return false };
    if (year.len(), month.len(), day.len()) != (4, 2, 2) {
        return false;
    }
    let (Ok(year), Ok(month), Ok(day)) = (year.parse::<u32>(), month.parse::<u32>(), day.parse::<u32>())
    else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=last).contains(&day)
}
