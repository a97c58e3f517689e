//! The one file of state: SQLite, written by one thread, many changes to a commit.
//!
//! Whoever asks for a change is answered once it is on disk. `PRAGMA synchronous = FULL`: a commit outlives a loss of power. A change
//! that nobody waits for and that could not be written (a full disk) is kept and retried until it is.
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

/// Changes that share a commit, at most.
const BATCH: usize = 512;
/// How long a change that could not be written waits for its next try: at first, and at most.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// How long the end waits for a disk that takes no more.
const LAST_TRIES: Duration = Duration::from_secs(10);

/// What to do to the state; `None` where nothing can be done to it. Whether that went well, and what to do once it is committed or not.
type Job = Box<dyn FnOnce(Option<&Connection>) -> (bool, After) + Send>;
type After = Box<dyn FnOnce(bool) + Send>;

type Change = Box<dyn Fn(&Connection) -> rusqlite::Result<()> + Send>;

/// A change that is made again until it is written. Making it twice does no more than making it once.
struct Later {
    change: Change,
    written: Box<dyn FnOnce() + Send>,
}

enum Task {
    Change(Job),
    Later(Later),
    /// Needs no commit, and so no disk space.
    Read(Box<dyn FnOnce(&Connection) + Send>),
}

/// What is counted about commits.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) failed_commits: Counter,
    pub(crate) unwritten: Gauge,
}

/// A handle on the thread that writes. It ends, everything written, when the last handle is dropped.
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

    /// Makes `change` in its turn, and again until it is written. Changes that come after see it made.
    pub(crate) fn later(&self, change: impl Fn(&Connection) -> rusqlite::Result<()> + Send + 'static) {
        self.later_and(change, || {});
    }

    /// The same, and tells `written` once it is on disk.
    pub(crate) fn later_and(
        &self,
        change: impl Fn(&Connection) -> rusqlite::Result<()> + Send + 'static,
        written: impl FnOnce() + Send + 'static,
    ) {
        self.send(Task::Later(Later { change: Box::new(change), written: Box::new(written) }));
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

struct Writer {
    connection: Connection,
    /// In the order in which they were asked for.
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
            // A read alone is no reason to try before the time.
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

    /// All of them in one commit, or none. Changes that had to wait come first.
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
                // Run now, it would be written on its own, and told as not written.
                after.push(job(None).1);
                continue;
            }
            // One that fails takes back its own changes alone.
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

/// Whether it went well; otherwise the first error is kept.
fn note(first: &mut Option<rusqlite::Error>, done: rusqlite::Result<()>) -> bool {
    let fine = done.is_ok();
    if let Err(error) = done {
        first.get_or_insert(error);
    }
    fine
}

/// Ends a savepoint; whether the transaction is still open. A full disk takes back the whole of it by itself.
fn release(connection: &Connection, fine: bool, error: &mut Option<rusqlite::Error>) -> bool {
    let end = if fine { "RELEASE job" } else { "ROLLBACK TO job; RELEASE job" };
    note(error, connection.execute_batch(end)) && !connection.is_autocommit()
}

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}
