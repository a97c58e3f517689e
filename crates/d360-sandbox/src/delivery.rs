//! Posts webhooks and retries them.
use crate::{
    activity::Watcher,
    world::{Shared, World, hooks::Post},
};
use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use serde_json::json;
use std::{collections::HashMap, time::Duration};
use tokio::{
    sync::mpsc::{UnboundedSender, unbounded_channel},
    time::{sleep, timeout},
};

/// The timeout of a receiver (360dialog, "Stable endpoint").
const LIMIT: Duration = Duration::from_secs(5);
/// Waits before each retry. The real APIs retry for days.
const AGAIN: [Duration; 4] = [
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
    Duration::from_millis(1600),
];
/// How long the next webhook to a receiver waits for the previous one. Webhooks answered within this time keep their
/// order.
const PATIENCE: Duration = Duration::from_secs(1);
/// The number of deliveries in the history.
const KEPT: usize = 1_000;

type Http = Client<hyper_util::client::legacy::connect::HttpConnector, Body>;

/// Runs as long as the sandbox. Each receiver has its own task, so that a slow one does not delay the others.
pub(crate) async fn run(world: Shared, watcher: Watcher) {
    let client: Http = Client::builder(TokioExecutor::new()).build_http();
    let sender = Sender { client, world: world.clone(), watcher };
    let wake = world.lock().hooks.wake.clone();
    let mut receivers: HashMap<String, UnboundedSender<Post>> = HashMap::new();
    loop {
        wake.notified().await;
        let delay = world.lock().hooks.settings.delay;
        sleep(delay).await;
        let posts = {
            let World { hooks, numbers, .. } = &mut *world.lock();
            hooks.take(numbers)
        };
        for post in posts {
            let receiver = receivers.entry(post.url.clone()).or_insert_with(|| receiver(sender.clone()));
            // Cannot fail: this task holds the channel open.
            let _ = receiver.send(post);
        }
    }
}

/// What a posting task needs.
#[derive(Clone)]
struct Sender {
    client: Http,
    world: Shared,
    watcher: Watcher,
}

/// Spawns a task that posts webhooks to one receiver, one after the other.
fn receiver(sender: Sender) -> UnboundedSender<Post> {
    let (queue, mut posts) = unbounded_channel::<Post>();
    tokio::spawn(async move {
        while let Some(post) = posts.recv().await {
            let sender = sender.clone();
            let (answered, answer) = tokio::sync::oneshot::channel::<()>();
            tokio::spawn(async move {
                let taken = sender.send(&post, 1).await;
                drop(answered);
                // Retries do not block the next webhooks.
                if !taken {
                    sender.again(&post).await;
                }
            });
            let _ = timeout(PATIENCE, answer).await;
        }
    });
    queue
}

impl Sender {
    async fn again(&self, post: &Post) {
        for (i, wait) in AGAIN.into_iter().enumerate() {
            sleep(wait).await;
            if self.send(post, i + 2).await {
                return;
            }
        }
    }

    /// Posts a webhook. Returns whether it was answered with 200 in time.
    async fn send(&self, post: &Post, attempt: usize) -> bool {
        let mut request = Request::post(&post.url);
        for (name, value) in &post.headers {
            request = request.header(name, value);
        }
        let answer = match request.body(Body::from(post.body.clone())) {
            Ok(request) => match timeout(LIMIT, self.client.request(request)).await {
                Ok(Ok(response)) => Ok(response.status()),
                Ok(Err(error)) => Err(chain(&error)),
                Err(_) => Err(format!("no answer within {} s", LIMIT.as_secs())),
            },
            Err(error) => Err(error.to_string()),
        };
        let taken = answer.as_ref().is_ok_and(|status| *status == StatusCode::OK);
        let (status, error) = (answer.as_ref().ok().map(StatusCode::as_u16), answer.as_ref().err());
        self.watcher.webhook(&post.url, &post.events, attempt, status, error.map(String::as_str));
        let delivered = &mut self.world.lock().hooks.delivered;
        if delivered.len() == KEPT {
            delivered.pop_front();
        }
        delivered.push_back(
            json!({ "url": post.url, "attempt": attempt, "status": status, "error": error, "body": post.body }),
        );
        taken
    }
}

/// Formats an error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let below = std::iter::successors(error.source(), |error| error.source());
    below.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
