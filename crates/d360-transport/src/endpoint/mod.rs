//! The definition of API calls: request and response. No I/O, no host, no key.
pub mod block_users;
mod body;
mod build_error;
mod decode;
mod definition;
mod host;
mod key;
mod meta;
mod multipart;
mod operations;
mod paging;
mod path;

pub use self::{
    body::Body,
    build_error::BuildError,
    decode::{Unreadable, json, success, text_of},
    definition::{Api, Endpoint, Transfer},
    host::{AuthScheme, Host, InvalidHost, Media},
    key::{ApiKey, InvalidKey},
    meta::{Effect, Meta, Scope},
    multipart::Multipart,
    operations::{BlocksUsers, ReportsUsers, SendsFiles, SendsMessages, sent},
    paging::{PagedEndpoint, next_offset},
    path::Path,
};
