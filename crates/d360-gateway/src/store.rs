//! The one file of state: SQLite, written by one thread, many changes to a commit.
//!
//! Whoever asks for a change hears of it once it is on disk. `PRAGMA synchronous = FULL`: a commit outlives a loss of power.
use rusqlite::Connection;
use std::{
    path::Path,
    sync::mpsc::{Receiver, Sender, channel},
    thread::JoinHandle,
};
use tokio::sync::oneshot;

/// Changes that share a commit, at most.
const BATCH: usize = 512;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS seen (number TEXT NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (number, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, number TEXT NOT NULL, user TEXT NOT NULL, body TEXT NOT NULL, at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS put_aside (id INTEGER PRIMARY KEY, number TEXT NOT NULL, user TEXT NOT NULL, body TEXT NOT NULL, at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS tokens (hash BLOB PRIMARY KEY, number TEXT NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS idempotency (number TEXT NOT NULL, key TEXT NOT NULL, request BLOB NOT NULL, process INTEGER NOT NULL,
    status INTEGER, body TEXT, at INTEGER NOT NULL, PRIMARY KEY (number, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS settings (number TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;
PRAGMA user_version = 1;
";

/// The state could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum StoreError {
    #[error("the file of state: {0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("the file of state is used by another process")]
    InUse,
    #[error("the file of state is of a newer version of the gateway")]
    Newer,
    #[error("the file of state could not be written")]
    NotCommitted,
    #[error("the gateway is stopping")]
    Stopped,
}

/// What to do to the state: whether that went well, and what to do once it is committed or not.
type Job = Box<dyn FnOnce(&Connection) -> (bool, After) + Send>;
type After = Box<dyn FnOnce(bool) + Send>;

/// A handle on the thread that writes. It ends, everything written, when the last handle is dropped.
#[derive(Debug)]
pub(crate) struct Store {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Store {
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = Connection::open(path)?;
        let opened = connection.execute_batch(
            "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 0;",
        );
        let locked =
            opened.and_then(|()| connection.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0)));
        let version = match locked {
            Ok(version) => version,
            Err(rusqlite::Error::SqliteFailure(error, _))
                if error.code == rusqlite::ErrorCode::DatabaseBusy =>
            {
                return Err(StoreError::InUse);
            }
            Err(error) => return Err(error.into()),
        };
        if version > 1 {
            return Err(StoreError::Newer);
        }
        connection.execute_batch(SCHEMA).map_err(|error| match error {
            rusqlite::Error::SqliteFailure(inner, _) if inner.code == rusqlite::ErrorCode::DatabaseBusy => {
                StoreError::InUse
            }
            other => other.into(),
        })?;
        let (jobs, to_do) = channel();
        let thread = std::thread::Builder::new()
            .name("d360-state".to_owned())
            .spawn(move || work(&connection, &to_do));
        Ok(Self { jobs: Some(jobs), thread: thread.ok() })
    }

    /// Does `work`, and answers once it is on disk.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.run_and(work, |_| {}).await
    }

    /// The same, and tells `then` first, in the order in which changes were made.
    pub(crate) async fn run_and<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        then: impl FnOnce(&T) + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.send(Box::new(move |connection| {
            let done = work(connection);
            let fine = done.is_ok();
            let after: After = Box::new(move |committed| {
                let done = match &done {
                    Ok(_) if !committed => Err(StoreError::NotCommitted),
                    _ => done.map_err(StoreError::from),
                };
                if let Ok(value) = &done {
                    then(value);
                }
                // Whoever asked may be gone.
                let _ = answer.send(done);
            });
            (fine, after)
        }));
        answered.await.unwrap_or(Err(StoreError::Stopped))
    }

    /// Does `work` in its turn; nobody waits for it.
    pub(crate) fn later(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<()> + Send + 'static) {
        self.send(Box::new(move |connection| {
            let fine = work(connection).is_ok();
            let after: After = Box::new(move |committed| {
                if !committed || !fine {
                    tracing::error!("a change of the state could not be written");
                }
            });
            (fine, after)
        }));
    }

    fn send(&self, job: Job) {
        if let Some(jobs) = &self.jobs {
            // A thread that is gone is told by the answer that never comes.
            let _ = jobs.send(job);
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.jobs = None;
        // The last handle may be let go by the thread itself, which then ends by itself.
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != std::thread::current().id()
        {
            let _ = thread.join();
        }
    }
}

fn work(connection: &Connection, jobs: &Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let begun = connection.execute_batch("BEGIN IMMEDIATE").is_ok();
        let mut after = Vec::new();
        for job in std::iter::once(first).chain(jobs.try_iter().take(BATCH - 1)) {
            // One that fails takes back its own changes alone.
            let savepoint = connection.execute_batch("SAVEPOINT job").is_ok();
            let (fine, then) = job(connection);
            after.push(then);
            if savepoint {
                let end = if fine { "RELEASE job" } else { "ROLLBACK TO job; RELEASE job" };
                let _ = connection.execute_batch(end);
            }
        }
        let committed = begun && connection.execute_batch("COMMIT").is_ok();
        if !committed {
            tracing::error!("the state could not be committed");
            let _ = connection.execute_batch("ROLLBACK");
        }
        after.into_iter().for_each(|then| then(committed));
    }
}

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}
