//! The file of recorded calls. Only its owner can read it.
use super::{record::Call, shape};
use std::{
    collections::HashMap,
    fs::{DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// The number of calls written per form.
const SAMPLES: u32 = 3;
/// The maximum number of forms remembered.
const FORMS: usize = 100_000;

pub(super) struct Calls {
    path: PathBuf,
    file: Arc<Mutex<File>>,
    seen: Mutex<HashMap<u64, u32>>,
    all: bool,
}

impl Calls {
    pub(super) fn open(folder: &Path, all: bool) -> io::Result<Self> {
        let mut maker = DirBuilder::new();
        maker.recursive(true);
        let path = folder.join("calls.jsonl");
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
            maker.mode(0o700);
            options.mode(0o600);
        }
        maker.create(folder)?;
        let file = options.open(&path)?;
        #[cfg(unix)]
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        Ok(Self { path, file: Arc::new(Mutex::new(file)), seen: Mutex::default(), all })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a call, unless enough calls of its form were written. Returns whether it was written.
    pub(super) async fn take(&self, call: &Call) -> io::Result<bool> {
        if !self.all && !self.is_new(shape::of(call)) {
            return Ok(false);
        }
        let (file, line) = (self.file.clone(), format!("{}\n", call.document()));
        let write = move || file.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes());
        tokio::task::spawn_blocking(write).await.map_err(io::Error::other)?.map(|()| true)
    }

    fn is_new(&self, form: u64) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= FORMS && !seen.contains_key(&form) {
            return true;
        }
        let times = seen.entry(form).or_default();
        *times = times.saturating_add(1);
        *times <= SAMPLES
    }
}
