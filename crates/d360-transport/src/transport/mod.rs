//! Transports: the two traits, the clock, and the implementations over reqwest, hyper and ureq.
#[cfg(any(feature = "reqwest", feature = "hyper"))]
mod body;
mod clock;
#[cfg(any(feature = "reqwest", feature = "hyper"))]
mod collected;
mod connection;
#[cfg(feature = "hyper")]
mod hyper_impl;
#[cfg(any(feature = "reqwest", feature = "hyper", feature = "ureq"))]
#[cfg_attr(
    not(any(feature = "reqwest", feature = "ureq", feature = "rustls")),
    allow(dead_code, reason = "proxies are for https; without it hyper only checks the settings")
)]
mod proxy;
#[cfg(feature = "reqwest")]
mod reqwest_impl;
mod traits;
#[cfg(feature = "ureq")]
mod ureq_impl;

#[cfg(any(feature = "reqwest", feature = "hyper"))]
pub use self::clock::TokioSleep;
#[cfg(feature = "hyper")]
pub use self::hyper_impl::HyperTransport;
#[cfg(feature = "reqwest")]
pub use self::reqwest_impl::ReqwestTransport;
#[cfg(feature = "ureq")]
pub use self::ureq_impl::UreqTransport;
pub use self::{
    clock::{AsyncSleep, BlockingSleep, ThreadSleep},
    connection::{Connection, Protocol, Proxy, Roots},
    traits::{AsyncTransport, BlockingTransport},
};
#[cfg(feature = "mock")]
pub use self::{
    clock::{MockAsyncSleep, MockBlockingSleep},
    traits::{MockAsyncTransport, MockBlockingTransport},
};
