//! One client, over either transport.
use crate::{args::Global, input, output::Failure, shown::Shown};
use d360::{
    ApiKey, Config, Error,
    cloud::{self, Cloud},
    model::block::{BlockReport, BlockedUser, User},
    transport::{
        BlockUsersError, Connection, Endpoint, HttpRequest, Proxy, ReqwestTransport, Roots, SetupError,
        ThreadSleep, TokioSleep, UreqTransport,
    },
};
use std::{path::Path, time::Duration};

/// The client that the flags ask for. The verbs do not know which.
#[derive(Debug)]
pub(crate) enum Client {
    Async(cloud::Client, tokio::runtime::Runtime),
    Blocking(cloud::blocking::Client),
}

impl Client {
    /// The client for the flags; without a key where none is needed.
    pub(crate) fn new(global: &Global, needs_key: bool) -> Result<Self, Box<Failure>> {
        let key = match key(global)? {
            Some(key) => key,
            None if needs_key => return Err(SetupError::NoKey.into()),
            // Stands in a request that is shown masked, and not sent.
            None => ApiKey::new("none").map_err(SetupError::from)?,
        };
        let config = config(global, key)?;
        if global.blocking {
            return Ok(Self::Blocking(cloud::blocking::Client::new(config)?));
        }
        let runtime = runtime()?;
        Ok(Self::Async(cloud::Client::new(config)?, runtime))
    }

    /// A client that shows what it sends and gets.
    pub(crate) fn shown(blocking: bool, config: Config, to_stderr: bool) -> Result<Self, Box<Failure>> {
        let host = |error| Box::new(Failure::Setup(SetupError::Host(error)));
        if blocking {
            let transport = Shown::new(UreqTransport::new(&config.connection)?, to_stderr);
            let client = cloud::blocking::Client::with_transport(config, transport, ThreadSleep::new());
            return Ok(Self::Blocking(client.map_err(host)?));
        }
        let transport = Shown::new(ReqwestTransport::new(&config.connection)?, to_stderr);
        let client = cloud::Client::with_transport(config, transport, TokioSleep::new());
        Ok(Self::Async(client.map_err(host)?, runtime()?))
    }

    pub(crate) fn call<E: Endpoint<Api = Cloud>>(&self, endpoint: E) -> Result<E::Response, Error> {
        match self {
            Self::Async(client, runtime) => runtime.block_on(client.call(endpoint)),
            Self::Blocking(client) => client.call(endpoint),
        }
    }
    pub(crate) fn request<E: Endpoint<Api = Cloud>>(&self, endpoint: &E) -> Result<HttpRequest, Error> {
        match self {
            Self::Async(client, _) => client.request(endpoint),
            Self::Blocking(client) => client.request(endpoint),
        }
    }
    pub(crate) fn block(&self, users: Vec<User>) -> Result<BlockReport, BlockUsersError> {
        match self {
            Self::Async(client, runtime) => runtime.block_on(client.block_users(users)),
            Self::Blocking(client) => client.block_users(users),
        }
    }
    pub(crate) fn unblock(&self, users: Vec<User>) -> Result<BlockReport, BlockUsersError> {
        match self {
            Self::Async(client, runtime) => runtime.block_on(client.unblock_users(users)),
            Self::Blocking(client) => client.unblock_users(users),
        }
    }
    /// Hands every blocked user to `each`.
    pub(crate) fn blocked(&self, limit: Option<u32>, mut each: impl FnMut(BlockedUser)) -> Result<(), Error> {
        match self {
            Self::Async(client, runtime) => runtime.block_on(async {
                let mut users = client.blocked_users(limit);
                while let Some(user) = users.next().await {
                    each(user?);
                }
                Ok(())
            }),
            Self::Blocking(client) => client.blocked_users(limit).try_for_each(|user| user.map(&mut each)),
        }
    }
}

pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Box<Failure>> {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.map_err(|error| Failure::local(format!("no async runtime: {error}")))
}

fn config(global: &Global, key: ApiKey) -> Result<Config, Box<Failure>> {
    let mut connection = Connection::new();
    if let Some(url) = &global.proxy {
        connection = connection.proxy(Proxy::Url(url.clone()));
    }
    if let Some(path) = &global.ca_file {
        connection = connection.roots(Roots::Pem(input::read(path)?));
    }
    let config = Config::new(key)
        .attempt_timeout(Duration::from_secs(global.timeout))
        .strict(global.strict)
        .connection(connection);
    Ok(match &global.base_url {
        Some(url) if !url.trim().is_empty() => config.base_url(url),
        _ => config,
    })
}

/// The key from `--key-file`, or else from the environment.
fn key(global: &Global) -> Result<Option<ApiKey>, Box<Failure>> {
    let text = match &global.key_file {
        Some(path) => {
            refuse_if_open_to_others(path)?;
            let text = String::from_utf8(input::read(path)?);
            text.map_err(|_| Failure::invalid(&input::name(path), "is not text"))?
        }
        None => match std::env::var("D360_API_KEY") {
            Ok(text) if !text.trim().is_empty() => text,
            _ => return Ok(None),
        },
    };
    Ok(Some(ApiKey::new(text).map_err(SetupError::from)?))
}

#[cfg(unix)]
fn refuse_if_open_to_others(path: &Path) -> Result<(), Box<Failure>> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path).map(|file| file.permissions().mode());
    match mode {
        Ok(mode) if path != Path::new("-") && mode & 0o077 != 0 => {
            let message = format!("can be read by others; run: chmod 600 {}", path.display());
            Err(Failure::invalid(&input::name(path), message))
        }
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn refuse_if_open_to_others(_: &Path) -> Result<(), Box<Failure>> {
    Ok(())
}
