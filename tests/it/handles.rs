//! Handles send the same requests as their endpoints, in both clients.
use crate::{
    rig::{config, runtime},
    server::{Act, Server, answer},
};
use d360::{
    Client, Error, blocking,
    cloud::{
        media::{DownloadMedia, UploadMedia},
        messages::MarkMessageRead,
        templates::{DeleteTemplate, ListTemplates},
    },
    model::{
        MediaInfo, Message, WebhookConfig,
        template::{Category, NewTemplate, TemplatePart},
    },
};

fn template() -> NewTemplate {
    NewTemplate::new("a_b", "en", Category::Utility).part(TemplatePart::body("Hi", [] as [&str; 0]))
}

fn info() -> MediaInfo {
    serde_json::from_str(r#"{"url": "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=7"}"#)
        .unwrap()
}

fn upload() -> UploadMedia {
    UploadMedia::bytes("a.txt", "Hi")
}

/// The expected calls of both clients, each identified by its request.
const CALLS: [(&str, &str); 17] = [
    ("POST /messages", r#"{"messages":[{"id":"wamid.x"}]}"#),
    ("POST /messages", r#"{"success":true}"#),
    ("POST /messages", r#"{"success":true}"#),
    ("POST /media", r#"{"id":"7"}"#),
    ("GET /7", r#"{"url":"https://lookaside.fbsbx.com/x"}"#),
    ("GET /whatsapp_business/attachments/?mid=7", "file"),
    ("GET /whatsapp_business/attachments/?mid=7", "file"),
    ("DELETE /7", r#"{"success":true}"#),
    ("GET /message_templates", r#"{"data":[]}"#),
    ("GET /message_templates?limit=3", r#"{"data":[]}"#),
    ("POST /message_templates", r#"{"id":"7","status":"PENDING","category":"UTILITY"}"#),
    ("DELETE /message_templates?name=a_b", r#"{"success":true}"#),
    ("DELETE /message_templates?name=a_b&hsm_id=7", r#"{"success":true}"#),
    ("GET /v1/configs/webhook", r#"{"url":"https://example.com/"}"#),
    ("POST /v1/configs/webhook", r#"{"url":"https://example.com/"}"#),
    ("GET /waba_webhook", r#"{"url":"https://example.com/"}"#),
    ("GET /health_status", r#"{"health_status":{"can_send_message":"AVAILABLE","entities":[]}}"#),
];

async fn asynchronous(client: &Client) -> Result<(), Error> {
    client.messages().send(Message::text("+16505551234", "Hi")).await?;
    client.messages().mark_read("wamid.x").await?;
    client.messages().mark_read_with(MarkMessageRead::new("wamid.x").typing()).await?;
    client.media().upload(upload()).await?;
    client.media().get("7").await?;
    client.media().download(&info()).await?;
    client.media().download_with(DownloadMedia::new(&info())).await?;
    client.media().delete("7").await?;
    client.templates().list().all().await?;
    client.templates().list_with(ListTemplates::new().limit(3)).all().await?;
    client.templates().create(template()).await?;
    client.templates().delete("a_b").await?;
    client.templates().delete_with(DeleteTemplate::new("a_b").only("7")).await?;
    client.webhooks().get().await?;
    client.webhooks().set(WebhookConfig::new("https://example.com/")).await?;
    client.webhooks().get_account().await?;
    client.health().get().await?;
    Ok(())
}

fn blocking(client: &blocking::Client) -> Result<(), Error> {
    client.messages().send(Message::text("+16505551234", "Hi"))?;
    client.messages().mark_read("wamid.x")?;
    client.messages().mark_read_with(MarkMessageRead::new("wamid.x").typing())?;
    client.media().upload(upload())?;
    client.media().get("7")?;
    client.media().download(&info())?;
    client.media().download_with(DownloadMedia::new(&info()))?;
    client.media().delete("7")?;
    client.templates().list().collect::<Result<Vec<_>, _>>()?;
    client.templates().list_with(ListTemplates::new().limit(3)).collect::<Result<Vec<_>, _>>()?;
    client.templates().create(template())?;
    client.templates().delete("a_b")?;
    client.templates().delete_with(DeleteTemplate::new("a_b").only("7"))?;
    client.webhooks().get()?;
    client.webhooks().set(WebhookConfig::new("https://example.com/"))?;
    client.webhooks().get_account()?;
    client.health().get()?;
    Ok(())
}

#[test]
fn handles_of_cloud_call_their_endpoints() {
    let script: Vec<Act> = CALLS.iter().map(|(_, body)| answer(200, body)).collect();
    let servers = [Server::start(script.clone()), Server::start(script)];
    runtime().block_on(asynchronous(&Client::new(config(&servers[0].url())).unwrap())).unwrap();
    blocking(&blocking::Client::new(config(&servers[1].url())).unwrap()).unwrap();
    for server in servers {
        let seen = server.seen();
        let requests: Vec<_> = seen.iter().map(|seen| format!("{} {}", seen.method, seen.target)).collect();
        assert_eq!(requests, CALLS.map(|(request, _)| request));
        let body = |at: usize| serde_json::from_slice::<serde_json::Value>(&seen[at].body).unwrap();
        assert_eq!(body(1)["status"], "read");
        assert_eq!(body(2)["typing_indicator"]["type"], "text");
        assert_eq!(body(10)["name"], "a_b");
    }
}

#[test]
fn handles_of_the_other_systems_call_their_endpoints() {
    use d360::{onprem, partner};
    let requests = |server: &Server| -> Vec<String> {
        let path = |target: &str| target.split('?').next().unwrap().to_owned();
        server.seen().iter().map(|seen| format!("{} {}", seen.method, path(&seen.target))).collect()
    };
    let none = r#"{"contacts":[]}"#;
    let server = Server::start(vec![answer(200, none), answer(200, none)]);
    let host = onprem::self_hosted(&server.url()).unwrap();
    let client = onprem::blocking::Client::new(config(&server.url()).host(host)).unwrap();
    client.contacts().check(["+16505551234".into()]).unwrap();
    assert!(client.contacts().blocklist().next().is_none());
    assert_eq!(requests(&server), ["POST /v1/contacts", "GET /v1/contacts/blocklist"]);

    let server = Server::start(vec![answer(200, r#"{"total":0,"partner_channels":[]}"#)]);
    let client = partner::blocking::Client::new(config(&server.url())).unwrap();
    assert!(client.channels().list(&partner::PartnerId::new("a1b2c3PA").unwrap()).next().is_none());
    assert_eq!(requests(&server), ["GET /api/v2/partners/a1b2c3PA/channels"]);
}
