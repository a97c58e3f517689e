//! Paths and queries with percent-encoding.
use super::build_error::BuildError;
use http::{Uri, uri};
use std::fmt;

/// A path and query, percent-encoded as they are built.
///
/// ```
/// use d360_transport::Path;
/// let path = Path::fixed("/contacts").segment("+1 631").param("limit", "10");
/// assert_eq!(path.as_str(), "/contacts/%2B1%20631?limit=10");
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Path {
    text: String,
    refused: Option<&'static str>,
    /// The scheme and authority of a URL from a response.
    pub(crate) origin: Option<(uri::Scheme, uri::Authority)>,
}

impl Path {
    /// Creates a path from fixed text that begins with `/`.
    #[must_use]
    pub fn fixed(text: &'static str) -> Self {
        Self { text: text.to_owned(), ..Self::default() }
    }
    /// Creates the path and query of a URL from a response, such as a media URL. The call goes to the client's own
    /// host, and only if the URL names that host or one that it replaces; see [`Host::media`](crate::Host::media).
    /// The key is never sent elsewhere.
    #[must_use]
    pub fn of_url(url: &str) -> Self {
        let refuse = |why| Self { refused: Some(why), ..Self::default() };
        // The API returns neither raw UTF-8 nor `..`.
        let plain = url.bytes().all(|byte| byte.is_ascii_graphic());
        let parts = url.parse::<Uri>().ok().filter(|_| plain).map(Uri::into_parts);
        let Some(uri::Parts { scheme: Some(scheme), authority: Some(authority), path_and_query, .. }) = parts
        else {
            return refuse("the URL has no scheme or host");
        };
        let path = path_and_query.unwrap_or_else(|| uri::PathAndQuery::from_static("/"));
        let back = |step: &str| matches!(step.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
        if path.path().split('/').any(back) || path.path().contains('\\') {
            return refuse("the URL contains `.` or `..` in its path");
        }
        Self { text: path.as_str().to_owned(), refused: None, origin: Some((scheme, authority)) }
    }
    /// Appends fixed text that begins with `/`.
    #[must_use]
    pub fn then(mut self, text: &'static str) -> Self {
        self.text.push_str(text);
        self
    }
    /// Appends a segment. An empty segment, `.` and `..` are refused when the request is built: encoded or not, they
    /// would change the path.
    #[must_use]
    pub fn segment(mut self, text: &str) -> Self {
        if matches!(text, "" | "." | "..") {
            self.refused = Some("a path segment is empty, `.` or `..`");
        } else if text.contains(['/', '\\']) || text.chars().any(char::is_control) {
            self.refused = Some("a path segment contains a slash or a control character");
        }
        self.text.push('/');
        self.escape(text);
        self
    }
    /// Adds a query parameter.
    #[must_use]
    pub fn param(mut self, name: &'static str, value: &str) -> Self {
        self.push_param(name, value);
        self
    }
    /// Adds a query parameter in place.
    pub fn push_param(&mut self, name: &'static str, value: &str) {
        self.text.push(if self.text.contains('?') { '&' } else { '?' });
        self.text.push_str(name);
        self.text.push('=');
        self.escape(value);
    }
    /// Returns the encoded text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
    pub(crate) fn finish(self) -> Result<String, BuildError> {
        self.refused.map_or(Ok(self.text), |why| Err(BuildError::Path(why)))
    }
    fn escape(&mut self, text: &str) {
        const HEX: &[u8; 16] = b"0123456789ABCDEF";
        for byte in text.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                self.text.push(char::from(byte));
            } else {
                self.text.push('%');
                self.text.push(char::from(HEX[usize::from(byte >> 4)]));
                self.text.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Path").field(&d360_model::mask(&self.text)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_that_lead_elsewhere_are_refused() {
        for bad in ["", ".", "..", "a/b", "a\\b", "a\rb", "a\0"] {
            assert!(Path::fixed("/x").segment(bad).finish().is_err(), "{bad:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn only_unreserved_characters_are_left(text in ".+") {
            let path = Path::fixed("/x").segment(&text).param("q", &text);
            let kept = |c: char| c.is_ascii_alphanumeric() || "-._~%/?=".contains(c);
            proptest::prop_assert!(path.as_str().chars().all(kept));
        }
    }
}
