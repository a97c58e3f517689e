//! Endpoints of 360dialog's Partner API (`https://hub.360dialog.io/api/v2`): the channels of a partner, and the users
//! that a channel blocks.
//!
//! There are two kinds of clients, one for the partner and one for a channel, over the same connections:
//!
//! ```no_run
//! use d360_partner::{ChannelId, Partner, PartnerId, channels::ListChannels};
//! # fn f(client: d360_partner::blocking::Client) -> Result<(), Box<dyn std::error::Error>> {
//! let partner = PartnerId::new("a1b2c3PA")?;
//! let id = client.call(ListChannels::new(&partner))?.partner_channels[0].id.clone().ok_or("no channel")?;
//! let channel = client.with_host::<d360_partner::Channel>(d360_partner::channel_host(&partner, &ChannelId::new(id)?))?;
//! let report = channel.block_users(["+16505551234"])?;
//! # Ok(()) }
//! ```
//!
//! The key belongs to the partner, not to a number: `X-API-Key` (preferred), or `Authorization: Bearer` with a token
//! from [`token::CreateToken`], see [`bearer_host`].
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod block_users;
pub mod channels;
pub mod endpoints;
mod id;
pub mod resources;
pub mod token;

use d360_transport::{Api, AuthScheme, Host, Path};

pub use id::{ChannelId, InvalidPathId, PartnerId};

/// The base URL of the hub; paths begin with `/api/v2`.
pub const BASE_URL: &str = "https://hub.360dialog.io";

/// The Partner API, as a marker of its endpoints and clients.
#[derive(Debug)]
#[non_exhaustive]
pub struct Partner;

/// A channel of the Partner API, as a marker: paths below `/api/v2/partners/{partner_id}/channels/{channel_id}`.
#[derive(Debug)]
#[non_exhaustive]
pub struct Channel;

fn host(auth: AuthScheme, prefix: &Path) -> Host {
    Host::new(BASE_URL, auth).expect("a constant URL, which a test parses").with_prefix(prefix)
}

/// Returns the hub with a bearer token from [`token::CreateToken`] instead of a partner key.
#[must_use]
pub fn bearer_host() -> Host {
    host(AuthScheme::Bearer, &Path::fixed("/api/v2"))
}

/// Returns the hub without a key, for [`token::CreateToken`].
#[must_use]
pub fn login_host() -> Host {
    host(AuthScheme::None, &Path::fixed("/api/v2"))
}

/// Returns the host of a channel, for clients of [`Channel`], with a partner key.
#[must_use]
pub fn channel_host(partner: &PartnerId, channel: &ChannelId) -> Host {
    host(AuthScheme::XApiKey, &channel_path(partner, channel))
}

/// Returns the host of a channel, with a bearer token from [`token::CreateToken`] instead of a partner key.
#[must_use]
pub fn channel_bearer_host(partner: &PartnerId, channel: &ChannelId) -> Host {
    host(AuthScheme::Bearer, &channel_path(partner, channel))
}

fn channel_path(partner: &PartnerId, channel: &ChannelId) -> Path {
    Path::fixed("/api/v2/partners").segment(partner.as_str()).then("/channels").segment(channel.as_str())
}

impl Api for Partner {
    const NAME: &'static str = "partner";

    fn default_host() -> Host {
        host(AuthScheme::XApiKey, &Path::fixed("/api/v2"))
    }
}

impl Api for Channel {
    const NAME: &'static str = "partner channel";

    /// Returns the hub. A client needs [`channel_host`] to reach a channel.
    fn default_host() -> Host {
        Partner::default_host()
    }
}

/// The async client of the Partner API.
pub type Client = d360_transport::Client<Partner>;

/// The blocking client of the Partner API.
pub mod blocking {
    /// The blocking client of the Partner API.
    pub type Client = d360_transport::blocking::Client<super::Partner>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hosts_are_urls() {
        let (partner, channel) = (PartnerId::new("pPA").unwrap(), ChannelId::new("cCH").unwrap());
        assert_eq!(Partner::default_host().to_string(), "https://hub.360dialog.io/api/v2");
        let host = channel_host(&partner, &channel);
        assert_eq!(host.to_string(), "https://hub.360dialog.io/api/v2/partners/pPA/channels/cCH");
        assert_eq!(channel_bearer_host(&partner, &channel).auth(), AuthScheme::Bearer);
        assert_eq!(login_host().auth(), AuthScheme::None);
        assert_eq!(bearer_host().auth(), AuthScheme::Bearer);
    }
}
