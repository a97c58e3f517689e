//! Responses into files.
use super::http::BodySink;
use std::{
    fmt,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Seek as _, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Writes a response to a file, which appears when it is complete. Until [`finish`](Self::finish) the bytes are in a
/// file with the suffix `.part`, which is removed when the last clone of the sink is dropped.
///
/// A `.part` that an ended process left is overwritten. One that another sink is writing, in this process or another,
/// is not.
///
/// Writing blocks the thread briefly. If the threads of an async runtime must not block, implement [`BodySink`]
/// yourself.
#[derive(Clone)]
pub struct FileSink(Arc<Mutex<Writing>>);

struct Writing {
    target: PathBuf,
    part: PathBuf,
    /// Locked while it is being written.
    file: Option<File>,
    length: u64,
    done: bool,
}

impl FileSink {
    /// Creates the sink for a file that does not exist yet.
    ///
    /// # Errors
    /// Returns an error that names the file if it exists, if its `.part` is being written, or if that cannot be written.
    pub fn create(target: impl Into<PathBuf>) -> io::Result<Self> {
        let target = target.into();
        let mut part = target.clone().into_os_string();
        part.push(".part");
        let part = PathBuf::from(part);
        let file = open(&target, &part)?;
        Ok(Self(Arc::new(Mutex::new(Writing { target, part, file: Some(file), length: 0, done: false }))))
    }

    /// Returns the path of the incomplete file. A program that is ended by a signal should remove it.
    #[must_use]
    pub fn part(&self) -> PathBuf {
        self.lock().part.clone()
    }

    /// Moves the complete file to its path and returns its length in bytes.
    ///
    /// # Errors
    /// Returns an error if another file has appeared there, or if this one cannot be written completely.
    /// Returns an error if another file has appeared there, or this one cannot be written to its end.
    pub fn finish(&self) -> io::Result<u64> {
        let mut writing = self.lock();
        // The lock is held until the file is in its place, so that another process does not truncate it.
        let file = writing.file.take().ok_or_else(|| io::Error::other("the file is already finished"))?;
        file.sync_all()?;
        // A link never replaces a file. File systems without links need a check and a rename.
        match fs::hard_link(&writing.part, &writing.target) {
            Ok(()) => fs::remove_file(&writing.part)?,
            Err(_) if writing.target.symlink_metadata().is_ok() => return Err(exists(&writing.target)),
            Err(_) => fs::rename(&writing.part, &writing.target)?,
        }
        writing.done = true;
        Ok(writing.length)
    }

    /// Returns the number of bytes received.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.lock().length
    }

    fn lock(&self) -> MutexGuard<'_, Writing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens, locks and truncates `part`. The lock distinguishes a file in use from one that was left behind.
fn open(target: &Path, part: &Path) -> io::Result<File> {
    // Its writer may finish or remove it between opening and locking.
    for _ in 0..100 {
        if target.symlink_metadata().is_ok() {
            return Err(exists(target));
        }
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", part.display()));
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(part).map_err(named)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let message = format!("{} is being written by another download", part.display());
                return Err(io::Error::new(io::ErrorKind::ResourceBusy, message));
            }
            // A file system without locks: only a new file is certainly unused.
            Err(TryLockError::Error(_)) if file.metadata()?.len() == 0 => {}
            Err(TryLockError::Error(error)) => return Err(named(error)),
        }
        if target.symlink_metadata().is_err() && is_at(&file, part) {
            file.set_len(0).map_err(named)?;
            return Ok(file);
        }
    }
    Err(io::Error::new(io::ErrorKind::ResourceBusy, format!("{} keeps changing", part.display())))
}

/// Whether `file` is the file at `path`.
fn is_at(file: &File, path: &Path) -> bool {
    let (Ok(open), Ok(named)) = (file.metadata(), path.symlink_metadata()) else { return false };
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        (open.dev(), open.ino()) == (named.dev(), named.ino())
    }
    #[cfg(not(unix))]
    {
        open.len() == named.len()
    }
}

fn exists(path: &Path) -> io::Error {
    io::Error::new(io::ErrorKind::AlreadyExists, format!("{} exists already", path.display()))
}

impl BodySink for FileSink {
    fn begin(&self) -> io::Result<()> {
        let mut writing = self.lock();
        writing.length = 0;
        let file = writing.file.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        file.set_len(0)?;
        file.rewind()
    }
    fn write(&self, piece: &[u8]) -> io::Result<()> {
        let mut writing = self.lock();
        writing.length += piece.len() as u64;
        writing.file.as_mut().ok_or(io::ErrorKind::BrokenPipe)?.write_all(piece)
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        if !self.done {
            // A failure to remove it cannot be reported.
            let _ = fs::remove_file(&self.part);
        }
    }
}

impl fmt::Debug for FileSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileSink")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_there_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let (target, part) = (folder.path().join("a.pdf"), folder.path().join("a.pdf.part"));
        let sink = FileSink::create(&target).unwrap();
        // A failed attempt leaves nothing behind.
        sink.begin().unwrap();
        sink.write(b"much longer").unwrap();
        sink.begin().unwrap();
        sink.write(b"ab").unwrap();
        sink.write(b"c").unwrap();
        assert!(part.exists() && !target.exists());
        assert!(FileSink::create(&target).is_err(), "two at once");
        assert_eq!(sink.finish().unwrap(), 3);
        assert!(sink.finish().is_err() && sink.write(b"x").is_err());
        drop(sink);
        assert!(!part.exists());
        assert_eq!(fs::read(&target).unwrap(), b"abc");
        assert!(FileSink::create(&target).is_err());

        // A file that a killed process left is replaced; a file that is being written is not.
        let killed = folder.path().join("c");
        fs::write(folder.path().join("c.part"), "some of it").unwrap();
        let sink = FileSink::create(&killed).unwrap();
        sink.begin().unwrap();
        sink.write(b"all").unwrap();
        let error = FileSink::create(&killed).unwrap_err();
        assert!(error.to_string().contains("c.part is being written"), "{error}");
        sink.finish().unwrap();
        assert_eq!(fs::read(&killed).unwrap(), b"all");
        fs::remove_file(&killed).unwrap();

        // A dropped sink leaves nothing behind, and does not replace a file that has appeared meanwhile.
        let other = folder.path().join("b");
        drop(FileSink::create(&other).unwrap());
        let sink = FileSink::create(&other).unwrap();
        fs::write(&other, "theirs").unwrap();
        assert_eq!(sink.finish().unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        drop(sink);
        assert_eq!(fs::read(&other).unwrap(), b"theirs");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
