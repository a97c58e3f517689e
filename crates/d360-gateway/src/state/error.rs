//! Errors of the state file.

/// An error of the state file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum StoreError {
    #[error("the state file: {0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("the state file: {0}")]
    File(#[from] std::io::Error),
    #[error("{0}")]
    Name(&'static str),
    #[error("the state file is used by another process")]
    InUse,
    #[error("the state file was written by a newer version of the gateway")]
    Newer,
    #[error(
        "this file does not belong to a gateway and was not changed; choose a new file name for the state"
    )]
    Foreign,
    #[error("the state file could not be written")]
    NotCommitted,
    #[error("the gateway is stopping")]
    Stopped,
}
