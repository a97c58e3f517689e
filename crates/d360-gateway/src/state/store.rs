//! The state store: one SQLite file, written by one thread, with many changes per commit.
//!
//! A change is acknowledged after it is on disk. With `PRAGMA synchronous = FULL` a commit survives a power loss. If
//! a change that nobody waits for cannot be written (disk full), it is kept and retried until it can.
use super::{
    error::StoreError,
    file::{self, StateFile},
};
use prometheus_client::metrics::{counter::Counter, gauge::Gauge};
use rusqlite::Connection;
use std::{
    path::Path,
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread::JoinHandle,
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

/// The maximum number of changes per commit.
const BATCH: usize = 512;
/// The first and the longest wait before a failed change is retried.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// How long the shutdown waits for a disk that cannot be written.
const LAST_TRIES: Duration = Duration::from_secs(10);

/// A change of the state. It gets `None` if no transaction is open. Returns whether it succeeded, and what to call
/// with the result of the commit.
type Job = Box<dyn FnOnce(Option<&Connection>) -> (bool, After) + Send>;
type After = Box<dyn FnOnce(bool) + Send>;

type Change = Box<dyn Fn(&Connection) -> rusqlite::Result<()> + Send>;

/// A change that is retried until it is written. It has to be idempotent.
struct Later {
    change: Change,
    written: Box<dyn FnOnce() + Send>,
}

enum Task {
    Change(Job),
    Later(Later),
    /// Needs no commit, and therefore no disk space.
    Read(Box<dyn FnOnce(&Connection) + Send>),
}

/// Metrics of commits.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) failed_commits: Counter,
    pub(crate) unwritten: Gauge,
}

/// A handle to the writer thread, which writes everything and ends when the last handle is dropped.
#[derive(Debug)]
pub(crate) struct Store {
    tasks: Option<Sender<Task>>,
    thread: Option<JoinHandle<()>>,
}

impl Store {
    pub(crate) fn open(path: &Path, counts: Counts) -> Result<Self, StoreError> {
        let StateFile { connection, lock } = file::open(path)?;
        let (tasks, to_do) = channel();
        let thread = std::thread::Builder::new().name("d360-state".to_owned()).spawn(move || {
            Writer { connection, unwritten: Vec::new(), counts }.work(&to_do);
            drop(lock);
        })?;
        Ok(Self { tasks: Some(tasks), thread: Some(thread) })
    }

    /// Returns whether the writer thread is running.
    pub(crate) fn is_alive(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// Runs `work`, and returns after its changes are on disk.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.run_and(work, |_| {}).await
    }

    /// Like [`run`](Self::run), but calls `then` before it returns, in the order of the changes.
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
                // The caller may be gone.
                let _ = answer.send(done);
            });
            (fine, after)
        })));
        answered.await.unwrap_or(Err(StoreError::Stopped))
    }

    /// Queues `change`, and retries it until it is written. Later changes see its effect.
    pub(crate) fn later(&self, change: impl Fn(&Connection) -> rusqlite::Result<()> + Send + 'static) {
        self.later_and(change, || {});
    }

    /// Like [`later`](Self::later), and calls `written` after the change is on disk.
    pub(crate) fn later_and(
        &self,
        change: impl Fn(&Connection) -> rusqlite::Result<()> + Send + 'static,
        written: impl FnOnce() + Send + 'static,
    ) {
        self.send(Task::Later(Later { change: Box::new(change), written: Box::new(written) }));
    }

    /// Reads from the state. Changes queued just before may not be visible yet.
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
            // If the thread is gone, the caller notices the missing answer.
            let _ = tasks.send(task);
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.tasks = None;
        // The thread itself may drop the last handle, and must not join itself.
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != std::thread::current().id()
        {
            let _ = thread.join();
        }
    }
}

struct Writer {
    connection: Connection,
    /// Changes to retry, in the order in which they were queued.
    unwritten: Vec<Later>,
    counts: Counts,
}

impl Writer {
    fn work(mut self, tasks: &Receiver<Task>) {
        let mut wait = FIRST_WAIT;
        loop {
            let first = if self.unwritten.is_empty() {
                tasks.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                tasks.recv_timeout(wait)
            };
            if matches!(first, Err(RecvTimeoutError::Disconnected)) {
                break;
            }
            let mut jobs = Vec::new();
            let before = self.unwritten.len();
            for task in first.into_iter().chain(tasks.try_iter().take(BATCH - 1)) {
                match task {
                    Task::Change(job) => jobs.push(job),
                    Task::Later(later) => self.unwritten.push(later),
                    Task::Read(read) => read(&self.connection),
                }
            }
            // A read alone does not trigger an early retry.
            if !jobs.is_empty() || self.unwritten.len() > before || before > 0 {
                self.commit(jobs);
            }
            wait = if self.unwritten.is_empty() { FIRST_WAIT } else { (wait * 2).min(LONGEST_WAIT) };
        }
        let until = Instant::now() + LAST_TRIES;
        while !self.unwritten.is_empty() && Instant::now() < until {
            self.commit(Vec::new());
            if !self.unwritten.is_empty() {
                std::thread::sleep(FIRST_WAIT);
            }
        }
        if !self.unwritten.is_empty() {
            let changes = self.unwritten.len();
            tracing::error!(
                changes,
                "the state file cannot be written; webhooks that were delivered may be delivered again after the next start"
            );
        }
    }

    /// Commits all changes together, or none. Retried changes come first.
    fn commit(&mut self, jobs: Vec<Job>) {
        let connection = &self.connection;
        let mut error = None;
        let mut open = note(&mut error, connection.execute_batch("BEGIN IMMEDIATE"));
        let mut fine = vec![false; self.unwritten.len()];
        for (later, fine) in self.unwritten.iter().zip(&mut fine) {
            if open {
                open = note(&mut error, connection.execute_batch("SAVEPOINT job"));
                *fine = open && note(&mut error, (later.change)(connection));
                open = open && release(connection, *fine, &mut error);
            }
        }
        let mut after = Vec::new();
        for job in jobs {
            if !open {
                // Without a transaction the job would be written on its own, but reported as not written.
                after.push(job(None).1);
                continue;
            }
            // A failed job only rolls back its own changes.
            open = note(&mut error, connection.execute_batch("SAVEPOINT job"));
            let (fine, then) = job(open.then_some(connection));
            after.push(then);
            open = open && release(connection, fine, &mut error);
        }
        let committed = open && note(&mut error, connection.execute_batch("COMMIT"));
        if !committed {
            self.counts.failed_commits.inc();
            let error = error.map(|error| error.to_string()).unwrap_or_default();
            tracing::error!(error, "the state file could not be written");
            if !connection.is_autocommit() {
                let _ = connection.execute_batch("ROLLBACK");
            }
        }
        let mut made = fine.into_iter().map(|fine| fine && committed);
        let (written, left): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.unwritten).into_iter().partition(|_| made.next() == Some(true));
        self.unwritten = left;
        self.counts.unwritten.set(i64::try_from(self.unwritten.len()).unwrap_or(i64::MAX));
        written.into_iter().for_each(|later| (later.written)());
        after.into_iter().for_each(|then| then(committed));
    }
}

/// Returns whether it succeeded, and keeps the first error.
fn note(first: &mut Option<rusqlite::Error>, done: rusqlite::Result<()>) -> bool {
    let fine = done.is_ok();
    if let Err(error) = done {
        first.get_or_insert(error);
    }
    fine
}

/// Ends a savepoint. Returns whether the transaction is still open: if the disk is full, SQLite rolls all of it back.
fn release(connection: &Connection, fine: bool, error: &mut Option<rusqlite::Error>) -> bool {
    let end = if fine { "RELEASE job" } else { "ROLLBACK TO job; RELEASE job" };
    note(error, connection.execute_batch(end)) && !connection.is_autocommit()
}

/// Returns the seconds since the Unix epoch.
pub(crate) fn now() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}
