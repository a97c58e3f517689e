//! Delivers the webhooks of one queue. Each is retried until it is accepted or put aside.
use super::{
    lines::{Line, Lines, Next},
    post::{self, Named, Posted},
    targets::Targets,
};
use crate::{
    metrics::{Metrics, NumberLabel, OutcomeLabels, ReasonLabels},
    state::{
        error::StoreError,
        store::{Store, now},
    },
};
use d360::transport::ReqwestTransport;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::{Semaphore, watch};

/// The maximum number of concurrent posts per number, the same as On-Premise's maximum. A slow program only delays
/// its own.
const AT_ONCE: usize = 24;
/// The wait after a webhook could not be read from disk.
const UNREADABLE_WAIT: Duration = Duration::from_secs(2);
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// The longest wait after a rejection. A few seconds are enough to see whether it is permanent.
const REFUSED_WAIT: Duration = Duration::from_secs(2);
/// The number of rejections after which a webhook is put aside.
const REFUSALS: u32 = 4;

/// How long a webhook is retried before it is put aside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// If the program answers with an error, or not in time.
    pub(crate) hold_for: Duration,
    /// In any case, counted from its receipt.
    pub(crate) give_up_after: Duration,
}

/// The final result of a webhook.
enum End {
    Taken,
    /// It was dropped by request.
    Dropped,
    /// It was put aside: the reason as text, and its label for metrics.
    Aside(String, &'static str),
}

/// What the workers of all queues share.
pub(crate) struct Worker {
    pub(crate) store: Arc<Store>,
    pub(crate) transport: ReqwestTransport,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) patience: Patience,
    pub(crate) targets: Arc<Targets>,
    pub(crate) lines: Mutex<Lines>,
    pub(crate) permits: Mutex<HashMap<String, Arc<Semaphore>>>,
    pub(crate) stopping: watch::Receiver<bool>,
}

impl Worker {
    pub(crate) fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Delivers a queue until it is empty.
    pub(crate) async fn work(&self, line: Line) {
        loop {
            let Some(next) = self.lines().next(&line) else { return };
            let body = match &next.body {
                Some(body) => Ok(Some(body.clone())),
                None => self.load(next.id).await,
            };
            if *self.stopping.borrow() {
                return;
            }
            let end = match body {
                Err(error) => {
                    // It exists but cannot be read now, so it stays at the front.
                    tracing::error!(%error, "a webhook cannot be read from the state file and is retried");
                    let mut stopping = self.stopping.clone();
                    tokio::select! {
                        () = tokio::time::sleep(UNREADABLE_WAIT) => continue,
                        _ = stopping.wait_for(|stopping| *stopping) => return,
                    }
                }
                // It was deleted from the state file.
                Ok(None) => End::Dropped,
                Ok(Some(body)) => match self.deliver(&line, &next, &body).await {
                    Some(end) => end,
                    None => return,
                },
            };
            self.write_end(&line, next.id, end);
            self.metrics.waiting.get_or_create(&NumberLabel { number: line.0.clone() }).dec();
            let mut lines = self.lines();
            lines.pop(&line);
            // The lock is held since the pop, so an item that arrives later finds no queue and gets its own worker.
            if lines.next(&line).is_none() {
                return;
            }
        }
    }

    fn write_end(&self, line: &Line, id: i64, end: End) {
        match end {
            End::Dropped => {}
            End::Taken => self.store.later(move |db| {
                db.prepare_cached("DELETE FROM outbox WHERE id = ?1")?.execute([id]).map(drop)
            }),
            End::Aside(why, reason) => {
                let labels = ReasonLabels { number: line.0.clone(), reason };
                self.metrics.put_aside.get_or_create(&labels).inc();
                let tries = self.lines().front(line).map_or(0, |front| front.tries);
                let at = now();
                self.store.later(move |db| {
                    db.execute(
                        "INSERT OR REPLACE INTO put_aside (id, number, user, body, at, why, tries, aside_at)
                         SELECT id, number, user, body, at, ?2, ?3, ?4 FROM outbox WHERE id = ?1",
                        (id, &why, tries, at),
                    )?;
                    db.execute("DELETE FROM outbox WHERE id = ?1", [id]).map(drop)
                });
            }
        }
    }

    async fn load(&self, id: i64) -> Result<Option<Arc<str>>, StoreError> {
        use rusqlite::OptionalExtension as _;
        let body = self.store.read(move |db| {
            db.query_row("SELECT body FROM outbox WHERE id = ?1", [id], |row| row.get::<_, String>(0))
                .optional()
        });
        Ok(body.await?.map(Into::into))
    }

    /// Delivers one webhook. Returns `None` if the gateway stops.
    async fn deliver(&self, line: &Line, next: &Next, body: &Arc<str>) -> Option<End> {
        let mut stopping = self.stopping.clone();
        let (mut refusals, mut failing) = (0, None::<Instant>);
        let mut wait = FIRST_WAIT;
        loop {
            let changed = self.targets.changed.notified();
            let permit = tokio::select! {
                permit = self.permits(&line.0).acquire_owned() => permit.ok()?,
                _ = stopping.wait_for(|stopping| *stopping) => return None,
            };
            if self.is_dropped(line) {
                return Some(End::Dropped);
            }
            // Read for each attempt, because the target may change meanwhile.
            let target = self.targets.get(&line.0);
            let has_target = target.is_some();
            let posted = match target {
                Some(target) => {
                    self.posting(line, true);
                    let posted = post::post(&self.transport, &target, body).await;
                    self.posting(line, false);
                    posted
                }
                None => {
                    wait = LONGEST_WAIT;
                    Posted::Unreachable("no URL to deliver it to is set (webhook_to)".to_owned())
                }
            };
            drop(permit);
            let mut longest = LONGEST_WAIT;
            let (outcome, why) = match posted {
                Posted::Taken => {
                    self.count(line, "taken");
                    return Some(End::Taken);
                }
                Posted::Refused(status) => {
                    refusals += 1;
                    longest = REFUSED_WAIT;
                    ("refused", format!("answered {status}"))
                }
                Posted::Failed(why) => {
                    let held = failing.get_or_insert_with(Instant::now).elapsed();
                    // Make the last attempt when the time is over, not earlier.
                    longest = longest.min(self.patience.hold_for.saturating_sub(held));
                    ("failed", why)
                }
                Posted::Unreachable(why) => ("unreachable", why),
            };
            self.count(line, outcome);
            let age = u64::try_from(now().saturating_sub(next.since)).unwrap_or_default();
            let is_held = failing.is_some_and(|since| since.elapsed() >= self.patience.hold_for);
            let reason = if refusals >= REFUSALS {
                Some("refused")
            } else if outcome == "failed" && is_held {
                Some("failing")
            } else if age > self.patience.give_up_after.as_secs() {
                Some("too_old")
            } else {
                None
            };
            let Named { id, kind } = Named::of(body);
            let (number, user) = (&line.0, d360::model::mask(&line.1));
            if let Some(reason) = reason {
                self.count(line, "put_aside");
                tracing::error!(
                    number,
                    user,
                    id,
                    kind,
                    why,
                    reason,
                    "a webhook is put aside; see `d360 gateway aside`"
                );
                return Some(End::Aside(why, reason));
            }
            if has_target {
                tracing::warn!(number, user, id, kind, why, "a webhook was not accepted and is retried");
            }
            if let Some(front) = self.lines().front(line) {
                front.last = Some(why);
            }
            let wait_now = wait.min(longest).mul_f64(0.5 + f64::from(jitter()) / 512.0).min(longest);
            tokio::select! {
                () = tokio::time::sleep(wait_now) => {}
                () = next.wake.notified() => {}
                () = changed => {}
                _ = stopping.wait_for(|stopping| *stopping) => return None,
            }
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    fn is_dropped(&self, line: &Line) -> bool {
        self.lines().front(line).is_some_and(|front| front.dropped)
    }

    fn posting(&self, line: &Line, posting: bool) {
        if let Some(front) = self.lines().front(line) {
            front.tries += u32::from(posting);
            front.posting = posting;
        }
    }

    fn count(&self, line: &Line, outcome: &'static str) {
        let labels = OutcomeLabels { number: line.0.clone(), outcome };
        self.metrics.deliveries.get_or_create(&labels).inc();
    }

    fn permits(&self, number: &str) -> Arc<Semaphore> {
        let mut permits = self.permits.lock().unwrap_or_else(PoisonError::into_inner);
        permits.entry(number.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE))).clone()
    }
}

fn jitter() -> u8 {
    let mut byte = [0_u8; 1];
    let _ = getrandom::fill(&mut byte);
    byte[0]
}
