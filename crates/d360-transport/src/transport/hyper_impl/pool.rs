//! The pool: idle connections, per host.
//!
//! hyper-util's own pool adds a fifth to the work of a call: it clones the client and its connector, and prepares a
//! connection whether one is needed or not.
use super::{
    IDLE,
    connect::{BoxError, Connector},
};
use crate::transport::body::Parts;
use http::{
    HeaderValue, Uri,
    uri::{Authority, PathAndQuery, Scheme},
};
use hyper::client::conn::http1::{self, SendRequest};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Instant,
};

/// The connections of a transport.
pub(super) struct Pool {
    connector: Connector,
    hosts: Mutex<Hosts>,
}

#[derive(Default)]
struct Hosts {
    /// A client talks to one or two.
    all: Vec<Host>,
    /// Whether a task closes what has been idle for too long.
    is_reaped: bool,
}

struct Host {
    scheme: Scheme,
    authority: Authority,
    /// The value of header `Host`.
    name: HeaderValue,
    /// The last is the one that was used last.
    idle: Vec<(SendRequest<Parts>, Instant)>,
}

/// Where a request goes.
pub(super) struct Target {
    scheme: Scheme,
    authority: Authority,
}

/// A connection for one request, which may return to the pool.
pub(super) struct Pooled {
    pub(super) sender: SendRequest<Parts>,
    /// The value of header `Host`.
    pub(super) name: HeaderValue,
    /// Whether it has carried a request before.
    pub(super) is_reused: bool,
}

impl Target {
    /// Splits a URL into where the request goes, and what it asks for there. `None` if it is not absolute.
    pub(super) fn of(url: Uri) -> Option<(Self, Uri)> {
        let parts = url.into_parts();
        let target = Self { scheme: parts.scheme?, authority: parts.authority? };
        let path = parts.path_and_query.unwrap_or_else(|| PathAndQuery::from_static("/"));
        Some((target, Uri::from(path)))
    }
    /// Returns the value of header `Host`.
    fn name(&self) -> Result<HeaderValue, http::Error> {
        let default = if self.scheme == Scheme::HTTPS { 443 } else { 80 };
        let host = self.authority.host();
        Ok(match self.authority.port_u16() {
            Some(port) if port != default => HeaderValue::try_from(format!("{host}:{port}"))?,
            _ => HeaderValue::from_str(host)?,
        })
    }
    fn url(&self) -> Result<Uri, http::Error> {
        Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query("/")
            .build()
    }
}

impl Pool {
    pub(super) fn new(connector: Connector) -> Arc<Self> {
        Arc::new(Self { connector, hosts: Mutex::default() })
    }

    /// Returns an idle connection.
    pub(super) fn idle(&self, target: &Target) -> Option<Pooled> {
        let mut hosts = self.lock();
        let Host { idle, name, .. } = hosts.of(target)?;
        while let Some((sender, since)) = idle.pop() {
            if since.elapsed() >= IDLE {
                // The others have been idle for longer.
                idle.clear();
            } else if sender.is_ready() {
                return Some(Pooled { sender, name: name.clone(), is_reused: true });
            }
        }
        None
    }

    /// Opens a connection. Nothing of a request has been sent if this fails.
    pub(super) async fn connect(&self, target: &Target) -> Result<Pooled, BoxError> {
        let name = target.name()?;
        let stream = self.connector.connect(target.url()?).await?;
        let (sender, connection) = http1::handshake(stream).await?;
        tokio::spawn(async {
            // The request on it receives the error too.
            let _ = connection.await;
        });
        Ok(Pooled { sender, name, is_reused: false })
    }

    /// Takes a connection back whose response is complete.
    pub(super) fn put_back(self: &Arc<Self>, target: Target, mut connection: Pooled) {
        let sender = &connection.sender;
        if sender.is_ready() {
            self.keep(target, connection);
        } else if !sender.is_closed() {
            // Another thread is about to end the exchange, or a request is written whose response came early.
            let pool = Arc::downgrade(self);
            tokio::spawn(async move {
                let is_ready = tokio::time::timeout(IDLE, connection.sender.ready())
                    .await
                    .is_ok_and(|ready| ready.is_ok());
                if is_ready && let Some(pool) = pool.upgrade() {
                    pool.keep(target, connection);
                }
            });
        }
    }

    fn keep(self: &Arc<Self>, target: Target, connection: Pooled) {
        let Pooled { sender, name, .. } = connection;
        let idle = (sender, Instant::now());
        let mut hosts = self.lock();
        match hosts.of(&target) {
            Some(host) => host.idle.push(idle),
            None => {
                let Target { scheme, authority } = target;
                hosts.all.push(Host { scheme, authority, name, idle: vec![idle] });
            }
        }
        if !hosts.is_reaped {
            hosts.is_reaped = true;
            tokio::spawn(Reaper { pool: Arc::downgrade(self), is_done: false }.run());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Hosts> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hosts {
    fn of(&mut self, target: &Target) -> Option<&mut Host> {
        self.all.iter_mut().find(|host| host.authority == target.authority && host.scheme == target.scheme)
    }
}

/// Closes connections that have been idle for too long, until there are none. It does not keep the pool.
struct Reaper {
    pool: Weak<Pool>,
    is_done: bool,
}

impl Reaper {
    async fn run(mut self) {
        loop {
            tokio::time::sleep(IDLE).await;
            let Some(pool) = self.pool.upgrade() else { return };
            let mut hosts = pool.lock();
            for host in &mut hosts.all {
                host.idle.retain(|(sender, since)| since.elapsed() < IDLE && !sender.is_closed());
            }
            hosts.all.retain(|host| !host.idle.is_empty());
            if hosts.all.is_empty() {
                (hosts.is_reaped, self.is_done) = (false, true);
                return;
            }
        }
    }
}

impl Drop for Reaper {
    /// The runtime may end before the pool, which another runtime goes on with.
    fn drop(&mut self) {
        if !self.is_done
            && let Some(pool) = self.pool.upgrade()
        {
            pool.lock().is_reaped = false;
        }
    }
}
