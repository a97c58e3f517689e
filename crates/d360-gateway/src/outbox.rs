//! Webhooks for old programs: on disk before they are answered, in order for each user, tried until they are taken.
use crate::{
    metrics::{Metrics, NumberLabel, OutcomeLabels},
    place::Place,
    store::{Store, StoreError, now},
};
use d360::transport::{AsyncTransport as _, HttpRequest, Payload, ReqwestTransport};
use http::{HeaderName, HeaderValue, Method, Uri, header};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    runtime::Handle,
    sync::{Notify, Semaphore, watch},
};
use tokio_util::task::TaskTracker;

/// Posts at once for each number, as many as On-Premise allowed at most: a program that hangs holds up its own alone.
const AT_ONCE: usize = 24;
/// How long an old program may take over one.
const POST_TIME: Duration = Duration::from_secs(10);
/// How long what cannot be read back waits.
const UNREADABLE_WAIT: Duration = Duration::from_secs(2);
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// Bodies that are kept in memory; those of more are read from disk when their turn comes.
const IN_MEMORY: usize = 10_000;
/// How long it is remembered what came: Cloud repeats for 7 days.
pub(crate) const SEEN_SECONDS: i64 = 8 * 24 * 60 * 60;

/// How long what was put aside is kept, from when it came.
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

struct Item {
    id: i64,
    at: i64,
    body: Option<Arc<str>>,
}

type Line = (String, String);

#[derive(Default)]
struct State {
    lines: HashMap<Line, VecDeque<Item>>,
    targets: HashMap<String, Target>,
    in_memory: usize,
}

pub(crate) struct Outbox {
    store: Arc<Store>,
    transport: ReqwestTransport,
    metrics: Arc<Metrics>,
    give_up_after: Duration,
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
        give_up_after: Duration,
        stopping: watch::Receiver<bool>,
    ) -> Result<Arc<Self>, StoreError> {
        let (left, set) = store
            .run(|db| {
                let mut statement = db.prepare("SELECT id, number, user, at FROM outbox ORDER BY id")?;
                let rows = statement.query_map([], |row| {
                    Ok(((row.get(1)?, row.get(2)?), Item { id: row.get(0)?, at: row.get(3)?, body: None }))
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
            give_up_after,
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
                let item = Item { id: *id, at, body: Some(parcel.body.as_str().into()) };
                this.push((parcel.number.clone(), parcel.user.clone()), item);
            }
        };
        self.store.run_and(write, then).await.map(|new| new.len())
    }

    fn push(self: &Arc<Self>, line: Line, item: Item) {
        self.metrics.waiting.get_or_create(&NumberLabel { number: line.0.clone() }).inc();
        let mut state = self.state();
        let mut item = item;
        if item.body.is_some() {
            if state.in_memory < IN_MEMORY {
                state.in_memory += 1;
            } else {
                item.body = None;
            }
        }
        let queue = state.lines.entry(line.clone()).or_default();
        queue.push_back(item);
        if queue.len() == 1 {
            let this = self.clone();
            self.workers.spawn_on(async move { this.work(line).await }, &self.runtime);
        }
    }

    /// Delivers a line from its front, until it is empty.
    async fn work(self: Arc<Self>, line: Line) {
        loop {
            let front = {
                let state = self.state();
                state
                    .lines
                    .get(&line)
                    .and_then(VecDeque::front)
                    .map(|item| (item.id, item.at, item.body.clone()))
            };
            let Some((id, at, body)) = front else { return };
            let body = match body {
                Some(body) => Ok(Some(body)),
                None => self.load(id).await,
            };
            if *self.stopping.borrow() {
                return;
            }
            let delivered = match body {
                Err(error) => {
                    // It is there, and cannot be read now: it keeps its place.
                    tracing::error!(%error, "a webhook cannot be read back; it is tried again");
                    let mut stopping = self.stopping.clone();
                    tokio::select! {
                        () = tokio::time::sleep(UNREADABLE_WAIT) => continue,
                        _ = stopping.wait_for(|stopping| *stopping) => return,
                    }
                }
                // Somebody has deleted it from the file of state.
                Ok(None) => true,
                Ok(Some(body)) => match self.deliver(&line, at, &body).await {
                    Some(delivered) => delivered,
                    None => return,
                },
            };
            self.store.later(move |db| {
                if !delivered {
                    db.execute("INSERT OR REPLACE INTO put_aside SELECT * FROM outbox WHERE id = ?1", [id])?;
                }
                db.prepare_cached("DELETE FROM outbox WHERE id = ?1")?.execute([id]).map(drop)
            });
            self.metrics.waiting.get_or_create(&NumberLabel { number: line.0.clone() }).dec();
            let mut state = self.state();
            let Some(queue) = state.lines.get_mut(&line) else { return };
            let was_in_memory = queue.pop_front().is_some_and(|item| item.body.is_some());
            let is_empty = queue.is_empty();
            if is_empty {
                state.lines.remove(&line);
            }
            state.in_memory -= usize::from(was_in_memory);
            if is_empty {
                return;
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

    /// Whether it was taken; `false` where it was tried for too long, `None` where the gateway stops.
    async fn deliver(&self, line: &Line, at: i64, body: &Arc<str>) -> Option<bool> {
        let mut stopping = self.stopping.clone();
        let count = |outcome: &'static str| {
            let labels = OutcomeLabels { number: line.0.clone(), outcome };
            self.metrics.deliveries.get_or_create(&labels).inc();
        };
        let mut wait = FIRST_WAIT;
        loop {
            let changed = self.changed.notified();
            let permit = tokio::select! {
                permit = self.permits(&line.0).acquire_owned() => permit.ok()?,
                _ = stopping.wait_for(|stopping| *stopping) => return None,
            };
            // Read when its turn has come: meanwhile another may have been set.
            if let Some(target) = self.target(&line.0) {
                let posted = self.post(&target, body).await;
                drop(permit);
                match posted {
                    Ok(status) if status.is_success() => {
                        count("taken");
                        return Some(true);
                    }
                    Ok(status) => {
                        count("refused");
                        tracing::warn!(
                            number = line.0,
                            status = status.as_u16(),
                            "an old program refused a webhook; it is tried again"
                        );
                    }
                    Err(why) => {
                        count("unreachable");
                        tracing::warn!(
                            number = line.0,
                            why,
                            "an old program cannot be reached; the webhook is tried again"
                        );
                    }
                }
            } else {
                drop(permit);
                wait = LONGEST_WAIT;
            }
            let age = u64::try_from(now().saturating_sub(at)).unwrap_or_default();
            if age > self.give_up_after.as_secs() {
                count("put_aside");
                tracing::error!(
                    number = line.0,
                    "a webhook was tried for too long, and is put aside (table put_aside)"
                );
                return Some(false);
            }
            let wait_now = wait.mul_f64(0.5 + f64::from(jitter()) / 512.0);
            tokio::select! {
                () = tokio::time::sleep(wait_now) => {}
                () = changed => {}
                _ = stopping.wait_for(|stopping| *stopping) => return None,
            }
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    fn permits(&self, number: &str) -> Arc<Semaphore> {
        let mut permits = self.permits.lock().unwrap_or_else(PoisonError::into_inner);
        permits.entry(number.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE))).clone()
    }

    async fn post(&self, target: &Target, body: &Arc<str>) -> Result<http::StatusCode, String> {
        let uri: Uri = target.url.parse().map_err(|_| "its URL is malformed".to_owned())?;
        let mut request = HttpRequest::new(Method::POST, uri);
        for (name, value) in &target.headers {
            if let (Ok(name), Ok(mut value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                value.set_sensitive(true);
                request.headers.insert(name, value);
            }
        }
        request.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        request.payload = Payload::Bytes(bytes::Bytes::copy_from_slice(body.as_bytes()));
        request.time_limit = POST_TIME;
        let answer = self.transport.send(request).await;
        answer.map(|answer| answer.status()).map_err(|error| d360::model::mask(&error.to_string()))
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
            db.execute("DELETE FROM put_aside WHERE at < ?1", [aside]).map(drop)
        });
    }
}

fn jitter() -> u8 {
    let mut byte = [0_u8; 1];
    let _ = getrandom::fill(&mut byte);
    byte[0]
}
