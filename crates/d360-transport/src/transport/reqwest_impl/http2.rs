//! HTTP/2: which connection a request takes, when a connection is given up, and what proves that a request was not processed.
//!
//! A reqwest client has one connection of HTTP/2 to a host, and no way to close it. So each connection here is a client of its own. It
//! would open one for each request that comes before the first is there, so that the first request goes ahead of the others.
use super::body::Start;
use crate::error::SetupError;
use std::{
    error::Error as StdError,
    fmt,
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Requests at once on a connection, before another is opened. Servers allow 100 or more by RFC 9113 6.5.2, nginx 128; with fewer, as
/// many small answers wait less for a lost packet.
const PER_CONNECTION: usize = 50;
/// Most connections; from then on requests share them.
const MOST_CONNECTIONS: usize = 32;
/// After how long without a frame a connection is asked whether it lives, and how long the answer may take.
const PING_AFTER: Duration = Duration::from_secs(5);
const PING_WITHIN: Duration = Duration::from_secs(5);

/// The connections to one host, or through one proxy.
pub(super) struct Pool {
    new: Box<dyn Fn() -> Result<reqwest::Client, SetupError> + Send + Sync>,
    open: Arc<Open>,
}

type Open = Mutex<Vec<Arc<Connection>>>;

struct Connection {
    client: reqwest::Client,
    gate: Arc<Gate>,
}

/// Lets one request through at a time until there is a connection, and all of them from then on.
struct Gate {
    one: Semaphore,
    is_open: AtomicBool,
}

impl Gate {
    async fn pass(&self) -> Option<SemaphorePermit<'_>> {
        // The semaphore is never closed.
        if self.is_open.load(Ordering::Acquire) { None } else { self.one.acquire().await.ok() }
    }
    fn open(&self) {
        if !self.is_open.swap(true, Ordering::AcqRel) {
            self.one.add_permits(Semaphore::MAX_PERMITS / 2);
        }
    }
}

pub(super) type Answering = Pin<Box<dyn Future<Output = reqwest::Result<reqwest::Response>> + Send>>;

/// A connection, as long as a request uses it.
pub(super) struct Lane {
    /// Counts, by its clones, the requests on the connection.
    connection: Arc<Connection>,
    open: Weak<Open>,
}

impl Pool {
    /// The first client is made at once, so that wrong settings are told at once.
    pub(super) fn new(
        new: impl Fn() -> Result<reqwest::Client, SetupError> + Send + Sync + 'static,
    ) -> Result<Self, SetupError> {
        let first = Connection::new(new()?);
        Ok(Self { new: Box::new(new), open: Arc::new(Mutex::new(vec![first])) })
    }

    /// The connection with the fewest requests, or a new one where all have many.
    pub(super) fn lane(&self) -> Result<Lane, SetupError> {
        let mut open = lock(&self.open);
        let fewest = open.iter().min_by_key(|connection| Arc::strong_count(connection)).cloned();
        // One count is the pool's, one this clone's. A request counts twice: it holds its lane, and waits by another.
        let requests = |connection: &Arc<Connection>| (Arc::strong_count(connection) - 2) / 2;
        let connection = match fewest {
            Some(connection) if requests(&connection) < PER_CONNECTION || open.len() >= MOST_CONNECTIONS => {
                connection
            }
            _ => {
                let connection = Connection::new((self.new)()?);
                open.push(connection.clone());
                connection
            }
        };
        Ok(Lane { connection, open: Arc::downgrade(&self.open) })
    }
}

impl Connection {
    fn new(client: reqwest::Client) -> Arc<Self> {
        let gate = Gate { one: Semaphore::new(1), is_open: AtomicBool::new(false) };
        Arc::new(Self { client, gate: Arc::new(gate) })
    }
}

impl Lane {
    pub(super) fn execute(&self, request: reqwest::Request, start: &Start) -> Answering {
        let connection = self.connection.clone();
        let gate = connection.gate.clone();
        start.tell(Arc::new(move || gate.open()));
        Box::pin(async move {
            let _pass = connection.gate.pass().await;
            connection.client.execute(request).await
        })
    }
    /// Takes no more requests on this connection, which is closed once the last of them ends.
    pub(super) fn retire(&self) {
        if let Some(open) = self.open.upgrade() {
            lock(&open).retain(|connection| !Arc::ptr_eq(connection, &self.connection));
        }
    }
}

fn lock(open: &Open) -> MutexGuard<'_, Vec<Arc<Connection>>> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pool")
    }
}

/// HTTP/2 where the server offers it by ALPN, HTTP/1.1 elsewhere.
pub(super) fn settings(builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    builder
        .http2_keep_alive_interval(PING_AFTER)
        .http2_keep_alive_timeout(PING_WITHIN)
        .http2_keep_alive_while_idle(true)
}

/// Whether the server said that it did nothing with the request: it refused the stream (RFC 9113 8.7), or went away with a last stream
/// below it (6.8).
pub(super) fn was_not_processed(error: &reqwest::Error) -> bool {
    // h2 gives the error of a GOAWAY to the streams above its last one alone; the others end as broken.
    let refused = |error: &h2::Error| error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
    h2_error(error).is_some_and(|error| error.is_remote() && (refused(error) || error.is_go_away()))
}

/// Whether the server ended this stream, and not the connection.
pub(super) fn is_of_stream(error: &reqwest::Error) -> bool {
    h2_error(error).is_some_and(h2::Error::is_reset)
}

fn h2_error(error: &reqwest::Error) -> Option<&h2::Error> {
    let mut next = error.source();
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref() {
            return Some(error);
        }
        next = error.source();
    }
    None
}
