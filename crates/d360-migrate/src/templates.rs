//! Translates 360dialog's `/v1/configs/templates`, used by old programs of its hosting, to Cloud's
//! `/message_templates`.
//!
//! The answers have the old form: `waba_templates[]` with `count`, `limit`, `offset` and `total`, statuses in lower
//! case, and a `namespace`, which Cloud's templates do not have (360dialog Messaging API reference, "Templates",
//! 2025; the old path is deprecated there).
use crate::{
    Options, Translation,
    json::{text, text_of},
    note::Notes,
};
use serde_json::{Map, Value, json};

/// The default number of templates per page.
const PAGE: usize = 1_000;
/// The namespace if none is known. Old programs read one, and it is removed when they send it.
const NO_NAMESPACE: &str = "00000000_0000_0000_0000_000000000000";

/// Current categories of Cloud by their old names: there were ten until 2022-05, and three until 2023-04.
const CATEGORIES: [(&str, &str); 13] = [
    ("ACCOUNT_UPDATE", "UTILITY"),
    ("PAYMENT_UPDATE", "UTILITY"),
    ("PERSONAL_FINANCE_UPDATE", "UTILITY"),
    ("SHIPPING_UPDATE", "UTILITY"),
    ("RESERVATION_UPDATE", "UTILITY"),
    ("ISSUE_RESOLUTION", "UTILITY"),
    ("APPOINTMENT_UPDATE", "UTILITY"),
    ("TRANSPORTATION_UPDATE", "UTILITY"),
    ("TICKET_UPDATE", "UTILITY"),
    ("ALERT_UPDATE", "UTILITY"),
    ("AUTO_REPLY", "UTILITY"),
    ("TRANSACTIONAL", "UTILITY"),
    ("OTP", "AUTHENTICATION"),
];

/// The parameters of `GET /v1/configs/templates`.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Query {
    /// The number of templates per page, 1,000 by default.
    pub limit: usize,
    /// The number of templates before the page.
    pub offset: usize,
    /// The required values of templates, by property.
    pub filters: Vec<(String, String)>,
    /// The property by which the list is sorted; descending if it begins with `-`.
    pub sort: String,
}

d360_model::masked_fields!(Query { limit, offset, filters, sort });

impl Default for Query {
    fn default() -> Self {
        Self { limit: PAGE, offset: 0, filters: Vec::new(), sort: "id".to_owned() }
    }
}

impl Query {
    /// Parses the parameters of the query: `limit`, `offset`, `sort`, `filters` (a JSON object), and properties by
    /// their names.
    #[must_use]
    pub fn read<'q>(pairs: impl IntoIterator<Item = (&'q str, &'q str)>) -> Translation<Self> {
        let (mut query, mut notes) = (Self::default(), Notes::default());
        for (name, value) in pairs {
            match name {
                "limit" => match value.parse() {
                    Ok(limit @ 1..) => query.limit = limit,
                    _ => notes.refused("limit", "is not a number from 1", "use a number from 1"),
                },
                "offset" => match value.parse() {
                    Ok(offset) => query.offset = offset,
                    Err(_) => notes.refused("offset", "is not a number from 0", "use a number from 0"),
                },
                "sort" => query.sort = value.to_owned(),
                "filters" => match serde_json::from_str::<Map<String, Value>>(value) {
                    Ok(filters) => {
                        for (name, value) in &filters {
                            match text(value) {
                                Some(value) => query.filters.push((property(name), value)),
                                // Ignoring it would return every template.
                                None => notes.refused(
                                    &format!("filters.{name}"),
                                    "is neither text nor number",
                                    "use one value, or filter the answer",
                                ),
                            }
                        }
                    }
                    Err(_) => notes.refused("filters", "is not a JSON object", "use {\"name\": \"…\"}"),
                },
                "name" | "status" | "language" | "category" | "id" => {
                    query.filters.push((name.to_owned(), value.to_owned()));
                }
                other => notes.lost(other, "is not a parameter of this list", "remove it"),
            }
        }
        notes.with(query)
    }
}

/// Removes the table name from 360dialog's own filters.
fn property(name: &str) -> String {
    name.rsplit('.').next().unwrap_or(name).to_owned()
}

/// Translates all templates of Cloud (the items of `GET /message_templates`) to a page of the old list.
#[must_use]
pub fn listed(templates: Vec<Value>, query: &Query, options: &Options) -> Translation<Value> {
    let mut notes = Notes::default();
    if !templates.is_empty() && options.namespace.is_none() {
        let why = "templates of Cloud have no namespace; zeros replace it";
        notes.assumed("waba_templates[].namespace", why, "send templates without it");
    }
    let mut all: Vec<Map<String, Value>> = templates
        .into_iter()
        .filter_map(|template| match template {
            Value::Object(template) => Some(one(template, options)),
            _ => None,
        })
        .filter(|template| {
            query.filters.iter().all(|(name, value)| {
                text_of(template, name).is_some_and(|found| found.eq_ignore_ascii_case(value))
            })
        })
        .collect();
    let (by, descending) = match query.sort.strip_prefix('-') {
        Some(by) => (property(by), true),
        None => (property(&query.sort), false),
    };
    // Cloud's IDs are numbers of different length.
    all.sort_by_cached_key(|template| text_of(template, &by).map(|text| (text.parse::<u64>().ok(), text)));
    if descending {
        all.reverse();
    }
    let total = all.len();
    let page: Vec<Value> = all.into_iter().skip(query.offset).take(query.limit).map(Value::Object).collect();
    let filters: Map<String, Value> =
        query.filters.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    notes.with(json!({ "count": page.len(), "filters": filters, "limit": query.limit, "offset": query.offset,
        "sort": [query.sort], "total": total, "waba_templates": page }))
}

/// Translates a template to the old form.
fn one(mut template: Map<String, Value>, options: &Options) -> Map<String, Value> {
    if let Some(status) = text_of(&template, "status") {
        template.insert("status".to_owned(), json!(status.to_ascii_lowercase()));
    }
    let namespace = options.namespace.as_deref().unwrap_or(NO_NAMESPACE);
    template.entry("namespace").or_insert(json!(namespace));
    template
}

/// Translates the body of `POST /v1/configs/templates` to the body of `POST /message_templates`.
#[must_use]
pub fn to_cloud(template: &Value) -> Translation<Value> {
    let mut notes = Notes::default();
    let Value::Object(template) = template else {
        notes.refused("", "is not an object", "use a template with name, language, category and components");
        return notes.with(None);
    };
    let mut template = template.clone();
    template.retain(|_, value| !value.is_null());
    if template.remove("namespace").is_some() {
        notes.changed("namespace", "templates of Cloud have no namespace", "remove it");
    }
    if let Some(old) = text_of(&template, "category") {
        let upper = old.to_ascii_uppercase();
        let new =
            CATEGORIES.iter().find(|(known, _)| *known == upper).map_or(upper.as_str(), |(_, new)| *new);
        if new != old {
            let why = format!("Cloud calls it {new}");
            notes.changed("category", why, format!("send {new}"));
        }
        template.insert("category".to_owned(), json!(new));
    }
    notes.with(Value::Object(template))
}

/// Returns the answer to `POST /v1/configs/templates`: the template, with Cloud's answer (`id`, `status`,
/// `category`).
#[must_use]
pub fn created(template: &Value, answer: &Value, options: &Options) -> Value {
    let mut all = template.as_object().cloned().unwrap_or_default();
    all.extend(answer.as_object().cloned().unwrap_or_default());
    one(all, options).into()
}

/// Returns the answer to `DELETE /v1/configs/templates/{name}`.
#[must_use]
pub fn deleted() -> Value {
    json!({ "meta": { "developer_message": "The template is deleted", "http_code": 200, "success": true } })
}
