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
CREATE TABLE IF NOT EXISTS tokens (hash BLOB PRIMARY KEY, number TEXT NOT NULL, login BLOB NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;
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
    #[error("the file of state: {0}")]
    File(#[from] std::io::Error),
    #[error("the file of state is used by another process")]
    InUse,
    #[error("the file of state is of a newer version of the gateway")]
    Newer,
    #[error("the file of state could not be written")]
    NotCommitted,
    #[error("the gateway is stopping")]
    Stopped,
}

/// What to do to the state; `None` where nothing can be done to it. Whether that went well, and what to do once it is committed or not.
type Job = Box<dyn FnOnce(Option<&Connection>) -> (bool, After) + Send>;
type After = Box<dyn FnOnce(bool) + Send>;

enum Task {
    Change(Job),
    /// Needs no commit, and so no room on the disk.
    Read(Box<dyn FnOnce(&Connection) + Send>),
}

/// A handle on the thread that writes. It ends, everything written, when the last handle is dropped.
#[derive(Debug)]
pub(crate) struct Store {
    tasks: Option<Sender<Task>>,
    thread: Option<JoinHandle<()>>,
}

impl Store {
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        keep_to_owner(path)?;
        let connection = Connection::open(path)?;
        let in_use = |error: rusqlite::Error| match error {
            rusqlite::Error::SqliteFailure(inner, _) if inner.code == rusqlite::ErrorCode::DatabaseBusy => {
                StoreError::InUse
            }
            other => other.into(),
        };
        let opened = connection.execute_batch(
            "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 0;",
        );
        let version = opened
            .and_then(|()| connection.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0)))
            .map_err(in_use)?;
        if version > 1 {
            return Err(StoreError::Newer);
        }
        connection.execute_batch(SCHEMA).map_err(in_use)?;
        let (tasks, to_do) = channel();
        let thread = std::thread::Builder::new()
            .name("d360-state".to_owned())
            .spawn(move || work(&connection, &to_do));
        Ok(Self { tasks: Some(tasks), thread: thread.ok() })
    }

    /// Whether the thread that writes is there.
    pub(crate) fn is_alive(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
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
        self.send(Task::Change(Box::new(move |connection| {
            let done = connection.map(work);
            let fine = matches!(done, Some(Ok(_)));
            let after: After = Box::new(move |committed| {
                let done = match done {
                    Some(Ok(value)) if committed => Ok(value),
                    Some(Err(error)) => Err(error.into()),
                    _ => Err(StoreError::NotCommitted),
                };
                if let Ok(value) = &done {
                    then(value);
                }
                // Whoever asked may be gone.
                let _ = answer.send(done);
            });
            (fine, after)
        })));
        answered.await.unwrap_or(Err(StoreError::Stopped))
    }

    /// Does `work` in its turn; nobody waits for it.
    pub(crate) fn later(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<()> + Send + 'static) {
        self.send(Task::Change(Box::new(move |connection| {
            let fine = connection.is_some_and(|connection| work(connection).is_ok());
            let after: After = Box::new(move |committed| {
                if !committed || !fine {
                    tracing::error!("a change of the state could not be written");
                }
            });
            (fine, after)
        })));
    }

    /// Reads what is on disk. Changes that were asked for just before may come after.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.send(Task::Read(Box::new(move |connection| {
            let _ = answer.send(read(connection).map_err(StoreError::from));
        })));
        answered.await.unwrap_or(Err(StoreError::Stopped))
    }

    fn send(&self, task: Task) {
        if let Some(tasks) = &self.tasks {
            // A thread that is gone is told by the answer that never comes.
            let _ = tasks.send(task);
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.tasks = None;
        // The last handle may be let go by the thread itself, which then ends by itself.
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != std::thread::current().id()
        {
            let _ = thread.join();
        }
    }
}

/// What users write stands in it: nobody but its owner may read it. SQLite gives its other files the same rights.
fn keep_to_owner(path: &Path) -> Result<(), StoreError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
        let file = std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

fn work(connection: &Connection, tasks: &Receiver<Task>) {
    while let Ok(first) = tasks.recv() {
        let mut jobs = Vec::new();
        for task in std::iter::once(first).chain(tasks.try_iter().take(BATCH - 1)) {
            match task {
                Task::Change(job) => jobs.push(job),
                Task::Read(read) => read(connection),
            }
        }
        if !jobs.is_empty() {
            commit(connection, jobs);
        }
    }
}

/// All of them in one commit, or none.
fn commit(connection: &Connection, jobs: Vec<Job>) {
    let mut open = connection.execute_batch("BEGIN IMMEDIATE").is_ok();
    let mut after = Vec::new();
    for job in jobs {
        if !open {
            // Run now, it would be written on its own, and told as not written.
            after.push(job(None).1);
            continue;
        }
        // One that fails takes back its own changes alone.
        open = connection.execute_batch("SAVEPOINT job").is_ok();
        let (fine, then) = job(open.then_some(connection));
        after.push(then);
        let end = if fine { "RELEASE job" } else { "ROLLBACK TO job; RELEASE job" };
        // A full disk takes back the whole transaction by itself.
        open = open && connection.execute_batch(end).is_ok() && !connection.is_autocommit();
    }
    let committed = open && connection.execute_batch("COMMIT").is_ok();
    if !committed {
        tracing::error!("the state could not be written");
        if !connection.is_autocommit() {
            let _ = connection.execute_batch("ROLLBACK");
        }
    }
    after.into_iter().for_each(|then| then(committed));
}

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}
