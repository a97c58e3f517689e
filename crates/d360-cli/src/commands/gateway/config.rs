//! The gateway's configuration: the file, the flags and the environment.
use crate::{
    args::{Gateway as Args, Global},
    client,
    output::Failure,
};
use d360::{transport::SetupError, webhook::Verification};
use d360_gateway::{Config, Number};

/// The file, and what the flags and the environment say beside it.
pub(super) fn read(global: &Global, args: &Args) -> std::result::Result<Config, Box<Failure>> {
    let mut config = match &args.config {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
            Config::from_toml(&text, &|name| std::env::var(name).ok())
                .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?
        }
        None => Config::new("127.0.0.1:8080", "d360-gateway.db"),
    };
    if config.numbers.is_empty() {
        let key = client::key_text(global)?.ok_or(SetupError::NoKey)?;
        config.numbers.push(Number::new("default", key));
    } else if global.key_file.is_some() {
        return Err(Failure::usage("the numbers of --config name their own keys; leave --key-file out"));
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
                "there are several numbers: {flags} stand in --config for each"
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
