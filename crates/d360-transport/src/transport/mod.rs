//! Transports: the two traits, the clock, and the implementations over reqwest and ureq.
mod clock;
mod connection;
#[cfg(any(feature = "reqwest", feature = "ureq"))]
mod proxy;
#[cfg(feature = "reqwest")]
mod reqwest_impl;
mod traits;
#[cfg(feature = "ureq")]
mod ureq_impl;

#[cfg(feature = "ureq")]
pub use self::ureq_impl::UreqTransport;
#[cfg(feature = "reqwest")]
pub use self::{clock::TokioSleep, reqwest_impl::ReqwestTransport};
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
