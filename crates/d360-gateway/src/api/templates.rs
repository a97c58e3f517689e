//! 360dialog's `/v1/configs/templates`: the account's templates in the old form.
use super::reply::Reply;
use crate::number::Number;
use d360::{
    cloud::templates::{CreateTemplate, DeleteTemplate, ListTemplates},
    migrate::{
        errors::{Answer, Call},
        templates::{self, Query},
    },
    model::template::NewTemplate,
};
use serde_json::{Value, json};

/// The page size of calls to Cloud.
const PAGE: u32 = 250;

/// `GET /v1/configs/templates`: fetches all pages of `GET /message_templates` and filters them by the query.
pub(crate) async fn list(number: &Number, query: &str) -> Reply {
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    let read = Query::read(pairs.iter().map(|(name, value)| (name.as_ref(), value.as_ref())));
    let mut notes = read.notes;
    let Some(query) = read.value else { return Reply::refused(&notes).noted(notes) };
    match number.client.pages(ListTemplates::new().limit(PAGE)).all().await {
        Ok(all) => {
            let listed =
                templates::listed(all.iter().map(|one| json!(one)).collect(), &query, &number.options);
            notes.extend(listed.notes);
            Reply::plain(200, &listed.value.unwrap_or_default()).noted(notes)
        }
        Err(error) => Reply::failed(&error, Call::Message),
    }
}

/// `POST /v1/configs/templates`: submits a template. Never retried while its outcome is unknown.
pub(crate) async fn create(number: &Number, sent: &[u8]) -> Reply {
    let Ok(old) = serde_json::from_slice::<Value>(sent) else { return Reply::not_json() };
    let translated = templates::to_cloud(&old);
    let Some(body) = translated.value else { return Reply::refused(&translated.notes) };
    let template = match NewTemplate::from_json(body.to_string().as_bytes()) {
        Ok((template, _)) => template,
        Err(invalid) => return Reply::new(Answer::error(1009, &invalid.to_string())),
    };
    match number.client.call(CreateTemplate::new(template)).await {
        Ok(answer) => Reply::plain(201, &templates::created(&body, &json!(answer), &number.options)),
        Err(error) => Reply::failed(&error, Call::Message),
    }
}

/// `DELETE /v1/configs/templates/{name}`: deletes all languages, or one with `hsm_id` in the query.
pub(crate) async fn delete(number: &Number, name: &str, query: &str) -> Reply {
    let id = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "hsm_id");
    let mut endpoint = DeleteTemplate::new(name);
    if let Some((_, id)) = id {
        endpoint = endpoint.only(id);
    }
    match number.client.call(endpoint).await {
        Ok(()) => Reply::plain(200, &templates::deleted()),
        Err(error) => Reply::failed(&error, Call::Message),
    }
}
