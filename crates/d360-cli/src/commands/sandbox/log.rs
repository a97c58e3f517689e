//! The log of a sandbox: a line on standard error for each request and each webhook.
use crate::output::{json_visible, visible};
use d360::model::mask;
use d360_sandbox::Activity;
use serde_json::json;
use std::{
    io::Write as _,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    time::Duration,
};

/// Lines that wait for whoever reads standard error.
const WAITING: usize = 10_000;
/// How long the end waits for them to be written.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Lines are written by a thread of their own: a reader that stops reading must not stop the sandbox.
pub(super) struct Log {
    lines: SyncSender<String>,
    dropped: Arc<AtomicU64>,
    written: Receiver<()>,
    json: bool,
}

impl Log {
    pub(super) fn start(json: bool) -> Self {
        let (lines, to_write) = sync_channel::<String>(WAITING);
        let (done, written) = sync_channel(1);
        let dropped = Arc::new(AtomicU64::new(0));
        let missed = dropped.clone();
        std::thread::spawn(move || {
            for line in to_write {
                let missed = missed.swap(0, Ordering::Relaxed);
                if missed > 0 && !json {
                    let _ = writeln!(anstream::stderr(), "({missed} lines were dropped)");
                }
                let _ = writeln!(anstream::stderr(), "{line}");
            }
            let _ = done.send(());
        });
        Self { lines, dropped, written, json }
    }

    /// What the sandbox calls.
    pub(super) fn watch(&self) -> impl Fn(&Activity<'_>) + Send + Sync + 'static {
        let (lines, dropped, json) = (self.lines.clone(), self.dropped.clone(), self.json);
        move |activity: &Activity<'_>| {
            // `d360 sandbox` itself asks before it does something.
            let reads_control = matches!(activity, Activity::Request { method: "GET", path, status: 200, .. }
                if path.starts_with("/_sandbox"));
            if reads_control {
                return;
            }
            let line = if json { document(activity) } else { line(activity) };
            if line.is_some_and(|line| lines.try_send(line).is_err()) {
                dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Writes what is left. The sandbox has to have stopped.
    pub(super) fn end(self) {
        drop(self.lines);
        let _ = self.written.recv_timeout(LAST_LINES);
    }
}

/// `14:03:07  POST /messages  400  131047  text to +•••••••••34`.
fn line(activity: &Activity<'_>) -> Option<String> {
    let time = jiff::ZonedDateTime::now().strftime("%H:%M:%S").to_string();
    let parts = match activity {
        Activity::Request { method, path, status, code, kind, recipient, .. } => {
            let message = match (kind, recipient) {
                (Some(kind), Some(to)) => Some(format!("{} to {}", visible(kind), personal(to))),
                _ => None,
            };
            vec![
                Some(format!("{} {}", visible(method), personal(path))),
                Some(colored(*status)),
                code.map(|code| code.to_string()),
                message,
            ]
        }
        Activity::Webhook { url, events, attempt, status, error, .. } => vec![
            Some(format!("webhook: {}", visible(events))),
            Some(format!("POST {}", personal(without_query(url)))),
            status.map(colored).or(error.map(personal)),
            (*attempt > 1).then(|| format!("attempt {attempt}")),
        ],
        _ => return None,
    };
    let parts: Vec<String> = std::iter::once(time).chain(parts.into_iter().flatten()).collect();
    Some(parts.join("  "))
}

fn document(activity: &Activity<'_>) -> Option<String> {
    let time = jiff::Timestamp::now().to_string();
    let document = match activity {
        Activity::Request { method, path, status, code, kind, recipient, .. } => {
            json!({ "time": time, "event": "request",
            "method": method, "path": mask(path), "status": status, "code": code, "type": kind, "to": recipient.map(mask) })
        }
        Activity::Webhook { url, events, attempt, status, error, .. } => {
            json!({ "time": time, "event": "webhook",
            "url": mask(without_query(url)), "events": events, "attempt": attempt, "status": status, "error": error.map(mask) })
        }
        _ => return None,
    };
    Some(json_visible(&document.to_string()))
}

fn personal(text: &str) -> String {
    visible(&mask(text))
}

/// The query of a webhook's URL may hold a token.
fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

fn colored(status: u16) -> String {
    let color = match status {
        ..400 => 32,
        400..500 => 33,
        _ => 31,
    };
    format!("\u{1b}[{color}m{status}\u{1b}[0m")
}
