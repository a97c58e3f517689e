//! `/health_status`: whether the number can send messages.
use crate::{Cloud, endpoints};
use d360_model::Health;
use d360_transport::{Endpoint, HttpResponse, Meta, Unreadable, json};

/// `GET /health_status`: returns whether the number can send messages, and which of number, account, business and app
/// prevent it. It sends no message, so it is suitable for testing a key (360dialog Messaging API reference, 2026).
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
#[must_use = "an endpoint does nothing until a client calls it"]
pub struct GetHealth;

impl GetHealth {
    /// Creates the request.
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
