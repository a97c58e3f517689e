//! Endpoints without I/O, the call state machine, and the transports below it.
//!
//! An [`Endpoint`] defines a request and how to decode its response. It has neither host nor key, and serves async
//! and blocking code alike. [`Client`] and [`blocking::Client`] drive the same state machine over an
//! [`AsyncTransport`] or a [`BlockingTransport`]: reqwest, hyper and ureq (features `reqwest`, `hyper` and `ureq`), mocks
//! (feature `mock`), or a custom one.
//!
//! A message whose outcome is unknown is never retried automatically: see [`Error::outcome`] and [`RetryPolicy`].
//! Messages are rate limited per sender and recipient: see [`RateLimit`]. [`CallOptions`] configure single calls: a
//! deadline, no retries, a label.
//!
//! Feature `tracing` adds a span `call` with target `d360` for each call. Its fields are `endpoint`, `attempts`,
//! `outcome` (`accepted`, `not_sent`, `refused`, `unknown`, or `dropped` if the caller gave up), `code` and
//! `waited_ms`. Each attempt, each wait and the end of the call is an event. It records no bodies, numbers or keys.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod client;
mod endpoint;
mod error;
mod exchange;
mod policy;
mod transport;

pub use client::{
    BlockUsersError, Client, Config, HasChannels, HasContacts, HasHealth, HasMedia, HasMessages,
    HasTemplates, HasWebhooks, Pages, Permit, blocking,
};
pub use endpoint::{
    Api, ApiKey, AuthScheme, BlocksUsers, Body, BuildError, Effect, Endpoint, Host, InvalidHost, InvalidKey,
    Media, Meta, Multipart, PagedEndpoint, Path, ReportsUsers, Scope, SendsFiles, SendsMessages, Transfer,
    Unreadable,
    block_users::{self, BlockUsersApi},
    json, next_offset, sent, success, text_of,
};
pub use error::{Error, ErrorKind, Outcome, SetupError, TransportError, TransportErrorKind, Undecodable};
pub use exchange::{BodySink, FileSink, HttpRequest, HttpResponse, Part, Payload, Progress};
pub use policy::{CallOptions, RateLimit, RetryPolicy};
#[cfg(feature = "hyper")]
pub use transport::HyperTransport;
#[cfg(feature = "reqwest")]
pub use transport::ReqwestTransport;
#[cfg(any(feature = "reqwest", feature = "hyper"))]
pub use transport::TokioSleep;
#[cfg(feature = "ureq")]
pub use transport::UreqTransport;
pub use transport::{
    AsyncSleep, AsyncTransport, BlockingSleep, BlockingTransport, Connection, Protocol, Proxy, Roots,
    ThreadSleep,
};
#[cfg(feature = "mock")]
#[cfg_attr(docsrs, doc(cfg(feature = "mock")))]
pub use transport::{MockAsyncSleep, MockAsyncTransport, MockBlockingSleep, MockBlockingTransport};
