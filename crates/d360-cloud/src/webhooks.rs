//! `/v1/configs/webhook` and `/waba_webhook`: the webhook settings. Only 360dialog has these calls; at Meta, the
//! app's settings have the URL.
use crate::{Cloud, endpoints};
use d360_model::{Findings, WebhookConfig};
use d360_transport::{Body, BuildError, Endpoint, HttpResponse, Meta, Unreadable, json};

macro_rules! asks {
    ($(#[$doc:meta])* $name:ident, $meta:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default)]
        #[non_exhaustive]
        #[must_use = "an endpoint does nothing until a client calls it"]
        pub struct $name;

        impl $name {
            /// Creates the request.
            pub const fn new() -> Self {
                Self
            }
        }

        impl Endpoint for $name {
            type Api = Cloud;
            type Response = WebhookConfig;
            const META: Meta = endpoints::$meta;

            fn decode(response: &HttpResponse) -> Result<WebhookConfig, Unreadable> {
                decode(response)
            }
        }
    };
}

macro_rules! sets {
    ($(#[$doc:meta])* $name:ident, $meta:ident, $check:path) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        #[must_use = "an endpoint does nothing until a client calls it"]
        pub struct $name(WebhookConfig);

        impl $name {
            /// Sets `config`.
            pub fn new(config: WebhookConfig) -> Self {
                Self(config)
            }
        }

        impl Endpoint for $name {
            type Api = Cloud;
            type Response = WebhookConfig;
            const META: Meta = endpoints::$meta;

            fn body(&self) -> Result<Body, BuildError> {
                Body::json(&self.0)
            }
            fn check(&self) -> Findings {
                $check(&self.0)
            }
            fn decode(response: &HttpResponse) -> Result<WebhookConfig, Unreadable> {
                decode(response)
            }
        }
    };
}

asks! {
    /// `GET /v1/configs/webhook`: returns the webhook settings of the number (360dialog, "Webhook events and
    /// notifications", 2025).
    GetWebhook, WEBHOOKS_GET
}
asks! {
    /// `GET /waba_webhook`: returns the webhook settings of the account (360dialog, "Webhook events and
    /// notifications", 2025).
    GetAccountWebhook, WEBHOOKS_GET_ACCOUNT
}
sets! {
    /// `POST /v1/configs/webhook` `{"url", "headers"}`: sets the webhook settings of the number, which take
    /// precedence over the account's.
    ///
    /// `headers` are sent with every webhook: put a secret there, and verify it
    /// (`d360_webhook::Verification::header`). A new API key removes the URL: set it again (360dialog, "Webhook
    /// events and notifications", 2025).
    SetWebhook, WEBHOOKS_SET, for_number
}
sets! {
    /// `POST /waba_webhook` `{"url", "headers", "override_all"}`: sets the webhook settings of the account, within 15
    /// to 20 seconds (360dialog, "Webhook events and notifications", 2025).
    SetAccountWebhook, WEBHOOKS_SET_ACCOUNT, WebhookConfig::validate
}

fn for_number(config: &WebhookConfig) -> Findings {
    let mut findings = config.validate();
    if config.override_all.is_some() {
        findings.error("override_all", "is only for an account's webhook");
    }
    findings
}

/// A response without a body, or `null`, means that there are no settings.
fn decode(response: &HttpResponse) -> Result<WebhookConfig, Unreadable> {
    let is_empty = response.status().is_success() && response.body().trim_ascii().is_empty();
    if is_empty { Ok(WebhookConfig::default()) } else { Ok(json::<Option<_>>(response)?.unwrap_or_default()) }
}
