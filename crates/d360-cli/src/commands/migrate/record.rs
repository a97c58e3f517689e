//! `d360 migrate record`.
use crate::{
    Result,
    args::{Global, Record as Args},
    client,
    commands::{
        log::{self, Log},
        signals,
    },
    failure::{Exit, Failure},
    input,
    output::Output,
    visible::{json_visible, visible},
};
use d360::model::mask;
use d360_gateway::{RecordedCall, Recorder, RecorderConfig, StartError};
use serde_json::json;

pub(super) fn run(global: &Global, args: &Args, output: Output) -> Result {
    let mut config = RecorderConfig::new(&args.listen, &args.to, &args.folder);
    config.every_call = args.all;
    config.connection = client::connection(global)?;
    let json = output.is_json();
    let log = (!output.is_quiet()).then(Log::start);
    let write = log.as_ref().map(Log::writer);
    let watch = move |call: &RecordedCall<'_>| {
        if let Some(write) = &write {
            write(Some(if json { document(call) } else { line(call) }));
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::local(format!("cannot start: {error}")))?;
    let (calls, written) = runtime.block_on(async {
        let recorder = Recorder::start(config, watch).await.map_err(|error| match error {
            StartError::Config(_) => Failure::usage(format!("--to: {error}")),
            StartError::Client(error) => Box::new(Failure::Setup(error)),
            StartError::State(problem) => Failure::local(format!("cannot write to {problem}")),
            other => Failure::local(other.to_string()),
        })?;
        let (url, file) = (format!("http://{}", recorder.address()), recorder.file().display().to_string());
        if json {
            output.document(&json!({ "url": url, "to": args.to, "file": file }));
        } else {
            output.line(format!("recorder: {url}, forwards to {}", args.to));
            output.line(format!("calls: {file}"));
            output.note(
                "the file contains phone numbers, names and texts, and only you can read it; it contains no keys, tokens or passwords. \
                Delete it after the check",
            );
        }
        signals::stopped()
            .await
            .map_err(|error| Failure::local(format!("cannot wait for signals: {error}")))?;
        Ok::<_, Box<Failure>>(recorder.stop().await)
    })?;
    if let Some(log) = log {
        log.end();
    }
    if !json {
        let folder = input::name(&args.folder);
        output.note(format!("{calls} calls, {written} written; next: d360 migrate check {folder}"));
    }
    Ok(Exit::Done)
}

/// Formats a call: `14:03:07  POST /v1/messages  201  written`.
fn line(call: &RecordedCall<'_>) -> String {
    let status = call.status.map_or_else(|| "no answer".to_owned(), log::colored);
    let written = match (call.written, call.problem) {
        (_, Some(problem)) => format!("not written: {}", visible(problem)),
        (true, None) => "written".to_owned(),
        (false, None) => "known form".to_owned(),
    };
    format!("{}  {} {}  {status}  {written}", log::time(), visible(call.method), log::personal(call.path))
}

fn document(call: &RecordedCall<'_>) -> String {
    let document = json!({ "time": jiff::Timestamp::now().to_string(), "method": call.method, "path": mask(call.path),
        "status": call.status, "written": call.written, "problem": call.problem });
    json_visible(&document.to_string())
}
