//! Runs one script through five clients: both mocks, and reqwest, hyper and ureq over real sockets.
use crate::server::{Act, OURS, Seen, Server};
use bytes::Bytes;
use d360::{
    ApiKey, CallOptions, Config, Error, RateLimit,
    cloud::{self, Cloud},
    model::{
        Message, SendResponse,
        block::{BlockReport, BlockedUser, User},
    },
    transport::{
        AsyncSleep, BlockUsersError, BlockingSleep, Endpoint, HttpRequest, HttpResponse, HyperTransport,
        MockAsyncTransport, MockBlockingTransport, PagedEndpoint, ReqwestTransport, TransportError,
        TransportErrorKind, UreqTransport,
    },
};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

pub(crate) const KEY: &str = "s3cret-canary-key";

/// A client of either kind. Tests do not depend on which.
#[derive(Debug)]
pub(crate) enum Client {
    Async(cloud::Client, tokio::runtime::Runtime),
    Blocking(cloud::blocking::Client),
}

impl Client {
    pub(crate) fn call<E: Endpoint<Api = Cloud>>(&self, endpoint: E) -> Result<E::Response, Error> {
        match self {
            Self::Async(client, runtime) => runtime.block_on(is_send(client.call(endpoint))),
            Self::Blocking(client) => client.call(endpoint),
        }
    }
    pub(crate) fn send(&self, message: Message) -> Result<SendResponse, Error> {
        match self {
            Self::Async(client, runtime) => runtime.block_on(is_send(client.send(message))),
            Self::Blocking(client) => client.send(message),
        }
    }
    pub(crate) fn try_send(&self, message: Message) -> Result<SendResponse, Error> {
        match self {
            Self::Async(client, runtime) => runtime.block_on(is_send(client.try_send(message))),
            Self::Blocking(client) => client.try_send(message),
        }
    }
    pub(crate) fn send_file(&self, to: &str, file: cloud::SendFile) -> Result<SendResponse, Error> {
        match self {
            Self::Async(client, runtime) => runtime.block_on(is_send(client.send_file(to, file))),
            Self::Blocking(client) => client.send_file(to, file),
        }
    }
    /// Waits for a permit, runs `between`, and sends.
    pub(crate) fn send_with_permit(
        &self,
        to: &str,
        between: impl FnOnce(),
        message: Message,
    ) -> Result<SendResponse, Error> {
        match self {
            Self::Async(client, runtime) => runtime.block_on(async {
                let permit = is_send(client.ready(to)).await?;
                between();
                is_send(permit.send(message)).await
            }),
            Self::Blocking(client) => {
                let permit = client.ready(to)?;
                between();
                permit.send(message)
            }
        }
    }
    /// Waits for a permit and drops it.
    pub(crate) fn ready(&self, to: &str) -> Result<(), Error> {
        match self {
            Self::Async(client, runtime) => runtime.block_on(client.ready(to)).map(drop),
            Self::Blocking(client) => client.ready(to).map(drop),
        }
    }
    pub(crate) fn pages<E: PagedEndpoint<Api = Cloud>>(&self, first: E) -> Result<Vec<E::Item>, Error> {
        match self {
            Self::Async(client, runtime) => runtime.block_on(client.pages(first).all()),
            Self::Blocking(client) => client.pages(first).collect(),
        }
    }
    pub(crate) fn with_options(&self, options: CallOptions) -> Self {
        match self {
            Self::Async(client, _) => Self::Async(client.with_options(options), runtime()),
            Self::Blocking(client) => Self::Blocking(client.with_options(options)),
        }
    }
    pub(crate) fn with_rate_limit(&self, rate_limit: RateLimit) -> Self {
        match self {
            Self::Async(client, _) => Self::Async(client.with_rate_limit(rate_limit), runtime()),
            Self::Blocking(client) => Self::Blocking(client.with_rate_limit(rate_limit)),
        }
    }
    pub(crate) fn block(&self, users: Vec<User>) -> Result<BlockReport, BlockUsersError> {
        match self {
            Self::Async(client, runtime) => runtime.block_on(is_send(client.block_users(users))),
            Self::Blocking(client) => client.block_users(users),
        }
    }
    pub(crate) fn unblock(&self, users: Vec<User>) -> Result<BlockReport, BlockUsersError> {
        match self {
            Self::Async(client, runtime) => runtime.block_on(client.unblock_users(users)),
            Self::Blocking(client) => client.unblock_users(users),
        }
    }
    pub(crate) fn blocked(&self, limit: Option<u32>) -> Result<Vec<BlockedUser>, Error> {
        match self {
            Self::Async(client, runtime) => runtime.block_on(client.blocked_users(limit).all()),
            Self::Blocking(client) => client.blocked_users(limit).collect(),
        }
    }
}

pub(crate) fn is_send<T: Send>(future: T) -> T {
    future
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// A clock that advances only by sleeps, which return at once and are recorded.
#[derive(Clone, Debug)]
pub(crate) struct Naps(Arc<Mutex<Vec<Duration>>>, Instant);

impl Default for Naps {
    fn default() -> Self {
        Self(Arc::default(), Instant::now())
    }
}

impl Naps {
    pub(crate) fn taken(&self) -> Vec<Duration> {
        self.0.lock().unwrap().clone()
    }
    fn time(&self) -> Instant {
        let passed = self.0.lock().unwrap().iter().fold(Duration::ZERO, |sum, nap| sum.saturating_add(*nap));
        self.1.checked_add(passed).unwrap_or(self.1)
    }
}

impl BlockingSleep for Naps {
    fn sleep(&self, duration: Duration) {
        self.0.lock().unwrap().push(duration);
    }
    fn now(&self) -> Instant {
        self.time()
    }
}

#[async_trait::async_trait]
impl AsyncSleep for Naps {
    async fn sleep(&self, duration: Duration) {
        self.0.lock().unwrap().push(duration);
    }
    fn now(&self) -> Instant {
        self.time()
    }
}

/// Settings for a server at `url`: a time limit for busy machines, and no rate limit.
pub(crate) fn config(url: &str) -> Config {
    let config = Config::new(ApiKey::new(KEY).unwrap()).base_url(url).rate_limit(RateLimit::off());
    config.attempt_timeout(Duration::from_secs(10))
}

/// The number of real clients.
pub(crate) const REAL: usize = 3;

/// Returns the real clients at `url`.
pub(crate) fn real(config: &Config, naps: &Naps) -> [(&'static str, Client); REAL] {
    let transport = ReqwestTransport::new(&config.connection).unwrap();
    let reqwest = cloud::Client::with_transport(config.clone(), transport, naps.clone()).unwrap();
    let transport = HyperTransport::new(&config.connection).unwrap();
    let hyper = cloud::Client::with_transport(config.clone(), transport, naps.clone()).unwrap();
    let transport = UreqTransport::new(&config.connection).unwrap();
    let ureq = cloud::blocking::Client::with_transport(config.clone(), transport, naps.clone()).unwrap();
    [
        ("reqwest", Client::Async(reqwest, runtime())),
        ("hyper", Client::Async(hyper, runtime())),
        ("ureq", Client::Blocking(ureq)),
    ]
}

/// The result of one of the five clients.
#[derive(Debug)]
pub(crate) struct Run<T> {
    pub(crate) who: &'static str,
    pub(crate) result: T,
    pub(crate) seen: Vec<Seen>,
    pub(crate) naps: Vec<Duration>,
}

/// Runs `run` through the five clients, each against `script`, and checks that all sent the same requests.
pub(crate) fn everywhere<T>(script: &[Act], run: impl Fn(&Client) -> T) -> Vec<Run<T>> {
    let mut runs = Vec::new();
    for who in ["mock async", "mock blocking"] {
        let naps = Naps::default();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let left = Arc::new(Mutex::new(VecDeque::from(script.to_vec())));
        let kept = seen.clone();
        let send = move |request: HttpRequest| {
            kept.lock().unwrap().push(sight(&request));
            let act = left.lock().unwrap().pop_front();
            act.map_or_else(
                || Err(TransportError::new(TransportErrorKind::Interrupted, "beyond the script")),
                played,
            )
        };
        let client = if who == "mock async" {
            let mut mock = MockAsyncTransport::new();
            mock.expect_send().returning(send);
            Client::Async(
                cloud::Client::with_transport(config("http://localhost:1"), mock, naps.clone()).unwrap(),
                runtime(),
            )
        } else {
            let mut mock = MockBlockingTransport::new();
            mock.expect_send().returning(send);
            let config = config("http://localhost:1");
            Client::Blocking(cloud::blocking::Client::with_transport(config, mock, naps.clone()).unwrap())
        };
        let result = run(&client);
        let seen = seen.lock().unwrap().clone();
        runs.push(Run { who, result, seen, naps: naps.taken() });
    }
    for i in 0..REAL {
        let naps = Naps::default();
        let server = Server::start(script.to_vec());
        let (who, client) = real(&config(&server.url()), &naps).into_iter().nth(i).unwrap();
        let result = run(&client);
        runs.push(Run { who, result, seen: server.seen(), naps: naps.taken() });
    }
    for run in &runs[1..] {
        assert_eq!(run.seen, runs[0].seen, "{} and {} sent different requests", run.who, runs[0].who);
    }
    runs
}

/// Runs `run` through the five clients against one response, and returns the request.
pub(crate) fn sent(act: Act, run: impl Fn(&Client)) -> Seen {
    let mut runs = everywhere(&[act], run);
    let mut seen = runs.remove(0).seen;
    assert_eq!(seen.len(), 1);
    seen.remove(0)
}

fn sight(request: &HttpRequest) -> Seen {
    let header =
        |name: &str| Some((name.to_owned(), request.headers.get(name)?.to_str().unwrap().to_owned()));
    Seen {
        method: request.method.to_string(),
        target: request.uri.path_and_query().unwrap().to_string(),
        headers: OURS.into_iter().filter_map(header).collect(),
        body: request.payload.bytes().unwrap().to_vec(),
    }
}

fn played(act: Act) -> Result<HttpResponse, TransportError> {
    match act {
        Act::Answer { status, headers, body } => {
            let mut response = http::Response::builder().status(status);
            for (name, value) in headers {
                response = response.header(name, value);
            }
            Ok(response.body(Bytes::from(body)).unwrap())
        }
        Act::Bytes(_) | Act::Reset => Err(TransportError::new(TransportErrorKind::Interrupted, "cut")),
        Act::Flood(..) => Err(TransportError::new(TransportErrorKind::TooLarge, "flooded")),
        Act::Hang(_) | Act::Drip(_) => Err(TransportError::new(TransportErrorKind::Timeout, "hung")),
    }
}

/// Runs `run`, and returns the memory growth of the process in KiB; `None` if the system does not report it.
pub(crate) fn growth<T>(run: impl FnOnce() -> T) -> (T, Option<u64>) {
    // Resets the peak, if the system can.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let before = memory("VmRSS:");
    let result = run();
    (result, memory("VmHWM:").zip(before).map(|(peak, before)| peak.saturating_sub(before)))
}

/// Memory in KiB, from Linux's `/proc`.
fn memory(what: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix(what))?.trim().strip_suffix(" kB")?.trim().parse().ok()
}
