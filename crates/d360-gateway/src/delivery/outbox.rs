//! Webhooks for old programs. They are on disk before Cloud gets its answer, delivered in order for each user, and
//! retried until they are accepted or put aside.
use super::{
    lines::{Front, Item, Line},
    targets::Targets,
    worker::{Patience, Worker},
};
use crate::{
    metrics::{Metrics, NumberLabel},
    state::{
        error::StoreError,
        store::{Store, now},
    },
};
use d360::transport::ReqwestTransport;
use rusqlite::Connection;
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex},
};
use tokio::{runtime::Handle, sync::watch};
use tokio_util::task::TaskTracker;

/// How long received webhooks are remembered to detect duplicates. Cloud retries for 7 days.
pub(crate) const SEEN_SECONDS: i64 = 8 * 24 * 60 * 60;

/// How long a webhook that was put aside is kept.
const ASIDE_SECONDS: i64 = 90 * 24 * 60 * 60;

/// A webhook to deliver.
#[derive(Clone)]
pub(crate) struct Parcel {
    pub(crate) number: String,
    /// The user whose order is preserved: the sender, or the recipient of a status.
    pub(crate) user: String,
    /// The key that detects duplicates. `None` if it has no id.
    pub(crate) seen: Option<String>,
    pub(crate) body: String,
}

pub(crate) struct Outbox {
    store: Arc<Store>,
    metrics: Arc<Metrics>,
    worker: Arc<Worker>,
    workers: TaskTracker,
    /// Workers are also spawned from the store's thread, which has no runtime.
    runtime: Handle,
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox").field("lines", &self.worker.lines().len()).finish_non_exhaustive()
    }
}

impl Outbox {
    /// Opens the outbox and resumes the deliveries that an earlier process left.
    pub(crate) async fn open(
        store: Arc<Store>,
        transport: ReqwestTransport,
        metrics: Arc<Metrics>,
        targets: Arc<Targets>,
        patience: Patience,
        stopping: watch::Receiver<bool>,
    ) -> Result<Arc<Self>, StoreError> {
        let left = store
            .run(|db| {
                let mut statement =
                    db.prepare("SELECT id, number, user, coalesce(since, at) FROM outbox ORDER BY id")?;
                let rows = statement.query_map([], |row| {
                    Ok(((row.get(1)?, row.get(2)?), Item { id: row.get(0)?, since: row.get(3)?, body: None }))
                })?;
                rows.collect::<rusqlite::Result<Vec<(Line, Item)>>>()
            })
            .await?;
        let worker = Worker {
            store: store.clone(),
            transport,
            metrics: metrics.clone(),
            patience,
            targets,
            lines: Mutex::default(),
            permits: Mutex::default(),
            stopping,
        };
        let outbox = Arc::new(Self {
            store,
            metrics,
            worker: Arc::new(worker),
            workers: TaskTracker::new(),
            runtime: Handle::current(),
        });
        for (line, item) in left {
            outbox.push(line, item);
        }
        Ok(outbox)
    }

    /// Writes parcels to disk, skips duplicates, and starts delivery. Returns how many were new.
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
        // Runs on the store's thread, so items are queued in the order in which they were written.
        let then = move |new: &Vec<(i64, Parcel)>| {
            for (id, parcel) in new {
                let item = Item { id: *id, since: at, body: Some(parcel.body.as_str().into()) };
                this.push((parcel.number.clone(), parcel.user.clone()), item);
            }
        };
        self.store.run_and(write, then).await.map(|new| new.len())
    }

    pub(crate) fn push(&self, line: Line, item: Item) {
        self.metrics.waiting.get_or_create(&NumberLabel { number: line.0.clone() }).inc();
        if self.worker.lines().push(line.clone(), item) {
            let worker = self.worker.clone();
            self.workers.spawn_on(async move { worker.work(line).await }, &self.runtime);
        }
    }

    /// Removes an item that was deleted from disk. If it is being posted, it may still arrive.
    pub(crate) fn forget(&self, line: &Line, id: i64) {
        if self.worker.lines().drop_item(line, id) {
            self.metrics.waiting.get_or_create(&NumberLabel { number: line.0.clone() }).dec();
        }
    }

    /// Retries a queue immediately.
    pub(crate) fn wake(&self, line: &Line) {
        self.worker.lines().wake(line);
    }

    /// Returns the queued items of a number with their delivery states.
    pub(crate) fn waiting(&self, number: &str) -> HashMap<i64, Front> {
        self.worker.lines().of(number)
    }

    /// Waits for posts in flight after the stop signal. The next process delivers the rest.
    pub(crate) async fn ended(&self) {
        self.workers.close();
        self.workers.wait().await;
    }

    /// Deletes expired duplicate keys and webhooks that were put aside too long ago.
    pub(crate) fn prune(&self) {
        let (seen, aside) = (now() - SEEN_SECONDS, now() - ASIDE_SECONDS);
        self.store.later(move |db| {
            db.execute("DELETE FROM seen WHERE at < ?1", [seen])?;
            db.execute("DELETE FROM put_aside WHERE coalesce(aside_at, at) < ?1", [aside]).map(drop)
        });
    }
}
