//! Checks the values of a template message against the template.
use crate::{
    schema::kind::{MISSING, Mistake},
    template_values::{COUNT, count, is_text, kind, list},
};
use serde_json::Value;

/// The error code for a value whose form does not match the template.
const FORMAT: i64 = 132_012;

/// The notation of a template's placeholders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// `{{1}}`.
    Positional,
    /// `{{order_id}}`.
    Named,
}

impl Format {
    /// Reads `parameter_format`, ignoring case. The default is positional.
    pub(crate) fn of(template: &Value) -> Option<Self> {
        match template
            .get("parameter_format")
            .map(|format| format.as_str().unwrap_or_default().to_uppercase())
        {
            None => Some(Self::Positional),
            Some(format) if format == "POSITIONAL" => Some(Self::Positional),
            Some(format) if format == "NAMED" => Some(Self::Named),
            Some(_) => None,
        }
    }
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Positional => "POSITIONAL",
            Self::Named => "NAMED",
        }
    }
    /// Returns whether a placeholder's name has this notation.
    fn takes(self, name: &str) -> bool {
        let digits = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
        let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        match self {
            Self::Positional => digits,
            Self::Named => !digits && !name.is_empty() && name.bytes().all(word),
        }
    }
}

/// Returns the distinct names of the placeholders in a text.
fn placeholders(text: &str) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for part in text.split("{{").skip(1) {
        if let Some((name, _)) = part.split_once("}}")
            && !names.contains(&name.trim())
        {
            names.push(name.trim());
        }
    }
    names
}

/// Returns the first placeholder in a template's header or body that does not have its format.
pub(crate) fn foreign_placeholder(template: &Value, format: Format) -> Option<String> {
    let texts =
        list(&template["components"]).iter().filter(|part| matches!(kind(part).as_str(), "header" | "body"));
    let mut names = texts.flat_map(|part| placeholders(part["text"].as_str().unwrap_or_default()));
    names.find(|name| !format.takes(name)).map(|name| format!("{{{{{name}}}}}"))
}

/// Returns why the values of `sent` do not match the template `known`.
pub(crate) fn problem(known: &Value, sent: &Value) -> Option<Mistake> {
    let format = Format::of(known).unwrap_or(Format::Positional);
    let authentication =
        known["category"].as_str().is_some_and(|category| category.eq_ignore_ascii_case("AUTHENTICATION"));
    fit(list(&known["components"]), list(&sent["components"]), format, authentication).err()
}

fn fit(known: &[Value], sent: &[Value], format: Format, authentication: bool) -> Result<(), Mistake> {
    let part = |parts: &[Value], name: &str| {
        parts.iter().find(|part| kind(part) == name).cloned().unwrap_or_default()
    };
    for name in ["header", "body"] {
        let (part, given) = (part(known, name), part(sent, name));
        let values = list(&given["parameters"]);
        match part["format"].as_str().map(str::to_uppercase) {
            Some(media) if media != "TEXT" => media_fits(name, &media, values)?,
            // Meta writes the text of authentication templates. Its only value is the code.
            _ if name == "body" && authentication => number_fits(name, values.len(), 1)?,
            // The text of a library template is unknown.
            _ if name == "body" && part.get("text").is_none() && !known.is_empty() => {}
            _ => text_fits(name, part["text"].as_str().unwrap_or_default(), values, format)?,
        }
    }
    buttons_fit(list(&part(known, "buttons")["buttons"]), sent)?;
    let cards = part(known, "carousel");
    let given = part(sent, "carousel");
    for (i, card) in list(&cards["cards"]).iter().enumerate() {
        let is_it = |given: &&Value| given["card_index"].as_u64() == u64::try_from(i).ok();
        let given = list(&given["cards"]).iter().find(is_it).cloned().unwrap_or_default();
        fit(list(&card["components"]), list(&given["components"]), format, false)?;
    }
    Ok(())
}

fn number_fits(name: &str, given: usize, expected: usize) -> Result<(), Mistake> {
    if given == expected { Ok(()) } else { Err(count(name, given, expected)) }
}

fn text_fits(name: &str, text: &str, values: &[Value], format: Format) -> Result<(), Mistake> {
    let expected = placeholders(text);
    number_fits(name, values.len(), expected.len())?;
    if let Some(other) = values.iter().find(|value| !is_text(value)) {
        let details =
            format!("{name}: Format mismatch, expected TEXT, received {}", kind(other).to_uppercase());
        return Err((FORMAT, details));
    }
    for value in values {
        let given = value["parameter_name"].as_str();
        match (format, given) {
            (Format::Named, None) => return Err((100, "Parameter name is missing or empty".to_owned())),
            (Format::Named, Some(given)) if !expected.contains(&given) => {
                return Err((FORMAT, format!("{name}: there is no placeholder {given:?} in the template")));
            }
            (Format::Positional, Some(_)) => {
                return Err((
                    FORMAT,
                    format!("{name}: the template has positional parameters, which have no names"),
                ));
            }
            _ => {}
        }
    }
    let mut given: Vec<_> = values.iter().filter_map(|value| value["parameter_name"].as_str()).collect();
    given.sort_unstable();
    given.dedup();
    if format == Format::Named && given.len() < values.len() {
        return Err((FORMAT, format!("{name}: a parameter is given twice")));
    }
    Ok(())
}

/// Checks a header with an image, a video, a document or a location.
fn media_fits(name: &str, media: &str, values: &[Value]) -> Result<(), Mistake> {
    let received = match values {
        [value] => kind(value).to_uppercase(),
        [] => "UNKNOWN".to_owned(),
        _ => return Err(count(name, values.len(), 1)),
    };
    if received == media || (media == "GIF" && received == "VIDEO") || media == "PRODUCT" {
        return Ok(());
    }
    Err((FORMAT, format!("{name}: Format mismatch, expected {media}, received {received}")))
}

/// Checks button values. A URL button with a placeholder, a copy-code button and a one-time password button need a
/// value. Phone number and contact request buttons have none. Other buttons are not checked.
fn buttons_fit(known: &[Value], sent: &[Value]) -> Result<(), Mistake> {
    let index = |button: &Value| match &button["index"] {
        Value::String(text) => text.parse().ok(),
        index => index.as_u64().and_then(|index| usize::try_from(index).ok()),
    };
    let given: Vec<(usize, usize)> = sent
        .iter()
        .filter(|part| kind(part) == "button")
        .map(|button| (index(button).unwrap_or_default(), list(&button["parameters"]).len()))
        .collect();
    for (i, button) in known.iter().enumerate() {
        let expected = match kind(button).as_str() {
            "url" => placeholders(button["url"].as_str().unwrap_or_default()).len(),
            "copy_code" | "otp" => 1,
            "phone_number" | "request_contact_info" => 0,
            _ => continue,
        };
        let given = given.iter().find(|(at, _)| *at == i).map_or(0, |(_, values)| *values);
        if given == 0 && expected > 0 {
            let details =
                format!("buttons: Button at index {i} of type {} requires a parameter", kind(button));
            return Err((MISSING, details));
        }
        if given != expected {
            return Err((COUNT, count(&format!("buttons: Button at index {i}"), given, expected).1));
        }
    }
    match given.iter().find(|(at, _)| *at >= known.len()) {
        Some((at, _)) => Err((COUNT, format!("buttons: the template has no button at index {at}"))),
        None => Ok(()),
    }
}
