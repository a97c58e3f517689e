//! Data of a number or an account: health, webhooks, files and templates.
mod health;
mod media_file;
pub(crate) mod template;

pub use self::{
    health::{CanSend, Health, HealthEntity, HealthStatus, WebhookConfig},
    media_file::{MediaInfo, MediaKind, MediaType},
};
