//! Webhooks for old programs: on disk before they are answered, in order for each user, tried until they are taken or put aside.
use crate::{
    lines::{Item, Line, Lines, Next},
    metrics::{Metrics, NumberLabel, OutcomeLabels, ReasonLabels},
    place::Place,
    post::{self, Named, Posted},
    store::{Store, StoreError, now},
};
use d360::transport::ReqwestTransport;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::{
    runtime::Handle,
    sync::{Notify, Semaphore, watch},
};
use tokio_util::task::TaskTracker;

/// Posts at once for each number, as many as On-Premise allowed at most: a program that hangs holds up its own alone.
const AT_ONCE: usize = 24;
/// How long what cannot be read back waits.
const UNREADABLE_WAIT: Duration = Duration::from_secs(2);
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// Longest wait after a refusal: it is known within seconds whether it stays one.
const REFUSED_WAIT: Duration = Duration::from_secs(2);
/// Refusals after which a webhook is put aside.
const REFUSALS: u32 = 4;
/// How long it is remembered what came: Cloud repeats for 7 days.
pub(crate) const SEEN_SECONDS: i64 = 8 * 24 * 60 * 60;

/// How long what was put aside is kept, from when it was.
const ASIDE_SECONDS: i64 = 90 * 24 * 60 * 60;

/// Where an old program takes webhooks.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Target {
    pub(crate) url: String,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Target(••••)")
    }
}

/// Something to deliver.
#[derive(Clone)]
pub(crate) struct Parcel {
    pub(crate) number: String,
    /// Whose order counts: the sender, or the recipient of a status.
    pub(crate) user: String,
    /// What it is known by; `None` where it has no id.
    pub(crate) seen: Option<String>,
    pub(crate) body: String,
}

#[derive(Default)]
struct State {
    lines: Lines,
    targets: HashMap<String, Target>,
}

/// How long what is tried before it is put aside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// Where the program answers that it fails, or not in time.
    pub(crate) hold_for: Duration,
    /// In any case, from when it came.
    pub(crate) give_up_after: Duration,
}

/// What became of a webhook.
enum End {
    Taken,
    /// Somebody does not want it any more.
    Dropped,
    /// The reason for people, and its word for metrics.
    Aside(String, &'static str),
}

pub(crate) struct Outbox {
    store: Arc<Store>,
    transport: ReqwestTransport,
    metrics: Arc<Metrics>,
    patience: Patience,
    configured: HashMap<String, Target>,
    state: Mutex<State>,
    permits: Mutex<HashMap<String, Arc<Semaphore>>>,
    /// Wakes who waits for a target.
    changed: Notify,
    stopping: watch::Receiver<bool>,
    workers: TaskTracker,
    /// Lines begin on the thread of the store, too.
    runtime: Handle,
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox").field("lines", &self.state().lines.len()).finish_non_exhaustive()
    }
}

impl Outbox {
    /// Takes up what an earlier process left.
    pub(crate) async fn open(
        store: Arc<Store>,
        transport: ReqwestTransport,
        metrics: Arc<Metrics>,
        configured: HashMap<String, Target>,
        allowed: &[String],
        patience: Patience,
        stopping: watch::Receiver<bool>,
    ) -> Result<Arc<Self>, StoreError> {
        let (left, set) = store
            .run(|db| {
                let mut statement =
                    db.prepare("SELECT id, number, user, coalesce(since, at) FROM outbox ORDER BY id")?;
                let rows = statement.query_map([], |row| {
                    Ok(((row.get(1)?, row.get(2)?), Item { id: row.get(0)?, since: row.get(3)?, body: None }))
                })?;
                let left = rows.collect::<rusqlite::Result<Vec<(Line, Item)>>>()?;
                let mut statement = db.prepare("SELECT number, json FROM settings")?;
                let rows = statement
                    .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
                Ok((left, rows.collect::<rusqlite::Result<Vec<_>>>()?))
            })
            .await?;
        let mut targets = configured.clone();
        for (number, json) in set {
            match serde_json::from_str::<Target>(&json) {
                Ok(target)
                    if target.url.is_empty()
                        || Place::of(&target.url).is_some_and(|place| place.is_among(allowed)) =>
                {
                    tracing::info!(
                        number,
                        "webhooks go where the old program has set them, and not where the configuration says"
                    );
                    targets.insert(number, target);
                }
                _ => tracing::warn!(
                    number,
                    "webhooks go where the configuration says: what the old program had set is not allowed any more"
                ),
            }
        }
        let outbox = Arc::new(Self {
            store,
            transport,
            metrics,
            patience,
            configured,
            state: Mutex::new(State { targets, ..State::default() }),
            permits: Mutex::default(),
            changed: Notify::new(),
            stopping,
            workers: TaskTracker::new(),
            runtime: Handle::current(),
        });
        for (line, item) in left {
            outbox.push(line, item);
        }
        Ok(outbox)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn target(&self, number: &str) -> Option<Target> {
        // An empty URL is a webhook that the program has removed.
        self.state().targets.get(number).filter(|target| !target.url.is_empty()).cloned()
    }

    pub(crate) async fn set(&self, number: &str, target: Target) -> Result<(), StoreError> {
        let (name, json) = (number.to_owned(), serde_json::to_string(&target).unwrap_or_default());
        let write = move |db: &Connection| {
            db.execute("INSERT OR REPLACE INTO settings (number, json) VALUES (?1, ?2)", (name, json))
                .map(drop)
        };
        self.store.run(write).await?;
        self.state().targets.insert(number.to_owned(), target);
        self.changed.notify_waiters();
        Ok(())
    }

    pub(crate) async fn reset(&self, number: &str) -> Result<(), StoreError> {
        let name = number.to_owned();
        self.store
            .run(move |db| db.execute("DELETE FROM settings WHERE number = ?1", [name]).map(drop))
            .await?;
        let mut state = self.state();
        match self.configured.get(number) {
            Some(target) => state.targets.insert(number.to_owned(), target.clone()),
            None => state.targets.remove(number),
        };
        drop(state);
        self.changed.notify_waiters();
        Ok(())
    }

    /// Writes parcels to disk, but for those that came before, and then begins to deliver them. Tells how many were new.
    pub(crate) async fn accept(self: &Arc<Self>, parcels: Vec<Parcel>) -> Result<usize, StoreError> {
        let (this, at) = (self.clone(), now());
        let write = move |db: &Connection| {
            let mut new = Vec::new();
            for parcel in parcels {
                if let Some(seen) = &parcel.seen {
                    let mut known = db
                        .prepare_cached("INSERT OR IGNORE INTO seen (number, key, at) VALUES (?1, ?2, ?3)")?;
                    if known.execute((&parcel.number, seen, at))? == 0 {
                        continue;
                    }
                }
                let mut insert =
                    db.prepare_cached("INSERT INTO outbox (number, user, body, at) VALUES (?1, ?2, ?3, ?4)")?;
                insert.execute((&parcel.number, &parcel.user, &parcel.body, at))?;
                new.push((db.last_insert_rowid(), parcel));
            }
            Ok(new)
        };
        // In the order in which they were written, whoever waits for the answer.
        let then = move |new: &Vec<(i64, Parcel)>| {
            for (id, parcel) in new {
                let item = Item { id: *id, since: at, body: Some(parcel.body.as_str().into()) };
                this.push((parcel.number.clone(), parcel.user.clone()), item);
            }
        };
        self.store.run_and(write, then).await.map(|new| new.len())
    }

    pub(crate) fn push(self: &Arc<Self>, line: Line, item: Item) {
        self.metrics.waiting.get_or_create(&NumberLabel { number: line.0.clone() }).inc();
        if self.state().lines.push(line.clone(), item) {
            let this = self.clone();
            self.workers.spawn_on(async move { this.work(line).await }, &self.runtime);
        }
    }

    /// Takes out what is on disk no more. What is being posted at this moment may still arrive.
    pub(crate) fn forget(&self, line: &Line, id: i64) {
        if self.state().lines.drop_item(line, id) {
            self.metrics.waiting.get_or_create(&NumberLabel { number: line.0.clone() }).dec();
        }
    }

    /// Tries a line at once.
    pub(crate) fn wake(&self, line: &Line) {
        self.state().lines.wake(line);
    }

    /// What waits for a number, and how it fares.
    pub(crate) fn waiting(&self, number: &str) -> HashMap<i64, crate::lines::Front> {
        self.state().lines.of(number)
    }

    /// Delivers a line from its front, until it is empty.
    async fn work(self: Arc<Self>, line: Line) {
        loop {
            let Some(next) = self.state().lines.next(&line) else { return };
            let body = match &next.body {
                Some(body) => Ok(Some(body.clone())),
                None => self.load(next.id).await,
            };
            if *self.stopping.borrow() {
                return;
            }
            let end = match body {
                Err(error) => {
                    // It is there, and cannot be read now: it keeps its place.
                    tracing::error!(%error, "a webhook cannot be read back; it is tried again");
                    let mut stopping = self.stopping.clone();
                    tokio::select! {
                        () = tokio::time::sleep(UNREADABLE_WAIT) => continue,
                        _ = stopping.wait_for(|stopping| *stopping) => return,
                    }
                }
                // Somebody has deleted it from the state file.
                Ok(None) => End::Dropped,
                Ok(Some(body)) => match self.deliver(&line, &next, &body).await {
                    Some(end) => end,
                    None => return,
                },
            };
            self.write_end(&line, next.id, end);
            self.metrics.waiting.get_or_create(&NumberLabel { number: line.0.clone() }).dec();
            let mut state = self.state();
            state.lines.pop(&line);
            // The lock is kept in between: a new item of a line that is gone gets a worker of its own.
            if state.lines.next(&line).is_none() {
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
                let tries = self.state().lines.front(line).map_or(0, |front| front.tries);
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

    /// `None` where the gateway stops.
    async fn deliver(&self, line: &Line, next: &Next, body: &Arc<str>) -> Option<End> {
        let mut stopping = self.stopping.clone();
        let (mut refusals, mut failing) = (0, None::<Instant>);
        let mut wait = FIRST_WAIT;
        loop {
            let changed = self.changed.notified();
            let permit = tokio::select! {
                permit = self.permits(&line.0).acquire_owned() => permit.ok()?,
                _ = stopping.wait_for(|stopping| *stopping) => return None,
            };
            if self.is_dropped(line) {
                return Some(End::Dropped);
            }
            // Read when its turn has come: meanwhile another may have been set.
            let target = self.target(&line.0);
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
                    Posted::Unreachable("there is no URL to deliver it to (webhook_to)".to_owned())
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
                    // The last try is made when the time is over, and not before.
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
                tracing::warn!(number, user, id, kind, why, "a webhook was not taken; it is tried again");
            }
            if let Some(front) = self.state().lines.front(line) {
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
        self.state().lines.front(line).is_some_and(|front| front.dropped)
    }

    fn posting(&self, line: &Line, posting: bool) {
        if let Some(front) = self.state().lines.front(line) {
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

    /// Waits for the posts that are under way, once it was told to stop. What is left is for the next process.
    pub(crate) async fn ended(&self) {
        self.workers.close();
        self.workers.wait().await;
    }

    /// Forgets what came so long ago that it does not come again.
    pub(crate) fn prune(&self) {
        let (seen, aside) = (now() - SEEN_SECONDS, now() - ASIDE_SECONDS);
        self.store.later(move |db| {
            db.execute("DELETE FROM seen WHERE at < ?1", [seen])?;
            db.execute("DELETE FROM put_aside WHERE coalesce(aside_at, at) < ?1", [aside]).map(drop)
        });
    }
}

fn jitter() -> u8 {
    let mut byte = [0_u8; 1];
    let _ = getrandom::fill(&mut byte);
    byte[0]
}
