//! The side that waits.
use super::{Status, folder};
use std::{
    fs,
    io::{self, BufRead as _, BufReader},
    os::unix::net::UnixStream,
    sync::mpsc,
    thread,
    time::Duration,
};

/// The statuses that the listeners of this machine tell.
#[derive(Debug)]
pub(crate) struct Watch {
    statuses: mpsc::Receiver<Status>,
}

/// Why there is no status.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Silence {
    /// Not yet.
    Late,
    /// Nobody listens any more.
    Ended,
}

impl Watch {
    /// Connects to every listener, and to the sandbox on this port of this machine if messages go there; `None` if there is none.
    pub(crate) fn start(sandbox: Option<u16>) -> Option<Self> {
        let sandbox = sandbox.map(super::of_sandbox);
        let (sender, statuses) = mpsc::channel();
        let mut found = false;
        for entry in fs::read_dir(folder()?).ok()?.flatten() {
            let path = entry.path();
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            if name.starts_with("sandbox-") && Some(&name) != sandbox.as_ref() {
                continue;
            }
            match UnixStream::connect(&path) {
                Ok(stream) => {
                    found = true;
                    let sender = sender.clone();
                    thread::spawn(move || read(stream, &sender));
                }
                // Its process was killed.
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                    let _ = fs::remove_file(path);
                }
                Err(_) => {}
            }
        }
        found.then_some(Self { statuses })
    }

    /// The next status.
    pub(crate) fn next(&self, within: Duration) -> Result<Status, Silence> {
        self.statuses.recv_timeout(within).map_err(|error| match error {
            mpsc::RecvTimeoutError::Timeout => Silence::Late,
            mpsc::RecvTimeoutError::Disconnected => Silence::Ended,
        })
    }
}

fn read(stream: UnixStream, sender: &mpsc::Sender<Status>) {
    for line in BufReader::new(stream).lines() {
        let Ok(line) = line else { return };
        if let Ok(status) = serde_json::from_str(&line)
            && sender.send(status).is_err()
        {
            return;
        }
    }
}
