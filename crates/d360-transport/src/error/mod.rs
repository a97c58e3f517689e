//! Everything a call can end in but a response.
mod call;
mod kind;
mod setup;
mod transport;

pub(crate) use self::kind::may_repeat;
#[cfg(any(feature = "reqwest", feature = "hyper", feature = "ureq"))]
pub(crate) use self::transport::{refuses_certificate, too_large};
pub use self::{
    call::Error,
    kind::{ErrorKind, Outcome, Undecodable},
    setup::SetupError,
    transport::{TransportError, TransportErrorKind},
};
