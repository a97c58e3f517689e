//! `/v1/configs/webhook` and `/waba_webhook`: webhook URLs.
use crate::{answer::Answer, json, world::World};
use serde_json::json as value;

/// `GET` and `POST /v1/configs/webhook`, `/waba_webhook`.
pub(crate) fn config(world: &mut World, key: &str, method: &str, body: &[u8], account: bool) -> Answer {
    if method == "GET" {
        return Answer::ok(world.hooks.kept(key, account).unwrap_or(&value!({})));
    }
    let Some(config) = json::read(body) else {
        return Answer::error(100, "The body is not JSON");
    };
    match world.hooks.set(key, &config, account) {
        Ok(()) => Answer::ok(&config),
        Err(why) => Answer::error(100, &why),
    }
}
