//! Answers into files.
use crate::BodySink;
use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, Seek as _, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Writes an answer into a file, which is there when all of it is: until [`finish`](Self::finish) it stands beside it, with `.part`
/// behind its name, and goes when the last clone of the sink is dropped.
///
/// Writing blocks the thread for a moment; on an async runtime whose threads must not, give a [`BodySink`] of your own.
#[derive(Clone)]
pub struct FileSink(Arc<Mutex<Writing>>);

struct Writing {
    target: PathBuf,
    part: PathBuf,
    file: Option<File>,
    length: u64,
    done: bool,
}

impl FileSink {
    /// For a file that is not there yet.
    ///
    /// # Errors
    /// Where it is there, or cannot be written.
    pub fn create(target: impl Into<PathBuf>) -> io::Result<Self> {
        let target = target.into();
        if target.symlink_metadata().is_ok() {
            return Err(exists(&target));
        }
        let mut part = target.clone().into_os_string();
        part.push(".part");
        let part = PathBuf::from(part);
        let file = OpenOptions::new().write(true).create_new(true).open(&part)?;
        Ok(Self(Arc::new(Mutex::new(Writing { target, part, file: Some(file), length: 0, done: false }))))
    }

    /// Puts the whole file in its place, and says how many bytes it has.
    ///
    /// # Errors
    /// Where another file has appeared there, or this one cannot be written to its end.
    pub fn finish(&self) -> io::Result<u64> {
        let mut writing = self.lock();
        let file = writing.file.take().ok_or_else(|| io::Error::other("the file is finished already"))?;
        file.sync_all()?;
        drop(file);
        // A link never replaces a file; where the file system has none, a look and a rename have to do.
        match fs::hard_link(&writing.part, &writing.target) {
            Ok(()) => fs::remove_file(&writing.part)?,
            Err(_) if writing.target.symlink_metadata().is_ok() => return Err(exists(&writing.target)),
            Err(_) => fs::rename(&writing.part, &writing.target)?,
        }
        writing.done = true;
        Ok(writing.length)
    }

    /// How many bytes have come.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.lock().length
    }

    fn lock(&self) -> MutexGuard<'_, Writing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn exists(path: &Path) -> io::Error {
    io::Error::new(io::ErrorKind::AlreadyExists, format!("{} is there already", path.display()))
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
            // There is nobody to tell where it cannot be removed.
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
        // An attempt that failed leaves nothing behind.
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

        // Dropped halfway, nothing is left; and what appeared meanwhile is not replaced.
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
