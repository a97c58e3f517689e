//! The body of a request.
use super::build_error::BuildError;
use crate::exchange::Part;
use bytes::Bytes;
use http::HeaderValue;
use serde::Serialize;
use std::fmt;

/// A body, as an endpoint gives it. `Debug` shows its size alone.
#[derive(Clone)]
#[non_exhaustive]
pub enum Body {
    /// None.
    Empty,
    /// JSON text.
    Json(Bytes),
    /// Bytes of another type.
    Raw {
        /// Their type.
        content_type: HeaderValue,
        /// The bytes.
        bytes: Bytes,
    },
    /// Parts that a transport streams, multipart bodies among them.
    Parts {
        /// The type of the whole.
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
    /// `value` as JSON.
    ///
    /// # Errors
    /// Where `value` refuses.
    pub fn json(value: &impl Serialize) -> Result<Self, BuildError> {
        // Room for most messages; allocators begin to take more time above 1 KiB.
        let mut text = Vec::with_capacity(1_000);
        serde_json::to_writer(&mut text, value)?;
        Ok(Self::Json(text.into()))
    }
}
