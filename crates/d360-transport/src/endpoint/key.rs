//! API keys and tokens.
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use std::fmt;

/// An API key or token. Never displayed, and wiped from memory when dropped.
#[derive(Clone)]
pub struct ApiKey(SecretString);

/// Why a text is not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidKey {
    /// The text is empty.
    #[error("the API key is empty")]
    Empty,
    /// The text contains a control character or a character outside ASCII, which a header cannot carry.
    #[error("the API key contains a character that is not visible ASCII, such as a line break")]
    Character,
}

impl ApiKey {
    /// Creates a key. Surrounding white space is removed.
    ///
    /// # Errors
    /// Returns [`InvalidKey`] if the key is empty or not valid in a header.
    pub fn new(key: impl AsRef<str>) -> Result<Self, InvalidKey> {
        let key = key.as_ref().trim();
        if key.is_empty() {
            Err(InvalidKey::Empty)
        } else if !key.bytes().all(|b| b.is_ascii_graphic()) {
            Err(InvalidKey::Character)
        } else {
            Ok(Self(SecretString::from(key)))
        }
    }

    /// Returns the header value, marked as sensitive.
    pub(crate) fn header(&self, prefix: &str) -> HeaderValue {
        let text = SecretString::from(format!("{prefix}{}", self.0.expose_secret()));
        // `new` accepts only visible ASCII, which is valid in a header.
        let mut value = HeaderValue::from_str(text.expose_secret()).unwrap_or(HeaderValue::from_static(""));
        value.set_sensitive(true);
        value
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(••••)")
    }
}
