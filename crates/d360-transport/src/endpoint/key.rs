//! Keys and tokens.
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use std::fmt;

/// An API key or token. Shown by nothing; wiped from memory when dropped.
#[derive(Clone)]
pub struct ApiKey(SecretString);

/// Why a text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidKey {
    /// Nothing there.
    #[error("the API key is empty")]
    Empty,
    /// A control character, or anything that is not ASCII, which no header may carry.
    #[error("the API key holds a character that is not visible ASCII, such as a line break")]
    Character,
}

impl ApiKey {
    /// A key. White space around it is not part of it.
    ///
    /// # Errors
    /// [`InvalidKey`] where it is empty or could not stand in a header.
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

    /// The header value, marked sensitive.
    pub(crate) fn header(&self, prefix: &str) -> HeaderValue {
        let text = SecretString::from(format!("{prefix}{}", self.0.expose_secret()));
        // `new` took visible ASCII alone, which every header may carry.
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
