//! `/v1/configs/templates`: 360dialog's deprecated path for templates, still served by waba-v2. Its list has
//! `waba_templates[]` with `offset` and `total`, and statuses in lower case (360dialog, "Create and manage Template
//! Messages", 2026).
use crate::{answer::Answer, templates, world::World};
use serde_json::{Value, json};
use std::collections::HashMap;

/// The default page size.
const PAGE: usize = 1_000;

pub(crate) fn handle(
    world: &mut World,
    method: &str,
    name: &[&str],
    query: &HashMap<String, String>,
    body: &[u8],
) -> Option<Answer> {
    Some(match (method, name) {
        ("GET", []) => list(world, query),
        ("POST", []) => create(world, body),
        ("DELETE", [name]) => {
            let mut query = query.clone();
            query.insert("name".to_owned(), (*name).to_owned());
            let answer = templates::delete(world, &query);
            if answer.status == 200 {
                Answer::ok(&json!({ "meta": meta("The template is deleted") }))
            } else {
                answer
            }
        }
        _ => return None,
    })
}

fn meta(message: &str) -> Value {
    json!({ "success": true, "http_code": 200, "developer_message": message })
}

fn list(world: &World, query: &HashMap<String, String>) -> Answer {
    let number = |name: &str, otherwise: usize| query.get(name).map_or(Ok(otherwise), |text| text.parse());
    let (Ok(limit @ 1..), Ok(offset)) = (number("limit", PAGE), number("offset", 0)) else {
        return Answer::error(100, "limit must be a number from 1, offset from 0");
    };
    let filters = match query.get("filters").map(|text| serde_json::from_str::<HashMap<String, String>>(text))
    {
        None => HashMap::new(),
        Some(Ok(filters)) => filters,
        Some(Err(_)) => return Answer::error(100, "filters must be a JSON object of strings"),
    };
    let fits = |template: &Value| {
        let has = |(name, value): (&String, &String)| {
            let name = name.strip_prefix("business_templates.").unwrap_or(name);
            template.get(name).and_then(Value::as_str).is_some_and(|found| found.eq_ignore_ascii_case(value))
        };
        filters.iter().all(has)
    };
    let all: Vec<Value> = world.templates.iter().filter(|one| fits(one)).map(older).collect();
    let total = all.len();
    let page: Vec<Value> = all.into_iter().skip(offset).take(limit).collect();
    Answer::ok(
        &json!({ "count": page.len(), "filters": filters, "limit": limit, "offset": offset, "sort": ["id"],
        "total": total, "waba_templates": page }),
    )
}

fn create(world: &mut World, body: &[u8]) -> Answer {
    let answer = templates::create(world, body);
    match world.templates.last().filter(|_| answer.status == 200) {
        Some(created) => Answer::json(201, &older(created)),
        None => answer,
    }
}

/// Converts a template to the form of the deprecated path.
fn older(template: &Value) -> Value {
    let mut older = template.clone();
    if let Some(status) = template.get("status").and_then(Value::as_str) {
        older["status"] = json!(status.to_lowercase());
    }
    if older.get("namespace").is_none() {
        older["namespace"] = json!("d8bcb6bd_2ab2_439c_9d9e_000000000000");
    }
    older
}
