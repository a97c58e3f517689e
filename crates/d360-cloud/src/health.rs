//! `/health_status`: whether messages can be sent.
use crate::{Cloud, endpoints};
use d360_model::Health;
use d360_transport::{Endpoint, HttpResponse, Meta, Unreadable, json};

/// `GET /health_status`: whether messages can be sent, and what of number, account, business and app keeps them back. Needs no
/// message to be sent, so that it is a good test of a key. Source: 360dialog Messaging API reference (2026).
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
#[must_use = "an endpoint does nothing until a client calls it"]
pub struct GetHealth;

impl GetHealth {
    /// Asks for it.
    pub const fn new() -> Self {
        Self
    }
}

impl Endpoint for GetHealth {
    type Api = Cloud;
    type Response = Health;
    const META: Meta = endpoints::HEALTH_GET;

    fn decode(response: &HttpResponse) -> Result<Health, Unreadable> {
        json(response)
    }
}
