//! Receiving: webhooks come in, are answered at once, and a worker answers users while their 24-hour window is open.
//!
//! `cargo run -p d360-examples --example receive_webhooks -- 0.0.0.0:8080`, with D360_API_KEY, and in D360_WEBHOOK_SECRET what
//! `d360 webhook config set URL --secret-header x-webhook-secret` was given
use d360::{
    Client, Config,
    model::{
        Message, Recipient,
        webhook::{Event, EventKind, Windows},
    },
    webhook::{NotTaken, Receiver, Verification, axum::router},
};
use std::time::SystemTime;
use tokio::{net::TcpListener, sync::mpsc};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1).ok_or("where to listen?")?;
    let secret = std::env::var("D360_WEBHOOK_SECRET")?;
    let client = Client::new(Config::from_env()?)?;
    run(TcpListener::bind(address).await?, secret, client, usize::MAX).await
}

async fn run(
    listener: TcpListener,
    secret: String,
    client: Client,
    answers: usize,
) -> Result<(), Box<dyn std::error::Error>> {
    // A full queue loses nothing: the webhook is answered with 503 and comes again.
    let (queue, mut events) = mpsc::channel(1_000);
    let receiver = Receiver::new(Verification::header("x-webhook-secret", secret)?);
    let app = router("/webhook", receiver, move |events| queue.try_send(events).map_err(NotTaken::because));
    let server = tokio::spawn(async move { axum::serve(listener, app).await });

    let (mut windows, mut answered) = (Windows::default(), 0);
    while let Some(batch) = events.recv().await {
        for event in &batch {
            windows.saw(event);
            if let Some(reply) = reply(event, &windows, now()) {
                println!("answered with {:?}", client.send(reply).await?.message_id());
                answered += 1;
            }
        }
        if answered >= answers {
            break;
        }
    }
    server.abort();
    Ok(())
}

/// What is said to a user who wrote, as long as anything but a template may be sent.
fn reply(event: &Event, windows: &Windows, now: i64) -> Option<Message> {
    // Not `Standby`: another sender on the number, such as Meta Business Agent, holds that conversation.
    let EventKind::Message(message) = &event.kind else { return None };
    // Who has a user name and no number is answered by the business-scoped id.
    let to = match (&message.from, &message.from_user_id) {
        (Some(number), _) => Recipient::WaId(number.clone()),
        (None, id) => Recipient::Bsuid(id.clone()?),
    };
    let reply = Message::text(to.clone(), "Thank you, we will be with you soon.");
    windows.is_open(&to, now).then(|| reply.reply_to(message.id.clone().unwrap_or_default()))
}

fn now() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}

#[tokio::test]
async fn who_writes_is_answered_while_the_window_is_open() -> Result<(), Box<dyn std::error::Error>> {
    let sandbox = d360_sandbox::Sandbox::start()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/webhook", listener.local_addr()?);
    sandbox.webhook(&url, &[("x-webhook-secret", "hush")]);
    sandbox.webhooks(|hooks| hooks.duplicates = 1);
    let config = Config::new(d360::ApiKey::new(sandbox.key())?).base_url(sandbox.base_url());
    let id = sandbox.user_sends("+16505551234", &serde_json::json!({"type": "location"}));
    let _ = sandbox.user_sends("US.13491208655302741918", &serde_json::json!({"type": "image"}));
    run(listener, "hush".to_owned(), Client::new(config)?, 2).await?;
    let sent = sandbox.messages();
    assert_eq!(sent.len(), 2, "duplicates are answered once");
    assert_eq!((&sent[0]["to"], &sent[0]["context"]["message_id"]), (&"+16505551234".into(), &id.into()));
    assert_eq!(sent[1]["recipient"], "US.13491208655302741918");
    // What users write to the agent is left to the agent.
    let standby = br#"{"entry": [{"id": "1", "changes": [{"field": "standby", "value": {"messages": [
        {"id": "b", "from": "16505551234", "timestamp": "1000", "type": "text", "text": {"body": "Hi"}}]}}]}]}"#;
    let event = d360::model::webhook::read(standby)?.remove(0);
    let mut windows = Windows::default();
    windows.saw(&event);
    assert!(reply(&event, &windows, 1000).is_none());
    // A day later nothing but a template may go out.
    let body = br#"{"messages": [{"id": "a", "from": "16505551234", "timestamp": "1000", "type": "text", "text": {"body": "Hi"}}]}"#;
    let (mut windows, event) = (Windows::default(), d360::model::webhook::read(body)?.remove(0));
    windows.saw(&event);
    assert!(
        reply(&event, &windows, 1000 + 86_399).is_some() && reply(&event, &windows, 1000 + 86_400).is_none()
    );
    Ok(())
}
