//! Stores the schedule in a file that processes lock, or in memory if there is no such file.
use super::{now, schedule::Schedule};
use crate::{output::Output, paths};
use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

/// How long to wait for the lock. A process holds it for less than a millisecond.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) enum Store {
    Shared {
        file: File,
        path: PathBuf,
        output: Output,
    },
    /// Only this process.
    Own(Schedule),
}

impl Store {
    pub(super) fn new(sender: &str, output: Output) -> Self {
        let Some(folder) = paths::state_folder().map(|folder| folder.join("rate")) else {
            return Self::own("there is no home folder and no XDG_STATE_HOME", output);
        };
        let path = folder.join(format!("{sender}.json"));
        match open(&path) {
            Ok(file) => Self::Shared { file, path, output },
            Err(error) => Self::own(&format!("{}: {error}", path.display()), output),
        }
    }

    fn own(why: &str, output: Output) -> Self {
        output.note(format!("the rate limit applies to this process only: {why}"));
        Self::Own(Schedule::default())
    }

    /// Calls `run` with exclusive access to the schedule.
    pub(super) fn with<R>(&mut self, run: impl FnOnce(&mut Schedule) -> R) -> R {
        let (file, path, output) = match self {
            Self::Own(schedule) => return run(schedule),
            Self::Shared { file, path, output } => (file, path, *output),
        };
        let mut schedule = match lock(file).and_then(|()| read(file)) {
            Ok(schedule) => schedule,
            Err(error) => {
                let _ = file.unlock();
                *self = Self::own(&format!("{}: {error}", path.display()), output);
                return self.with(run);
            }
        };
        let result = run(&mut schedule);
        let written = write(file, &schedule);
        let _ = file.unlock();
        if let Err(error) = written {
            *self = Self::own(&format!("{}: {error}", path.display()), output);
            // Keep the decision in memory.
            if let Self::Own(own) = self {
                *own = schedule;
            }
        }
        result
    }
}

fn open(path: &std::path::Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        paths::create_private(folder)?;
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Locks the file. A stopped process with the lock must not block the others.
fn lock(file: &File) -> io::Result<()> {
    let end = Instant::now() + PATIENCE;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if Instant::now() >= end => {
                return Err(io::Error::other("another process holds its lock"));
            }
            Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(1)),
        }
    }
}

fn read(file: &mut File) -> io::Result<Schedule> {
    let mut text = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_end(&mut text)?;
    if text.is_empty() {
        return Ok(Schedule::default());
    }
    Ok(serde_json::from_slice(&text).unwrap_or_else(|_| Schedule::careful(now())))
}

fn write(file: &mut File, schedule: &Schedule) -> io::Result<()> {
    let text = serde_json::to_vec(schedule)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&text)?;
    file.set_len(text.len() as u64)
}
