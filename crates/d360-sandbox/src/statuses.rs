//! Status webhooks of sent messages.
use crate::{
    answer,
    world::{Sent, World, ids::is_bsuid},
};
use serde_json::{Value, json};

/// The statuses of a message.
pub(crate) const KNOWN: [&str; 6] = ["sent", "delivered", "read", "played", "failed", "deleted"];

/// Queues the statuses of a message to `user`, which is a group id for group messages. `failed` is its error code, if
/// any.
pub(crate) fn tell(world: &mut World, key: &str, id: &str, message: &Value, user: &str, failed: Option<i64>) {
    let text = |name: &str| message.get(name).and_then(Value::as_str).map(str::to_owned);
    let sent = Sent {
        key: key.to_owned(),
        id: id.to_owned(),
        user: user.to_owned(),
        group: message["recipient_type"] == "group",
        by_user_id: message.get("to").is_none(),
        callback_data: message.get("biz_opaque_callback_data").cloned(),
        category: text("category"),
        template: message["type"] == "template",
    };
    let told = match failed {
        Some(_) => vec!["failed".to_owned()],
        None => {
            let statuses = &world.hooks.settings.statuses;
            statuses.clone().unwrap_or_else(|| vec!["sent".to_owned(), "delivered".to_owned()])
        }
    };
    for status in told {
        push(world, &sent, &status, failed);
    }
    world.keep_sent(sent);
}

/// Queues the webhook of one status. `code` is the error code of `failed`.
pub(crate) fn push(world: &mut World, sent: &Sent, status: &str, code: Option<i64>) {
    let error = code.or((status == "failed").then_some(131_000));
    let error = error.map(|code| answer::webhook_error(code, world.hooks.settings.on_premise));
    world.hooks.note(&sent.id, status, error.as_ref());
    // Most sandboxes have no webhook, so skip building the payload.
    if !world.hooks.has_target(&sent.key) {
        return;
    }
    let settings = &world.hooks.settings;
    let (time, onprem) = (world.now().as_secs().to_string(), settings.on_premise);
    let user_ids = settings.user_ids && !onprem;
    let (user, has_failed) = (sent.user.as_str(), status == "failed");
    let mut item = json!({ "id": sent.id, "status": status, "timestamp": time });
    let mut contact = None;
    if sent.group {
        item["recipient_type"] = json!("group");
        item["recipient_id"] = json!(user);
    } else {
        if !is_bsuid(user) {
            item["recipient_id"] = json!(user);
        }
        // The status `failed` has the user id only if the message was sent to it, and no contact (Meta,
        // "Business-scoped user IDs").
        if is_bsuid(user) || user_ids && (!has_failed || sent.by_user_id) {
            item["recipient_user_id"] = json!(world.users.id(user));
        }
        let with_username = matches!(status, "delivered" | "read" | "played");
        contact = (user_ids && !has_failed).then(|| world.users.contact(user, with_username, true));
    }
    if let Some(data) = &sent.callback_data {
        item["biz_opaque_callback_data"] = data.clone();
    }
    if status == "sent" {
        item["pricing"] = pricing(sent, onprem);
    }
    if let Some(error) = error {
        item["errors"] = json!([error]);
    }
    world.hooks.status(&sent.key, item, contact);
}

fn pricing(sent: &Sent, onprem: bool) -> Value {
    if onprem {
        return json!({ "billable": true, "pricing_model": "CBP" });
    }
    // Direct Send states its category. The category of a template is not looked up.
    let category = match sent.category.as_deref() {
        Some(category) => category,
        None if sent.template => "utility",
        None => "service",
    };
    let (billable, kind) =
        if category == "service" { (false, "free_customer_service") } else { (true, "regular") };
    json!({ "billable": billable, "pricing_model": "PMP", "type": kind, "category": category })
}
