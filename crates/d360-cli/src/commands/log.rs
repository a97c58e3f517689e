//! The log of a foreground server, on standard error.
use crate::visible::visible;
use d360::model::mask;
use std::{
    io::Write as _,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    time::Duration,
};

/// The number of lines that can wait to be written.
const WAITING: usize = 10_000;
/// How long shutdown waits until they are written.
const LAST_LINES: Duration = Duration::from_secs(1);

/// A log with its own writer thread, so that a reader that stops reading does not block the server.
pub(crate) struct Log {
    lines: SyncSender<String>,
    dropped: Arc<AtomicU64>,
    written: Receiver<()>,
}

impl Log {
    pub(crate) fn start() -> Self {
        let (lines, to_write) = sync_channel::<String>(WAITING);
        let (done, written) = sync_channel(1);
        let dropped = Arc::new(AtomicU64::new(0));
        let missed = dropped.clone();
        std::thread::spawn(move || {
            for line in to_write {
                let missed = missed.swap(0, Ordering::Relaxed);
                if missed > 0 {
                    let _ = writeln!(anstream::stderr(), "({missed} lines were dropped)");
                }
                let _ = writeln!(anstream::stderr(), "{line}");
            }
            let _ = done.send(());
        });
        Self { lines, dropped, written }
    }

    /// Returns the function that the server calls with each line, if any.
    pub(crate) fn writer(&self) -> impl Fn(Option<String>) + Send + Sync + 'static {
        let (lines, dropped) = (self.lines.clone(), self.dropped.clone());
        move |line: Option<String>| {
            if line.is_some_and(|line| lines.try_send(line).is_err()) {
                dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Writes the remaining lines. The server must have stopped.
    pub(crate) fn end(self) {
        drop(self.lines);
        let _ = self.written.recv_timeout(LAST_LINES);
    }
}

/// Returns the local time of day.
pub(crate) fn time() -> String {
    jiff::ZonedDateTime::now().strftime("%H:%M:%S").to_string()
}

pub(crate) fn personal(text: &str) -> String {
    visible(&mask(text))
}

pub(crate) fn colored(status: u16) -> String {
    let color = match status {
        ..400 => 32,
        400..500 => 33,
        _ => 31,
    };
    format!("\u{1b}[{color}m{status}\u{1b}[0m")
}
