//! Translates errors in a webhook of Cloud to On-Premise.
use super::Translator;
use crate::{answer, errors};
use serde_json::{Map, Value, json};

impl Translator<'_> {
    pub(super) fn errors(&mut self, item: &mut Map<String, Value>, path: &str) {
        let Some(Value::Array(errors)) = item.get_mut("errors") else { return };
        let old: Vec<Value> = errors
            .iter()
            .enumerate()
            .map(|(at, error)| self.error(error, &format!("{path}.errors[{at}]")))
            .collect();
        *errors = old;
    }

    /// Translates `{code, title, message, error_data: {details}, href}` to `{code, title, details, href}`.
    pub(super) fn error(&mut self, error: &Value, path: &str) -> Value {
        let Value::Object(mut error) = error.clone() else { return error.clone() };
        let code = error.get("code").and_then(|code| code.as_i64().or_else(|| code.as_str()?.parse().ok()));
        if let Some(code) = code {
            match errors::pair(code) {
                Some(pair) => {
                    error.insert("code".to_owned(), json!(pair.webhook));
                    if errors::to_cloud(pair.webhook) != Some(code) {
                        self.notes.changed(
                            &format!("{path}.code"),
                            format!(
                                "On-Premise has one code, {}, for several of Cloud; this was {code}",
                                pair.webhook
                            ),
                            "read the details",
                        );
                    }
                    let title = answer::onprem_title(pair.webhook);
                    let told = error.insert("title".to_owned(), json!(title));
                    if told.is_some_and(|told| {
                        Some(told.as_str().unwrap_or_default()) != errors::cloud_title(code)
                    }) {
                        let why = "is now On-Premise's title of the code";
                        self.notes.changed(&format!("{path}.title"), why, "decide by the code");
                    }
                }
                None => {
                    let why = "On-Premise had no code for this; it remains Cloud's";
                    self.notes.assumed(
                        &format!("{path}.code"),
                        why,
                        "expect a code that the program does not know",
                    );
                }
            }
        }
        let message = error.remove("message");
        let data = error.remove("error_data");
        let details = match &data {
            Some(Value::Object(data)) => data.get("details").cloned(),
            Some(Value::String(text)) => Some(json!(text)),
            None | Some(Value::Null) => None,
            Some(_) => {
                let why = "is neither an object nor a text";
                self.notes.lost(&format!("{path}.error_data"), why, "read it from Cloud's own webhook");
                None
            }
        };
        if let Some(Value::Object(data)) = &data {
            for key in data.keys().filter(|key| *key != "details" && *key != "messaging_product") {
                let why = "errors of On-Premise have no such property";
                self.notes.lost(&format!("{path}.error_data.{key}"), why, "read it from Cloud's own webhook");
            }
        }
        let title = code.and_then(errors::cloud_title).map(|title| json!(title));
        let told_twice = message.is_none() || message == details || message == title;
        if details.is_some() && !told_twice {
            let why = "errors of On-Premise have only title and details";
            self.notes.lost(&format!("{path}.message"), why, "read the details");
        }
        // A message that only repeats the title is no detail.
        let message =
            message.filter(|message| Some(message) != title.as_ref() && error.get("title") != Some(message));
        if !error.contains_key("title") {
            let title = message.clone().unwrap_or_else(|| json!("Generic error"));
            error.insert("title".to_owned(), title);
            let why = "is missing, and errors of On-Premise always have one";
            self.notes.assumed(&format!("{path}.title"), why, "decide by the code");
        }
        if let Some(details) = details.or(message) {
            error.entry("details").or_insert(details);
        }
        error.into()
    }
}
