//! Starts and stops the gateway.
use crate::{
    access::Tokens,
    api::{self, idempotency, inbound, shared::Shared},
    config::{Config, InvalidConfig},
    delivery::{
        outbox::Outbox,
        targets::{Target, Targets},
        worker::Patience,
    },
    hash::login_hash,
    metrics::Metrics,
    number::Number,
    place::Place,
    sent_status,
    state::{error::StoreError, store::Store},
    web::{
        body::Budget,
        server::{self, Limits},
    },
};
use d360::{
    ApiKey, CallOptions, RateLimit,
    cloud::{self, Client},
    migrate::Options,
    transport::{ReqwestTransport, SetupError},
};
use secrecy::ExposeSecret as _;
use std::{
    collections::{HashMap, HashSet},
    io,
    net::SocketAddr,
    num::NonZeroU32,
    sync::{Arc, atomic::AtomicUsize},
    time::Duration,
};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

/// How often expired state is pruned.
const HOUSEKEEPING: Duration = Duration::from_secs(60 * 60);

/// Why a gateway could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The configuration is invalid.
    #[error(transparent)]
    Config(#[from] InvalidConfig),
    /// The HTTP client could not be created.
    #[error(transparent)]
    Client(#[from] SetupError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// The address.
        address: String,
        /// The error.
        error: io::Error,
    },
    /// The state file cannot be used.
    #[error("{0}")]
    State(String),
}

impl From<StoreError> for StartError {
    fn from(error: StoreError) -> Self {
        Self::State(error.to_string())
    }
}

/// A running gateway.
///
/// [`stop`](Self::stop) waits for requests in flight. Dropping the gateway does not wait. Neither loses accepted
/// webhooks.
#[derive(Debug)]
pub struct Gateway {
    address: SocketAddr,
    metrics_address: Option<SocketAddr>,
    stop: watch::Sender<bool>,
    servers: Vec<JoinHandle<()>>,
    housekeeping: JoinHandle<()>,
    outbox: Arc<Outbox>,
}

impl Gateway {
    /// Starts the gateway on the current tokio runtime.
    ///
    /// # Errors
    /// Returns [`StartError`] if the configuration, the state file or an address cannot be used.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let transport = ReqwestTransport::new(&d360::transport::Connection::new())?;
        let numbers = numbers(&config)?;
        let targets = targets(&config)?;
        let metrics = Arc::new(Metrics::new());
        let store = Arc::new(
            Store::open(&config.state, metrics.state.clone())
                .map_err(|error| StartError::State(format!("{}: {error}", config.state.display())))?,
        );
        let tokens = Tokens::load(&store, &numbers).await?;
        sent_status::load(&store, &numbers).await?;
        let mut process = [0_u8; 8];
        getrandom::fill(&mut process)
            .map_err(|error| StartError::State(format!("no random numbers: {error}")))?;
        let (listener, address) = listen(&config.listen).await?;
        let operations = match &config.metrics_listen {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        let metrics_address = operations.as_ref().map(|(_, address)| *address);
        let (stop, stopping) = watch::channel(false);
        let mut webhook_hosts = config.webhook_hosts.clone();
        let configured = targets.values().filter_map(|target| Place::of(&target.url));
        webhook_hosts.extend(configured.map(|place| place.to_string()));
        let targets = Arc::new(Targets::load(store.clone(), targets, &webhook_hosts).await?);
        // Opening the outbox starts deliveries, so it comes after everything that can fail.
        let outbox = Outbox::open(
            store.clone(),
            transport,
            metrics.clone(),
            targets.clone(),
            Patience { hold_for: config.hold_for, give_up_after: config.give_up_after },
            stopping.clone(),
        )
        .await?;
        // The budget has to fit at least one body.
        let in_flight = config.max_bytes_in_flight.max(config.max_body).max(inbound::MOST);
        let shared = Arc::new(Shared {
            tokens,
            numbers,
            store,
            outbox: outbox.clone(),
            targets,
            metrics: metrics.clone(),
            ended: Arc::default(),
            guesses: Arc::default(),
            budget: Budget::new(in_flight),
            unproven: Budget::new((in_flight / 4).max(inbound::MOST)),
            needs: AtomicUsize::new(0),
            webhook_hosts,
            max_body: config.max_body,
            call_timeout: config.call_timeout,
            process: i64::from_le_bytes(process),
        });
        let limits = Limits { connections: config.max_connections, header_time: config.header_timeout };
        let of_calls = shared.clone();
        let answer = move |peer, request| api::answer(of_calls.clone(), peer, request);
        let mut servers =
            vec![tokio::spawn(server::serve(listener, limits, metrics.clone(), stopping.clone(), answer))];
        if let Some((listener, _)) = operations {
            let of_operations = shared.clone();
            let answer = move |_, request| api::operations_port(of_operations.clone(), request);
            servers.push(tokio::spawn(server::serve(listener, limits, metrics, stopping, answer)));
        }
        let housekeeping = tokio::spawn(async move {
            loop {
                shared.outbox.prune();
                idempotency::prune(&shared.store);
                shared.tokens.prune(&shared.store);
                tokio::time::sleep(HOUSEKEEPING).await;
            }
        });
        Ok(Self { address, metrics_address, stop, servers, housekeeping, outbox })
    }

    /// Returns the address that old programs connect to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
    /// Returns the address of the operations port, where `/metrics` needs no key, if one is configured.
    #[must_use]
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_address
    }

    /// Stops accepting calls, waits for those in flight, and stops. The next process delivers the queued webhooks.
    pub async fn stop(mut self) {
        // Fails only if all servers have already stopped.
        let _ = self.stop.send(true);
        for server in std::mem::take(&mut self.servers) {
            let _ = server.await;
        }
        self.outbox.ended().await;
        self.housekeeping.abort();
        let _ = (&mut self.housekeeping).await;
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
        self.housekeeping.abort();
    }
}

async fn listen(address: &str) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |error| StartError::Listen { address: address.to_owned(), error };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

/// Creates the numbers. Their clients share connections.
fn numbers(config: &Config) -> Result<Vec<Arc<Number>>, StartError> {
    let other = |problem: String| StartError::Config(InvalidConfig::Other(problem));
    if config.numbers.is_empty() {
        return Err(other("no number is configured; add one with a Cloud API key".to_owned()));
    }
    let (mut names, mut keys, mut logins) = (HashSet::new(), HashSet::new(), HashSet::new());
    let own = config.base_url.as_deref().unwrap_or(cloud::BASE_URL);
    let mut allowed: Vec<String> = config.upstream_hosts.clone();
    allowed.extend(Place::of(own).map(|place| place.host));
    let mut numbers = Vec::new();
    let mut first: Option<Client> = None;
    for number in &config.numbers {
        let bad = |problem: &str| {
            StartError::Config(InvalidConfig::Number {
                name: number.name.clone(),
                problem: problem.to_owned(),
            })
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if number.name.is_empty() || !number.name.chars().all(plain) {
            return Err(bad("its name must consist of letters, digits, -, _ and ."));
        }
        // The name appears in logs and metrics.
        if d360::model::mask(&number.name) != number.name {
            return Err(bad(
                "its name looks like a phone number, which must not appear in logs; choose another name",
            ));
        }
        if !names.insert(number.name.as_str()) {
            return Err(bad("another number has the same name"));
        }
        if number.client_key.expose_secret().trim().is_empty() {
            return Err(bad("its client key is empty, so anybody could use it; set one"));
        }
        if !keys.insert(number.client_key.expose_secret().trim()) {
            return Err(bad("another number has the same client key; give each number its own"));
        }
        if !logins.insert(login_hash(&number.user, number.password.expose_secret())) {
            return Err(bad("another number has the same user and password; give each number its own"));
        }
        let key = ApiKey::new(number.key.expose_secret()).map_err(|error| bad(&error.to_string()))?;
        let base_url = number.base_url.as_deref().unwrap_or(own);
        match Place::of(base_url) {
            Some(place) if place.is_among(&allowed) => {}
            Some(place) => {
                let host = place.host;
                return Err(bad(&format!("its base URL is on {host:?}, which is not among upstream_hosts")));
            }
            None => return Err(bad("its base URL does not start with http:// or https://")),
        }
        let rate =
            NonZeroU32::new(number.messages_per_second).ok_or_else(|| bad("messages_per_second is 0"))?;
        let rate_limit = RateLimit::per_second(rate);
        let client = match &first {
            // Each API key belongs to one number, and each number has its own rate limit.
            Some(client) if number.base_url.is_none() => {
                client.with_credentials(key).with_rate_limit(rate_limit)
            }
            _ => {
                let settings = d360::Config::new(key).base_url(base_url).rate_limit(rate_limit);
                Client::new(settings.attempt_timeout(config.call_timeout))?
            }
        };
        if number.base_url.is_none() {
            first.get_or_insert(client.clone());
        }
        // Applies to all calls except files.
        let client = client.with_options(CallOptions::new().deadline(config.call_timeout));
        let mut options = Options::new();
        (options.old_media_ids, options.old_message_ids) = (true, config.old_ids);
        options.pass_new_types = config.pass_new_types;
        options.media.clone_from(&number.media);
        numbers.push(Arc::new(Number::new(number, client, options)));
    }
    Ok(numbers)
}

/// Returns the configured webhook targets.
fn targets(config: &Config) -> Result<HashMap<String, Target>, StartError> {
    let mut targets = HashMap::new();
    for number in &config.numbers {
        let Some(url) = &number.webhook_to else { continue };
        if Place::of(url).is_none() {
            let problem = "webhook_to is not a URL that starts with http:// or https://".to_owned();
            return Err(StartError::Config(InvalidConfig::Number { name: number.name.clone(), problem }));
        }
        let target = Target { url: url.clone(), headers: Default::default() };
        targets.insert(number.name.clone(), target);
    }
    Ok(targets)
}
