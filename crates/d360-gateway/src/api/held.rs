//! `/waiting` and `/aside`: webhooks that wait for delivery or were put aside. Requires the number's key.
//!
//! | call | what it does |
//! |---|---|
//! | `GET /waiting`, `GET /aside` | lists them: `?user=`, `?limit=` (100, at most 1,000), `?after=` (an id) |
//! | `GET /…/{id}` | shows one with its body |
//! | `POST /…/{id}/retry`, `POST /…/retry` | retries one, or all (`?user=`) |
//! | `DELETE /…/{id}`, `DELETE /…` | drops one, or all (`?user=`) |
use super::shared::Shared;
use crate::{
    delivery::lines::{Front, Item},
    metrics::NumberLabel,
    number::Number,
    state::{error::StoreError, store::now},
    web::{
        body::{self, Response},
        routes::{self, Route},
    },
};
use d360::migrate::errors::Answer;
use http::Method;
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};
use serde_json::{Map, Value, json};
use std::{collections::HashMap, sync::Arc};

const PAGE: i64 = 100;
const LONGEST_PAGE: i64 = 1_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    Waiting,
    Aside,
}

impl Which {
    fn of(step: &str) -> Option<Self> {
        match step {
            "waiting" => Some(Self::Waiting),
            "aside" => Some(Self::Aside),
            _ => None,
        }
    }
    fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Aside => "aside",
        }
    }
    fn table(self) -> &'static str {
        match self {
            Self::Waiting => "outbox",
            Self::Aside => "put_aside",
        }
    }
}

/// The selected webhooks of a number: all, one, or those of a user.
#[derive(Clone, Debug)]
struct Choice {
    number: String,
    id: Option<i64>,
    user: Option<String>,
}

const CHOSEN: &str = "number = :number AND (:id IS NULL OR id = :id) AND (:user IS NULL OR user = :user)";

/// What to do with the selected webhooks.
#[derive(Clone, Copy, Debug)]
enum Verb {
    List,
    Show,
    Retry,
    Drop,
}

const VERBS: &[Route<Verb>] = &[
    ("GET", "{which}", Verb::List),
    ("GET", "{which}/{id}", Verb::Show),
    ("POST", "{which}/retry", Verb::Retry),
    ("POST", "{which}/{id}/retry", Verb::Retry),
    ("DELETE", "{which}", Verb::Drop),
    ("DELETE", "{which}/{id}", Verb::Drop),
];

/// Returns whether a path belongs to these routes.
pub(super) fn is_of(segments: &[String]) -> bool {
    which(segments).is_some()
}

fn which(segments: &[String]) -> Option<Which> {
    Which::of(segments.first()?)
}

/// Answers an authenticated request.
pub(super) async fn answer(
    shared: &Shared,
    number: &Number,
    method: &Method,
    segments: &[String],
    query: &str,
) -> Response {
    let which = which(segments).unwrap_or(Which::Waiting);
    let (verb, id) = match routes::find(VERBS, method, segments) {
        Some((verb, parameters)) => (Some(verb), parameters.get(1).copied()),
        None => (None, None),
    };
    // Unknown parameters are rejected, because a typo would select all webhooks.
    let followed: &[&str] = match (verb, id) {
        (Some(Verb::List), _) => &["user", "limit", "after"],
        (Some(Verb::Retry | Verb::Drop), None) => &["user"],
        _ => &[],
    };
    let mut asked = HashMap::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if !followed.contains(&&*name)
            || asked.insert(name.clone().into_owned(), value.into_owned()).is_some()
        {
            let allowed = if followed.is_empty() { "none".to_owned() } else { followed.join(", ") };
            let name: String = name.chars().take(40).collect();
            let details = format!(
                "The parameter {} is unknown or given twice; nothing was done. Allowed: {allowed}",
                d360::model::mask(&name)
            );
            return body::answer(&Answer::error(1009, &details));
        }
    }
    let of_query = |name: &str| asked.get(name).cloned();
    // A + that is not percent-encoded is decoded as a space.
    let user = of_query("user").map(|user| user.trim_start_matches(['+', ' ']).to_owned());
    if user.as_deref().is_some_and(str::is_empty) {
        return body::answer(&Answer::error(1009, "user is empty; nothing was done"));
    }
    let Some(verb) = verb else {
        let details = "Use GET, POST …/retry or DELETE with /waiting or /aside";
        return body::answer(&Answer::error_with(405, 1006, details));
    };
    let no_such = || {
        let details = format!("There is no webhook with this id in /{}", which.name());
        body::answer(&Answer::error(1006, &details))
    };
    let whole = |text: &str| text.parse::<i64>().ok();
    let id = match id.map(whole) {
        Some(None) => return no_such(),
        Some(id) => id,
        None => None,
    };
    let choice = Choice { number: number.name.clone(), id, user };
    let one = |done: Value| if id.is_some() { some_of(done) } else { Some(done) };
    let done = match verb {
        Verb::List => {
            let read = |name: &str, otherwise| of_query(name).map_or(Some(otherwise), |text| whole(&text));
            let (Some(limit @ 1..=LONGEST_PAGE), Some(after @ 0..)) = (read("limit", PAGE), read("after", 0))
            else {
                let details = "limit must be from 1 to 1000, after must be an id";
                return body::answer(&Answer::error(1009, details));
            };
            list(shared, which, choice, after, limit).await
        }
        Verb::Show => show(shared, which, choice).await,
        Verb::Retry => retry(shared, which, choice).await.map(one),
        Verb::Drop => drop_chosen(shared, which, choice).await.map(one),
    };
    match done {
        Ok(Some(value)) => body::json(200, &value),
        Ok(None) => no_such(),
        Err(error) => body::answer(&Answer::error_with(503, 1023, &error.to_string())),
    }
}

/// Returns `None` if nothing was done, so that an unknown id is reported.
fn some_of(done: Value) -> Option<Value> {
    let ids = done.as_object().and_then(|done| done.values().next());
    ids.and_then(Value::as_array).is_some_and(|ids| !ids.is_empty()).then_some(done)
}

/// Converts a row to JSON, without its body.
fn shown(
    row: &Row<'_>,
    fronts: &HashMap<i64, Front>,
    which: Which,
) -> rusqlite::Result<(i64, Map<String, Value>)> {
    let id: i64 = row.get("id")?;
    let text = |name: &str| row.get::<_, Option<String>>(name);
    let time =
        |seconds: i64| jiff::Timestamp::from_second(seconds).map(|at| at.to_string()).unwrap_or_default();
    let mut item = Map::new();
    item.insert("id".to_owned(), id.into());
    item.insert("user".to_owned(), text("user")?.into());
    match text("status_id")? {
        Some(message) => {
            item.insert("message_id".to_owned(), message.into());
            item.insert("type".to_owned(), "status".into());
            item.insert("status".to_owned(), text("status")?.into());
        }
        None => {
            item.insert("message_id".to_owned(), text("message_id")?.into());
            item.insert("type".to_owned(), text("type")?.into());
        }
    }
    item.insert("received".to_owned(), time(row.get("at")?).into());
    match which {
        Which::Waiting => {
            let front = fronts.get(&id).cloned().unwrap_or_default();
            item.insert("tries".to_owned(), front.tries.into());
            item.insert("why".to_owned(), front.last.into());
            item.insert("posting".to_owned(), front.posting.into());
        }
        Which::Aside => {
            item.insert("tries".to_owned(), row.get::<_, Option<i64>>("tries")?.into());
            item.insert("why".to_owned(), text("why")?.into());
            let at = row.get::<_, Option<i64>>("aside_at")?;
            item.insert("put_aside".to_owned(), at.map(time).into());
        }
    }
    Ok((id, item))
}

/// Builds the query. SQLite extracts ids and types, so that bodies, which may be large, are not loaded.
fn select(which: Which, condition: &str) -> String {
    let more = match which {
        Which::Waiting => "NULL AS why, NULL AS tries, NULL AS aside_at",
        Which::Aside => "why, tries, aside_at",
    };
    let table = which.table();
    format!(
        "WITH rows AS (SELECT id, number, user, at, body, {more}, CASE WHEN json_valid(body) THEN body END AS json FROM {table})
         SELECT id, user, at, why, tries, aside_at, body, CAST(json_extract(json, '$.messages[0].id') AS TEXT) AS message_id,
             CAST(json_extract(json, '$.messages[0].type') AS TEXT) AS type, CAST(json_extract(json, '$.statuses[0].id') AS TEXT) AS status_id,
             CAST(json_extract(json, '$.statuses[0].status') AS TEXT) AS status
         FROM rows WHERE {CHOSEN} AND {condition}"
    )
}

async fn list(
    shared: &Shared,
    which: Which,
    choice: Choice,
    after: i64,
    limit: i64,
) -> Result<Option<Value>, StoreError> {
    // A webhook that was delivered but not yet deleted from disk is not listed.
    let fronts = shared.outbox.waiting(&choice.number);
    let read = move |db: &Connection| {
        let mut statement = db.prepare_cached(&format!("{} ORDER BY id", select(which, "id > :after")))?;
        let chosen = named_params! { ":number": choice.number, ":id": choice.id, ":user": choice.user, ":after": after };
        let mut rows = statement.query(chosen)?;
        let (mut items, mut next) = (Vec::new(), None);
        while let Some(row) = rows.next()? {
            let id: i64 = row.get("id")?;
            if which == Which::Waiting && !fronts.contains_key(&id) {
                continue;
            }
            if i64::try_from(items.len()).unwrap_or(i64::MAX) == limit {
                next = items.last().and_then(|item: &Map<String, Value>| item["id"].as_i64());
                break;
            }
            items.push(shown(row, &fronts, which)?.1);
        }
        let count = format!("SELECT count(*) FROM {} WHERE {CHOSEN}", which.table());
        let chosen = named_params! { ":number": choice.number, ":id": choice.id, ":user": choice.user };
        let all: i64 = db.query_row(&count, chosen, |row| row.get(0))?;
        let all =
            if which == Which::Waiting && choice.user.is_none() { fronts.len().into() } else { json!(all) };
        Ok(json!({ which.name(): items, "total": all, "next": next }))
    };
    shared.store.read(read).await.map(Some)
}

async fn show(shared: &Shared, which: Which, choice: Choice) -> Result<Option<Value>, StoreError> {
    let fronts = shared.outbox.waiting(&choice.number);
    let read = move |db: &Connection| {
        let chosen = named_params! { ":number": choice.number, ":id": choice.id, ":user": choice.user };
        db.query_row(&select(which, "1"), chosen, |row| {
            let (id, mut item) = shown(row, &fronts, which)?;
            if which == Which::Waiting && !fronts.contains_key(&id) {
                return Ok(None);
            }
            let body: String = row.get("body")?;
            let body = serde_json::from_str(&body).unwrap_or(Value::String(body));
            item.insert("body".to_owned(), body);
            Ok(Some(Value::Object(item)))
        })
        .optional()
        .map(Option::flatten)
    };
    shared.store.read(read).await
}

/// Returns the ids and users of the selected webhooks.
fn chosen(db: &Connection, table: &str, choice: &Choice) -> rusqlite::Result<Vec<(i64, String)>> {
    let mut statement = db.prepare(&format!("SELECT id, user FROM {table} WHERE {CHOSEN} ORDER BY id"))?;
    let chosen = named_params! { ":number": choice.number, ":id": choice.id, ":user": choice.user };
    statement.query_map(chosen, |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

fn ids(done: &[(i64, String)]) -> Vec<i64> {
    done.iter().map(|(id, _)| *id).collect()
}

/// Retries webhooks. Waiting ones are retried immediately. Those put aside are queued again, ahead of newer ones.
async fn retry(shared: &Shared, which: Which, choice: Choice) -> Result<Value, StoreError> {
    let number = choice.number.clone();
    if which == Which::Waiting {
        let waiting = shared.outbox.waiting(&number);
        let mut done = shared.store.read(move |db| chosen(db, "outbox", &choice)).await?;
        done.retain(|(id, _)| waiting.contains_key(id));
        for (_, user) in &done {
            shared.outbox.wake(&(number.clone(), user.clone()));
        }
        return Ok(json!({ "retried": ids(&done) }));
    }
    let since = now();
    let again = move |db: &Connection| {
        let done = chosen(db, "put_aside", &choice)?;
        for (id, _) in &done {
            db.prepare_cached(
                "INSERT OR REPLACE INTO outbox (id, number, user, body, at, since)
                 SELECT id, number, user, body, at, ?2 FROM put_aside WHERE id = ?1",
            )?
            .execute((id, since))?;
            db.prepare_cached("DELETE FROM put_aside WHERE id = ?1")?.execute([id])?;
        }
        Ok(done)
    };
    let outbox = shared.outbox.clone();
    let then = move |done: &Vec<(i64, String)>| {
        for (id, user) in done {
            outbox.push((number.clone(), user.clone()), Item { id: *id, since, body: None });
        }
    };
    let done = shared.store.run_and(again, then).await?;
    Ok(json!({ "retried": ids(&done) }))
}

async fn drop_chosen(shared: &Shared, which: Which, choice: Choice) -> Result<Value, StoreError> {
    let number = choice.number.clone();
    let waiting: Option<HashMap<i64, Front>> =
        (which == Which::Waiting).then(|| shared.outbox.waiting(&number));
    let table = which.table();
    let delete = move |db: &Connection| {
        let mut done = chosen(db, table, &choice)?;
        if let Some(waiting) = waiting {
            done.retain(|(id, _)| waiting.contains_key(id));
        }
        let mut statement = db.prepare(&format!("DELETE FROM {table} WHERE id = ?1"))?;
        for (id, _) in &done {
            statement.execute([id])?;
        }
        drop(statement);
        Ok(done)
    };
    let outbox = shared.outbox.clone();
    let then = move |done: &Vec<(i64, String)>| {
        if which == Which::Waiting {
            done.iter().for_each(|(id, user)| outbox.forget(&(number.clone(), user.clone()), *id));
        }
    };
    let done = shared.store.run_and(delete, then).await?;
    tracing::warn!(webhooks = done.len(), which = which.name(), "webhooks were dropped on request");
    Ok(json!({ "dropped": ids(&done) }))
}

/// Updates the metric of webhooks put aside for each number.
pub(crate) async fn count_aside(shared: &Arc<Shared>) {
    let counted = shared.store.read(|db| {
        let mut statement = db.prepare("SELECT number, count(*) FROM put_aside GROUP BY number")?;
        let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?;
        rows.collect::<rusqlite::Result<HashMap<_, _>>>()
    });
    let Ok(counted) = counted.await else { return };
    for number in &shared.numbers {
        let label = NumberLabel { number: number.name.clone() };
        let all = counted.get(&number.name).copied().unwrap_or_default();
        shared.metrics.aside.get_or_create(&label).set(all);
    }
}
