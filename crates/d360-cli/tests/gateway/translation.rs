//! Requests of real old programs besides messages: templates, settings, IDs in paths, webhooks of new types.
use crate::{
    calls::{USER, running},
    rig::{Gateway, args, http, webhook},
};
use d360_sandbox::Sandbox;
use serde_json::{Value, json};

const KEY: &str = "sandbox-key";

fn post(gateway: &Gateway, webhook: &Value) -> u16 {
    let body = webhook.to_string();
    http(gateway.address, "POST", "/webhook", &[], body.as_bytes()).unwrap().status
}

fn envelope(field: &str, value: Value) -> Value {
    let mut value = value;
    value["metadata"] = json!({ "phone_number_id": "2" });
    json!({ "entry": [{ "id": "1", "changes": [{ "field": field, "value": value }] }] })
}

#[test]
fn templates_are_listed_submitted_and_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let (sandbox, gateway, _old) = running(&folder, &[]);
    let call = |method: &str, path: &str, body: Value| gateway.call(KEY, method, path, body);
    let list = call("GET", "/v1/configs/templates", Value::Null);
    assert_eq!(list.status, 200, "{:?}", list.json());
    let list = list.json();
    let first = &list["waba_templates"][0];
    assert_eq!(
        (&first["name"], &first["status"], &first["language"]),
        (&json!("hello_world"), &json!("approved"), &json!("en_US"))
    );
    assert!(first["namespace"].is_string() && first["components"].is_array(), "{first}");
    assert_eq!((&list["count"], &list["total"], &list["offset"]), (&json!(1), &json!(1), &json!(0)));
    // It can send a template that it listed.
    sandbox.user_writes(USER);
    let message = json!({ "to": USER, "type": "template", "template": { "namespace": first["namespace"], "name": first["name"],
        "language": { "policy": "deterministic", "code": first["language"] } } });
    assert_eq!(call("POST", "/v1/messages", message).status, 201);

    let new = json!({ "name": "order_shipped", "language": "de", "category": "TICKET_UPDATE", "components": [{ "type": "BODY", "text": "Hi" }] });
    let created = call("POST", "/v1/configs/templates", new.clone());
    assert_eq!((created.status, &created.json()["status"]), (201, &json!("pending")), "{:?}", created.json());
    assert!(created.json()["id"].is_string() && created.json()["namespace"].is_string());
    assert!(created.headers["x-d360-notes"].contains("changed category"), "{:?}", created.headers);
    let again = call("POST", "/v1/configs/templates", new);
    assert_eq!((again.status, again.code()), (400, 1009));
    let bad = call("POST", "/v1/configs/templates", json!({ "name": "Not Good", "language": "de" }));
    assert_eq!((bad.status, bad.code()), (400, 1009));
    assert!(bad.json()["errors"][0]["details"].as_str().unwrap().contains("name"), "{:?}", bad.json());
    // More than one page of Cloud.
    for at in 0..60 {
        let new = json!({ "name": format!("t{at}"), "language": "en", "category": "UTILITY", "components": [{ "type": "BODY", "text": "Hi" }] });
        assert_eq!(call("POST", "/v1/configs/templates", new).status, 201);
    }
    let page = call("GET", "/v1/configs/templates?limit=10&offset=55&sort=name", Value::Null).json();
    assert_eq!((&page["count"], &page["total"]), (&json!(7), &json!(62)));
    let filtered =
        call("GET", "/v1/configs/templates?filters=%7B%22status%22%3A%22approved%22%7D", Value::Null).json();
    assert_eq!(filtered["total"], 1);
    assert_eq!(call("GET", "/v1/configs/templates?limit=0", Value::Null).code(), 1009);
    assert_eq!(call("DELETE", "/v1/configs/templates/order_shipped", Value::Null).status, 200);
    let gone = call("DELETE", "/v1/configs/templates/order_shipped", Value::Null);
    assert_eq!((gone.status, gone.code()), (400, 1009));
    assert_eq!(call("GET", "/v1/configs/templates", Value::Null).json()["total"], 61);
    // A refusal names Cloud's call, or that there is none.
    for (path, header, says) in [
        ("/v1/settings/profile/about", "not-translated", "on Cloud it is POST /whatsapp_business_profile"),
        ("/v1/account", "no-counterpart", "has no counterpart on Cloud"),
    ] {
        let refused = call("GET", path, Value::Null);
        assert_eq!((refused.code(), refused.headers["x-d360-gateway"].as_str()), (1006, header));
        let details = refused.json()["errors"][0]["details"].as_str().unwrap().to_owned();
        assert!(details.contains(says), "{details}");
    }
}

/// The sandbox has the same path, which waba-v2 still serves.
#[test]
fn the_sandbox_has_the_old_path_of_templates() {
    let sandbox = Sandbox::start().unwrap();
    let address = sandbox.base_url().trim_start_matches("http://").parse().unwrap();
    let call = |method: &str, path: &str, body: Value| {
        http(address, method, path, &[("D360-API-KEY", KEY)], body.to_string().as_bytes()).unwrap()
    };
    let new = json!({ "name": "t", "language": "de", "category": "UTILITY", "components": [{ "type": "BODY", "text": "Hi" }] });
    let created = call("POST", "/v1/configs/templates", new.clone());
    assert_eq!((created.status, &created.json()["status"]), (201, &json!("pending")));
    let list = call("GET", "/v1/configs/templates?limit=1&offset=1", Value::Null).json();
    assert_eq!(
        (&list["count"], &list["total"], &list["waba_templates"][0]["name"]),
        (&json!(1), &json!(2), &json!("t"))
    );
    assert_eq!(call("GET", "/v1/configs/templates?limit=0", Value::Null).status, 400);
    assert_eq!(call("POST", "/v1/configs/templates", new).status, 400);
    assert_eq!(call("DELETE", "/v1/configs/templates/t", Value::Null).status, 200);
    assert_eq!(call("DELETE", "/v1/configs/templates/t", Value::Null).status, 400);
    assert_eq!(call("PUT", "/v1/configs/templates", Value::Null).status, 404);
    assert_eq!(http(address, "GET", "/v1/configs/templates", &[], b"").unwrap().status, 401);
    // Both paths share their data.
    assert_eq!(
        call("GET", "/message_templates", Value::Null).json()["data"].as_array().map(Vec::len),
        Some(1)
    );
}

#[test]
fn supported_settings_are_applied() {
    let folder = tempfile::tempdir().unwrap();
    let (sandbox, gateway, old) = running(&folder, &[]);
    sandbox.user_writes(USER);
    let patch = |gateway: &Gateway, body: Value| gateway.call(KEY, "PATCH", "/v1/settings/application", body);
    let all = json!({ "callback_backoff_delay_ms": 3000, "max_callback_backoff_delay_ms": 900_000, "callback_persist": true,
        "heartbeat_interval": 5, "db_garbagecollector_enable": true, "media": { "auto_download": ["image"] }, "sent_status": false,
        "webhooks": { "url": old.url, "max_concurrent_requests": 12 } });
    let set = patch(&gateway, all);
    assert_eq!(set.status, 200, "{:?}", set.json());
    for name in [
        "callback_backoff_delay_ms",
        "heartbeat_interval",
        "media.auto_download",
        "db_garbagecollector_enable",
    ] {
        assert!(set.headers["x-d360-notes"].contains(name), "{:?}", set.headers);
    }
    let gc = gateway.call(KEY, "PUT", "/v1/services/message/gc", json!({}));
    assert_eq!((gc.status, gc.json()["meta"].is_object()), (200, true));
    let status = |id: &str, status: &str| {
        envelope(
            "messages",
            json!({ "statuses": [{ "id": id, "status": status, "timestamp": "1", "recipient_id": USER }] }),
        )
    };
    for (id, of) in [("wamid.a", "sent"), ("wamid.a", "delivered")] {
        assert_eq!(post(&gateway, &status(id, of)), 200);
    }
    let told = old.wait_for_status("wamid.a", "delivered");
    assert_eq!((&told["recipient_id"], &told["message"]), (&json!(USER), &json!({ "recipient_id": USER })));
    let sent = |old: &crate::rig::OldProgram| {
        old.seen().iter().filter(|hook| hook["statuses"][0]["status"] == "sent").count()
    };
    assert_eq!(sent(&old), 0);
    let metrics = String::from_utf8(gateway.call(KEY, "GET", "/metrics", None).body).unwrap();
    assert!(metrics.contains(r#"outcome="withheld"} 1"#), "{metrics}");
    // An empty URL removes the webhook, and webhooks wait. Both survive a kill.
    assert_eq!(patch(&gateway, json!({ "webhooks": { "url": "" } })).status, 200);
    let (url, state) = (sandbox.base_url(), folder.path().join("state.db"));
    gateway.kill();
    let gateway = Gateway::start(KEY, &args(&url, &state, &old.url));
    let settings =
        gateway.call(KEY, "GET", "/v1/settings/application", None).json()["settings"]["application"].clone();
    assert_eq!((&settings["sent_status"], &settings["webhooks"]["url"]), (&json!(false), &Value::Null));
    assert_eq!(gateway.call(KEY, "GET", "/v1/configs/webhook", None).json()["url"], Value::Null);
    assert_eq!(post(&gateway, &webhook(USER, "wamid.m", "waits")), 200);
    for wrong in [
        json!({ "sent_status": "no", "webhooks": { "url": old.url } }),
        json!({ "sent_status": true, "webhooks": { "url": "x" } }),
    ] {
        let refused = patch(&gateway, wrong);
        assert_eq!((refused.status, refused.code()), (400, 1009));
    }
    let settings =
        gateway.call(KEY, "GET", "/v1/settings/application", None).json()["settings"]["application"].clone();
    assert_eq!(
        (&settings["sent_status"], &settings["webhooks"]["url"]),
        (&json!(false), &Value::Null),
        "nothing was set"
    );
    assert!(old.seen().iter().all(|hook| hook["messages"][0]["id"] != "wamid.m"));
    assert_eq!(patch(&gateway, json!({ "sent_status": true, "webhooks": { "url": old.url } })).status, 200);
    old.wait_for("message", |seen| seen.iter().find(|hook| hook["messages"][0]["id"] == "wamid.m").map(drop));
    assert_eq!(post(&gateway, &status("wamid.b", "sent")), 200);
    old.wait_for_status("wamid.b", "sent");
}

#[test]
fn ids_in_paths_need_no_escapes_and_answers_repeat_what_was_sent() {
    let folder = tempfile::tempdir().unwrap();
    let (sandbox, gateway, _old) = running(&folder, &[]);
    sandbox.user_writes(USER);
    let id = "wamid.HBgLMTY0+jcw/DM1OTUV/gA=";
    for path in [id.to_owned(), id.replace('/', "%2F").replace('+', "%2B").replace('=', "%3D")] {
        let marked = gateway.call(KEY, "PUT", &format!("/v1/messages/{path}"), json!({ "status": "read" }));
        assert_eq!(marked.status, 200, "{path}: {:?}", marked.json());
        assert_eq!(sandbox.requests().pop().unwrap()["body"]["message_id"], id);
    }
    let cut = gateway.call(KEY, "PUT", "/v1/messages/wamid.HBgL%20jcw", json!({ "status": "read" }));
    let details = cut.json()["errors"][0]["details"].as_str().unwrap().to_owned();
    assert!(
        cut.status == 400 && details.contains("percent-encode") && details.contains("--old-ids"),
        "{details}"
    );
    for to in [json!(USER), json!(format!("+{USER}")), json!(16_505_551_234_u64), json!("0016505551234")] {
        let text = to.as_str().map_or_else(|| to.to_string(), str::to_owned);
        let sent = gateway
            .call(KEY, "POST", "/v1/messages", json!({ "to": to, "type": "text", "text": { "body": "x" } }))
            .json();
        assert_eq!(sent["contacts"], json!([{ "input": text, "wa_id": USER }]), "{sent}");
        let checked = gateway.call(KEY, "POST", "/v1/contacts", json!({ "contacts": [text] })).json();
        assert_eq!(checked["contacts"][0], json!({ "input": text, "status": "valid", "wa_id": USER }));
    }
}

#[test]
fn new_message_types_arrive_as_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let (_sandbox, gateway, old) = running(&folder, &[]);
    let edit = json!({ "from": USER, "id": "wamid.e", "timestamp": "1", "type": "edit", "edit": { "text": format!("to +{USER}") } });
    let call = |event: &str| {
        let call = json!({ "id": "wacid.1", "from": USER, "to": "15550783881", "event": event, "direction": "USER_INITIATED", "timestamp": "1" });
        envelope("calls", json!({ "contacts": [{ "wa_id": USER }], "calls": [call] }))
    };
    assert_eq!(
        post(&gateway, &envelope("messages", json!({ "contacts": [{ "wa_id": USER }], "messages": [edit] }))),
        200
    );
    for event in ["connect", "terminate"] {
        assert_eq!(post(&gateway, &call(event)), 200);
    }
    assert_eq!(post(&gateway, &webhook(USER, "wamid.t", "Hi")), 200);
    old.wait_for("text", |seen| seen.iter().find(|hook| hook["messages"][0]["id"] == "wamid.t").map(drop));
    let seen = old.seen();
    let told: Vec<_> = seen
        .iter()
        .map(|hook| {
            (hook["messages"][0]["id"].as_str().unwrap(), hook["messages"][0]["type"].as_str().unwrap())
        })
        .collect();
    assert_eq!(told, [("wamid.e", "unknown"), ("wacid.1", "unknown"), ("wamid.t", "text")]);
    assert_eq!(seen[0]["messages"][0]["errors"][0]["code"], 501);
    assert_eq!(seen[0]["messages"][0].get("edit"), None);
    let notes = gateway.call(KEY, "GET", "/notes", None).json().to_string();
    assert!(notes.contains("type edit") && notes.contains("wamid.e") && !notes.contains(USER), "{notes}");
    drop(gateway);
    let folder = tempfile::tempdir().unwrap();
    let (_sandbox, gateway, old) = running(&folder, &["--pass-new-types"]);
    let edit =
        json!({ "from": USER, "id": "wamid.e", "timestamp": "1", "type": "edit", "edit": { "text": "x" } });
    assert_eq!(post(&gateway, &envelope("messages", json!({ "messages": [edit] }))), 200);
    let hook = old.wait_for("edit", |seen| seen.first().cloned());
    assert_eq!(hook["messages"][0], edit);
}

/// Meta may post them in this form: 360dialog waits five seconds.
#[test]
fn a_thousand_messages_in_one_webhook_are_delivered_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let (_sandbox, gateway, old) = running(&folder, &[]);
    let users = 20;
    let user = |at: usize| format!("165055500{at:02}");
    let messages: Vec<Value> = (0..1_000)
        .map(|at| json!({ "from": user(at % users), "id": format!("wamid.{at:04}"), "timestamp": "1", "type": "text", "text": { "body": "x".repeat(1_000) } }))
        .collect();
    let contacts: Vec<Value> =
        (0..users).map(|at| json!({ "wa_id": user(at), "profile": { "name": "A" } })).collect();
    assert_eq!(
        post(&gateway, &envelope("messages", json!({ "contacts": contacts, "messages": messages }))),
        200
    );
    old.wait_for("messages", |seen| (seen.len() == 1_000).then_some(()));
    for at in 0..users {
        let of_user: Vec<Value> =
            old.seen().into_iter().filter(|hook| hook["messages"][0]["from"] == user(at)).collect();
        let ids: Vec<&str> = of_user.iter().map(|hook| hook["messages"][0]["id"].as_str().unwrap()).collect();
        assert!(ids.is_sorted() && ids.len() == 50, "{ids:?}");
        assert!(
            of_user
                .iter()
                .all(|hook| hook["contacts"] == json!([{ "wa_id": user(at), "profile": { "name": "A" } }]))
        );
    }
}

/// If the same URL is set again in the form of On-Premise, it keeps its headers. Another URL does not get them.
#[test]
fn headers_stay_with_their_url() {
    let folder = tempfile::tempdir().unwrap();
    let (_sandbox, gateway, old) = running(&folder, &[]);
    let headers = || gateway.call(KEY, "GET", "/v1/configs/webhook", None).json()["headers"].clone();
    let set = json!({ "url": old.url, "headers": { "X-Mine": "1" } });
    assert_eq!(gateway.call(KEY, "POST", "/v1/configs/webhook", set).status, 200);
    let before = headers();
    assert!(before["X-Mine"].is_string(), "{before}");
    let patch = |url: &str| {
        gateway.call(KEY, "PATCH", "/v1/settings/application", json!({ "webhooks": { "url": url } })).status
    };
    assert_eq!((patch(&old.url), headers()), (200, before));
    assert_eq!(patch(&format!("{}/other", old.url)), 200);
    assert_eq!(headers(), json!({}));
}
