//! How it travels: endpoints without I/O, one call as a state machine, and the transports below it.
//!
//! [`Endpoint`] says what a request is and how its answer reads; it knows neither host nor key and serves async and
//! blocking code alike. [`Client`] and [`blocking::Client`] drive the same state machine over an [`AsyncTransport`]
//! or a [`BlockingTransport`]: reqwest and ureq behind the features of their names, mocks behind `mock`, or your own.
//!
//! A message whose outcome is unknown is never sent again by itself: see [`Error::outcome`] and [`RetryPolicy`]. Messages keep
//! a pace per sender and recipient: see [`RateLimit`]. [`CallOptions`] are what single calls may have of their own: a deadline, no
//! retries, a label.
//!
//! Feature `tracing` gives each call a span `call` of target `d360`, with `endpoint`, `attempts`, `outcome` (`accepted`,
//! `not_sent`, `refused`, `unknown`; `dropped` where the caller gave up), `code` and `waited_ms`; an event for each attempt and
//! wait, and one at its end. No bodies, no numbers, no keys.
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
#[cfg(feature = "ureq")]
pub use transport::UreqTransport;
pub use transport::{
    AsyncSleep, AsyncTransport, BlockingSleep, BlockingTransport, Connection, Protocol, Proxy, Roots,
    ThreadSleep,
};
#[cfg(feature = "mock")]
#[cfg_attr(docsrs, doc(cfg(feature = "mock")))]
pub use transport::{MockAsyncSleep, MockAsyncTransport, MockBlockingSleep, MockBlockingTransport};
#[cfg(feature = "reqwest")]
pub use transport::{ReqwestTransport, TokioSleep};
