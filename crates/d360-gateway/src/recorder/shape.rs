//! The form of a call: its properties and their types. Calls of the same form are translated alike.
use super::record::Call;
use serde_json::Value;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// Properties with values that decide how a call is translated.
const KINDS: [&str; 9] = [
    "type",
    "policy",
    "recipient_type",
    "status",
    "sub_type",
    "blocking",
    "category",
    "format",
    "parameter_format",
];

pub(super) fn of(call: &Call) -> u64 {
    let mut text = format!("{} {} ", call.method, call.row().unwrap_or("?"));
    if call.row().is_none() {
        // Paths that differ only in numbers and ids have the same form.
        text.extend(call.path.chars().filter(|c| !c.is_ascii_digit()));
    }
    text.push_str(call.content_type.split(';').next().unwrap_or_default());
    if let Some(body) = &call.body {
        write(body, "", &mut text);
    }
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

fn write(value: &Value, name: &str, into: &mut String) {
    match value {
        Value::Null => into.push('0'),
        Value::Bool(_) => into.push('b'),
        Value::Number(_) => into.push('n'),
        Value::String(text) if KINDS.contains(&name) && text.len() <= 40 => {
            into.push('=');
            into.push_str(text);
        }
        Value::String(text) => into.push(if text.is_empty() { 'e' } else { 's' }),
        Value::Array(items) => {
            let mut forms: Vec<String> = items
                .iter()
                .map(|item| {
                    let mut form = String::new();
                    write(item, name, &mut form);
                    form
                })
                .collect();
            forms.sort();
            forms.dedup();
            into.push('[');
            into.push_str(&forms.join(","));
            into.push(']');
        }
        // serde_json sorts the names.
        Value::Object(map) => {
            into.push('{');
            for (name, value) in map {
                into.push_str(name);
                into.push(':');
                write(value, name, into);
            }
            into.push('}');
        }
    }
}
