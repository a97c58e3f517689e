//! Templates: namespace and policy, the index of a button, and the older `hsm`.
use crate::{json::text_of, note::Notes};
use serde_json::{Map, Value, json};

/// Translates a template of On-Premise to Cloud.
pub(super) fn to_cloud(template: &mut Map<String, Value>, notes: &mut Notes) {
    if template.remove("namespace").is_some() {
        notes.changed(
            "template.namespace",
            "Cloud identifies a template by name and language, without a namespace",
            "remove it",
        );
    }
    language(template, "template", notes);
    let Some(Value::Array(components)) = template.get_mut("components") else { return };
    let is_button = |component: &Value| component.get("type").and_then(Value::as_str) == Some("button");
    let buttons = components.iter().filter(|component| is_button(component)).count();
    for (at, component) in components.iter_mut().enumerate() {
        if buttons == 1
            && is_button(component)
            && let Value::Object(map) = component
            && !map.contains_key("index")
        {
            map.insert("index".to_owned(), json!("0"));
            notes.changed(
                &format!("template.components[{at}].index"),
                "Cloud requires the index of a single button too",
                "send \"0\"",
            );
        }
    }
}

fn language(template: &mut Map<String, Value>, at: &str, notes: &mut Notes) {
    let Some(Value::Object(language)) = template.get_mut("language") else { return };
    let path = format!("{at}.language.policy");
    match language.remove("policy") {
        Some(policy) if policy == "deterministic" => {
            notes.changed(&path, "Cloud has only this policy and does not need it", "remove it");
        }
        Some(_) => notes.lost(
            &path,
            "Cloud sends in the requested language only",
            "check that the template is approved in this language",
        ),
        None => {}
    }
}

/// Translates `hsm` to a template: its values become those of the body.
pub(super) fn from_hsm(hsm: Map<String, Value>, notes: &mut Notes) -> Map<String, Value> {
    notes.changed(
        "type",
        "`hsm` was replaced by `template` in client v2.39; Cloud never had it",
        "send a template",
    );
    let mut hsm = hsm;
    let mut template = Map::new();
    if let Some(name) = hsm.remove("element_name") {
        template.insert("name".to_owned(), name);
    }
    if let Some(language) = hsm.remove("language") {
        template.insert("language".to_owned(), language);
        language_of_hsm(&mut template, notes);
    }
    if hsm.remove("namespace").is_some() {
        notes.changed(
            "hsm.namespace",
            "Cloud identifies a template by name and language, without a namespace",
            "remove it",
        );
    }
    match hsm.remove("localizable_params") {
        Some(Value::Array(params)) if !params.is_empty() => {
            let parameters: Vec<Value> =
                params.into_iter().enumerate().map(|(at, param)| parameter(at, param, notes)).collect();
            template.insert("components".to_owned(), json!([{ "type": "body", "parameters": parameters }]));
        }
        Some(Value::Array(_)) | None => {}
        Some(_) => {
            notes.refused("hsm.localizable_params", "is not a list", "use a list of {\"default\": \"…\"}")
        }
    }
    for key in hsm.keys() {
        notes.lost(&format!("hsm.{key}"), "Cloud has no such property", "remove it");
    }
    template
}

fn language_of_hsm(template: &mut Map<String, Value>, notes: &mut Notes) {
    language(template, "hsm", notes);
}

/// Translates a value of an `hsm`: text, an amount of money, or a date and time.
fn parameter(at: usize, param: Value, notes: &mut Notes) -> Value {
    let path = format!("hsm.localizable_params[{at}]");
    let Value::Object(mut param) = param else {
        notes.refused(&path, "is not an object", "use {\"default\": \"…\"}");
        return Value::Null;
    };
    let Some(default) = text_of(&param, "default") else {
        notes.refused(
            &format!("{path}.default"),
            "is required and must not be blank",
            "add the text to show",
        );
        return Value::Null;
    };
    param.remove("default");
    let value = if let Some(mut currency) = notes.object(&mut param, "currency", &format!("{path}.currency"))
    {
        let code = currency.remove("currency_code").or(currency.remove("code"));
        let amount = currency.remove("amount_1000");
        for key in currency.keys() {
            notes.lost(&format!("{path}.currency.{key}"), "Cloud has no such property", "remove it");
        }
        json!({ "type": "currency", "currency": { "fallback_value": default, "code": code, "amount_1000": amount } })
    } else if param.remove("date_time").is_some() {
        notes.lost(
            &format!("{path}.date_time"),
            "Cloud shows only the text, and does not localize dates",
            "write the default in the recipient's language",
        );
        json!({ "type": "date_time", "date_time": { "fallback_value": default } })
    } else {
        json!({ "type": "text", "text": default })
    };
    for key in param.keys() {
        notes.lost(&format!("{path}.{key}"), "Cloud has no such property", "remove it");
    }
    value
}

/// Translates a template of Cloud to On-Premise.
pub(super) fn to_onprem(template: &mut Map<String, Value>, namespace: Option<&str>, notes: &mut Notes) {
    match namespace {
        Some(namespace) => {
            template.insert("namespace".to_owned(), json!(namespace));
            notes.assumed(
                "template.namespace",
                "Cloud has no namespace; the given one is used",
                "check that the template belongs to it",
            );
        }
        None => notes.refused(
            "template.namespace",
            "On-Premise identifies a template by its namespace, which Cloud does not have",
            "add the account's namespace",
        ),
    }
    if let Some(Value::Object(language)) = template.get_mut("language") {
        language.entry("policy").or_insert(json!("deterministic"));
    }
}
