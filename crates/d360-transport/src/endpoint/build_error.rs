//! A request that could not be built.

/// A request that could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The body.
    #[error("the body could not be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The URL.
    #[error("the URL is malformed: {0}")]
    Http(#[from] http::Error),
    /// A part of the path.
    #[error("{0}")]
    Path(&'static str),
    /// A label that the call cannot carry.
    #[error("{0}")]
    Label(&'static str),
    /// A form of parts.
    #[error("{0}")]
    Form(&'static str),
    /// Something that the host does not have.
    #[error("{0}")]
    Scope(&'static str),
    /// A file that cannot be read: its path, and why.
    #[error("{0}")]
    File(String),
    /// A URL on a host that is not to get the key.
    #[error("the URL is on {0}, which is not to get the key; fetch it without this client if you trust it")]
    ForeignHost(String),
}
