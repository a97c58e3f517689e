//! The clients. Both drive the same state machine; the two loops differ by `.await` alone.
mod asynchronous;
pub mod blocking;
mod call;
mod change_blocks;
mod config;
mod core;
mod pager;
mod permit;
mod resources;
mod trace;

pub use self::{
    asynchronous::{Client, Pages, Permit},
    change_blocks::BlockUsersError,
    config::Config,
    resources::{HasChannels, HasContacts, HasHealth, HasMedia, HasMessages, HasTemplates, HasWebhooks},
};
