//! Receives webhooks: they are stored on disk before the response, and a worker replies while the 24-hour window is
//! open.
//!
//! `cargo run -p d360-examples --example receive_webhooks -- 0.0.0.0:8080`. Needs D360_API_KEY, and in
//! D360_WEBHOOK_SECRET the secret set with `d360 webhook config set URL --secret-header x-webhook-secret`. Writes
//! `inbox.jsonl` and `inbox.done`.
use d360::{
    Client, Config,
    model::{
        Message,
        webhook::{Event, EventKind, Windows},
    },
    webhook::{Receiver, Verification, axum::router},
};
use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};
use tokio::{net::TcpListener, sync::Notify};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1).ok_or("missing argument: the address to listen on")?;
    let secret = std::env::var("D360_WEBHOOK_SECRET")?;
    let client = Client::new(Config::from_env()?)?;
    run(TcpListener::bind(address).await?, secret, client, Inbox::in_folder(Path::new(".")), usize::MAX).await
}

async fn run(
    listener: TcpListener,
    secret: String,
    client: Client,
    inbox: Inbox,
    answers: usize,
) -> Result<(), Box<dyn std::error::Error>> {
    let receiver = Receiver::new(Verification::header("x-webhook-secret", secret)?);
    let stored = Arc::new(Notify::new());
    let (store, wake) = (inbox.clone(), stored.clone());
    // 200 means stored. 360dialog repeats every webhook that this refuses or that a crash interrupts.
    let app = router("/webhook", receiver, move |events| {
        let (store, wake) = (store.clone(), wake.clone());
        async move {
            tokio::task::spawn_blocking(move || store.append(&events)).await??;
            wake.notify_one();
            Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
        }
    });
    let server = tokio::spawn(async move { axum::serve(listener, app).await });

    let (mut windows, mut answered) = (Windows::default(), 0);
    while answered < answers {
        // Events stored before a restart come first.
        let Some(event) = inbox.next()? else {
            stored.notified().await;
            continue;
        };
        windows.saw(&event);
        if let Some(reply) = reply(&event, &windows, now()) {
            let sent = client.send(reply).await?;
            println!("answered with {:?}", sent.message_id());
            answered += 1;
        }
    }
    server.abort();
    Ok(())
}

/// Returns the reply to a user's message, while the user's window is open.
fn reply(event: &Event, windows: &Windows, now: i64) -> Option<Message> {
    // Not `Standby`: another sender on the number has that conversation (Meta Business Agent).
    let EventKind::Message(message) = &event.kind else { return None };
    let to = message.reply_to()?;
    let reply = Message::text(&to, "Thank you, we will be with you soon.");
    windows.is_open(to, now).then(|| reply.reply_to(message.id.clone().unwrap_or_default()))
}

/// A file of events, one per line, and the number of processed bytes. (A program with a database uses a table.)
#[derive(Clone)]
struct Inbox {
    events: PathBuf,
    done: PathBuf,
}

impl Inbox {
    fn in_folder(folder: &Path) -> Self {
        Self { events: folder.join("inbox.jsonl"), done: folder.join("inbox.done") }
    }
    fn append(&self, events: &[Event]) -> io::Result<()> {
        // A crash may have left half a line, of a webhook that was not acknowledged.
        let mut lines = "\n".to_owned();
        for event in events {
            lines += &(serde_json::to_string(event)? + "\n");
        }
        let mut file = OpenOptions::new().create(true).append(true).open(&self.events)?;
        file.write_all(lines.as_bytes())?;
        file.sync_data()
    }
    /// Takes the next event and skips invalid lines. It is marked as done before it is processed: a crash may leave a
    /// user without a reply, but never sends two.
    fn next(&self) -> io::Result<Option<Event>> {
        while let Some(line) = self.next_line()? {
            if let Ok(event) = serde_json::from_str(&line) {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }
    fn next_line(&self) -> io::Result<Option<String>> {
        let done: usize = match fs::read_to_string(&self.done) {
            Ok(text) => text.parse().map_err(io::Error::other)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error),
        };
        let bytes = match fs::read(&self.events) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read?,
        };
        let rest = bytes.get(done..).unwrap_or_default();
        let Some(length) = rest.iter().position(|byte| *byte == b'\n') else { return Ok(None) };
        // Renamed, so that the file has the old or the new number after a crash.
        let new = self.done.with_extension("new");
        let mut file = fs::File::create(&new)?;
        write!(file, "{}", done + length + 1)?;
        file.sync_data()?;
        fs::rename(new, &self.done)?;
        Ok(Some(String::from_utf8_lossy(&rest[..length]).into_owned()))
    }
}

fn now() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}

#[tokio::test]
async fn who_writes_is_answered_while_the_window_is_open() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let sandbox = d360_sandbox::Sandbox::start()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/webhook", listener.local_addr()?);
    sandbox.webhook(&url, &[("x-webhook-secret", "hush")]);
    sandbox.webhooks(|hooks| hooks.duplicates = 1);
    let config = Config::new(d360::ApiKey::new(sandbox.key())?).base_url(sandbox.base_url());
    let id = sandbox.user_sends("+16505551234", &serde_json::json!({"type": "location"}));
    let _ = sandbox.user_sends("US.13491208655302741918", &serde_json::json!({"type": "image"}));
    run(listener, "hush".to_owned(), Client::new(config)?, Inbox::in_folder(folder.path()), 2).await?;
    let sent = sandbox.messages();
    assert_eq!(sent.len(), 2, "duplicates are answered once");
    assert_eq!((&sent[0]["to"], &sent[0]["context"]["message_id"]), (&"+16505551234".into(), &id.into()));
    assert_eq!(sent[1]["recipient"], "US.13491208655302741918");
    // Messages to the agent get no reply from this program.
    let standby = br#"{"entry": [{"id": "1", "changes": [{"field": "standby", "value": {"messages": [
        {"id": "b", "from": "16505551234", "timestamp": "1000", "type": "text", "text": {"body": "Hi"}}]}}]}]}"#;
    let event = d360::model::webhook::read(standby)?.remove(0);
    let mut windows = Windows::default();
    windows.saw(&event);
    assert!(reply(&event, &windows, 1000).is_none());
    // A day later only a template may be sent.
    let body = br#"{"messages": [{"id": "a", "from": "16505551234", "timestamp": "1000", "type": "text", "text": {"body": "Hi"}}]}"#;
    let (mut windows, event) = (Windows::default(), d360::model::webhook::read(body)?.remove(0));
    windows.saw(&event);
    assert!(
        reply(&event, &windows, 1000 + 86_399).is_some() && reply(&event, &windows, 1000 + 86_400).is_none()
    );
    Ok(())
}

#[test]
fn an_inbox_goes_on_where_it_stopped() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let body = br#"{"messages": [{"id": "a", "type": "text", "text": {"body": "1"}}, {"id": "b", "type": "text", "text": {"body": "2"}}]}"#;
    Inbox::in_folder(folder.path()).append(&d360::model::webhook::read(body)?)?;
    let text = |event: Option<Event>| match event.map(|event| event.kind) {
        Some(EventKind::Message(message)) => message.text().map(str::to_owned),
        _ => None,
    };
    assert_eq!(text(Inbox::in_folder(folder.path()).next()?).as_deref(), Some("1"));
    // A crash in the middle of a line, and one more webhook.
    let mut file = OpenOptions::new().append(true).open(folder.path().join("inbox.jsonl"))?;
    write!(file, "{{\"generation\":\"cl")?;
    let body = br#"{"messages": [{"id": "c", "type": "text", "text": {"body": "3"}}]}"#;
    Inbox::in_folder(folder.path()).append(&d360::model::webhook::read(body)?)?;
    // After a restart.
    assert_eq!(text(Inbox::in_folder(folder.path()).next()?).as_deref(), Some("2"));
    assert_eq!(text(Inbox::in_folder(folder.path()).next()?).as_deref(), Some("3"));
    assert!(Inbox::in_folder(folder.path()).next()?.is_none());
    Ok(())
}
