//! `d360 gateway`.
use crate::{
    Result,
    args::{Gateway as Args, GatewayVerb, Global},
    commands::signals,
    failure::{Exit, Failure},
    output::Output,
};
use d360_gateway::{Gateway, StartError};
use serde_json::json;
use tracing_subscriber::{filter::LevelFilter, fmt};

mod config;
mod held;
mod ready;

/// Open files, one per connection.
const FILES: u64 = 65_536;

pub(crate) fn run(global: &Global, args: &Args, output: Output) -> Result {
    match &args.verb {
        Some(GatewayVerb::Ready(ready)) => return ready::run(global, args, ready, output),
        Some(GatewayVerb::Waiting(_) | GatewayVerb::Aside(_)) => return held::run(global, args, output),
        None => {}
    }
    if args.print_config {
        return Ok(config::print(output));
    }
    let config = config::read(global, args)?;
    // Raise the limit as far as possible. The gateway works with fewer.
    let _ = rlimit::increase_nofile_limit(FILES);
    // If a process starts two gateways, as tests do, the first logger serves both.
    let log = fmt().json().with_writer(|| Quiet).log_internal_errors(false);
    let _ = log.with_max_level(LevelFilter::INFO).try_init();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::local(format!("cannot start: {error}")))?;
    runtime.block_on(async {
        let state = config.state.clone();
        let unproven = config.numbers.iter().any(|number| number.verification.is_none());
        let several = config.numbers.len() > 1;
        let gateway = Gateway::start(config).await.map_err(|error| match error {
            StartError::Config(_) | StartError::Client(_) => Failure::usage(error.to_string()),
            other => Failure::local(other.to_string()),
        })?;
        let url = format!("http://{}", gateway.address());
        let metrics = gateway.metrics_address().map(|address| format!("http://{address}/metrics"));
        if output.is_json() {
            output.document(&json!({ "url": url, "webhook": format!("{url}/webhook"), "metrics": metrics }));
        } else {
            output.line(format!("gateway: {url}"));
            output
                .line(format!("old programs: {url}/v1, with the key in D360-API-KEY, or by /v1/users/login"));
            let path = if several { "/webhook/{name}" } else { "/webhook" };
            output.line(format!("webhooks of Cloud: {url}{path}"));
            output.line(format!("state: {}", state.display()));
            output.line(format!("migration notes: {url}/notes"));
            if unproven {
                output.note(
                    "webhooks are accepted from any connection on this machine, including a local proxy: give --secret-header",
                );
            }
        }
        signals::stopped()
            .await
            .map_err(|error| Failure::local(format!("cannot wait for signals: {error}")))?;
        gateway.stop().await;
        Ok::<_, Box<Failure>>(())
    })?;
    Ok(Exit::Done)
}

/// Standard error that ignores write errors. A log that cannot be written must not affect a response.
struct Quiet;

impl std::io::Write for Quiet {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        // An event is one line of JSON and may contain untrusted text.
        let text = crate::visible::json_visible(&String::from_utf8_lossy(line));
        let _ = std::io::stderr().write_all(text.as_bytes());
        Ok(line.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
