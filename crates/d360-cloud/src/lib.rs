//! Endpoints of 360dialog Cloud (`https://waba-v2.360dialog.io`), which proxies Meta's Cloud API: same bodies, no
//! version and no phone number ID in the path, header `D360-API-KEY`. The same endpoints run on Meta's own API: see [`graph`].
//!
//! One file per resource. Each endpoint is a value; a client calls it:
//!
//! ```no_run
//! # fn f(client: d360_cloud::blocking::Client) -> Result<(), Box<dyn std::error::Error>> {
//! use d360_cloud::messages::SendMessage;
//! use d360_model::Message;
//!
//! let sent = client.call(SendMessage::new(Message::text("+16505551234", "Hello")))?;
//! # Ok(()) }
//! ```
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod block_users;
pub mod endpoints;
pub mod graph;
pub mod health;
pub mod media;
pub mod messages;
pub mod resources;
mod send_file;
pub mod templates;
pub mod webhooks;

use d360_model::Message;
use d360_transport::{Api, AuthScheme, Host, Media, SendsMessages};
use messages::SendMessage;

pub use send_file::SendFile;

/// The base URL of 360dialog Cloud.
pub const BASE_URL: &str = "https://waba-v2.360dialog.io";

/// The host of Meta's files. 360dialog serves the same files on its own host.
const MEDIA_HOST: &str = "lookaside.fbsbx.com";

/// The Cloud API, as a marker of its endpoints and clients.
#[derive(Debug)]
#[non_exhaustive]
pub struct Cloud;

impl Api for Cloud {
    const NAME: &'static str = "cloud";

    fn default_host() -> Host {
        let host = Host::new(BASE_URL, AuthScheme::D360ApiKey).expect("a constant URL, which a test parses");
        host.media(Media::From(MEDIA_HOST))
    }
}

impl SendsMessages for Cloud {
    type Message = Message;
    type Send = SendMessage;
    fn send(message: Message) -> SendMessage {
        SendMessage::new(message)
    }
}

/// The async client of the Cloud API.
pub type Client = d360_transport::Client<Cloud>;

/// The blocking client of the Cloud API.
pub mod blocking {
    /// The blocking client of the Cloud API.
    pub type Client = d360_transport::blocking::Client<super::Cloud>;
}
