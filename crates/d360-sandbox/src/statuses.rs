//! Webhooks of what becomes of a message of ours.
use crate::{
    answer,
    world::{World, ids::is_bsuid},
};
use serde_json::{Value, json};

/// Tells what became of a message to `user`, or to the group of this id. `failed` names the code that it failed by.
pub(crate) fn tell(world: &mut World, key: &str, id: &str, message: &Value, user: &str, failed: Option<i64>) {
    world.last_id = Some(id.to_owned());
    // Most sandboxes have no webhook, and what has nowhere to go is not worth writing.
    if !world.hooks.has_target(key) {
        return;
    }
    let settings = &world.hooks.settings;
    let told = match failed {
        Some(_) => vec!["failed".to_owned()],
        None => settings.statuses.clone().unwrap_or_else(|| vec!["sent".to_owned(), "delivered".to_owned()]),
    };
    let (time, onprem) = (world.now().as_secs().to_string(), settings.on_premise);
    let user_ids = settings.user_ids && !onprem;
    let group = message["recipient_type"] == "group";
    for status in told {
        let has_failed = status == "failed";
        let mut item = json!({ "id": id, "status": status, "timestamp": time });
        let mut contact = None;
        if group {
            item["recipient_type"] = json!("group");
            item["recipient_id"] = json!(user);
        } else {
            if !is_bsuid(user) {
                item["recipient_id"] = json!(user);
            }
            // A failed message names the user id only if it was sent to it, and no contact (Meta, "Business-scoped user IDs").
            let by_user_id = message.get("to").is_none();
            if is_bsuid(user) || user_ids && (!has_failed || by_user_id) {
                item["recipient_user_id"] = json!(world.users.id(user));
            }
            let with_username = matches!(status.as_str(), "delivered" | "read" | "played");
            contact = (user_ids && !has_failed).then(|| world.users.contact(user, with_username, true));
        }
        if let Some(data) = message.get("biz_opaque_callback_data") {
            item["biz_opaque_callback_data"] = data.clone();
        }
        if status == "sent" {
            item["pricing"] = pricing(message, onprem);
        }
        if let Some(code) = failed.or(has_failed.then_some(131_000)) {
            item["errors"] = json!([answer::webhook_error(code, onprem)]);
        }
        world.hooks.status(key, item, contact);
    }
}

fn pricing(message: &Value, onprem: bool) -> Value {
    if onprem {
        return json!({ "billable": true, "pricing_model": "CBP" });
    }
    // Direct Send names its category; nobody knows that of a template here.
    let category = match message["category"].as_str() {
        Some(category) => category,
        None if message["type"] == "template" => "utility",
        None => "service",
    };
    let (billable, kind) =
        if category == "service" { (false, "free_customer_service") } else { (true, "regular") };
    json!({ "billable": billable, "pricing_model": "PMP", "type": kind, "category": category })
}
