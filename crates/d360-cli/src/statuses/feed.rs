//! The side that receives webhooks.
use super::{Status, folder};
use crate::{output::Output, paths};
use std::{
    collections::VecDeque,
    fs,
    io::{self, Write as _},
    os::unix::net::{UnixListener, UnixStream},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
};

/// The number of recent statuses sent to new connections. A status may arrive before the API's response to its message.
const RECENT: usize = 1_000;

/// Sends statuses to every `d360 send --wait` on this machine, until it is dropped.
#[derive(Debug)]
pub(crate) struct Feed {
    shared: Arc<Mutex<Shared>>,
    /// The path of the socket, removed on drop, or the reason why there is none.
    path: Result<PathBuf, io::Error>,
}

#[derive(Debug, Default)]
struct Shared {
    recent: VecDeque<Arc<str>>,
    watchers: Vec<mpsc::Sender<Arc<str>>>,
}

impl Feed {
    /// Opens the socket of this name, which is unique on this machine. If this fails, the listener runs without it.
    pub(crate) fn open(name: &str) -> Self {
        let shared = Arc::<Mutex<Shared>>::default();
        let path = listen(name, &shared);
        Self { shared, path }
    }

    /// Prints a note if there is no socket.
    pub(crate) fn note(&self, output: Output) {
        if let Err(error) = &self.path {
            output.note(format!("`d360 send --wait` cannot use this listener: {error}"));
        }
    }

    pub(crate) fn tell(&self, status: &Status) {
        let Ok(line) = serde_json::to_string(status) else { return };
        let line: Arc<str> = format!("{line}\n").into();
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if shared.recent.len() == RECENT {
            shared.recent.pop_front();
        }
        shared.watchers.retain(|watcher| watcher.send(line.clone()).is_ok());
        shared.recent.push_back(line);
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        if let Ok(path) = &self.path {
            let _ = fs::remove_file(path);
        }
    }
}

fn listen(name: &str, shared: &Arc<Mutex<Shared>>) -> io::Result<PathBuf> {
    let folder = folder().ok_or_else(|| io::Error::other("there is no home folder and no XDG_STATE_HOME"))?;
    let path = folder.join(format!("{name}.sock"));
    let named = |error: io::Error| io::Error::other(format!("{}: {error}", path.display()));
    paths::create_private(&folder).map_err(named)?;
    // Remove the socket of an earlier process.
    let _ = fs::remove_file(&path);
    let listener = UnixListener::bind(&path).map_err(named)?;
    let shared = shared.clone();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (sender, lines) = mpsc::channel();
            let recent: Vec<Arc<str>> = {
                let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
                shared.watchers.push(sender);
                shared.recent.iter().cloned().collect()
            };
            // A client that does not read must not delay the others.
            thread::spawn(move || write(stream, recent, &lines));
        }
    });
    Ok(path)
}

fn write(mut stream: UnixStream, recent: Vec<Arc<str>>, lines: &mpsc::Receiver<Arc<str>>) {
    for line in recent.into_iter().chain(lines.iter()) {
        if stream.write_all(line.as_bytes()).is_err() {
            return;
        }
    }
}
