//! Batches block and unblock calls for single users into calls for many.
use d360::{
    Error,
    cloud::Client,
    model::block::{BlockReport, User, UserError},
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};
use tokio::sync::{mpsc, oneshot};

/// How long the first call of a batch waits for others.
const GATHER: Duration = Duration::from_millis(5);
/// The maximum number of users per call.
const MOST: usize = 1_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Block,
    Unblock,
}

/// The outcome for a user: done, failed with the user's own errors, or failed with the whole call.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    Done,
    Failed(Vec<UserError>),
    Call(Arc<Error>),
}

#[derive(Debug)]
struct Ask {
    change: Change,
    user: User,
    answer: oneshot::Sender<Outcome>,
}

/// A handle to the batching task, which preserves the order of changes of the same user.
#[derive(Debug)]
pub(crate) struct Blocker(mpsc::UnboundedSender<Ask>);

impl Blocker {
    pub(crate) fn new(client: Client) -> Self {
        let (asks, asked) = mpsc::unbounded_channel();
        tokio::spawn(work(client, asked));
        Self(asks)
    }

    pub(crate) async fn change(&self, change: Change, user: User) -> Option<Outcome> {
        let (answer, answered) = oneshot::channel();
        self.0.send(Ask { change, user, answer }).ok()?;
        answered.await.ok()
    }
}

async fn work(client: Client, mut asked: mpsc::UnboundedReceiver<Ask>) {
    let mut next = None;
    loop {
        let first = match next.take() {
            Some(ask) => ask,
            None => match asked.recv().await {
                Some(ask) => ask,
                None => return,
            },
        };
        let mut seen = HashSet::from([first.user.as_str().to_owned()]);
        let mut asks = vec![first];
        let until = tokio::time::Instant::now() + GATHER;
        while asks.len() < MOST {
            match tokio::time::timeout_at(until, asked.recv()).await {
                Ok(Some(ask)) if seen.insert(ask.user.as_str().to_owned()) => asks.push(ask),
                // A second change of the same user has to wait for the first.
                Ok(other) => {
                    next = other;
                    break;
                }
                Err(_) => break,
            }
        }
        // Skip callers that are gone.
        asks.retain(|ask| !ask.answer.is_closed());
        let (block, unblock) = asks.into_iter().partition(|ask| ask.change == Change::Block);
        tokio::join!(change(&client, Change::Block, block), change(&client, Change::Unblock, unblock));
    }
}

async fn change(client: &Client, change: Change, asks: Vec<Ask>) {
    if asks.is_empty() {
        return;
    }
    let users: Vec<User> = asks.iter().map(|ask| ask.user.clone()).collect();
    let result = match change {
        Change::Block => client.block_users(users).await,
        Change::Unblock => client.unblock_users(users).await,
    };
    let (report, call) = match result {
        Ok(report) => (report, None),
        Err(stopped) => {
            let (report, _, error) = stopped.into_parts();
            (report, Some(Arc::new(error)))
        }
    };
    let outcomes = outcomes(&report);
    for ask in asks {
        let outcome = outcomes.get(ask.user.as_str()).cloned().unwrap_or_else(|| match &call {
            Some(error) => Outcome::Call(error.clone()),
            None => {
                let why = "the response does not include this user";
                Outcome::Failed(vec![UserError::from_message(None, why)])
            }
        });
        // The caller may be gone.
        let _ = ask.answer.send(outcome);
    }
}

/// Returns the outcome of each user in the report. Errors take precedence.
fn outcomes(report: &BlockReport) -> HashMap<&str, Outcome> {
    let done = report.done.iter().map(|done| (done.input.as_str(), Outcome::Done));
    let failed = report.failed.iter().rev();
    done.chain(failed.map(|failed| (failed.input.as_str(), Outcome::Failed(failed.errors.clone())))).collect()
}
