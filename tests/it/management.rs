//! Templates, webhook settings and health: requests and responses.
use crate::{
    rig::{everywhere, sent},
    server::answer,
};
use d360::{
    ApiKey, Config, Outcome,
    cloud::{
        self,
        graph::{AccountId, GraphVersion, PhoneNumberId, host, host_with_account},
        health::GetHealth,
        media::{DownloadMedia, GetMedia},
        templates::{CreateTemplate, DeleteTemplate, ListTemplates},
        webhooks::{GetAccountWebhook, GetWebhook, SetAccountWebhook, SetWebhook},
    },
    model::{
        CanSend, WebhookConfig,
        template::{Category, NewTemplate, TemplateButton, TemplatePart, TemplateStatus},
    },
    transport::{Endpoint, MockBlockingTransport, ThreadSleep},
};
use serde_json::{Value, json};

fn body(seen: &crate::server::Seen) -> Value {
    serde_json::from_slice(&seen.body).unwrap()
}

#[test]
fn template_pages_of_both_shapes_are_read() {
    let template = |id: &str| json!({ "id": id, "name": "a", "language": "en_US", "status": "APPROVED", "category": "MARKETING", "components": [{"type": "BODY", "text": "x"}], "quality_score": {"score": "GREEN"} });
    let page = |ids: &[&str], after: &str| {
        let data: Vec<_> = ids.iter().map(|id| template(id)).collect();
        answer(200, json!({ "data": data, "paging": { "cursors": { "after": after, "before": "b" }, "next": "https://evil.example/x" } }).to_string())
    };
    let list = || ListTemplates::new().limit(2).name("a&b").status(TemplateStatus::Approved);
    let script = [page(&["1", "2"], "MjQ="), page(&["3"], "end"), page(&[], "")];
    for run in everywhere(&script, |client| client.pages(list())) {
        let all = run.result.unwrap();
        let ids: Vec<_> = all.iter().map(|one| one.id.clone().unwrap()).collect();
        assert_eq!(ids, ["1", "2", "3"], "{}", run.who);
        assert_eq!(all[0].status, Some(TemplateStatus::Approved));
        assert!(all[0].extra.get("quality_score").is_some());
        let targets: Vec<_> = run.seen.iter().map(|seen| seen.target.as_str()).collect();
        let first = "/message_templates?limit=2&name=a%26b&status=APPROVED";
        assert_eq!(targets[0], first);
        assert_eq!(targets[1], format!("{first}&after=MjQ%3D"));
        assert_eq!(targets[2], format!("{first}&after=end"));
    }
    // 360dialog's older form, with an offset and lower case.
    let old = |name: &str, offset: u64| {
        let one = json!({ "name": name, "language": "en", "status": "approved", "category": "UTILITY", "rejected_reason": "NONE", "namespace": "x" });
        answer(200, json!({ "waba_templates": [one], "count": 1, "limit": 1, "offset": offset, "total": 2, "sort": [], "filters": {} }).to_string())
    };
    for run in everywhere(&[old("a", 0), old("b", 1)], |client| client.pages(ListTemplates::new())) {
        let all = run.result.unwrap();
        assert_eq!((all.len(), all[1].status.clone()), (2, Some(TemplateStatus::Approved)), "{}", run.who);
        assert_eq!(run.seen[1].target, "/message_templates?offset=1");
    }
}

/// Like every list: an empty page is not the end, and a page of unknown items is not an empty list.
#[test]
fn templates_are_listed_past_empty_pages() {
    let page = |data: Value, after: &str| {
        answer(200, json!({ "data": data, "paging": { "cursors": { "after": after } } }).to_string())
    };
    let script = [
        page(json!([{ "id": "1", "name": "a" }, { "colour": "red" }]), "x"),
        page(json!([]), "y"),
        page(json!([{ "id": 2 }]), "y"),
    ];
    for run in everywhere(&script, |client| client.pages(ListTemplates::new())) {
        let ids: Vec<_> = run.result.unwrap().into_iter().map(|one| one.id.unwrap()).collect();
        assert_eq!(
            (ids.as_slice(), run.seen.len()),
            (&["1".to_owned(), "2".to_owned()][..], 3),
            "{}",
            run.who
        );
    }
    let unknown = page(json!([{ "colour": "red" }]), "x");
    for run in everywhere(&vec![unknown; 3], |client| client.pages(ListTemplates::new())) {
        assert!(run.result.unwrap_err().to_string().contains("known form"));
    }
}

#[test]
fn a_template_is_submitted_and_deleted() {
    let template = NewTemplate::new("order_shipped", "en_US", Category::Utility)
        .part(TemplatePart::header_text("Order {{1}}", Some("7")))
        .part(TemplatePart::body("Hi {{1}}, {{2}} is on its way.", ["Barbara", "it"]))
        .part(TemplatePart::footer("Lucky Shrub"))
        .part(TemplatePart::buttons([
            TemplateButton::quick_reply("Thanks"),
            TemplateButton::url("Track", "https://x.example/{{1}}", Some("https://x.example/7")),
            TemplateButton::phone_number("Call", "16467043595"),
        ]))
        .with("allow_category_change", true);
    assert!(template.validate().is_empty(), "{:?}", template.validate());
    let expected = json!({
        "name": "order_shipped", "language": "en_US", "category": "UTILITY", "allow_category_change": true,
        "components": [
            { "type": "HEADER", "format": "TEXT", "text": "Order {{1}}", "example": { "header_text": ["7"] } },
            { "type": "BODY", "text": "Hi {{1}}, {{2}} is on its way.", "example": { "body_text": [["Barbara", "it"]] } },
            { "type": "FOOTER", "text": "Lucky Shrub" },
            { "type": "BUTTONS", "buttons": [
                { "type": "QUICK_REPLY", "text": "Thanks" },
                { "type": "URL", "text": "Track", "url": "https://x.example/{{1}}", "example": ["https://x.example/7"] },
                { "type": "PHONE_NUMBER", "text": "Call", "phone_number": "16467043595" },
            ]},
        ],
    });
    let created = r#"{"id":"1689556908129832","status":"PENDING","category":"UTILITY"}"#;
    let seen = sent(answer(200, created), |client| {
        let created = client.call(CreateTemplate::new(template.clone())).unwrap();
        assert_eq!(
            (created.id.as_deref(), created.status),
            (Some("1689556908129832"), Some(TemplateStatus::Pending))
        );
    });
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("POST", "/message_templates"));
    assert_eq!(body(&seen), expected);
    let (read, _) = NewTemplate::from_json(expected.to_string().as_bytes()).unwrap();
    assert_eq!(read, template);

    let seen = sent(answer(200, r#"{"success":true}"#), |client| {
        client.call(DeleteTemplate::new("order_shipped").only("7")).unwrap();
    });
    assert_eq!(
        (seen.method.as_str(), seen.target.as_str()),
        ("DELETE", "/message_templates?name=order_shipped&hsm_id=7")
    );
    // A call of unknown outcome is not retried: Meta would answer that the template exists already.
    for run in everywhere(&[answer(500, ""), answer(200, created)], |client| {
        client.call(CreateTemplate::new(template.clone()))
    }) {
        assert_eq!((run.result.unwrap_err().outcome(), run.seen.len()), (Outcome::Unknown, 1), "{}", run.who);
    }
}

#[test]
fn template_errors_name_their_path() {
    let errors = |json: &str| {
        let invalid = NewTemplate::from_json(json.as_bytes()).unwrap_err();
        invalid.findings().errors().map(|finding| finding.path.clone()).collect::<Vec<_>>()
    };
    assert_eq!(errors("{}"), ["name", "language", "category", "components"]);
    assert_eq!(
        errors(&format!(
            r#"{{"name":"A b","language":"en","category":"UTILITY","components":[{{"type":"BODY","text":"{}"}},{{"type":"BUTTONS","buttons":[]}},{{"type":"BUTTONS","buttons":[{{"text":"{}"}}]}},7]}}"#,
            "é".repeat(1025),
            "é".repeat(26)
        )),
        [
            "components[3]",
            "name",
            "components[0].text",
            "components[1].buttons",
            "components[2].buttons[0].text"
        ]
    );
    let mut template = NewTemplate::new("A b", "", Category::Utility)
        .part(TemplatePart::body("é".repeat(1025), Vec::<String>::new()))
        .part(TemplatePart::footer("é".repeat(61)))
        .part(TemplatePart::buttons([]))
        .part(TemplatePart::buttons([TemplateButton::quick_reply("é".repeat(26))]));
    let paths =
        |template: &NewTemplate| template.validate().errors().map(|f| f.path.clone()).collect::<Vec<_>>();
    assert_eq!(
        paths(&template),
        [
            "name",
            "language",
            "components[0].text",
            "components[1].text",
            "components[2].buttons",
            "components[3].buttons[0].text"
        ]
    );
    template.parts = vec![TemplatePart::body("Hi {{1}}", Vec::<String>::new())];
    assert!(template.validate().advice().any(|advice| advice.path == "components[0].example"));
}

#[test]
fn webhooks_are_set_and_their_secrets_hidden() {
    let config = WebhookConfig::new("https://x.example/hook").header("X-Secret", "hush-canary");
    let echo = r#"{"url":"https://x.example/hook","headers":{"X-Secret":"hush-canary"}}"#;
    let seen = sent(answer(200, echo), |client| {
        assert_eq!(client.call(SetWebhook::new(config.clone())).unwrap(), config);
    });
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("POST", "/v1/configs/webhook"));
    assert_eq!(body(&seen), serde_json::from_str::<Value>(echo).unwrap());
    assert!(!format!("{config:?} {:?}", SetWebhook::new(config.clone())).contains("hush"));
    for (answered, url) in [
        (echo, Some("https://x.example/hook")),
        ("{}", None),
        ("null", None),
        ("", None),
        (r#"{"url":null,"headers":null}"#, None),
    ] {
        let seen = sent(answer(200, answered), |client| {
            assert_eq!(client.call(GetWebhook::new()).unwrap().url.as_deref(), url, "{answered}");
        });
        assert_eq!((seen.method.as_str(), seen.target.as_str()), ("GET", "/v1/configs/webhook"));
    }
    let whole = config.clone().override_all(true);
    let seen =
        sent(answer(200, "{}"), |client| drop(client.call(SetAccountWebhook::new(whole.clone())).unwrap()));
    assert_eq!((seen.target.as_str(), &body(&seen)["override_all"]), ("/waba_webhook", &json!(true)));
    let seen = sent(answer(200, echo), |client| drop(client.call(GetAccountWebhook::new()).unwrap()));
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("GET", "/waba_webhook"));
    for bad in [
        WebhookConfig::default(),
        WebhookConfig::new("http://x.example"),
        WebhookConfig::new("https://me:hush@x.example"),
        WebhookConfig::new("https://x.example/a b"),
        WebhookConfig::new("http://localhost.evil.example"),
        WebhookConfig::new("https://x.example").header("a b", "x"),
        WebhookConfig::new("https://x.example").header("a", "x\r\ny"),
        WebhookConfig::new("https://x.example").header("a", ""),
        WebhookConfig::new("https://x.example").override_all(true),
    ] {
        let runs = everywhere(&[], |client| client.call(SetWebhook::new(bad.clone())).unwrap_err());
        assert!(runs.iter().all(|run| run.seen.is_empty() && run.result.invalid().is_some()), "{bad:?}");
    }
    assert!(WebhookConfig::new("http://127.0.0.1:8080/x").validate().is_empty());
    assert!(!WebhookConfig::new("https://a_b.example:8443").validate().is_empty());
}

#[test]
fn health_is_read_in_its_variants() {
    let whole = json!({
        "health_status": { "can_send_message": "LIMITED", "entities": [
            { "entity_type": "PHONE_NUMBER", "id": "1", "can_send_message": "AVAILABLE", "can_receive_call_sip": "AVAILABLE" },
            { "entity_type": "WABA", "id": 2, "can_send_message": "LIMITED", "errors": [{ "error_code": 141006, "error_description": "x", "possible_solution": "y" }] },
            "odd",
        ]},
        "id": "1",
    });
    let seen = sent(answer(200, whole.to_string()), |client| {
        let health = client.call(GetHealth::new()).unwrap();
        assert_eq!(health.health_status.can_send_message, Some(CanSend::Limited));
        assert_eq!(health.health_status.entities.len(), 2);
        assert_eq!(health.health_status.entities[1].errors[0].get("error_code"), Some(&json!(141_006)));
    });
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("GET", "/health_status"));
    for odd in [
        json!({ "health_status": { "can_send_messages": "AVAILABLE" } }),
        json!({ "health_status": { "can_send_message": "AVAILABLE", "entities": null } }),
    ] {
        sent(answer(200, odd.to_string()), |client| {
            assert_eq!(
                client.call(GetHealth::new()).unwrap().health_status.can_send_message,
                Some(CanSend::Available)
            );
        });
    }
}

/// Graph paths contain the IDs that 360dialog derives from the key.
#[test]
fn graph_paths_depend_on_the_scope() {
    let number = PhoneNumberId::new("106540352242922").unwrap();
    let uri = |host, endpoint: &dyn Fn(&cloud::blocking::Client) -> Result<String, String>| {
        let mut config = Config::new(ApiKey::new("t").unwrap());
        config.host = Some(host);
        endpoint(
            &cloud::blocking::Client::with_transport(
                config,
                MockBlockingTransport::new(),
                ThreadSleep::new(),
            )
            .unwrap(),
        )
    };
    fn of<E: Endpoint<Api = cloud::Cloud>>(
        client: &cloud::blocking::Client,
        endpoint: &E,
    ) -> Result<String, String> {
        client
            .request(endpoint)
            .map(|request| request.uri.to_string())
            .map_err(|error| format!("{error} {error:?}"))
    }
    let graph = || host(GraphVersion::default(), &number);
    assert_eq!(uri(graph(), &|c| of(c, &GetMedia::new("7"))).unwrap(), "https://graph.facebook.com/v25.0/7");
    let url = "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1";
    assert_eq!(uri(graph(), &|c| of(c, &DownloadMedia::url(url))).unwrap(), url);
    assert!(uri(graph(), &|c| of(c, &DownloadMedia::url("https://evil.example/x"))).is_err());
    assert!(uri(graph(), &|c| of(c, &ListTemplates::new())).unwrap_err().contains("host_with_account"));
    assert!(uri(graph(), &|c| of(c, &GetHealth::new())).unwrap_err().contains("only 360dialog"));
    let account =
        host_with_account(GraphVersion::default(), &number, &AccountId::new("102290129340398").unwrap());
    assert_eq!(
        uri(account, &|c| of(c, &ListTemplates::new())).unwrap(),
        "https://graph.facebook.com/v25.0/102290129340398/message_templates"
    );
    assert!(AccountId::new("+1").is_err());
}
