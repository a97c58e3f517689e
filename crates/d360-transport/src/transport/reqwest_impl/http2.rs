//! HTTP/2: which connection a request uses, when a connection is abandoned, and what proves that a request was not
//! processed.
//!
//! A reqwest client has one HTTP/2 connection per host and cannot close it. So each connection here is a separate
//! client. Such a client would open a connection for each request that arrives before the first one exists, so the
//! first request goes ahead of the others.
use super::super::body::Start;
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

/// The maximum number of concurrent requests per connection before another is opened. Servers allow 100 or more (RFC
/// 9113, 6.5.2), nginx 128. With fewer, fewer responses wait for a lost packet.
const PER_CONNECTION: usize = 50;
/// The maximum number of connections. Beyond it requests share them.
const MOST_CONNECTIONS: usize = 32;
/// The time without a frame after which a connection is pinged, and the time limit for the answer.
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

/// Lets one request pass at a time until there is a connection, and all of them afterwards.
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

/// A connection while a request uses it.
pub(super) struct Lane {
    /// Its clones count the requests on the connection.
    connection: Arc<Connection>,
    open: Weak<Open>,
}

impl Pool {
    /// The first client is created immediately, so that invalid settings are reported immediately.
    pub(super) fn new(
        new: impl Fn() -> Result<reqwest::Client, SetupError> + Send + Sync + 'static,
    ) -> Result<Self, SetupError> {
        let first = Connection::new(new()?);
        Ok(Self { new: Box::new(new), open: Arc::new(Mutex::new(vec![first])) })
    }

    /// Returns the connection with the fewest requests, or a new one if all are busy.
    pub(super) fn lane(&self) -> Result<Lane, SetupError> {
        let mut open = lock(&self.open);
        let fewest = open.iter().min_by_key(|connection| Arc::strong_count(connection)).cloned();
        // One count is the pool's, one this clone's. A request counts twice: it holds its lane and waits on a clone.
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
    /// Sends no new requests on this connection. It is closed when the last of them ends.
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

/// Enables HTTP/2 if the server offers it by ALPN, and HTTP/1.1 otherwise.
pub(super) fn settings(builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    builder
        .http2_keep_alive_interval(PING_AFTER)
        .http2_keep_alive_timeout(PING_WITHIN)
        .http2_keep_alive_while_idle(true)
}

/// Whether the server did not process the request: it refused the stream (RFC 9113, 8.7), or sent a GOAWAY with a
/// lower last stream (6.8).
pub(super) fn was_not_processed(error: &reqwest::Error) -> bool {
    // h2 reports the error of a GOAWAY only to the streams above its last one. The others end as interrupted.
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
