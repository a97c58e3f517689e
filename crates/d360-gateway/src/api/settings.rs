//! `/v1/settings/application` and `/v1/configs/webhook`: the webhook settings of an old program.
use super::{reply::Reply, shared::Shared};
use crate::{delivery::targets::Target, number::Number, place::Place, sent_status};
use d360::migrate::{Settings, answers, errors::Answer};
use serde_json::{Map, Value, json};
use std::sync::atomic::Ordering;

/// Headers that the gateway sets itself.
const RESERVED: [&str; 9] = [
    "host",
    "content-length",
    "content-type",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "expect",
    "upgrade",
];

/// `GET /v1/settings/application`.
pub(crate) fn get(shared: &Shared, number: &Number) -> Reply {
    let url = shared.targets.get(&number.name).map(|target| target.url);
    let settings = json!({ "application": { "callback_persist": true, "sent_status": number.sent_status.load(Ordering::Relaxed), "webhooks": { "url": url } } });
    Reply::new(Answer::ok(200, Map::from_iter([("settings".to_owned(), settings)])))
}

const NOT_WRITTEN: &str = "The settings could not be written";

/// `PATCH /v1/settings/application` `{"webhooks": {"url"}, "sent_status"}`: sets settings and notes those without a
/// counterpart. If one is invalid, none is set.
pub(crate) async fn patch(shared: &Shared, number: &Number, sent: &[u8]) -> Reply {
    let Ok(body) = serde_json::from_slice::<Map<String, Value>>(sent) else {
        return Reply::new(Answer::error(1025, "The body is not a JSON object"));
    };
    let settings = Settings::read(&body);
    if !settings.invalid.is_empty() {
        let told = settings.invalid.iter().map(|(name, holds)| format!("{name} must be {holds}"));
        let told = d360::model::mask(&told.collect::<Vec<_>>().join("; "));
        return Reply::new(Answer::error(1009, &format!("{told}. Nothing was set")));
    }
    if let Some(url) = settings.url {
        // On-Premise had no headers. Keep them if the URL is unchanged; never send them to another URL.
        let known = shared.targets.get(&number.name).filter(|target| target.url == url);
        let headers = known
            .map(|target| target.headers.into_iter().map(|(name, value)| (name, value.into())).collect());
        if let Some(refusal) = set(shared, number, url, headers.unwrap_or_default()).await {
            return refusal;
        }
    }
    if let Some(posted) = settings.sent_status
        && sent_status::set(&shared.store, number, posted).await.is_err()
    {
        return Reply::new(Answer::error(1023, NOT_WRITTEN));
    }
    Reply::new(answers::done())
}

/// `DELETE /v1/settings/application`: restores the configured settings.
pub(crate) async fn delete(shared: &Shared, number: &Number) -> Reply {
    let target = shared.targets.reset(&number.name).await;
    match (target, sent_status::set(&shared.store, number, true).await) {
        (Ok(()), Ok(())) => Reply::new(answers::done()),
        _ => Reply::new(Answer::error(1023, NOT_WRITTEN)),
    }
}

/// 360dialog's `GET /v1/configs/webhook`.
pub(crate) fn config(shared: &Shared, number: &Number) -> Reply {
    let target = shared.targets.get(&number.name);
    let names = |target: &Target| {
        target.headers.keys().map(|name| (name.clone(), json!("••••"))).collect::<Map<_, _>>()
    };
    let body = match &target {
        Some(target) => json!({ "url": target.url, "headers": names(target) }),
        None => json!({ "url": null }),
    };
    Reply::plain(200, &body)
}

/// 360dialog's `POST /v1/configs/webhook` `{"url", "headers"}`.
pub(crate) async fn set_config(shared: &Shared, number: &Number, sent: &[u8]) -> Reply {
    let Ok(config) = serde_json::from_slice::<Map<String, Value>>(sent) else {
        return Reply::new(Answer::error(1025, "The body is not a JSON object"));
    };
    let Some(url) = config.get("url").and_then(Value::as_str) else {
        return Reply::new(Answer::error(1008, "url is required"));
    };
    let headers = config.get("headers").and_then(Value::as_object).cloned().unwrap_or_default();
    match set(shared, number, url.to_owned(), headers).await {
        Some(refusal) => refusal,
        None => Reply::plain(200, &config),
    }
}

/// Sets the webhook target. Returns the error if it is invalid or not allowed.
async fn set(shared: &Shared, number: &Number, url: String, headers: Map<String, Value>) -> Option<Reply> {
    let refuse = |details: &str| Some(Reply::new(Answer::error(1009, details)));
    // An empty URL removes the webhook. Webhooks are queued until one is set again.
    if !url.is_empty() {
        let Some(place) = Place::of(&url) else {
            return refuse(
                "The webhook URL must start with http:// or https://, and must not have a password",
            );
        };
        if !place.is_among(&shared.webhook_hosts) {
            let details =
                "The gateway only posts to hosts that its configuration allows: webhook_to and webhook_hosts";
            return Some(Reply::new(Answer::error(1005, details)));
        }
    }
    let texts: Option<_> = headers
        .into_iter()
        .map(|(name, value)| {
            let text = value.as_str()?.to_owned();
            let good =
                http::HeaderName::try_from(&name).is_ok() && http::HeaderValue::try_from(&text).is_ok();
            let reserved = RESERVED.iter().any(|reserved| name.eq_ignore_ascii_case(reserved));
            (good && !reserved).then_some((name, text))
        })
        .collect();
    let Some(headers) = texts else {
        return refuse("headers must be names and strings, without those that HTTP itself sets");
    };
    match shared.targets.set(&number.name, Target { url, headers }).await {
        Ok(()) => None,
        Err(_) => Some(Reply::new(Answer::error(1023, NOT_WRITTEN))),
    }
}
