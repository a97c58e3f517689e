//! A proxy in front of an old program's API that records what the program sends.
use crate::{
    config::InvalidConfig,
    gateway::StartError,
    metrics::Metrics,
    web::{
        body::{self, Budget, Response},
        server::{self, Limits},
        spool::{self, Unstored},
    },
};
use axum::body::Body;
use d360::{
    migrate::errors::Answer,
    transport::{Connection, ReqwestTransport},
};
use forward::Upstream;
use http::{Request, header};
use record::{Call, Sent};
use std::{
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicU64, atomic::Ordering},
    time::Duration,
};
use store::Calls;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

mod forward;
mod record;
mod shape;
mod store;

/// The maximum sizes of a body in memory and of a file.
const MAX_BODY: usize = 8 << 20;
const MAX_FILE: u64 = 110 << 20;
/// The maximum number of bytes of bodies in memory.
const IN_FLIGHT: usize = 128 << 20;
const CONNECTIONS: usize = 1024;
const HEADER_TIME: Duration = Duration::from_secs(10);

/// Settings of a [`Recorder`].
#[derive(Clone)]
#[non_exhaustive]
pub struct RecorderConfig {
    /// The address and port to listen on. Port 0 picks a free port.
    pub listen: String,
    /// The scheme, host and port that calls are forwarded to: an On-Premise server, a gateway or a sandbox.
    pub to: String,
    /// The folder that calls are written into.
    pub folder: PathBuf,
    /// Whether every call is written. Off by default: only the first three calls of each form are.
    pub every_call: bool,
    /// The connection settings for the upstream.
    pub connection: Connection,
}

impl RecorderConfig {
    /// Returns the default settings.
    #[must_use]
    pub fn new(listen: impl Into<String>, to: impl Into<String>, folder: impl Into<PathBuf>) -> Self {
        Self {
            listen: listen.into(),
            to: to.into(),
            folder: folder.into(),
            every_call: false,
            connection: Connection::new(),
        }
    }
}

impl fmt::Debug for RecorderConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL is not shown, because it may contain a password.
        f.debug_struct("RecorderConfig")
            .field("listen", &self.listen)
            .field("every_call", &self.every_call)
            .finish_non_exhaustive()
    }
}

/// A call that was forwarded.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct RecordedCall<'a> {
    /// The method.
    pub method: &'a str,
    /// The path, without its query. It may hold a phone number.
    pub path: &'a str,
    /// The HTTP status of the upstream's answer. `None` if there was none.
    pub status: Option<u16>,
    /// Whether it was written.
    pub written: bool,
    /// Why it could not be written.
    pub problem: Option<&'a str>,
}

impl fmt::Debug for RecordedCall<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = d360::model::mask(self.path);
        f.debug_struct("RecordedCall")
            .field("method", &self.method)
            .field("path", &path)
            .finish_non_exhaustive()
    }
}

/// A running recorder: a proxy that forwards each call once, unchanged, and writes it to a file.
///
/// The file has one JSON document per line. `d360 migrate check` reads it.
///
/// It contains personal data: phone numbers, names and texts of users. Only its owner can read it. Headers, including
/// keys and tokens, are never written. Passwords and other secrets in bodies and queries are masked. Bodies of calls
/// about users, accounts and certificates are omitted.
#[derive(Debug)]
pub struct Recorder {
    address: SocketAddr,
    file: PathBuf,
    counts: Arc<Counts>,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Counts {
    calls: AtomicU64,
    written: AtomicU64,
}

impl Recorder {
    /// Starts the recorder on the current tokio runtime. `watch` is called for each forwarded call.
    ///
    /// # Errors
    /// Returns [`StartError`] if the address, the upstream or the folder cannot be used.
    pub async fn start(
        config: RecorderConfig,
        watch: impl Fn(&RecordedCall<'_>) + Send + Sync + 'static,
    ) -> Result<Self, StartError> {
        let upstream = Upstream::new(&config.to, ReqwestTransport::new(&config.connection)?)
            .map_err(|problem| StartError::Config(InvalidConfig::Other(problem)))?;
        let calls = Calls::open(&config.folder, config.every_call)
            .map_err(|error| StartError::State(format!("{}: {error}", config.folder.display())))?;
        let failed = |error| StartError::Listen { address: config.listen.clone(), error };
        let listener = TcpListener::bind(&config.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (stop, stopping) = watch::channel(false);
        let (file, counts) = (calls.path().to_owned(), Arc::<Counts>::default());
        let shared = Arc::new(Shared {
            upstream,
            calls,
            counts: counts.clone(),
            budget: Budget::new(IN_FLIGHT),
            watch: Box::new(watch),
        });
        let limits = Limits { connections: CONNECTIONS, header_time: HEADER_TIME };
        let answer = move |_, request| answer(shared.clone(), request);
        let server =
            tokio::spawn(server::serve(listener, limits, Arc::new(Metrics::new()), stopping, answer));
        Ok(Self { address, file, counts, stop, server })
    }

    /// Returns the address that the old program connects to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
    /// Returns the file that calls are written to.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }
    /// Stops accepting calls, waits for those in flight, and stops. Returns how many calls were forwarded and how
    /// many were written.
    pub async fn stop(mut self) -> (u64, u64) {
        let _ = self.stop.send(true);
        let _ = (&mut self.server).await;
        (self.counts.calls.load(Ordering::Relaxed), self.counts.written.load(Ordering::Relaxed))
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
    }
}

struct Shared {
    upstream: Upstream,
    calls: Calls,
    counts: Arc<Counts>,
    budget: Budget,
    watch: Box<dyn Fn(&RecordedCall<'_>) + Send + Sync>,
}

/// Forwards a call. Continues even if the program closes the connection.
async fn answer(shared: Arc<Shared>, request: Request<Body>) -> Response {
    let work = tokio::spawn(async move { forward(&shared, request).await });
    work.await
        .unwrap_or_else(|_| refusal(500, 1014, "the recorder failed; the outcome of the call is unknown"))
}

fn refusal(status: u16, code: i64, details: &str) -> Response {
    body::answer(&Answer::error_with(status, code, details))
}

async fn forward(shared: &Shared, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default().to_owned();
    let is_file = !content_type.is_empty()
        && !["json", "text/plain", "x-www-form-urlencoded"].iter().any(|text| content_type.contains(text));
    let local = "the recorder cannot write its temporary file; nothing was forwarded";
    let sent = if is_file {
        let Ok(file) = tempfile::Builder::new().prefix("d360-").tempfile() else {
            return refusal(500, 1014, local);
        };
        match spool::store(file.path(), body, MAX_FILE).await {
            Ok(length) => Sent::File(file, length),
            Err(Unstored::TooLong) => return refusal(413, 1009, "the file is too long for the recorder"),
            Err(Unstored::BrokeOff) => return refusal(400, 1025, "the file is incomplete or took too long"),
            Err(Unstored::Local(_)) => return refusal(500, 1014, local),
        }
    } else {
        match body::read(body, MAX_BODY, &shared.budget).await {
            Ok(sent) => Sent::Bytes(sent.to_vec()),
            Err(unread) => return unread.answer(),
        }
    };
    let answered = shared.upstream.send(&parts, &sent).await;
    let status = answered.as_ref().ok().map(|response| response.status().as_u16());
    let call = Call::new(&parts, &content_type, &sent, status);
    let written = shared.calls.take(&call).await;
    shared.counts.calls.fetch_add(1, Ordering::Relaxed);
    shared.counts.written.fetch_add(u64::from(matches!(written, Ok(true))), Ordering::Relaxed);
    let problem = written.as_ref().err().map(ToString::to_string);
    (shared.watch)(&RecordedCall {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        status,
        written: matches!(written, Ok(true)),
        problem: problem.as_deref(),
    });
    answered.unwrap_or_else(|failed| failed)
}
