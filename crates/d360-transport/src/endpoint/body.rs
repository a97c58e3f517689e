//! The body of a request.
use super::build_error::BuildError;
use crate::exchange::Part;
use bytes::Bytes;
use http::HeaderValue;
use serde::Serialize;
use std::fmt;

/// The body of a request. `Debug` shows only its size.
#[derive(Clone)]
#[non_exhaustive]
pub enum Body {
    /// No body.
    Empty,
    /// JSON text.
    Json(Bytes),
    /// Bytes of another type.
    Raw {
        /// The content type.
        content_type: HeaderValue,
        /// The bytes.
        bytes: Bytes,
    },
    /// Parts that a transport streams, for example a multipart body.
    Parts {
        /// The content type of the whole body.
        content_type: HeaderValue,
        /// The parts.
        parts: Vec<Part>,
    },
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, length) = match self {
            Self::Empty => ("Empty", 0),
            Self::Json(bytes) => ("Json", bytes.len() as u64),
            Self::Raw { bytes, .. } => ("Raw", bytes.len() as u64),
            Self::Parts { parts, .. } => ("Parts", parts.iter().map(Part::length).sum()),
        };
        write!(f, "{kind}({length} bytes)")
    }
}

impl Body {
    /// Serializes `value` as JSON.
    ///
    /// # Errors
    /// Returns [`BuildError`] if `value` cannot be serialized.
    pub fn json(value: &impl Serialize) -> Result<Self, BuildError> {
        // Enough for most messages. Above 1 KiB allocators become slower.
        let mut text = Vec::with_capacity(1_000);
        serde_json::to_writer(&mut text, value)?;
        Ok(Self::Json(text.into()))
    }
}
