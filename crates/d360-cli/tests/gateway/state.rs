//! The state file: not shared, readable while in use, and upgraded from older versions.
use crate::{
    rig::{Gateway, OldProgram, args, http, webhook},
    scripted::eventually,
};
use d360_sandbox::Sandbox;
use rusqlite::{Connection, OpenFlags};
use std::{
    path::Path,
    process::{Command, Output},
    sync::atomic::Ordering,
};

/// A gateway that is not expected to start.
fn refused(state: &str, folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_d360"))
        .args(["gateway", "--listen", "127.0.0.1:0", "--state", state])
        .env("D360_API_KEY", "k")
        .env_remove("D360_BASE_URL")
        .current_dir(folder)
        .output()
        .unwrap()
}

pub(crate) fn look(state: &Path) -> Connection {
    Connection::open_with_flags(state, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
}

#[test]
fn only_its_own_file_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    for name in [
        ":memory:",
        "file:state.db",
        "file:x?mode=memory",
        "file::memory:?cache=shared",
        "FILE:x?mode=memory",
        "/dev/null",
        ".",
    ] {
        let ran = refused(name, place);
        let told = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert_eq!(ran.status.code(), Some(1), "{name}: {told}");
        assert!(told.contains("name a file, for example gateway.db"), "{name}: {told}");
    }
    assert_eq!(std::fs::read_dir(place).unwrap().count(), 0, "no file was created");
    // Another program's database, with and without an application ID, in both journal modes; and a file that is not a
    // database.
    for (name, setup) in [
        ("other.db", "CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('mine');"),
        ("id.db", "PRAGMA application_id = 1234; PRAGMA user_version = 1;"),
        (
            "same-names.db",
            "PRAGMA user_version = 1; CREATE TABLE outbox (id INTEGER PRIMARY KEY); CREATE TABLE letters (id);",
        ),
        ("version.db", "PRAGMA user_version = 7;"),
    ] {
        Connection::open(place.join(name)).unwrap().execute_batch(setup).unwrap();
    }
    let wal = Connection::open(place.join("wal.db")).unwrap();
    wal.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE notes (text TEXT);").unwrap();
    drop(wal);
    std::fs::write(place.join("text.txt"), "not a database, but somebody's notes\n".repeat(100)).unwrap();
    for name in ["other.db", "id.db", "same-names.db", "version.db", "wal.db", "text.txt"] {
        let file = place.join(name);
        let (before, rights) =
            (std::fs::read(&file).unwrap(), std::fs::metadata(&file).unwrap().permissions());
        let ran = refused(name, place);
        let told = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert_eq!(ran.status.code(), Some(1), "{name}: {told}");
        assert!(told.contains("does not belong to a gateway"), "{name}: {told}");
        assert!(std::fs::read(&file).unwrap() == before, "{name} was changed");
        assert_eq!(std::fs::metadata(&file).unwrap().permissions(), rights, "{name}");
    }
    // A name that SQLite treats specially is a plain file name here.
    let ours = place.join("a?mode=memory#x%20.db");
    let gateway = Gateway::start("k", &["--listen", "127.0.0.1:0", "--state", ours.to_str().unwrap()]);
    assert!(ours.is_file());
    drop(gateway);
    look(&ours).execute_batch("SELECT * FROM outbox").unwrap();
    // A file of a newer version is refused.
    Connection::open(&ours).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
    assert!(
        String::from_utf8_lossy(&refused(ours.to_str().unwrap(), place).stderr).contains("newer version")
    );
}

#[test]
fn the_state_can_be_read_while_the_gateway_runs() {
    let folder = tempfile::tempdir().unwrap();
    let (sandbox, old) = (Sandbox::start().unwrap(), OldProgram::start());
    let (url, state) = (sandbox.base_url(), folder.path().join("state.db"));
    let gateway = Gateway::start(sandbox.key(), &args(&url, &state, &old.url));
    old.status.store(503, Ordering::SeqCst);
    let post = |id: &str| {
        let body = webhook("16505551234", id, "Hi").to_string();
        http(gateway.address, "POST", "/webhook", &[], body.as_bytes()).unwrap().status
    };
    assert_eq!(post("wamid.a"), 200);
    let db = look(&state);
    // A long read blocks nothing.
    db.execute_batch("BEGIN").unwrap();
    let count = |db: &Connection| db.query_row("SELECT count(*) FROM outbox", [], |row| row.get::<_, i64>(0));
    assert_eq!(count(&db).unwrap(), 1);
    assert_eq!(post("wamid.b"), 200);
    assert_eq!(count(&look(&state)).unwrap(), 2);
    db.execute_batch("COMMIT").unwrap();
    // A second gateway is refused under any name of the file, and the first still works.
    let link = folder.path().join("link.db");
    #[cfg(unix)]
    std::os::unix::fs::symlink(&state, &link).unwrap();
    #[cfg(not(unix))]
    std::fs::copy(&state, &link).unwrap();
    for name in [&state, &link] {
        let ran = refused(name.to_str().unwrap(), folder.path());
        assert_eq!(ran.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&ran.stderr).contains("used by another process"), "{ran:?}");
    }
    old.status.store(200, Ordering::SeqCst);
    old.wait_for("both", |seen| (seen.len() == 2).then_some(()));
    eventually("both deleted", || (count(&look(&state)).unwrap() == 0).then_some(()));
    // The lock does not survive a kill.
    gateway.kill();
    drop(Gateway::start(sandbox.key(), &args(&url, &state, &old.url)));
}

/// A file of the first version.
#[test]
fn a_file_of_version_1_is_upgraded() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state.db");
    Connection::open(&state)
        .unwrap()
        .execute_batch(
            r#"PRAGMA journal_mode = WAL;
            CREATE TABLE seen (number TEXT NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (number, key)) WITHOUT ROWID;
            CREATE TABLE outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, number TEXT NOT NULL, user TEXT NOT NULL, body TEXT NOT NULL, at INTEGER NOT NULL);
            CREATE TABLE put_aside (id INTEGER PRIMARY KEY, number TEXT NOT NULL, user TEXT NOT NULL, body TEXT NOT NULL, at INTEGER NOT NULL);
            CREATE TABLE tokens (hash BLOB PRIMARY KEY, number TEXT NOT NULL, login BLOB NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;
            CREATE TABLE idempotency (number TEXT NOT NULL, key TEXT NOT NULL, request BLOB NOT NULL, process INTEGER NOT NULL,
                status INTEGER, body TEXT, at INTEGER NOT NULL, PRIMARY KEY (number, key)) WITHOUT ROWID;
            CREATE TABLE settings (number TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;
            PRAGMA user_version = 1;
            INSERT INTO outbox VALUES (7, 'default', '16505551234', '{"messages":[{"id":"wamid.old","type":"text"}]}', unixepoch());
            INSERT INTO put_aside VALUES (3, 'default', '16505551234', '{"messages":[{"id":"wamid.aside","type":"text"}]}', unixepoch());"#,
        )
        .unwrap();
    let (sandbox, old) = (Sandbox::start().unwrap(), OldProgram::start());
    let url = sandbox.base_url();
    let gateway = Gateway::start(sandbox.key(), &args(&url, &state, &old.url));
    old.wait_for("what it left", |seen| {
        seen.iter().any(|hook| hook["messages"][0]["id"] == "wamid.old").then_some(())
    });
    assert_eq!(gateway.manage("sandbox-key", &["aside", "list"])["aside"][0]["message_id"], "wamid.aside");
    gateway.manage("sandbox-key", &["aside", "retry", "3"]);
    old.wait_for("what it put aside", |seen| {
        seen.iter().any(|hook| hook["messages"][0]["id"] == "wamid.aside").then_some(())
    });
}

/// Two names of one file count as one file, even before it exists.
#[cfg(unix)]
#[test]
fn a_link_to_a_new_file_is_used_once() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    std::fs::create_dir(place.join("data")).unwrap();
    std::os::unix::fs::symlink("data/real.db", place.join("gw.db")).unwrap();
    let link = place.join("gw.db");
    let gateway = Gateway::start("k", &["--listen", "127.0.0.1:0", "--state", link.to_str().unwrap()]);
    assert!(place.join("data/real.db").is_file() && place.join("data/real.db-lock").is_file());
    for name in ["gw.db", "data/real.db"] {
        let told = String::from_utf8_lossy(&refused(name, place).stderr).into_owned();
        assert!(told.contains("is used by another"), "{name}: {told}");
    }
    drop(gateway);
}
