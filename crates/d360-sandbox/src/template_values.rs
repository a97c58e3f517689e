//! Checks the values of a template message that can be checked without the template: Meta's most common rejections.
use crate::schema::kind::{MISSING, Mistake, UNKNOWN, WRONG};
use serde_json::Value;

/// Button types that take values, compared case-insensitively (Meta, error text of Graph v24.0).
const SUB_TYPES: [&str; 10] = [
    "BOOKING_CONFIRMATION",
    "CATALOG",
    "COPY_CODE",
    "FLOW",
    "MPM",
    "ORDER_DETAILS",
    "QUICK_REPLY",
    "REMINDER",
    "URL",
    "VOICE_CALL",
];
/// Components without values. The values of a carousel are in its cards.
const WITHOUT_VALUES: [&str; 3] = ["footer", "carousel", "buttons"];

/// The error code for a wrong number of values.
pub(crate) const COUNT: i64 = 132_000;
/// The error code for an invalid value.
const INVALID: i64 = 132_018;

/// Returns the first mistake in the values of a message's template.
pub(crate) fn problem(message: &Value) -> Option<Mistake> {
    let template = message.get("template")?;
    let mut names = Names::default();
    check(&template["components"], "template['components']", &mut names).err().or_else(|| names.problem())
}

/// Whether values are named or positional. Headers and bodies of a template may not mix both; buttons are not counted.
#[derive(Default)]
struct Names {
    named: bool,
    positional: bool,
}

impl Names {
    fn problem(&self) -> Option<Mistake> {
        (self.named && self.positional).then(|| (UNKNOWN, "Parameter name is missing or empty".to_owned()))
    }
}

fn check(components: &Value, path: &str, names: &mut Names) -> Result<(), Mistake> {
    for (i, component) in list(components).iter().enumerate() {
        let path = format!("{path}[{i}]");
        let kind = kind(component);
        let sub_type = component.get("sub_type").and_then(Value::as_str);
        if let Some(other) =
            sub_type.filter(|sub| !SUB_TYPES.iter().any(|known| known.eq_ignore_ascii_case(sub)))
        {
            let known = SUB_TYPES.join(", ");
            let details = format!("Param {path}['sub_type'] must be one of {{{known}}} - got \"{other}\".");
            return Err((UNKNOWN, details));
        }
        if kind == "button" && sub_type.is_none() {
            return Err((MISSING, format!("Param {path}['sub_type'] is required for a button")));
        }
        let values = list(&component["parameters"]);
        if WITHOUT_VALUES.contains(&kind.as_str()) && !values.is_empty() {
            return Err(count(&kind, values.len(), 0));
        }
        for (j, value) in values.iter().enumerate() {
            check_value(value, &format!("{path}['parameters'][{j}]"))?;
            if matches!(kind.as_str(), "header" | "body") && is_text(value) {
                let named = value.get("parameter_name").is_some();
                (names.named, names.positional) = (names.named || named, names.positional || !named);
            }
        }
        for (j, card) in list(&component["cards"]).iter().enumerate() {
            check(&card["components"], &format!("{path}['cards'][{j}]['components']"), names)?;
        }
    }
    Ok(())
}

/// Value types whose content is in a property of the same name.
const CONTENTS: [&str; 11] = [
    "text",
    "image",
    "video",
    "document",
    "location",
    "currency",
    "date_time",
    "payload",
    "coupon_code",
    "action",
    "limited_time_offer",
];

fn check_value(value: &Value, path: &str) -> Result<(), Mistake> {
    let kind = kind(value);
    if !CONTENTS.contains(&kind.as_str()) {
        return Ok(());
    }
    let missing = || Err((MISSING, format!("Parameter of type {kind} is missing {kind} value")));
    let Some(content) = value.get(&kind) else { return missing() };
    let text = match kind.as_str() {
        "text" | "coupon_code" => match content.as_str() {
            Some(text) if text.trim().is_empty() => return missing(),
            Some(text) => text,
            // Graph accepts a number or a boolean as text. One of Meta's examples relies on it.
            None if content.is_number() || content.is_boolean() => return Ok(()),
            None => return Err((WRONG, format!("Param {path}['{kind}'] must be a string"))),
        },
        "currency" | "date_time" => content["fallback_value"].as_str().unwrap_or_default(),
        _ => return Ok(()),
    };
    if breaks_whitespace(text) {
        let details = format!(
            "Param {path}['{kind}']: Param text cannot have new-line/tab characters or more than 4 consecutive spaces"
        );
        return Err((INVALID, details));
    }
    Ok(())
}

/// Returns whether a value contains a newline, a tab or more than four consecutive spaces (Meta, error text).
pub(crate) fn breaks_whitespace(text: &str) -> bool {
    text.contains(['\n', '\r', '\t']) || text.contains("     ")
}

/// The mistake for a number of values that does not match the template.
pub(crate) fn count(component: &str, given: usize, expected: usize) -> Mistake {
    let details = format!(
        "{component}: number of localizable_params ({given}) does not match the expected number of params ({expected})"
    );
    (COUNT, details)
}

/// Returns whether a value replaces a placeholder in a text.
pub(crate) fn is_text(value: &Value) -> bool {
    matches!(kind(value).as_str(), "text" | "currency" | "date_time")
}

/// Returns the type of a component or value, in lower case.
pub(crate) fn kind(component: &Value) -> String {
    component["type"].as_str().unwrap_or_default().to_lowercase()
}

pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
