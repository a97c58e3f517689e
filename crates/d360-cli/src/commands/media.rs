//! `d360 media`.
use crate::{
    Result,
    args::{Download, Global, MediaVerb, Upload},
    client,
    failure::{Exit, Failure},
    input,
    output::Output,
};
use d360::{
    cloud::media::{DeleteMedia, DownloadMedia, GetMedia, UploadMedia},
    model::{MediaId, MediaInfo, MediaType},
    transport::{Endpoint, FileSink},
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;
use std::path::{Path, PathBuf};

type Step<T> = std::result::Result<T, Box<Failure>>;

pub(crate) fn run(global: &Global, verb: &MediaVerb, output: Output) -> Result {
    match verb {
        MediaVerb::Upload(args) => upload(global, args, output),
        MediaVerb::Info(args) => {
            let info = cloud(global)?.call(GetMedia::new(args.id.as_str()))?;
            show(&info, output);
            Ok(Exit::Done)
        }
        MediaVerb::Download(args) => download(global, args, output),
        MediaVerb::Delete(args) => {
            cloud(global)?.call(DeleteMedia::new(args.id.as_str()))?;
            if output.is_json() {
                output.document(&json!({ "deleted": args.id }));
            } else {
                output.line(format!("deleted {}", args.id));
            }
            Ok(Exit::Done)
        }
    }
}

fn cloud(global: &Global) -> Step<client::Client<d360::cloud::Cloud>> {
    client::cloud_alone(global, "media")
}

/// Returns a progress bar on standard error, hidden with `--quiet` and JSON output.
fn bar(total: u64, output: Output) -> ProgressBar {
    let hidden = output.is_json() || output.is_quiet();
    let target = if hidden { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(total), target);
    let style = ProgressStyle::with_template("{bar:32} {bytes}/{total_bytes} {bytes_per_sec} {eta}");
    style.map_or(bar.clone(), |style| bar.with_style(style))
}

/// Opens a file for upload. Without `mime`, its type is detected from the content or the name.
pub(super) fn upload_of(path: &Path, mime: Option<&str>) -> Step<UploadMedia> {
    let upload = UploadMedia::file(path)
        .map_err(|error| Failure::invalid(&input::name(path), format!("cannot be read: {error}")))?;
    Ok(match mime {
        Some(mime) => upload.mime_type(mime),
        None => upload,
    })
}

/// Uploads a file with a progress bar.
pub(super) fn transfer(global: &Global, upload: UploadMedia, output: Output) -> Step<MediaId> {
    let bar = bar(0, output);
    let moved = bar.clone();
    let upload = upload.on_progress(move |so_far, total| {
        moved.set_length(total);
        moved.set_position(so_far);
    });
    let uploaded = cloud(global)?.call(upload);
    bar.finish_and_clear();
    Ok(uploaded?.id)
}

fn upload(global: &Global, args: &Upload, output: Output) -> Result {
    let upload = upload_of(&args.file, args.mime.as_deref())?;
    // Check the file first: an invalid one fails without a key too.
    let found = upload.check();
    found.clone().into_result(global.strict)?;
    output.advice(&found);
    let kind = upload.kind().map_or("document", |kind| kind.as_str());
    let id = transfer(global, upload, output)?;
    if output.is_json() {
        output.document(&json!({ "id": id, "kind": kind }));
    } else {
        output.line(format!("uploaded as {}", id.as_str()));
        output.note(format!("send it with: d360 send {kind} --id {} --to …", id.as_str()));
    }
    Ok(Exit::Done)
}

fn show(info: &MediaInfo, output: Output) {
    if output.is_json() {
        output.document(info);
        return;
    }
    let size = info.file_size.map(|size| format!("{size} bytes"));
    output.facts(&[
        ("type", info.mime_type.clone()),
        ("size", size),
        ("sha256", info.sha256.clone()),
        ("url", Some(info.url.clone())),
    ]);
}

fn download(global: &Global, args: &Download, output: Output) -> Result {
    let is_url = args.what.contains("://");
    if is_url && args.out.is_none() {
        return Err(Failure::usage("a URL has no file name; give one with --out FILE"));
    }
    let client = cloud(global)?;
    let info = if is_url { None } else { Some(client.call(GetMedia::new(args.what.as_str()))?) };
    let target = args.out.clone().unwrap_or_else(|| {
        let known = info.as_ref().and_then(|info| MediaType::of_mime(info.mime_type.as_deref()?));
        let extension = known.and_then(|known| known.extensions.first()).map(|text| format!(".{text}"));
        PathBuf::from(format!("{}{}", args.what, extension.unwrap_or_default()))
    });
    let name = input::name(&target);
    let local = |error: std::io::Error| Failure::local(format!("{name} cannot be written: {error}"));
    let sink = FileSink::create(&target).map_err(local)?;
    remove_on_signal(sink.part());
    let wanted = info.as_ref().and_then(|info| info.file_size);
    let bar = bar(wanted.unwrap_or(0), output);
    let moved = bar.clone();
    let call = info.as_ref().map_or_else(|| DownloadMedia::url(args.what.as_str()), DownloadMedia::new);
    let done = client.call(call.to(sink.clone()).on_progress(move |so_far, _| moved.set_position(so_far)));
    bar.finish_and_clear();
    done?;
    let length = sink.length();
    if let Some(wanted) = wanted.filter(|wanted| *wanted != length) {
        return Err(Failure::local(format!(
            "received {length} bytes instead of {wanted}; {name} was not written; try again"
        )));
    }
    sink.finish().map_err(local)?;
    if output.is_json() {
        output.document(&json!({ "file": target, "bytes": length }));
    } else {
        output.line(format!("{} ({length} bytes)", target.display()));
    }
    Ok(Exit::Done)
}

/// Removes `part` if a signal interrupts or terminates the program, then exits with the signal's code. If no signal
/// handler can be installed, the signal ends the program as usual and the next download replaces the file.
fn remove_on_signal(part: PathBuf) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    let signals = {
        let _entered = runtime.enter();
        signals::listen()
    };
    if let Ok(signals) = signals {
        std::thread::spawn(move || {
            let code = runtime.block_on(signals::first(signals));
            let _ = std::fs::remove_file(part);
            std::process::exit(code);
        });
    }
}

#[cfg(unix)]
mod signals {
    use std::io;
    use tokio::signal::unix::{Signal, SignalKind, signal};

    pub(super) fn listen() -> io::Result<[Signal; 3]> {
        Ok([
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
        ])
    }

    /// Returns the exit code of a shell for the first signal that arrives.
    pub(super) async fn first([mut interrupt, mut terminate, mut hangup]: [Signal; 3]) -> i32 {
        tokio::select! {
            _ = interrupt.recv() => 130,
            _ = terminate.recv() => 143,
            _ = hangup.recv() => 129,
        }
    }
}

#[cfg(not(unix))]
mod signals {
    pub(super) fn listen() -> std::io::Result<()> {
        Ok(())
    }
    pub(super) async fn first((): ()) -> i32 {
        let _ = tokio::signal::ctrl_c().await;
        130
    }
}
