//! The side that waits for statuses.
use super::{Status, folder};
use std::{
    fs,
    io::{self, BufRead as _, BufReader},
    os::unix::net::UnixStream,
    sync::mpsc,
    thread,
    time::Duration,
};

/// Statuses from the listeners on this machine.
#[derive(Debug)]
pub(crate) struct Watch {
    statuses: mpsc::Receiver<Status>,
}

/// The reason why there is no status.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Silence {
    /// None yet.
    Late,
    /// All listeners have stopped.
    Ended,
}

impl Watch {
    /// Connects to every listener, and to the sandbox on this local port if messages go there. `None` if there is no listener.
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
                // Left over from a killed process.
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                    let _ = fs::remove_file(path);
                }
                Err(_) => {}
            }
        }
        found.then_some(Self { statuses })
    }

    /// Waits for the next status.
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
