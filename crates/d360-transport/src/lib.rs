//! How it travels: endpoints without I/O, one call as a state machine, and the transports below it.
//!
//! [`Endpoint`] says what a request is and how its answer reads; it knows neither host nor key and serves async and
//! blocking code alike. [`Client`] and [`blocking::Client`] drive the same state machine over an [`AsyncTransport`]
//! or a [`BlockingTransport`]: reqwest and ureq behind the features of their names, mocks behind `mock`, or your own.
//!
//! A message whose outcome is unknown is never sent again by itself: see [`Error::outcome`] and [`RetryPolicy`]. Messages keep
//! a pace per sender and recipient: see [`Pacing`]. [`CallOptions`] are what single calls may have of their own: a deadline, no
//! retries, a label.
//!
//! Feature `tracing` gives each call a span `call` of target `d360`, with `endpoint`, `attempts`, `outcome` (`accepted`,
//! `not_sent`, `refused`, `unknown`; `dropped` where the caller gave up), `code` and `waited_ms`; an event for each attempt and
//! wait, and one at its end. No bodies, no numbers, no keys.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod block;
pub mod block_users;
pub mod blocking;
mod call;
mod client;
mod config;
mod endpoint;
mod error;
mod exchange;
mod file_sink;
mod host;
mod multipart;
mod options;
mod pacing;
mod paging;
mod path;
#[cfg(any(feature = "reqwest", feature = "ureq"))]
mod proxy;
#[cfg(feature = "reqwest")]
mod reqwest_impl;
mod retry;
mod secret;
mod trace;
mod transport;
#[cfg(feature = "ureq")]
mod ureq_impl;

pub use block::{BlockUsersError, BlocksUsers, ReportsUsers, SendsMessages, sent};
pub use block_users::BlockUsersApi;
pub use client::{Client, Pages};
pub use config::{Config, Connection, Protocol, Proxy, Roots};
pub use endpoint::{Api, Body, Effect, Endpoint, Meta, Scope, Transfer, Unreadable, json, success, text_of};
pub use error::{BuildError, Error, ErrorKind, Outcome, SetupError, Undecodable};
pub use exchange::{BodySink, HttpRequest, HttpResponse, Part, Payload, Progress};
pub use file_sink::FileSink;
pub use host::{AuthScheme, Host, InvalidHost, Media};
pub use multipart::Multipart;
pub use options::CallOptions;
pub use pacing::Pacing;
pub use paging::{PagedEndpoint, next_offset};
pub use path::Path;
#[cfg(feature = "reqwest")]
pub use reqwest_impl::ReqwestTransport;
pub use retry::RetryPolicy;
pub use secret::{ApiKey, InvalidKey};
#[cfg(feature = "reqwest")]
pub use transport::TokioSleep;
pub use transport::{
    AsyncSleep, AsyncTransport, BlockingSleep, BlockingTransport, ThreadSleep, TransportError,
    TransportErrorKind,
};
#[cfg(feature = "mock")]
#[cfg_attr(docsrs, doc(cfg(feature = "mock")))]
pub use transport::{MockAsyncSleep, MockAsyncTransport, MockBlockingSleep, MockBlockingTransport};
#[cfg(feature = "ureq")]
pub use ureq_impl::UreqTransport;
