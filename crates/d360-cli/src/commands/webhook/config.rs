//! `d360 webhook config`, `d360 webhook verify`.
use super::listen::verification;
use crate::{
    Result,
    args::{ApiName, Config, Global, Signer, Verify},
    client,
    failure::{Exit, Failure},
    input,
    output::Output,
};
use d360::{
    cloud::webhooks::{GetAccountWebhook, GetWebhook, SetAccountWebhook, SetWebhook},
    model::WebhookConfig,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value, json};

pub(super) fn run(global: &Global, verb: &Config, output: Output) -> Result {
    let cloud = || match global.api {
        None | Some(ApiName::Cloud) => client::cloud(global, true),
        Some(_) => Err(Failure::usage("webhook settings are for --api cloud; only 360dialog has this call")),
    };
    match verb {
        Config::Get(args) => {
            let config = if args.account {
                cloud()?.call(GetAccountWebhook::new())
            } else {
                cloud()?.call(GetWebhook::new())
            };
            show(&config?, output);
        }
        Config::Set(args) => {
            let mut config = WebhookConfig::new(args.url.as_str());
            if let Some(name) = &args.secret_header {
                config = config.header(name.as_str(), client::webhook_secret(args.secret_file.as_deref())?);
            }
            if args.override_all {
                config = config.override_all(true);
            }
            let found = config.validate();
            found.clone().into_result(global.strict)?;
            output.advice(&found);
            if args.account {
                cloud()?.call(SetAccountWebhook::new(config.clone()))?;
            } else {
                cloud()?.call(SetWebhook::new(config.clone()))?;
            }
            show(&config, output);
            if args.account {
                output.note("the change takes 15 to 20 seconds; numbers with their own webhook keep it unless --override-all is given");
            }
        }
    }
    Ok(Exit::Done)
}

/// Masks header values, which are secrets.
fn show(config: &WebhookConfig, output: Output) {
    if output.is_json() {
        let headers: Map<String, Value> =
            config.headers.keys().map(|name| (name.clone(), json!("••••"))).collect();
        output
            .document(&json!({ "url": config.url, "headers": headers, "override_all": config.override_all }));
        return;
    }
    output.line(config.url.as_deref().unwrap_or("no webhook is set"));
    config.headers.keys().for_each(|name| output.line(format!("{name}: ••••")));
}

pub(super) fn verify(args: &Verify, output: Output) -> Result {
    let verification =
        verification(Some(args.signed_by), None, || client::webhook_secret(args.secret_file.as_deref()))?;
    let name = match args.signed_by {
        Signer::App => HeaderName::from_static("x-hub-signature-256"),
        Signer::Platform => HeaderName::from_static("x-360dialog-signature"),
    };
    let value = HeaderValue::try_from(args.signature.trim())
        .map_err(|_| Failure::invalid("--signature", "is not a valid header value"))?;
    let body = input::read_exact(&args.file)?;
    let verified = verification.verify(&HeaderMap::from_iter([(name, value)]), &body);
    verified.map_err(|refused| {
        Failure::invalid(
            &input::name(&args.file),
            format!("{refused}; the signature covers the exact body, to the last byte and line ending"),
        )
    })?;
    if output.is_json() {
        output.document(&json!({ "verified": true }));
    } else {
        output.line("verified");
    }
    Ok(Exit::Done)
}
