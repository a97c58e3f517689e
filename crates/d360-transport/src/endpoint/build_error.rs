//! The error for a request that could not be built.

/// A request that could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The body cannot be serialized.
    #[error("the body could not be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The URL is malformed.
    #[error("the URL is malformed: {0}")]
    Http(#[from] http::Error),
    /// A path segment is invalid.
    #[error("{0}")]
    Path(&'static str),
    /// The call does not support a label.
    #[error("{0}")]
    Label(&'static str),
    /// A multipart form is invalid.
    #[error("{0}")]
    Form(&'static str),
    /// The host does not have the resource.
    #[error("{0}")]
    Scope(&'static str),
    /// A file that cannot be read: its path, and why.
    #[error("{0}")]
    File(String),
    /// The URL is on a host that must not receive the key.
    #[error(
        "the URL is on {0}, which must not receive the API key; download it without this client if you trust the host"
    )]
    ForeignHost(String),
}
