//! `d360 sandbox`.
use crate::{
    Result,
    args::{Global, Sandbox as Args, SandboxVerb},
    client::runtime,
    commands::{log::Log, signals},
    failure::{Exit, Failure},
    output::Output,
    statuses::{self, Feed, Reason, Status},
};
use control::Control;
use d360_sandbox::{Activity, DEFAULT_KEY, Sandbox};
use serde_json::json;
use std::{
    net::ToSocketAddrs as _,
    sync::{Arc, OnceLock},
};

mod control;
mod fail;
mod log;
mod trigger;

/// The business number of a key from the environment.
const NUMBER: &str = "15550783881";

pub(crate) fn run(global: &Global, args: &Args, output: Output) -> Result {
    let control = |url: &Option<String>| Control::find(url.as_deref().or(global.base_url.as_deref()));
    match &args.verb {
        None => start(args, output),
        Some(SandboxVerb::Trigger(args)) => trigger::run(args, || control(&args.sandbox.url), output),
        Some(SandboxVerb::Fail(args)) => fail::run(args, &control(&args.sandbox.url)?, output),
        Some(SandboxVerb::Requests(args)) => requests(&control(&args.url)?, output),
        Some(SandboxVerb::Reset(args)) => {
            control(&args.url)?.post("reset", &json!({}))?;
            if output.is_json() {
                output.document(&json!({ "reset": true }));
            } else {
                output.line("reset");
            }
            Ok(Exit::Done)
        }
    }
}

fn requests(control: &Control, output: Output) -> Result {
    let mut answer = control.get("requests")?;
    for asked in answer["requests"].as_array_mut().into_iter().flatten() {
        // The values of these headers are secrets of the webhook.
        if let Some(headers) = asked.pointer_mut("/body/headers").and_then(serde_json::Value::as_object_mut) {
            headers.values_mut().for_each(|value| *value = "••••".into());
        }
    }
    if output.is_json() {
        output.document(&answer);
        return Ok(Exit::Done);
    }
    for asked in answer["requests"].as_array().into_iter().flatten() {
        let text = |name: &str| asked[name].as_str().unwrap_or_default();
        let body = if asked["body"] == "" { String::new() } else { format!("  {}", asked["body"]) };
        output.line(format!("{} {}  {}{body}", text("method"), text("path"), asked["status"]));
    }
    Ok(Exit::Done)
}

fn start(args: &Args, output: Output) -> Result {
    let own = std::env::var("D360_API_KEY").ok().filter(|key| !key.trim().is_empty());
    let address = args.listen.to_socket_addrs().ok().and_then(|mut found| found.next());
    let address = address.ok_or_else(|| {
        Failure::usage(format!("{:?} is not an address; give one such as 127.0.0.1:4360", args.listen))
    })?;
    // A gateway or program that remembers message ids must not see those of an earlier start again.
    let started = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    #[allow(clippy::cast_possible_truncation, reason = "the last bits differ from start to start")]
    let builder = Sandbox::builder().listen(address).seed(started.as_millis() as u64);
    let builder = builder.key(own.as_deref().unwrap_or(DEFAULT_KEY).trim(), NUMBER).webhooks(|webhooks| {
        webhooks.user_ids = !args.without_user_ids;
        webhooks.escape_unicode = args.escape_unicode;
    });
    let json = output.is_json();
    let log = (!output.is_quiet()).then(Log::start);
    // The feed's name contains the port, which is known once the sandbox runs.
    let feed = Arc::new(OnceLock::<Feed>::new());
    let (write, told) = (log.as_ref().map(Log::writer), feed.clone());
    let builder = builder.watch(move |activity| {
        if let Some(write) = &write {
            write(log::line(activity, json));
        }
        if let (Some(feed), Some(status)) = (told.get(), status_of(activity)) {
            feed.tell(&status);
        }
    });
    let sandbox = builder.start().map_err(|error| {
        Failure::local(format!(
            "cannot listen on {}: {error}; give another address with --listen",
            args.listen
        ))
    })?;
    let url = sandbox.base_url();
    if let Some(port) = url.rsplit(':').next().and_then(|port| port.parse().ok()) {
        let _ = feed.set(Feed::open(&statuses::of_sandbox(port)));
    }
    // A key from the environment is not shown, because it may be real.
    if output.is_json() {
        output.document(&if own.is_some() {
            json!({ "url": url })
        } else {
            json!({ "url": url, "key": DEFAULT_KEY })
        });
    } else {
        output.line(format!("sandbox: {url}"));
        match own {
            Some(_) => output.line("key: the one in D360_API_KEY"),
            None => output.line(format!("key: {DEFAULT_KEY}")),
        }
        output.line("");
        output.line("In another terminal:");
        let export = if own.is_some() { String::new() } else { format!(" D360_API_KEY={DEFAULT_KEY}") };
        output.line(format!("  export D360_BASE_URL={url}{export}"));
        output.line("  d360 sandbox trigger message --from +16505551234   # a user writes: opens the window");
        output.line("  d360 send location --to +16505551234 --latitude 37.44 --longitude -122.16");
        output.line("");
        output.line(format!("{url}/_sandbox lists the control API. Stop the sandbox with Ctrl-C."));
    }
    if let Some(feed) = feed.get() {
        feed.note(output);
    }
    runtime()?
        .block_on(signals::stopped())
        .map_err(|error| Failure::local(format!("cannot wait for signals: {error}")))?;
    sandbox.stop();
    if let Some(log) = log {
        log.end();
    }
    Ok(Exit::Done)
}

/// Returns the status for `d360 send --wait`.
fn status_of(activity: &Activity<'_>) -> Option<Status> {
    let Activity::Status { id, status, code, title, .. } = activity else { return None };
    let error = code.map(|code| Reason { code: Some(code), title: title.map(str::to_owned) });
    Some(Status { id: (*id).to_owned(), status: (*status).to_owned(), errors: error.into_iter().collect() })
}
