//! The gateway's configuration from the file, the flags and the environment.
use crate::{
    args::{Gateway as Args, Global},
    client,
    failure::{Exit, Failure},
    output::Output,
};
use d360::{transport::SetupError, webhook::Verification};
use d360_gateway::{Config, ConfigKey, InvalidConfig, Number};
use serde_json::json;
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
};

/// Prints every key with its default.
pub(super) fn print(output: Output) -> Exit {
    let text = Config::example();
    if output.is_json() {
        let shown = |key: &ConfigKey| {
            json!({ "table": key.table, "name": key.name, "value": key.value, "default": key.default, "example": key.example,
                "about": key.about, "option": key.flag })
        };
        output
            .document(&json!({ "keys": Config::keys().iter().map(shown).collect::<Vec<_>>(), "toml": text }));
    } else {
        output.exact(&text);
    }
    Exit::Done
}

/// Lists every problem of a file as `path:line: problem`.
fn refused(path: &Path, error: &InvalidConfig) -> Box<Failure> {
    let path = d360::model::mask(&path.display().to_string());
    match error {
        InvalidConfig::File(problems) => {
            let lines: Vec<String> = problems
                .iter()
                .map(|problem| format!("{path}:{}: {}", problem.line, problem.message))
                .collect();
            Failure::settings(lines.join("\n"))
        }
        other => Failure::settings(format!("{path}: {other}")),
    }
}

/// Reads the file and applies the flags and the environment.
pub(super) fn read(global: &Global, args: &Args) -> std::result::Result<Config, Box<Failure>> {
    let mut config = match &args.config {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|error| Failure::settings(format!("cannot read {}: {error}", path.display())))?;
            Config::from_toml(&text, &|name| std::env::var(name).ok())
                .map_err(|error| refused(path, &error))?
        }
        None => Config::new("127.0.0.1:8080", "d360-gateway.db"),
    };
    if config.numbers.is_empty() {
        let key = client::key_text(global)?.ok_or(SetupError::NoKey)?;
        config.numbers.push(Number::new("default", key));
    } else if global.key_file.is_some() {
        return Err(Failure::usage("the numbers in --config have their own keys; omit --key-file"));
    }
    if let Some(listen) = &args.listen {
        config.listen.clone_from(listen);
    }
    if let Some(state) = &args.state {
        config.state.clone_from(state);
    }
    if let Some(url) = &global.base_url {
        config.base_url = Some(url.clone());
    }
    if let Some(address) = &args.metrics_listen {
        config.metrics_listen = Some(address.clone());
    }
    config.old_ids |= args.old_ids;
    config.pass_new_types |= args.pass_new_types;
    let of_number =
        args.webhook_to.is_some() || args.secret_header.is_some() || args.messages_per_second.is_some();
    let [number] = &mut config.numbers[..] else {
        if of_number {
            let flags = "--webhook-to, --secret-header and --messages-per-second";
            return Err(Failure::usage(format!(
                "{flags} cannot apply to several numbers; set them for each number in --config"
            )));
        }
        return Ok(config);
    };
    if let Some(url) = &args.webhook_to {
        number.webhook_to = Some(url.clone());
    }
    if let Some(rate) = args.messages_per_second {
        number.messages_per_second = rate;
    }
    if let Some(header) = &args.secret_header {
        let secret = client::webhook_secret(args.secret_file.as_deref())?;
        let made = Verification::header(header, secret).map_err(|error| Failure::usage(error.to_string()))?;
        number.verification = Some(made);
    }
    Ok(config)
}

/// Returns the local URL of a gateway with this configuration.
pub(super) fn url_of(config: &Config) -> String {
    let address = config.metrics_listen.as_ref().unwrap_or(&config.listen);
    let here = address.parse::<SocketAddr>().map(|mut address| {
        if address.ip().is_unspecified() {
            let here = if address.is_ipv4() {
                IpAddr::V4(Ipv4Addr::LOCALHOST)
            } else {
                IpAddr::V6(Ipv6Addr::LOCALHOST)
            };
            address.set_ip(here);
        }
        address.to_string()
    });
    format!("http://{}", here.as_ref().unwrap_or(address))
}
