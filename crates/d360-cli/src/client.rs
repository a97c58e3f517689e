//! A client over either transport.
use crate::{
    args::{ApiName, Args, Command, Global},
    failure::Failure,
    input,
    rate::{Limit, Limited},
    settings::Origin,
    shown::{Manner, Shown},
};
use d360::{
    ApiKey, CallOptions, Config, Error,
    cloud::{
        Cloud,
        graph::{self, AccountId, GraphVersion, PhoneNumberId},
    },
    model::{
        SendResponse,
        block::{BlockReport, User},
    },
    onprem::OnPrem,
    partner::{self, Channel, ChannelId, Partner, PartnerId},
    transport::{
        self, Api, AsyncTransport, BlockUsersError, BlockingTransport, BlocksUsers, Connection, Endpoint,
        Host, HttpRequest, PagedEndpoint, Proxy, RateLimit, ReqwestTransport, Roots, SendsMessages,
        SetupError, ThreadSleep, TokioSleep, UreqTransport,
    },
};
use std::{path::Path, sync::Arc, time::Duration};

type Step<T> = Result<T, Box<Failure>>;

/// The client that the flags select. Commands do not depend on its transport.
#[derive(Debug)]
pub(crate) struct Client<A: Api> {
    over: Over<A>,
    /// The rate limit shared by all processes. Without one, the library's own limit applies.
    limit: Option<Arc<Limit>>,
}

#[derive(Debug)]
enum Over<A: Api> {
    Async(transport::Client<A>, tokio::runtime::Runtime),
    Blocking(transport::blocking::Client<A>),
}

/// Refuses flags of another system. If `--api` was forgotten, a Meta token must not go to 360dialog.
pub(crate) fn check_flags(args: &Args) -> Step<()> {
    let global = &args.global;
    let hub = global.api == Some(ApiName::Partner) || matches!(args.command, Command::Channels(_));
    let wrong = [
        ("--phone-number-id", &global.phone_number_id, global.api == Some(ApiName::Graph), "graph"),
        ("--waba-id", &global.waba_id, global.api == Some(ApiName::Graph), "graph"),
        ("--graph-version", &global.graph_version, global.api == Some(ApiName::Graph), "graph"),
        ("--partner-id", &global.partner_id, hub, "partner"),
        ("--channel-id", &global.channel_id, hub, "partner"),
    ];
    match wrong.into_iter().find(|(_, value, fits, _)| value.is_some() && !fits) {
        Some((flag, _, _, api)) => Err(Failure::usage(format!("{flag} is for --api {api}"))),
        None => Ok(()),
    }
}

/// Returns a client for calls that only Cloud has, on 360dialog's host or on Graph.
pub(crate) fn cloud_alone(global: &Global, what: &str) -> Step<Client<Cloud>> {
    match global.api {
        None | Some(ApiName::Cloud | ApiName::Graph) => cloud(global, true),
        Some(_) => Err(Failure::usage(format!("{what} are for --api cloud and graph"))),
    }
}

/// Returns a client for Cloud or Graph, which have the same endpoints.
pub(crate) fn cloud(global: &Global, needs_key: bool) -> Step<Client<Cloud>> {
    let host = if global.api == Some(ApiName::Graph) { Some(graph_host(global)?) } else { None };
    Client::new(global, host, needs_key)
}

pub(crate) fn onprem(global: &Global, needs_key: bool) -> Step<Client<OnPrem>> {
    Client::new(global, None, needs_key)
}

pub(crate) fn channel(global: &Global) -> Step<Client<Channel>> {
    let partner = partner_id(global)?;
    let channel = required(global.channel_id.as_deref(), "--channel-id", "partner")?;
    Client::new(global, Some(partner::channel_host(&partner, &channel_id(channel)?)), true)
}

fn channel_id(id: &str) -> Step<ChannelId> {
    ChannelId::new(id).map_err(|error| Failure::invalid("channel_id", error.to_string()))
}

pub(crate) fn partner(global: &Global) -> Step<Client<Partner>> {
    Client::new(global, None, true)
}

pub(crate) fn partner_id(global: &Global) -> Step<PartnerId> {
    let partner = required(global.partner_id.as_deref(), "--partner-id", "partner")?;
    PartnerId::new(partner).map_err(|error| Failure::invalid("partner_id", error.to_string()))
}

fn graph_host(global: &Global) -> Step<Host> {
    let number = required(global.phone_number_id.as_deref(), "--phone-number-id", "graph")?;
    let number =
        PhoneNumberId::new(number).map_err(|error| Failure::invalid("phone_number_id", error.problem()))?;
    let version = match &global.graph_version {
        Some(text) => text
            .parse()
            .map_err(|error: graph::InvalidGraph| Failure::invalid("graph_version", error.problem()))?,
        None => GraphVersion::default(),
    };
    match &global.waba_id {
        Some(account) => {
            let account =
                AccountId::new(account).map_err(|error| Failure::invalid("waba_id", error.problem()))?;
            Ok(graph::host_with_account(version, &number, &account))
        }
        None => Ok(graph::host(version, &number)),
    }
}

fn required<'g>(value: Option<&'g str>, flag: &str, api: &str) -> Step<&'g str> {
    value.ok_or_else(|| {
        let message = format!("--api {api} needs {flag}");
        Failure::mistake(message, format!("give {flag} ID, or use a profile that has it"))
    })
}

/// Refuses settings that no call could use, before they are stored.
pub(crate) fn check_settings(global: &Global) -> Step<()> {
    let host = match global.api {
        Some(ApiName::Graph) if global.phone_number_id.is_some() => graph_host(global)?,
        Some(ApiName::Onprem) => OnPrem::default_host(),
        Some(ApiName::Partner) => Partner::default_host(),
        // Each call may name the number instead.
        None | Some(ApiName::Cloud | ApiName::Graph) => Cloud::default_host(),
    };
    if global.partner_id.is_some() {
        partner_id(global)?;
    }
    if let Some(channel) = &global.channel_id {
        channel_id(channel)?;
    }
    if let Some(url) = &global.base_url {
        host.with_base_url(url).map_err(SetupError::from)?;
    }
    Ok(())
}

impl<A: Api> Client<A> {
    /// Creates the client for the flags, without a key if none is needed.
    fn new(global: &Global, host: Option<Host>, needs_key: bool) -> Step<Self> {
        let key = match key(global, needs_key)? {
            Some(key) => key,
            None if needs_key => return Err(SetupError::NoKey.into()),
            // Only used in a dry run, which masks it and sends nothing.
            None => ApiKey::new("none").map_err(SetupError::from)?,
        };
        let mut config = config(global, key)?;
        config.host = host;
        let limit = Arc::new(Limit::new(global));
        // `Limit` waits instead, across all processes.
        let config = config.rate_limit(RateLimit::off());
        let client = if global.blocking {
            let transport = UreqTransport::new(&config.connection)?;
            if global.verbose {
                Self::blocking(config, Limited::new(Shown::new(transport, Manner::Masked), limit.clone()))?
            } else {
                Self::blocking(config, Limited::new(transport, limit.clone()))?
            }
        } else {
            let transport = ReqwestTransport::new(&config.connection)?;
            if global.verbose {
                Self::over_async(config, Limited::new(Shown::new(transport, Manner::Masked), limit.clone()))?
            } else {
                Self::over_async(config, Limited::new(transport, limit.clone()))?
            }
        };
        let options = options(global);
        let over = match client.over {
            Over::Async(client, runtime) => Over::Async(client.with_options(options), runtime),
            Over::Blocking(client) => Over::Blocking(client.with_options(options)),
        };
        Ok(Self { over, limit: Some(limit) })
    }

    /// Creates a client that prints what it sends and receives.
    pub(crate) fn shown(blocking: bool, config: Config, manner: Manner) -> Step<Self> {
        if blocking {
            let transport = Shown::new(UreqTransport::new(&config.connection)?, manner);
            return Self::blocking(config, transport);
        }
        let transport = Shown::new(ReqwestTransport::new(&config.connection)?, manner);
        Self::over_async(config, transport)
    }

    fn blocking(config: Config, transport: impl BlockingTransport) -> Step<Self> {
        let client = transport::blocking::Client::with_transport(config, transport, ThreadSleep::new());
        let client = client.map_err(|error| Box::new(Failure::Setup(SetupError::Host(error))))?;
        Ok(Self { over: Over::Blocking(client), limit: None })
    }

    fn over_async(config: Config, transport: impl AsyncTransport) -> Step<Self> {
        let client = transport::Client::with_transport(config, transport, TokioSleep::new());
        let client = client.map_err(|error| Box::new(Failure::Setup(SetupError::Host(error))))?;
        Ok(Self { over: Over::Async(client, runtime()?), limit: None })
    }

    pub(crate) fn call<E: Endpoint<Api = A>>(&self, endpoint: E) -> Result<E::Response, Error> {
        if let Some(limit) = &self.limit {
            limit.begin();
        }
        match &self.over {
            Over::Async(client, runtime) => runtime.block_on(client.call(endpoint)),
            Over::Blocking(client) => client.call(endpoint),
        }
    }
    pub(crate) fn send(&self, message: A::Message) -> Result<SendResponse, Error>
    where
        A: SendsMessages,
    {
        self.call(A::send(message))
    }
    /// Returns the request that would send the message.
    pub(crate) fn request(&self, message: A::Message) -> Result<HttpRequest, Error>
    where
        A: SendsMessages,
    {
        self.request_of(&A::send(message))
    }
    /// Returns the request of a call.
    pub(crate) fn request_of<E: Endpoint<Api = A>>(&self, endpoint: &E) -> Result<HttpRequest, Error> {
        match &self.over {
            Over::Async(client, _) => client.request(endpoint),
            Over::Blocking(client) => client.request(endpoint),
        }
    }
    pub(crate) fn block(&self, users: Vec<User>, options: A::Options) -> Result<BlockReport, BlockUsersError>
    where
        A: BlocksUsers,
    {
        match &self.over {
            Over::Async(client, runtime) => runtime.block_on(client.block_users_with(users, options)),
            Over::Blocking(client) => client.block_users_with(users, options),
        }
    }
    pub(crate) fn unblock(&self, users: Vec<User>) -> Result<BlockReport, BlockUsersError>
    where
        A: BlocksUsers,
    {
        match &self.over {
            Over::Async(client, runtime) => runtime.block_on(client.unblock_users(users)),
            Over::Blocking(client) => client.unblock_users(users),
        }
    }
    /// Calls `each` with every item of a list.
    pub(crate) fn pages<E: PagedEndpoint<Api = A>>(
        &self,
        first: E,
        mut each: impl FnMut(E::Item),
    ) -> Result<(), Error> {
        match &self.over {
            Over::Async(client, runtime) => runtime.block_on(async {
                let mut items = client.pages(first);
                while let Some(item) = items.next().await {
                    each(item?);
                }
                Ok(())
            }),
            Over::Blocking(client) => client.pages(first).try_for_each(|item| item.map(&mut each)),
        }
    }
}

pub(crate) fn runtime() -> Step<tokio::runtime::Runtime> {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.map_err(|error| Failure::local(format!("cannot start the async runtime: {error}")))
}

/// Returns the proxy and CA settings.
pub(crate) fn connection(global: &Global) -> Step<Connection> {
    let mut connection = Connection::new();
    connection = match global.proxy.as_deref() {
        Some("none") => connection.proxy(Proxy::None),
        Some(url) => connection.proxy(Proxy::Url(url.to_owned())),
        None => connection,
    };
    if let Some(path) = &global.ca_file {
        connection =
            connection.roots(Roots::Pem(input::read_as(path, &format!("--ca-file {}", input::name(path)))?));
    }
    Ok(connection)
}

fn config(global: &Global, key: ApiKey) -> Step<Config> {
    let connection = connection(global)?;
    let config = Config::new(key)
        .attempt_timeout(Duration::from_secs(global.timeout))
        .strict(global.strict)
        .connection(connection);
    Ok(match &global.base_url {
        // An unset shell variable must not select the production system.
        Some(url) if url.trim().is_empty() => {
            return Err(Failure::usage(
                "the base URL is empty; give one, or unset D360_BASE_URL to use the default",
            ));
        }
        Some(url) => config.base_url(url),
        None => config,
    })
}

fn options(global: &Global) -> CallOptions {
    let options = CallOptions::new();
    let options = if global.no_retry { options.no_retry() } else { options };
    global.deadline.map_or(options.clone(), |seconds| options.deadline(Duration::from_secs(seconds)))
}

/// Reads a text file that only its owner can read.
pub(crate) fn secret_file(path: &Path, flag: &str) -> Step<String> {
    refuse_if_open_to_others(path)?;
    // The file name may be the secret itself, given by mistake.
    let text = String::from_utf8(input::read_as(path, flag)?);
    text.map_err(|_| Failure::invalid(flag, "is not text"))
}

/// Returns the webhook secret from `--secret-file`, or else from the environment.
pub(crate) fn webhook_secret(file: Option<&Path>) -> Step<String> {
    let text = match file {
        Some(path) => secret_file(path, "--secret-file")?,
        None => std::env::var("D360_WEBHOOK_SECRET").unwrap_or_default(),
    };
    let text = text.trim();
    if text.is_empty() {
        return Err(Failure::usage("no webhook secret; set D360_WEBHOOK_SECRET or give --secret-file"));
    }
    Ok(text.to_owned())
}

/// Returns the key from `--key-file`, the environment, or the profile.
fn key(global: &Global, needs_key: bool) -> Step<Option<ApiKey>> {
    let text = if needs_key { key_text(global)? } else { own_key(global)? };
    Ok(text.map(ApiKey::new).transpose().map_err(SetupError::from)?)
}

/// Returns the key as text, for callers that store it themselves.
pub(crate) fn key_text(global: &Global) -> Step<Option<String>> {
    if let Some(key) = own_key(global)? {
        return Ok(Some(key));
    }
    let profile = global.active.as_ref();
    profile.and_then(|profile| Some(profile.key.as_ref()?.read(&profile.name))).transpose()
}

/// Returns the key from the command line or the environment.
fn own_key(global: &Global) -> Step<Option<String>> {
    Ok(match &global.key_file {
        Some(path) => Some(secret_file(path, "--key-file")?.trim().to_owned()),
        None => std::env::var("D360_API_KEY").ok().filter(|text| !text.trim().is_empty()),
    })
}

/// Returns the origin of the key without reading it.
pub(crate) fn key_origin(global: &Global) -> Option<Origin> {
    if global.key_file.is_some() {
        return Some(Origin::Flag);
    }
    if std::env::var("D360_API_KEY").is_ok_and(|text| !text.trim().is_empty()) {
        return Some(Origin::Environment);
    }
    global.active.as_ref()?.key.as_ref().map(|_| Origin::Profile)
}

#[cfg(unix)]
fn refuse_if_open_to_others(path: &Path) -> Step<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let file = std::fs::metadata(path);
    match file.map(|file| (file.is_file(), file.permissions().mode())) {
        Ok((false, _)) if path != Path::new("-") => {
            Err(Failure::invalid(&input::name(path), "is not a regular file"))
        }
        Ok((true, mode)) if path != Path::new("-") && mode & others(path) != 0 => {
            let message = format!("can be read by others; run: chmod 600 {}", input::name(path));
            Err(Failure::invalid(&input::name(path), message))
        }
        _ => Ok(()),
    }
}

/// Returns the permissions that a secret file must not have. systemd grants a service access to a credential with an
/// ACL. The ACL's mask shows as the group's permissions.
#[cfg(unix)]
fn others(path: &Path) -> u32 {
    let directory = std::env::var_os("CREDENTIALS_DIRECTORY");
    let is_credential = directory.is_some_and(|directory| path.parent() == Some(Path::new(&directory)));
    if is_credential { 0o007 } else { 0o077 }
}

#[cfg(not(unix))]
fn refuse_if_open_to_others(_: &Path) -> Step<()> {
    Ok(())
}
