//! Endpoints of the On-Premise API.
//!
//! **Meta retired the On-Premise API on 2025-10-23.** This crate is for programs that still call it on a gateway, a
//! self-hosted client or a sandbox, and for migrating them to Cloud. Every item names its replacement.
//!
//! An endpoint of On-Premise does not compile with a client of Cloud:
//!
//! ```compile_fail,E0271
//! # fn f(cloud: d360_cloud::blocking::Client) {
//! let read = d360_onprem::messages::MarkMessageRead::new("gBEGkYiEB1VXAglK1ZEqA1YKPrU");
//! cloud.call(read);
//! # }
//! ```
//!
//! It does with its own client:
//!
//! ```no_run
//! # fn f(client: d360_onprem::blocking::Client) {
//! let read = d360_onprem::messages::MarkMessageRead::new("gBEGkYiEB1VXAglK1ZEqA1YKPrU");
//! client.call(read);
//! # }
//! ```
#![cfg_attr(docsrs, feature(doc_cfg))]

mod card;
pub mod contacts;
pub mod endpoints;
mod enums;
mod media;
mod message;
pub mod messages;
pub mod resources;
pub mod template;
mod ttl;

use contacts::{BlockContact, ListBlockedContacts, Reason, ReportContact, UnblockContact};
use d360_model::block::User;
use d360_transport::{Api, AuthScheme, BlocksUsers, Host, InvalidHost, Path, ReportsUsers, SendsMessages};
use messages::SendMessage;

pub use card::{Contact, Im, ImService};
pub use media::{Media, Provider};
pub use message::{Content, Message, Text};
pub use template::{Hsm, Template};
pub use ttl::Ttl;

/// The base URL of 360dialog's former On-Premise hosting; paths begin with `/v1`. (Meta retired On-Premise on
/// 2025-10-23; `d360_cloud::BASE_URL` replaces it.)
pub const BASE_URL: &str = "https://waba.360dialog.io";
/// The base URL of 360dialog's free sandbox; paths begin with `/v1`. It only messages the number that requested its
/// key. (Meta retired On-Premise on 2025-10-23; `d360_cloud` calls its successor.)
pub const SANDBOX_URL: &str = "https://waba-sandbox.360dialog.io";

/// The On-Premise API, as a marker of its endpoints and clients. (Meta retired On-Premise on 2025-10-23; Cloud
/// replaces it.)
#[derive(Debug)]
#[non_exhaustive]
pub struct OnPrem;

/// Returns 360dialog's free sandbox (`https://waba-sandbox.360dialog.io/v1`), with the key that it sends on WhatsApp.
/// (Meta retired On-Premise on 2025-10-23; Cloud replaces it.)
#[must_use]
pub fn sandbox_host() -> Host {
    host(SANDBOX_URL, AuthScheme::D360ApiKey).expect("a constant URL, which a test parses")
}

/// Returns a self-hosted On-Premise client at `base_url`, which needs a bearer token (from `POST /v1/users/login`).
/// (Meta retired On-Premise on 2025-10-23; Cloud replaces it.)
///
/// # Errors
/// Returns [`InvalidHost`] if the URL is invalid.
pub fn self_hosted(base_url: &str) -> Result<Host, InvalidHost> {
    host(base_url, AuthScheme::Bearer)
}

fn host(base_url: &str, auth: AuthScheme) -> Result<Host, InvalidHost> {
    Ok(Host::new(base_url, auth)?.with_prefix(&Path::fixed("/v1")))
}

impl Api for OnPrem {
    const NAME: &'static str = "onprem";

    fn default_host() -> Host {
        host(BASE_URL, AuthScheme::D360ApiKey).expect("a constant URL, which a test parses")
    }
}

impl SendsMessages for OnPrem {
    type Message = Message;
    type Send = SendMessage;
    fn send(message: Message) -> SendMessage {
        SendMessage::new(message)
    }
}

impl BlocksUsers for OnPrem {
    type Block = BlockContact;
    type Unblock = UnblockContact;
    type List = ListBlockedContacts;
    type Options = Option<Reason>;
    const USERS_PER_CALL: usize = 1;
    const CALLS_AT_ONCE: usize = 8;

    fn problem(user: &User) -> Option<String> {
        contacts::problem(user)
    }
    fn block(users: &[User], reason: &Option<Reason>) -> BlockContact {
        let block = BlockContact::new(one(users));
        match reason {
            Some(reason) => block.reason(reason.clone()),
            None => block,
        }
    }
    fn unblock(users: &[User]) -> UnblockContact {
        UnblockContact::new(one(users))
    }
    fn list(page_size: Option<u32>) -> ListBlockedContacts {
        let list = ListBlockedContacts::new();
        match page_size {
            Some(limit) => list.limit(limit),
            None => list,
        }
    }
}

/// Returns the only user of a call: [`BlocksUsers::USERS_PER_CALL`] is 1.
fn one(users: &[User]) -> User {
    users.first().cloned().unwrap_or(User::WaId(d360_model::WaId::default()))
}

impl ReportsUsers for OnPrem {
    type Report = ReportContact;
}

/// The async client of the On-Premise API. (Meta retired On-Premise on 2025-10-23; Cloud replaces it.)
pub type Client = d360_transport::Client<OnPrem>;

/// The blocking client of the On-Premise API. (Meta retired On-Premise on 2025-10-23; Cloud replaces it.)
pub mod blocking {
    /// The blocking client of the On-Premise API. (Meta retired On-Premise on 2025-10-23; Cloud replaces it.)
    pub type Client = d360_transport::blocking::Client<super::OnPrem>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hosts_are_urls() {
        assert_eq!(OnPrem::default_host().to_string(), "https://waba.360dialog.io/v1");
        assert_eq!(sandbox_host().to_string(), "https://waba-sandbox.360dialog.io/v1");
    }
}
