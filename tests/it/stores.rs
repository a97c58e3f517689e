//! Files, templates and settings in the sandbox, through both clients and on both Cloud hosts.
use crate::rig::{Client, Naps, config, real};
use d360::{
    ApiKey, Config,
    cloud::{
        graph::{AccountId, GraphVersion, PhoneNumberId, host_with_account},
        health::GetHealth,
        media::{DeleteMedia, DownloadMedia, GetMedia, UploadMedia},
        templates::{CreateTemplate, DeleteTemplate, ListTemplates},
        webhooks::{GetAccountWebhook, GetWebhook, SetAccountWebhook, SetWebhook},
    },
    model::{
        Document, Message, Template, WebhookConfig,
        template::{Category, NewTemplate, TemplateComponent, TemplatePart, TemplateStatus},
    },
    transport::FileSink,
};
use d360_sandbox::Sandbox;
use std::time::Duration;

/// Runs the test with every client, at 360dialog's host and at Graph's.
fn each(test: impl Fn(&Sandbox, &Client, bool)) {
    for graph in [false, true] {
        for i in 0..crate::rig::REAL {
            let sandbox = Sandbox::start().unwrap();
            let mut settings = Config::new(ApiKey::new(sandbox.key()).unwrap());
            settings.rate_limit = config("http://localhost:1").rate_limit;
            if graph {
                let number = PhoneNumberId::new("106540352242922").unwrap();
                let account = AccountId::new("102290129340398").unwrap();
                settings.host = Some(host_with_account(GraphVersion::default(), &number, &account));
            }
            let settings = settings.base_url(sandbox.base_url());
            let (_, client) = real(&settings, &Naps::default()).into_iter().nth(i).unwrap();
            test(&sandbox, &client, graph);
        }
    }
}

#[test]
fn a_file_is_uploaded_sent_downloaded_and_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let (path, bytes) = (folder.path().join("a b.pdf"), vec![b'%'; 300_000]);
    std::fs::write(&path, &bytes).unwrap();
    each(|sandbox, client, _| {
        let uploaded = client.call(UploadMedia::file(&path).unwrap()).unwrap();
        sandbox.user_writes("+16505551234");
        client.send(Message::document("+16505551234", Document::id(uploaded.id.clone()))).unwrap();
        let info = client.call(GetMedia::new(uploaded.id.clone())).unwrap();
        assert_eq!((info.file_size, info.mime_type.as_deref()), (Some(300_000), Some("application/pdf")));
        assert!(info.url.starts_with("https://lookaside.fbsbx.com/"));
        assert!(client.call(DownloadMedia::new(&info)).unwrap() == bytes);
        let target = folder.path().join(uploaded.id.as_str());
        let sink = FileSink::create(&target).unwrap();
        client.call(DownloadMedia::new(&info).to(sink.clone())).unwrap();
        sink.finish().unwrap();
        assert!(std::fs::read(&target).unwrap() == bytes);
        std::fs::remove_file(&target).unwrap();
        // The URL is valid for five minutes.
        sandbox.advance(Duration::from_secs(5 * 60));
        assert_eq!(client.call(DownloadMedia::new(&info)).unwrap_err().api().unwrap().status(), 404);
        client.call(DeleteMedia::new(uploaded.id.clone())).unwrap();
        let error = client.call(GetMedia::new(uploaded.id)).unwrap_err();
        assert_eq!(error.code().unwrap().0, 100);
    });
}

#[test]
fn templates_are_submitted_approved_sent_and_deleted() {
    each(|sandbox, client, _| {
        let names = ["alpha", "beta", "gamma"];
        for name in names {
            let body = TemplatePart::body("Hi {{1}}", ["Ada"]);
            let template = NewTemplate::new(name, "en_US", Category::Utility).part(body);
            let created = client.call(CreateTemplate::new(template.clone())).unwrap();
            assert_eq!(created.status, Some(TemplateStatus::Pending));
            let again = client.call(CreateTemplate::new(template)).unwrap_err();
            assert!(again.to_string().contains("100"), "{again}");
        }
        let all = client.pages(ListTemplates::new().limit(3)).unwrap();
        let found: Vec<_> = all.iter().map(|one| one.name.as_deref().unwrap()).collect();
        assert_eq!(found, ["hello_world", "alpha", "beta", "gamma"]);
        let send = |language: &str, names: &[&str]| {
            let body = TemplateComponent::body();
            let body = names.iter().fold(body, |body, name| body.parameter(*name));
            let template = Template::new("beta", language).component(body);
            client.send(Message::template("+16505551234", template))
        };
        let code = |language: &str, names: &[&str]| send(language, names).unwrap_err().code().unwrap().0;
        assert_eq!(code("en_US", &["Ada"]), 132_001);
        assert!(sandbox.template_status("beta", "APPROVED"));
        send("en_US", &["Ada"]).unwrap();
        assert_eq!(code("en_US", &["Ada", "Grace"]), 132_000);
        assert_eq!(code("de", &["Ada"]), 132_001);
        let approved = client.pages(ListTemplates::new().status(TemplateStatus::Approved)).unwrap();
        assert_eq!(approved.len(), 2);
        client.call(DeleteTemplate::new("beta").only("7")).unwrap_err();
        client.call(DeleteTemplate::new("beta")).unwrap();
        assert_eq!(client.pages(ListTemplates::new().name("beta")).unwrap(), []);
    });
}

#[test]
fn webhooks_are_set_and_health_is_reported() {
    each(|_, client, graph| {
        if graph {
            // Meta's own API has none of these; nothing is sent.
            assert!(client.call(GetHealth::new()).is_err() && client.call(GetWebhook::new()).is_err());
            return;
        }
        assert_eq!(client.call(GetWebhook::new()).unwrap(), WebhookConfig::default());
        let config = WebhookConfig::new("http://127.0.0.1:1/hook").header("x-secret", "hush");
        assert_eq!(client.call(SetWebhook::new(config.clone())).unwrap(), config);
        assert_eq!(client.call(GetWebhook::new()).unwrap(), config);
        let whole = config.override_all(true);
        client.call(SetAccountWebhook::new(whole.clone())).unwrap();
        assert_eq!(client.call(GetAccountWebhook::new()).unwrap(), whole);
        let health = client.call(GetHealth::new()).unwrap();
        assert_eq!(health.health_status.can_send_message.unwrap().as_str(), "AVAILABLE");
        assert_eq!(health.health_status.entities.len(), 4);
    });
}
