//! Runs the program like a user.
mod download;
mod examples;
mod guesses;
mod guide;
mod habits;
mod help;
mod local;
mod manage;
mod many;
mod migrate;
mod mistakes;
mod profiles;
mod rate;
mod readme;
mod registry;
mod sandbox;
mod send;
mod setup;
mod systems;
mod tables;
mod verbose;
mod wait;

use assert_cmd::Command;
use d360_sandbox::Sandbox;
use serde_json::Value;
use std::path::PathBuf;

/// Isolated from the state of the user who runs the tests.
const STATE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/home/state");

/// The result of a run.
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

/// `d360` with these arguments, isolated from the environment.
fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_d360"));
    command.args(args);
    for name in [
        "D360_API_KEY",
        "D360_BASE_URL",
        "D360_WEBHOOK_SECRET",
        "D360_VERIFY_TOKEN",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
        "NO_PROXY",
        "no_proxy",
        "D360_CONFIG",
        "D360_PROFILE",
    ] {
        command.env_remove(name);
    }
    // Isolated from the settings of the user who runs the tests.
    let config = concat!(env!("CARGO_TARGET_TMPDIR"), "/home/config");
    command.env("XDG_CONFIG_HOME", config).env("XDG_STATE_HOME", STATE);
    command
}

fn finish(mut command: Command) -> Ran {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

fn d360(args: &[&str]) -> Ran {
    finish(command(args))
}

/// Runs it against a sandbox, with either transport.
fn with(sandbox: &Sandbox, blocking: bool, args: &[&str]) -> Ran {
    let mut command = command(args);
    command.env("D360_API_KEY", sandbox.key()).env("D360_BASE_URL", sandbox.base_url());
    if blocking {
        command.arg("--blocking");
    }
    let ran = finish(command);
    // For every command: no key anywhere, and numbers only in results.
    assert!(!ran.out.contains(sandbox.key()) && !ran.err.contains(sandbox.key()), "{}{}", ran.out, ran.err);
    assert!(!["16505551234", "14155559876"].iter().any(|number| ran.err.contains(number)), "{}", ran.err);
    ran
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }
    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }
    /// Makes a file readable only by its owner.
    fn owner_alone(&self, name: &str) {
        #[cfg(unix)]
        self.mode(name, 0o600);
    }
    #[cfg(unix)]
    fn mode(&self, name: &str, mode: u32) {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(self.0.path().join(name), std::fs::Permissions::from_mode(mode)).unwrap();
    }
    /// The path of a file, which need not exist.
    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }
}

fn example(name: &str) -> String {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name).to_str().unwrap().to_owned()
}
