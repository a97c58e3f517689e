//! Requests that the sandbox accepts, and from which callers.
use super::{PHONE_ID, USER, call, code, exchange, open, send};
use d360_sandbox::{Failure, Sandbox};
use serde_json::{Value, json};

#[test]
fn null_is_treated_as_absent() {
    let sandbox = open();
    let message = json!({
        "messaging_product": "whatsapp", "recipient_type": "individual", "to": USER, "type": "text",
        "text": { "body": "Hi", "preview_url": null }, "context": null, "biz_opaque_callback_data": null, "status": null,
        "image": null, "colour": null,
    });
    assert_eq!(call(&sandbox, "POST /messages", &message).0, 200);
    let card = json!([{ "name": { "formatted_name": "A", "suffix": null }, "birthday": null, "phones": [{ "phone": "1", "wa_id": null }] }]);
    assert_eq!(code(&sandbox, json!({ "type": "contacts", "contacts": card })), 0);
    assert_eq!(code(&sandbox, json!({ "type": "text", "text": { "body": null } })), 131_008);
    let image = json!({ "type": "image", "image": { "id": null, "link": "https://example.org/a.png" } });
    assert_eq!(code(&sandbox, image), 0);
    let users =
        json!({ "messaging_product": "whatsapp", "block_users": [{ "user": USER, "user_id": null }] });
    assert_eq!(call(&sandbox, "POST /block_users", &users).0, 200);
    let template = json!({
        "name": "one", "language": "en", "category": "UTILITY", "library_template_name": null, "parameter_format": null,
        "components": [{ "type": "BODY", "text": "Hi" }],
    });
    assert_eq!(call(&sandbox, "POST /message_templates", &template).0, 200);
    let config = json!({ "url": "http://127.0.0.1:9/", "headers": null });
    assert_eq!(call(&sandbox, "POST /v1/configs/webhook", &config).0, 200);
    let onprem = json!({ "to": "16505550001", "type": "text", "text": { "body": "Hi" }, "recipient_type": null, "context": null });
    assert_eq!(call(&sandbox, "POST /v1/messages", &onprem).0, 201);
}

#[test]
fn a_wrong_path_of_graph_is_answered_as_graph_does() {
    let sandbox = open();
    let token = format!("Bearer {}", sandbox.key());
    for authorization in [token.as_str(), "Bearer wrong", ""] {
        for (line, code) in [
            (format!("POST /{PHONE_ID}/messages"), 2500),
            (format!("POST /v25/{PHONE_ID}/messages"), 2500),
            (format!("GET /v25.0/{PHONE_ID}/phone_numbers"), 2500),
            (format!("GET /v25.0/{PHONE_ID}/messages/more"), 2500),
            ("GET /v25.0/me/messages".to_owned(), 2500),
            ("GET /v25.0".to_owned(), 2500),
            (format!("GET /v25.0/{PHONE_ID}/messages"), 100),
            (format!("PUT /v25.0/{PHONE_ID}/block_users"), 100),
        ] {
            let (status, answer) = exchange(&sandbox, &line, &[("authorization", authorization)], b"{}");
            assert_eq!((status, answer["error"]["code"].as_i64()), (400, Some(code)), "{line}: {answer}");
            let error = &answer["error"];
            assert!(error["type"].is_string() && error["fbtrace_id"].is_string(), "{answer}");
            let message = error["message"].as_str().unwrap();
            assert!(!message.contains("key") && !message.contains("token"), "{message}");
        }
    }
    let (_, answer) =
        exchange(&sandbox, &format!("POST /{PHONE_ID}/messages"), &[("authorization", &token)], b"{}");
    assert_eq!(answer["error"]["message"], format!("Unknown path components: /{PHONE_ID}/messages"));
    // Meta serves it as the version set in the app's dashboard. The sandbox does so on request.
    let line = format!("GET /{PHONE_ID}/block_users");
    assert_eq!(exchange(&sandbox, &line, &[("authorization", &token)], b"").0, 400);
    assert_eq!(call(&sandbox, "POST /_sandbox/settings", &json!({ "unversioned": true })).0, 200);
    assert_eq!(exchange(&sandbox, &line, &[("authorization", &token)], b"").0, 200);
    sandbox.serve_unversioned(false);
    assert_eq!(exchange(&sandbox, &line, &[("authorization", &token)], b"").0, 400);
    // For a served path with a wrong token, the error is about the token.
    let line = format!("POST /v25.0/{PHONE_ID}/messages");
    assert_eq!(
        exchange(&sandbox, &line, &[("authorization", "Bearer wrong")], b"{}").1["error"]["code"],
        190
    );
    // Requested failures come first.
    sandbox.fail(Failure::http(503).on("GET", format!("/v25.0/{PHONE_ID}/phone_numbers")));
    let line = format!("GET /v25.0/{PHONE_ID}/phone_numbers");
    assert_eq!(exchange(&sandbox, &line, &[("authorization", &token)], b"").0, 503);
}

#[test]
fn messaging_product_of_an_upload_may_be_in_the_query() {
    let sandbox = Sandbox::start().unwrap();
    let form = b"--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.png\"\r\ncontent-type: image/png\r\n\r\npng\r\n--x--\r\n";
    let headers = [("d360-api-key", sandbox.key()), ("content-type", "multipart/form-data; boundary=x")];
    let (status, answer) = exchange(&sandbox, "POST /media?messaging_product=whatsapp", &headers, form);
    assert_eq!(status, 200, "{answer}");
    assert!(answer["id"].is_string());
    for query in ["", "?messaging_product=telegram"] {
        let (status, answer) = exchange(&sandbox, &format!("POST /media{query}"), &headers, form);
        assert_eq!((status, answer["error"]["code"].as_i64()), (400, Some(100)));
    }
}

#[test]
fn a_file_has_to_be_uploaded_before_it_is_sent() {
    let sandbox = open();
    let known = sandbox.store_media("image/png", *b"png");
    let header = |id: &str| {
        json!({ "type": "template", "template": { "name": "any", "language": { "code": "en" }, "components": [
            { "type": "header", "parameters": [{ "type": "image", "image": { "id": id } }] },
        ] } })
    };
    let interactive = |id: &str| {
        json!({ "type": "interactive", "interactive": {
            "type": "button", "header": { "type": "image", "image": { "id": id } }, "body": { "text": "Well?" },
            "action": { "buttons": [{ "type": "reply", "reply": { "id": "yes", "title": "Yes" } }] },
        } })
    };
    for kind in ["image", "video", "audio", "document", "sticker"] {
        assert_eq!(code(&sandbox, json!({ "type": kind, kind: { "id": known } })), 0, "{kind}");
        let (status, code, details) =
            send(&sandbox, json!({ "type": kind, kind: { "id": "4490709327384033" } }));
        assert_eq!((status, code), (400, 100));
        assert!(details.starts_with(&format!("Param {kind}['id'] is not a valid")), "{details}");
    }
    for with in [header, interactive] {
        assert_eq!(code(&sandbox, with(&known)), 0);
        assert_eq!(code(&sandbox, with("1")), 100);
    }
    let (.., details) = send(&sandbox, header("1"));
    assert!(details.contains("template['components'][0]['parameters'][0]['image']['id']"), "{details}");
    // A deleted file no longer exists.
    assert_eq!(call(&sandbox, &format!("DELETE /{known}"), &Value::Null).0, 200);
    assert_eq!(code(&sandbox, json!({ "type": "image", "image": { "id": known } })), 100);
}

#[test]
fn a_page_in_a_browser_cannot_use_the_control_routes() {
    let sandbox = Sandbox::start().unwrap();
    let address = sandbox.base_url().trim_start_matches("http://").to_owned();
    let port = address.split_once(':').unwrap().1;
    let ask = |line: &str, headers: &[(&str, &str)]| {
        exchange(&sandbox, line, headers, b"{\"from\": \"+16505551234\"}")
    };
    let own = format!("http://{address}");
    for headers in [
        vec![],
        vec![("host", "localhost")],
        vec![("host", "[::1]:4360")],
        vec![("origin", own.as_str()), ("sec-fetch-site", "same-origin")],
        vec![("sec-fetch-site", "none")],
    ] {
        let (status, answer) = ask("POST /_sandbox/inbound", &headers);
        assert_eq!(status, 200, "{headers:?}: {answer}");
    }
    let (rebound, longer) = (format!("evil.example:{port}"), format!("{address}.evil.example"));
    let (rebound_origin, longer_origin) = (format!("http://{rebound}"), format!("http://{longer}"));
    for headers in [
        vec![("origin", "https://evil.example")],
        vec![("origin", "null")],
        vec![("origin", "http://localhost:1")],
        vec![("origin", longer_origin.as_str())],
        vec![("sec-fetch-site", "cross-site")],
        vec![("host", rebound.as_str())],
        vec![("host", rebound.as_str()), ("origin", rebound_origin.as_str())],
        vec![("host", longer.as_str())],
        vec![("host", "localhost.evil.example")],
        vec![("host", "127.0.0.1.evil.example")],
    ] {
        for line in
            ["POST /_sandbox/inbound", "POST /_sandbox/reset", "GET /_sandbox", "GET /_sandbox/requests"]
        {
            let (status, answer) = ask(line, &headers);
            assert_eq!(status, 403, "{line} {headers:?}: {answer}");
            assert!(answer["error"].is_string());
        }
    }
    // The API itself is protected by its key.
    let key = [("d360-api-key", sandbox.key()), ("origin", "https://evil.example")];
    assert_eq!(exchange(&sandbox, "GET /health_status", &key, b"").0, 200);
}
