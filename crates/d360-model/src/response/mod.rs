//! Responses of the APIs.
mod extra;
mod paging;
mod sent;

pub use self::{
    extra::Extra,
    paging::{Cursors, Paging},
    sent::{MessageStatus, SendResponse, SentMessage, SentTo},
};
