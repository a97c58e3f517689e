//! The state file: which files are accepted, its lock and its tables.
use super::error::StoreError;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::{
    fs::{File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
    time::Duration,
};

/// "d360" in ASCII, in SQLite's header. Distinguishes the file from those of other programs (`file` shows it, too).
const APPLICATION_ID: i32 = 0x6433_3630;
const VERSION: i64 = 2;
/// How long a change waits for another program that writes to the file, for example `sqlite3`.
const BUSY: Duration = Duration::from_secs(2);

const TABLES: [&str; 6] = ["idempotency", "outbox", "put_aside", "seen", "settings", "tokens"];

const SCHEMA: &str = "
CREATE TABLE seen (number TEXT NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (number, key)) WITHOUT ROWID;
CREATE TABLE outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, number TEXT NOT NULL, user TEXT NOT NULL, body TEXT NOT NULL, at INTEGER NOT NULL);
CREATE TABLE put_aside (id INTEGER PRIMARY KEY, number TEXT NOT NULL, user TEXT NOT NULL, body TEXT NOT NULL, at INTEGER NOT NULL);
CREATE TABLE tokens (hash BLOB PRIMARY KEY, number TEXT NOT NULL, login BLOB NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE idempotency (number TEXT NOT NULL, key TEXT NOT NULL, request BLOB NOT NULL, process INTEGER NOT NULL,
    status INTEGER, body TEXT, at INTEGER NOT NULL, PRIMARY KEY (number, key)) WITHOUT ROWID;
CREATE TABLE settings (number TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;
";

/// Version 1 to 2: when delivery started, if not at receipt, and why a webhook was put aside.
const TO_2: &str = "
ALTER TABLE outbox ADD COLUMN since INTEGER;
ALTER TABLE put_aside ADD COLUMN why TEXT;
ALTER TABLE put_aside ADD COLUMN tries INTEGER;
ALTER TABLE put_aside ADD COLUMN aside_at INTEGER;
CREATE INDEX outbox_number ON outbox (number, id);
CREATE INDEX put_aside_number ON put_aside (number, id);
CREATE TABLE probe (id INTEGER PRIMARY KEY, filler BLOB NOT NULL);
";

pub(crate) struct StateFile {
    pub(crate) connection: Connection,
    /// Held while the file is in use.
    pub(crate) lock: File,
}

/// Opens the state file, and creates it if it does not exist.
pub(crate) fn open(path: &Path) -> Result<StateFile, StoreError> {
    let path = whole(path)?;
    refuse_foreign(&path)?;
    let lock = lock(&path)?;
    keep_to_owner(&path)?;
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&path, flags)?;
    connection.busy_timeout(BUSY)?;
    prepare(&connection).map_err(in_use)?;
    Ok(StateFile { connection, lock })
}

/// Returns the absolute path. Rejects names that SQLite would treat as an in-memory database or a URI.
fn whole(path: &Path) -> Result<PathBuf, StoreError> {
    let text = path.to_string_lossy();
    if text.is_empty()
        || text == ":memory:"
        || text.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("file:"))
    {
        return Err(StoreError::Name(
            "this is not a file name, and the state has to outlive the process; name a file, for example gateway.db",
        ));
    }
    if path.file_name().is_none() && !path.exists() {
        return Err(StoreError::Name("this is not a file name; name a file, for example gateway.db"));
    }
    if !path.exists() {
        // Created before canonicalize(), which fails for a missing file and for a link to one.
        create(path)?;
    }
    // The absolute path has no special meaning for SQLite, and two names of one file share a lock.
    let path = path.canonicalize()?;
    if !path.is_file() {
        return Err(StoreError::Name("this is not a regular file; name a file, for example gateway.db"));
    }
    Ok(path)
}

/// Creates an empty file that only its owner can read.
fn create(path: &Path) -> Result<(), StoreError> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?;
    Ok(())
}

/// Rejects the file of another program, without changing it.
fn refuse_foreign(path: &Path) -> Result<(), StoreError> {
    if path.metadata().map_or(0, |metadata| metadata.len()) == 0 {
        return Ok(());
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    match is_ours(&connection) {
        Ok(true) if is_newer(&connection)? => Err(StoreError::Newer),
        Ok(true) => Ok(()),
        Ok(false) => Err(StoreError::Foreign),
        Err(rusqlite::Error::SqliteFailure(error, _)) if error.code == ErrorCode::NotADatabase => {
            Err(StoreError::Foreign)
        }
        Err(error) => Err(in_use(error)),
    }
}

fn is_ours(connection: &Connection) -> rusqlite::Result<bool> {
    let id: i32 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let names =
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
    let mut statement = connection.prepare(names)?;
    let tables = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
    Ok(match id {
        APPLICATION_ID => true,
        // Version 1 had no id. An empty file is left by a process that ended before it wrote anything.
        0 => (version == 1 && tables == TABLES) || (version == 0 && tables.is_empty()),
        _ => false,
    })
}

/// Locks the state file, because two gateways on one file would deliver everything twice. SQLite's own lock would also
/// block readers.
fn lock(path: &Path) -> Result<File, StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push("-lock");
    let file = private(&PathBuf::from(name))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// Restricts the file to its owner, because it contains users' messages. SQLite gives its other files the same
/// permissions.
fn keep_to_owner(path: &Path) -> Result<(), StoreError> {
    private(path).map(drop)
}

fn private(path: &Path) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
        let file = options.mode(0o600).open(path)?;
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        Ok(file)
    }
    #[cfg(not(unix))]
    Ok(options.open(path)?)
}

fn in_use(error: rusqlite::Error) -> StoreError {
    match error {
        rusqlite::Error::SqliteFailure(inner, _)
            if matches!(inner.code, ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) =>
        {
            StoreError::InUse
        }
        other => other.into(),
    }
}

/// Configures the connection, and creates or migrates the tables.
fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    // Deleted data is overwritten, because it contains users' messages.
    connection.execute_batch("PRAGMA secure_delete = ON; PRAGMA synchronous = FULL;")?;
    // Set before WAL is enabled, so that the id is in the file itself.
    connection
        .execute_batch(&format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA journal_mode = WAL;"))?;
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let changes = match version {
        0 => format!("{SCHEMA}{TO_2}"),
        1 => TO_2.to_owned(),
        _ => return Ok(()),
    };
    connection.execute_batch(&format!("BEGIN IMMEDIATE; {changes} PRAGMA user_version = {VERSION}; COMMIT;"))
}

/// Returns whether a newer version wrote the file.
fn is_newer(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("PRAGMA user_version", [], |row| Ok(row.get::<_, i64>(0)? > VERSION))
}
