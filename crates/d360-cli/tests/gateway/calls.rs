//! The calls of an old program, and their effect on Cloud.
use crate::rig::{Gateway, OldProgram, args, http};
use d360_sandbox::{Failure, Sandbox};
use serde_json::{Value, json};
use std::process::Command;

pub(crate) const USER: &str = "16505551234";

/// A sandbox that posts its webhooks to the gateway, the gateway, and the old program behind it.
pub(crate) fn running(folder: &tempfile::TempDir, more: &[&str]) -> (Sandbox, Gateway, OldProgram) {
    let sandbox = Sandbox::start().unwrap();
    let old = OldProgram::start();
    let (url, state) = (sandbox.base_url(), folder.path().join("state.db"));
    let gateway = Gateway::start(sandbox.key(), &[&args(&url, &state, &old.url), more].concat());
    sandbox.webhook(&format!("http://{}/webhook", gateway.address), &[("x-secret", "hush")]);
    (sandbox, gateway, old)
}

fn card() -> Value {
    json!([{
        "addresses": [{ "street": "1 Main St", "city": "Menlo Park", "state": "CA", "zip": "94025", "country": "United States",
            "country_code": "us", "type": "HOME" }],
        "birthday": "2012-08-18", "emails": [{ "email": "test@example.com", "type": "WORK" }], "ims": [],
        "name": { "first_name": "John", "formatted_name": "John Smith", "last_name": "Smith" },
        "org": { "company": "Example", "department": "Design", "title": "Manager" },
        "phones": [{ "phone": "+1 (940) 555-1234", "type": "HOME" }, { "phone": "+1 (650) 555-1234", "type": "WORK", "wa_id": "16505551234" }],
        "urls": [{ "url": "https://www.example.com", "type": "WORK" }],
    }])
}

#[test]
fn an_old_program_works_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let (sandbox, gateway, old) = running(&folder, &["--secret-header", "x-secret"]);
    let key = sandbox.key();
    let call = |method: &str, path: &str, body: Value| gateway.call(key, method, path, body);

    // Outside the window: refused at once, with the code of On-Premise.
    let card = json!({ "to": USER, "type": "contacts", "recipient_type": "individual", "contacts": card() });
    let refused = call("POST", "/v1/messages", card.clone());
    assert_eq!((refused.status, refused.code()), (400, 470));
    let refused = call("POST", &format!("/v1/contacts/+{USER}/block"), json!({ "reason": "spam" }));
    assert_eq!((refused.status, refused.code()), (400, 2048));

    // A user sends a contact card, which arrives in the flat form.
    let id = sandbox.user_sends(USER, &json!({ "type": "contacts" }));
    let hook = old.wait_for("contact card", |seen| {
        seen.iter().find(|hook| hook["messages"][0]["id"] == id.as_str()).cloned()
    });
    assert_eq!(
        (&hook["messages"][0]["from"], &hook["messages"][0]["type"]),
        (&json!(USER), &json!("contacts"))
    );
    assert_eq!(hook["messages"][0]["contacts"][0]["name"]["formatted_name"], "Barbara J. Johnson");
    assert_eq!((&hook["contacts"][0]["wa_id"], hook.get("entry")), (&json!(USER), None));

    // A card and a location are sent, and their statuses arrive.
    let sent = call("POST", "/v1/messages", card.clone());
    assert_eq!(sent.status, 201, "{:?}", sent.json());
    let id = sent.json()["messages"][0]["id"].as_str().unwrap().to_owned();
    let on_cloud = sandbox.messages().pop().unwrap();
    let mut expected = card["contacts"].clone();
    expected[0].as_object_mut().unwrap().remove("ims");
    assert_eq!(on_cloud["contacts"], expected);
    assert_eq!(
        (&on_cloud["messaging_product"], &on_cloud["recipient_type"], &on_cloud["to"], &on_cloud["type"]),
        (&json!("whatsapp"), &json!("individual"), &json!("+16505551234"), &json!("contacts"))
    );
    old.wait_for_status(&id, "delivered");
    let place = json!({ "to": USER, "type": "location",
        "location": { "longitude": -122.425332, "latitude": 37.758056, "name": "HQ", "address": "1 Main St" } });
    assert_eq!(call("POST", "/v1/messages", place.clone()).status, 201);
    assert_eq!(sandbox.messages().pop().unwrap()["location"], place["location"]);

    // The user is blocked, listed and unblocked.
    let done = call("POST", &format!("/v1/contacts/%2B{USER}/block"), json!({}));
    assert_eq!((done.status, done.json()["meta"].is_object(), done.json().get("errors")), (200, true, None));
    assert_eq!(
        sandbox.requests().pop().unwrap()["body"],
        json!({ "messaging_product": "whatsapp", "block_users": [{ "user": "+16505551234" }] })
    );
    let list = call("GET", "/v1/contacts/blocklist?limit=10&offset=0", Value::Null).json();
    assert_eq!(list["contacts"], json!([{ "wa_id": "16505551234@s.whatsapp.net" }]));
    assert_eq!(list["pagination"], json!({ "limit": 10, "offset": 0, "total": 1 }));
    let refused = call("POST", "/v1/messages", place);
    assert_eq!((refused.status, refused.code()), (400, 1026));
    assert_eq!(call("POST", &format!("/v1/contacts/{USER}/unblock"), Value::Null).status, 200);
    assert_eq!(call("GET", "/v1/contacts/blocklist", Value::Null).json()["pagination"]["total"], 0);
}

#[test]
fn every_documented_call_gets_its_onprem_answer() {
    let folder = tempfile::tempdir().unwrap();
    let (sandbox, gateway, _old) = running(&folder, &[]);
    sandbox.user_writes(USER);
    let key = sandbox.key().to_owned();
    let call = |method: &str, path: &str, body: Value| gateway.call(&key, method, path, body);

    let checked = call(
        "POST",
        "/v1/contacts",
        json!({ "blocking": "wait", "contacts": ["16315551000", "+1 631 555 1001"], "force_check": false }),
    );
    assert_eq!((checked.status, checked.headers["x-d360-gateway"].as_str()), (200, "contacts-not-checked"));
    assert_eq!(
        checked.json()["contacts"][1],
        json!({ "input": "+1 631 555 1001", "status": "valid", "wa_id": "16315551001" })
    );
    let reported = call(
        "POST",
        &format!("/v1/contacts/+{USER}/report"),
        json!({ "reason": "spam", "block": false, "message_id": "m" }),
    );
    assert_eq!((reported.status, reported.headers["x-d360-gateway"].as_str()), (200, "not-reported"));
    assert!(reported.json()["meta"].is_object());
    let reported = call("POST", &format!("/v1/contacts/+{USER}/report"), json!({ "block": true }));
    assert_eq!(
        (
            reported.status,
            call("GET", "/v1/contacts/blocklist", Value::Null).json()["pagination"]["total"].clone()
        ),
        (200, json!(1))
    );
    assert_eq!(call("POST", &format!("/v1/contacts/{USER}@s.whatsapp.net/unblock"), json!({})).status, 200);
    for contact in ["12", "abc", "%20"] {
        let invalid = call("POST", &format!("/v1/contacts/{contact}/unblock"), json!({}));
        assert_eq!((invalid.status, invalid.code()), (400, 1009), "{contact}");
    }
    for query in ["limit=0", "limit=201", "offset=-1", "limit=x"] {
        assert_eq!(
            call("GET", &format!("/v1/contacts/blocklist?{query}"), Value::Null).code(),
            1009,
            "{query}"
        );
    }
    let mut id = String::new();
    let file = sandbox.store_media("audio/ogg", *b"OggS");
    for (body, on_cloud) in [
        (
            json!({ "type": "text", "text": { "body": "Hi" }, "preview_url": true }),
            json!({ "type": "text", "text": { "body": "Hi", "preview_url": true } }),
        ),
        (
            json!({ "type": "voice", "voice": { "id": file } }),
            json!({ "type": "audio", "audio": { "id": file, "voice": true } }),
        ),
        (
            json!({ "type": "hsm", "hsm": { "namespace": "n", "element_name": "hello_world", "language": { "policy": "deterministic", "code": "en_US" } } }),
            json!({ "type": "template", "template": { "name": "hello_world", "language": { "code": "en_US" } } }),
        ),
    ] {
        let mut body = body;
        body["to"] = json!(USER);
        let sent = call("POST", "/v1/messages", body);
        assert_eq!(sent.status, 201, "{:?}", sent.json());
        assert!(sent.headers["x-d360-notes"].contains("changed to"), "{:?}", sent.headers);
        id = sent.json()["messages"][0]["id"].as_str().unwrap().to_owned();
        let kept = sandbox.messages().pop().unwrap();
        for (name, value) in on_cloud.as_object().unwrap() {
            assert_eq!(&kept[name], value, "{kept}");
        }
    }
    assert_eq!(call("PUT", &format!("/v1/messages/{id}"), json!({ "status": "read" })).status, 200);
    let mark = sandbox.requests().pop().unwrap();
    assert_eq!(mark["body"], json!({ "messaging_product": "whatsapp", "status": "read", "message_id": id }));
    assert_eq!(
        call("PUT", "/v1/messages/gBEGkYiEB1VXAglK1ZEqA1YKPrU", json!({ "status": "read" })).code(),
        1006
    );

    // Errors have the form of On-Premise, and nothing is sent.
    let before = sandbox.messages().len();
    for (body, status, code) in [
        (json!({ "to": USER, "type": "text", "text": { "body": "x".repeat(4097) } }), 400, 1001),
        (json!({ "to": USER, "type": "text" }), 400, 1008),
        (json!({ "to": "abc", "type": "text", "text": { "body": "x" } }), 400, 1013),
        (json!({ "to": USER, "recipient_type": "x", "type": "text", "text": { "body": "x" } }), 400, 1002),
        (
            json!({ "to": USER, "type": "template", "template": { "namespace": "n", "name": "gone", "language": { "code": "en" } } }),
            201,
            0,
        ),
        (json!({ "to": "15550783881", "type": "text", "text": { "body": "x" } }), 400, 1021),
        (json!([]), 400, 1009),
    ] {
        let answer = call("POST", "/v1/messages", body.clone());
        assert_eq!((answer.status, answer.code()), (status, code), "{body}: {:?}", answer.json());
    }
    assert_eq!(sandbox.messages().len(), before + 1);
    let not_json = http(gateway.address, "POST", "/v1/messages", &[("D360-API-KEY", &key)], b"{").unwrap();
    assert_eq!((not_json.status, not_json.code()), (400, 1025));
    for (failure, status, code) in [
        (Failure::code(130_429), 429, 1015),
        (Failure::code(131_031), 400, 1031),
        (Failure::http(401), 403, 1005),
        (Failure::code(132_001), 404, 2001),
        (Failure::http(500), 504, 1000),
        (Failure::code(131_000), 504, 1000),
    ] {
        sandbox.fail(failure.clone().on("POST", "/messages"));
        let answer =
            call("POST", "/v1/messages", json!({ "to": USER, "type": "text", "text": { "body": "x" } }));
        assert_eq!((answer.status, answer.code()), (status, code), "{failure:?}: {:?}", answer.json());
    }
    // Every other call is refused with the reason.
    for (method, path) in [
        ("GET", "/v1/stickerpacks"),
        ("PATCH", "/v1/settings/account/two-step"),
        ("GET", "/v1/contacts/16505551234/identity"),
        ("GET", "/v1/x"),
        ("GET", "/"),
    ] {
        let answer = call(method, path, Value::Null);
        assert_eq!((answer.status, answer.code()), (404, 1006), "{path}");
        assert!(answer.json()["errors"][0]["details"].as_str().unwrap().len() > 20);
    }
    let health = call("GET", "/v1/health", Value::Null).json();
    assert_eq!(health["health"]["gateway_status"], "connected");
    let notes = call("GET", "/notes", Value::Null).json();
    for row in
        ["/v1/contacts/{phone_number}/report", "/v1/contacts/blocklist", "/v1/contacts", "/v1/stickerpacks…"]
    {
        let told = notes["notes"].as_array().unwrap().iter().any(|note| note["call"] == row);
        assert!(told, "{row}: {notes}");
    }
    let ttl =
        notes["notes"].as_array().unwrap().iter().find(|note| note["path"] == "preview_url").unwrap().clone();
    assert_eq!((&ttl["call"], &ttl["kind"]), (&json!("/v1/messages"), &json!("changed")));
    let metrics = String::from_utf8(call("GET", "/metrics", Value::Null).body).unwrap();
    assert!(
        metrics.contains(r#"d360_gateway_calls_total{number="default",call="/v1/messages",status="201"}"#),
        "{metrics}"
    );
    assert!(!metrics.contains(USER) && !notes.to_string().contains(USER));
}

#[test]
fn files_are_proxied_with_onprem_ids() {
    let folder = tempfile::tempdir().unwrap();
    let (sandbox, gateway, old) = running(&folder, &[]);
    let key = sandbox.key();
    let file = vec![7_u8; 3 << 20];
    let headers = [("D360-API-KEY", key), ("content-type", "application/pdf")];
    let uploaded = http(gateway.address, "POST", "/v1/media", &headers, &file).unwrap();
    assert_eq!(uploaded.status, 200, "{:?}", uploaded.json());
    let id = uploaded.json()["media"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!((id.len(), id.split('-').count()), (36, 5), "a UUID, as on On-Premise");
    let got = gateway.call(key, "GET", &format!("/v1/media/{id}"), None);
    assert_eq!(
        (got.status, got.headers["content-type"].as_str(), got.body == file),
        (200, "application/pdf", true)
    );
    sandbox.user_writes(USER);
    let sent = gateway.call(
        key,
        "POST",
        "/v1/messages",
        json!({ "to": USER, "type": "document", "document": { "id": id } }),
    );
    assert_eq!(sent.status, 201);
    assert!(
        sandbox.messages().pop().unwrap()["document"]["id"]
            .as_str()
            .unwrap()
            .bytes()
            .all(|byte| byte.is_ascii_digit())
    );
    // A user's file can be downloaded by the ID from the webhook.
    let photo = sandbox.user_sends(USER, &json!({ "type": "image" }));
    let hook = old.wait_for("photo", |seen| {
        seen.iter().find(|hook| hook["messages"][0]["id"] == photo.as_str()).cloned()
    });
    let id_of_photo = hook["messages"][0]["image"]["id"].as_str().unwrap();
    let got = gateway.call(key, "GET", &format!("/v1/media/{id_of_photo}"), None);
    assert_eq!((got.status, got.headers["content-type"].as_str()), (200, "image/jpeg"));
    assert_eq!(gateway.call(key, "DELETE", &format!("/v1/media/{id}"), None).status, 200);
    for (method, id) in [
        ("GET", id.as_str()),
        ("DELETE", &id),
        ("GET", "f043afd0-f0ae-4b9c-ab3d-696fb4c8cd68"),
        ("GET", "..%2Fmessages"),
    ] {
        let missing = gateway.call(key, method, &format!("/v1/media/{id}"), None);
        assert_eq!((missing.status, missing.code()), (404, 1006), "{method} {id}");
    }
    let zip = http(
        gateway.address,
        "POST",
        "/v1/media",
        &[("D360-API-KEY", key), ("content-type", "application/zip")],
        b"PK",
    )
    .unwrap();
    assert_eq!((zip.status, zip.code()), (400, 2008));
}

/// With curl, like a program written in 2022.
#[test]
fn curl_works_too() {
    if Command::new("curl").arg("--version").output().is_err() {
        eprintln!("skipped: curl is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (sandbox, gateway, _old) = running(&folder, &[]);
    sandbox.user_writes(USER);
    let base = format!("http://{}/v1", gateway.address);
    let curl = |args: &[&str]| -> Value {
        let ran = Command::new("curl")
            .args(["-s", "--noproxy", "*", "-H", "D360-API-KEY: sandbox-key"])
            .args(args)
            .output()
            .unwrap();
        serde_json::from_slice(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"))
    };
    let body = json!({ "to": USER, "type": "contacts", "contacts": card() }).to_string();
    let sent = curl(&[
        "-X",
        "POST",
        &format!("{base}/messages"),
        "-H",
        "Content-Type: application/json",
        "-d",
        &body,
    ]);
    assert!(sent["messages"][0]["id"].is_string(), "{sent}");
    let blocked = curl(&[
        "-X",
        "POST",
        &format!("{base}/contacts/+{USER}/block"),
        "-H",
        "Content-Type: application/json",
        "-d",
        "{}",
    ]);
    assert!(blocked.get("errors").is_none(), "{blocked}");
    assert_eq!(curl(&[&format!("{base}/contacts/blocklist?limit=10&offset=0")])["pagination"]["total"], 1);
    assert!(curl(&["-X", "POST", &format!("{base}/contacts/+{USER}/unblock")])["meta"].is_object());
    let file = folder.path().join("a.png");
    std::fs::write(&file, b"\x89PNG").unwrap();
    let uploaded = curl(&[
        "-X",
        "POST",
        &format!("{base}/media"),
        "-H",
        "Content-Type: image/png",
        "--data-binary",
        &format!("@{}", file.display()),
    ]);
    assert!(uploaded["media"][0]["id"].is_string(), "{uploaded}");
    let login = Command::new("curl")
        .args([
            "-s",
            "--noproxy",
            "*",
            "-u",
            "admin:sandbox-key",
            "-X",
            "POST",
            &format!("{base}/users/login"),
        ])
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&login.stdout).contains("\"token\""));
}

/// Concurrent calls are combined into one.
#[test]
fn blocks_are_batched() {
    let folder = tempfile::tempdir().unwrap();
    let (sandbox, gateway, _old) = running(&folder, &[]);
    let users: Vec<String> = (0..40).map(|i| format!("1650555{i:04}")).collect();
    users.iter().for_each(|user| sandbox.user_writes(user));
    let address = gateway.address;
    let answers: Vec<u16> = std::thread::scope(|scope| {
        let calls: Vec<_> = users
            .iter()
            .map(|user| {
                scope.spawn(move || {
                    http(
                        address,
                        "POST",
                        &format!("/v1/contacts/{user}/block"),
                        &[("D360-API-KEY", "sandbox-key")],
                        b"",
                    )
                    .unwrap()
                    .status
                })
            })
            .collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|status| *status == 200), "{answers:?}");
    let calls = sandbox.requests().iter().filter(|request| request["path"] == "/block_users").count();
    assert!(calls < 20, "{calls} calls for 40 users");
    // Page by page, as an old program reads the list.
    let mut listed = Vec::new();
    for offset in [0, 25] {
        let page = gateway
            .call("sandbox-key", "GET", &format!("/v1/contacts/blocklist?limit=25&offset={offset}"), None)
            .json();
        assert_eq!(page["pagination"]["total"], 40);
        listed.extend(
            page["contacts"]
                .as_array()
                .unwrap()
                .iter()
                .map(|user| user["wa_id"].as_str().unwrap().to_owned()),
        );
    }
    listed.sort();
    let mut expected: Vec<String> = users.iter().map(|user| format!("{user}@s.whatsapp.net")).collect();
    expected.sort();
    assert_eq!(listed, expected);
}
