//! Passes message statuses from webhook listeners on this machine to `d360 send --wait`.
//!
//! `d360 webhook listen` and `d360 sandbox` each open a socket in the state folder and write one line of JSON per status.
//! Nothing is stored on disk.
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
    /// The message ID.
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
    /// Whether this is the final status of the message.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self.status.as_str(), "delivered" | "read" | "played" | "failed")
    }
    pub(crate) fn has_failed(&self) -> bool {
        self.status == "failed"
    }
}

/// Returns the socket name of a sandbox. Its statuses concern only messages sent to it.
pub(crate) fn of_sandbox(port: u16) -> String {
    format!("sandbox-{port}")
}

/// Returns the folder of the sockets.
#[cfg(unix)]
fn folder() -> Option<std::path::PathBuf> {
    Some(crate::paths::state_folder()?.join("listeners"))
}
