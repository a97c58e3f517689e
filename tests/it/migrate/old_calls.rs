//! Calls of old programs besides messages: templates, settings, IDs in paths, and answers that repeat the input.
use d360::migrate::{NoteKind, Options, Settings, answers, calls, templates};
use serde_json::{Value, json};

fn requests(method: &str, path: &str, body: &Value) -> Vec<(String, Option<Value>)> {
    let translated = calls::to_cloud(method, path, body, &Options::new());
    let requests = translated.value.unwrap_or_else(|| panic!("{method} {path}: {:?}", translated.notes));
    requests.into_iter().map(|call| (format!("{} {}", call.method, call.path), call.body)).collect()
}

#[test]
fn no_refusal_contradicts_itself() {
    for call in calls::ALL {
        let method = if call.method == "ANY" { "POST" } else { call.method };
        let path = call.path.replace('…', "").replace(['{', '}'], "").replace("phone_number", "16505551234");
        let translated =
            calls::to_cloud(method, &path, &json!({ "status": "read", "to": "1" }), &Options::new());
        let of_call = translated.notes.iter().filter(|note| note.path.is_empty());
        let told: Vec<String> = of_call.map(ToString::to_string).collect();
        let told = told.join("\n");
        let names_cloud = told.contains("on Cloud it is ") || told.contains("same call on Cloud");
        assert!(!(told.contains("no counterpart") && names_cloud), "{told}");
        assert_eq!(call.cloud.is_some(), told.contains("on Cloud it is "), "{method} {path}: {told}");
    }
}

#[test]
fn templates_of_the_old_path_translate_to_cloud() {
    let body = json!({ "name": "t", "language": "en", "category": "TRANSACTIONAL", "namespace": "n",
        "components": [{ "type": "BODY", "text": "Hi" }] });
    let cloud = json!({ "name": "t", "language": "en", "category": "UTILITY", "components": [{ "type": "BODY", "text": "Hi" }] });
    assert_eq!(
        requests("POST", "/v1/configs/templates", &body),
        [("POST /message_templates".to_owned(), Some(cloud))]
    );
    assert_eq!(
        requests("GET", "/v1/configs/templates?limit=1000", &Value::Null)[0].0,
        "GET /message_templates"
    );
    assert_eq!(
        requests("DELETE", "/v1/configs/templates/a_b%20c", &Value::Null)[0].0,
        "DELETE /message_templates?name=a_b%20c"
    );

    let of_cloud = |id: &str, name: &str, status: &str| json!({ "id": id, "name": name, "status": status, "language": "en", "category": "UTILITY" });
    let all = vec![
        of_cloud("12", "b", "APPROVED"),
        of_cloud("9", "a", "REJECTED"),
        of_cloud("100", "c", "APPROVED"),
    ];
    // An unsupported filter is refused, because the list would contain every template without it.
    for filters in [r#"{"name":["nope"]}"#, r#"{"status":{"in":["approved"]}}"#, r#"{"name":null}"#] {
        let read = templates::Query::read([("filters", filters)]);
        assert!(
            read.value.is_none() && read.notes.iter().any(|note| note.path.starts_with("filters.")),
            "{filters}"
        );
    }
    let query = |pairs: &[(&str, &str)]| templates::Query::read(pairs.iter().copied()).value.unwrap();
    let list = |pairs: &[(&str, &str)]| {
        templates::listed(all.clone(), &query(pairs), &Options::new().namespace("ns")).value.unwrap()
    };
    let names = |list: &Value| {
        list["waba_templates"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let whole = list(&[]);
    assert_eq!(names(&whole), ["a", "b", "c"]);
    assert_eq!(
        (&whole["count"], &whole["total"], &whole["offset"], &whole["limit"]),
        (&json!(3), &json!(3), &json!(0), &json!(1000))
    );
    assert_eq!(
        whole["waba_templates"][1],
        json!({ "id": "12", "name": "b", "status": "approved", "language": "en", "category": "UTILITY", "namespace": "ns" })
    );
    assert_eq!(names(&list(&[("limit", "1"), ("offset", "1")])), ["b"]);
    assert_eq!(names(&list(&[("sort", "-name")])), ["c", "b", "a"]);
    assert_eq!(names(&list(&[("filters", r#"{"business_templates.status": "approved"}"#)])), ["b", "c"]);
    for bad in [("limit", "0"), ("limit", "x"), ("offset", "-1"), ("filters", "[]")] {
        assert!(templates::Query::read([bad]).value.is_none(), "{bad:?}");
    }
    // Without a known namespace, programs get one that they can parse, and a note.
    let without = templates::listed(all.clone(), &query(&[]), &Options::new());
    assert!(without.value.unwrap()["waba_templates"][0]["namespace"].is_string());
    assert_eq!(without.notes[0].kind, NoteKind::Assumed);
}

#[test]
fn settings_are_followed_or_noted() {
    let body = json!({ "callback_backoff_delay_ms": 3000, "max_callback_backoff_delay_ms": "900000", "callback_persist": true,
        "heartbeat_interval": 5, "media": { "auto_download": ["image"] }, "sent_status": false, "db_garbagecollector_enable": true,
        "webhooks": { "url": "https://example.com/hook", "max_concurrent_requests": 24 } });
    let settings = Settings::read(body.as_object().unwrap());
    assert_eq!(
        (settings.url.as_deref(), settings.sent_status),
        (Some("https://example.com/hook"), Some(false))
    );
    assert!(settings.invalid.is_empty());
    let translated = calls::to_cloud("PATCH", "/v1/settings/application", &body, &Options::new());
    let lost: Vec<&str> = translated
        .notes
        .iter()
        .filter(|note| note.kind == NoteKind::Lost)
        .map(|note| note.path.as_str())
        .collect();
    for name in [
        "callback_backoff_delay_ms",
        "max_callback_backoff_delay_ms",
        "heartbeat_interval",
        "media.auto_download",
        "db_garbagecollector_enable",
        "webhooks.max_concurrent_requests",
    ] {
        assert!(lost.contains(&name), "{name}: {lost:?}");
    }
    assert_eq!(lost.len(), 6);
    let call = translated.value.unwrap().remove(0);
    assert_eq!(
        (call.method, call.path.as_str(), call.body),
        ("POST", "/v1/configs/webhook", Some(json!({ "url": "https://example.com/hook" })))
    );
    for (bad, path) in [
        (json!({ "webhooks": { "url": 7 } }), "webhooks.url"),
        (json!({ "webhooks": "x" }), "webhooks"),
        (json!({ "sent_status": "no" }), "sent_status"),
    ] {
        let translated = calls::to_cloud("PATCH", "/v1/settings/application", &bad, &Options::new());
        let refused = translated.notes.iter().find(|note| note.kind == NoteKind::Refused).unwrap();
        assert!(translated.value.is_none() && refused.path == path, "{bad}");
    }
    assert!(calls::look_up("PUT", "/v1/services/message/gc").is_some());
}

#[test]
fn ids_in_paths_are_accepted_with_and_without_escapes() {
    let id = "wamid.HBgLMTY0+jcw/DM1OTUV//+A=";
    let body = json!({ "status": "read" });
    let mark = json!({ "messaging_product": "whatsapp", "status": "read", "message_id": id });
    for path in
        [id.to_owned(), id.replace('/', "%2F").replace('+', "%2B").replace('=', "%3D"), format!("{id}?x=1")]
    {
        let path = format!("/v1/messages/{path}");
        assert_eq!(
            requests("PUT", &path, &body),
            [("POST /messages".to_owned(), Some(mark.clone()))],
            "{path}"
        );
    }
    for path in ["/v1/messages/a/b", "/v1/messages/", "/v1/messages//"] {
        assert!(calls::to_cloud("PUT", path, &body, &Options::new()).value.is_none(), "{path}");
    }
}

#[test]
fn answers_repeat_what_the_program_sent() {
    let answer = json!({ "contacts": [{ "input": "+16505551234", "wa_id": "16505551234" }], "messages": [{ "id": "wamid.x" }] });
    for input in ["16505551234", "0016505551234", "+1 650 555 1234", "16505551234@s.whatsapp.net"] {
        let told = answers::sent_to(&answer, Some(input), &Options::new()).value.unwrap();
        assert_eq!(told.body["contacts"], json!([{ "input": input, "wa_id": "16505551234" }]));
        let checked = answers::contacts_checked([input]);
        assert_eq!(checked.body["contacts"][0]["input"], input);
    }
}
