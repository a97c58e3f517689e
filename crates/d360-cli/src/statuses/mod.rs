//! Statuses of messages, from whoever receives webhooks on this machine to `d360 send --wait`.
//!
//! `d360 webhook listen` and `d360 sandbox` each open a socket in the state folder, and write a line of JSON for every status. Nothing
//! of it is kept on disk.
#[cfg(unix)]
mod feed;
#[cfg(unix)]
mod watch;
#[cfg(not(unix))]
mod without;

#[cfg(unix)]
pub(crate) use feed::Feed;
use serde::{Deserialize, Serialize};
#[cfg(unix)]
pub(crate) use watch::{Silence, Watch};
#[cfg(not(unix))]
pub(crate) use without::{Feed, Silence, Watch};

/// A status of a message.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Status {
    /// The message's.
    pub(crate) id: String,
    pub(crate) status: String,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<Reason>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Reason {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<String>,
}

impl Status {
    /// Whether it says what became of the message.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self.status.as_str(), "delivered" | "read" | "played" | "failed")
    }
    pub(crate) fn has_failed(&self) -> bool {
        self.status == "failed"
    }
}

/// The name of the socket of a sandbox: its statuses are of no use to messages that go elsewhere.
pub(crate) fn of_sandbox(port: u16) -> String {
    format!("sandbox-{port}")
}

/// The folder of the sockets.
#[cfg(unix)]
fn folder() -> Option<std::path::PathBuf> {
    Some(crate::paths::state_folder()?.join("listeners"))
}
