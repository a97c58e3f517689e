//! `multipart/form-data` (RFC 7578) without I/O: bytes around files that a transport streams.
use super::{body::Body, build_error::BuildError};
use crate::exchange::Part;
use http::HeaderValue;
use std::{
    collections::hash_map::RandomState,
    fmt::{self, Write as _},
    hash::{BuildHasher as _, Hasher as _},
};

/// A form of text fields and files.
///
/// ```
/// use d360_transport::{Body, Multipart, Part};
/// let form = Multipart::with_boundary("xyz")
///     .text("messaging_product", "whatsapp")
///     .file("file", "a \"b\".txt", "text/plain", Part::Bytes("Hi".into()))
///     .into_body()?;
/// let Body::Parts { content_type, parts } = form else { panic!() };
/// assert_eq!(content_type, "multipart/form-data; boundary=xyz");
/// let Part::Bytes(head) = &parts[0] else { panic!() };
/// assert_eq!(
///     head,
///     "--xyz\r\nContent-Disposition: form-data; name=\"messaging_product\"\r\n\r\nwhatsapp\r\n\
///      --xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a %22b%22.txt\"\r\n\
///      Content-Type: text/plain\r\n\r\n"
/// );
/// # Ok::<(), d360_transport::BuildError>(())
/// ```
#[derive(Clone)]
#[must_use = "a form does nothing until it is a body"]
pub struct Multipart {
    boundary: String,
    parts: Vec<Part>,
    /// The text after `parts`, in memory.
    text: String,
    refused: Option<&'static str>,
}

impl Default for Multipart {
    fn default() -> Self {
        Self::new()
    }
}

impl Multipart {
    /// Creates an empty form. The boundary is random, so that a file contains it only with a chance of 1 in 2^128.
    pub fn new() -> Self {
        let random = || RandomState::new().build_hasher().finish();
        Self::with_boundary(&format!("d360-{:016x}{:016x}", random(), random()))
    }
    /// Creates an empty form with this boundary: 1 to 70 letters, digits and `-`. The content must not contain it.
    pub fn with_boundary(boundary: &str) -> Self {
        let good = (1..=70).contains(&boundary.len())
            && boundary.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let refused = (!good).then_some("a boundary must have 1 to 70 letters, digits and `-`");
        Self { boundary: boundary.to_owned(), parts: Vec::new(), text: String::new(), refused }
    }
    /// Adds a text field.
    pub fn text(mut self, name: &str, value: &str) -> Self {
        let _ = write!(
            self.text,
            "--{}\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n{value}\r\n",
            self.boundary,
            quoted(name)
        );
        self
    }
    /// Adds a file.
    pub fn file(mut self, name: &str, filename: &str, content_type: &str, content: Part) -> Self {
        if content_type.trim().is_empty() || content_type.chars().any(char::is_control) {
            self.refused = Some("a file's content type is empty or contains a control character");
        }
        let _ = write!(
            self.text,
            "--{}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\nContent-Type: {content_type}\r\n\r\n",
            self.boundary,
            quoted(name),
            quoted(filename)
        );
        self.parts.push(Part::Bytes(std::mem::take(&mut self.text).into()));
        self.parts.push(content);
        self.text.push_str("\r\n");
        self
    }
    /// Returns the form as a body.
    ///
    /// # Errors
    /// Returns [`BuildError::Form`] if the boundary or a content type is invalid.
    pub fn into_body(mut self) -> Result<Body, BuildError> {
        if let Some(why) = self.refused {
            return Err(BuildError::Form(why));
        }
        let _ = write!(self.text, "--{}--\r\n", self.boundary);
        self.parts.push(Part::Bytes(self.text.into()));
        let content_type = format!("multipart/form-data; boundary={}", self.boundary);
        let content_type = HeaderValue::try_from(content_type).map_err(http::Error::from)?;
        Ok(Body::Parts { content_type, parts: self.parts })
    }
}

impl fmt::Debug for Multipart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Multipart").field("boundary", &self.boundary).finish_non_exhaustive()
    }
}

/// Encodes a name as HTML forms do: characters that would end the quotes or the line are percent-encoded.
fn quoted(name: &str) -> String {
    name.chars().fold(String::new(), |mut out, c| {
        match c {
            '"' => out.push_str("%22"),
            '\r' => out.push_str("%0D"),
            '\n' => out.push_str("%0A"),
            c if c.is_control() => {
                let mut bytes = [0; 4];
                for byte in c.encode_utf8(&mut bytes).bytes() {
                    let _ = write!(out, "%{byte:02X}");
                }
            }
            c => out.push(c),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(form: Multipart) -> (String, String) {
        let Body::Parts { content_type, parts } = form.into_body().unwrap() else { panic!() };
        let mut out = Vec::new();
        for part in parts {
            let Part::Bytes(bytes) = part else { panic!() };
            out.extend_from_slice(&bytes);
        }
        (content_type.to_str().unwrap().to_owned(), String::from_utf8(out).unwrap())
    }

    #[test]
    fn what_would_break_a_form_is_refused() {
        let file = |content_type: &str| {
            Multipart::new().file("f", "x", content_type, Part::Bytes("x".into())).into_body().is_ok()
        };
        assert!(file("text/plain; charset=utf-8"));
        assert!(!file("") && !file("text/plain\r\nX: y"));
        for bad in ["", "a b", "a\"", &"x".repeat(71)] {
            assert!(Multipart::with_boundary(bad).into_body().is_err(), "{bad}");
        }
    }

    proptest::proptest! {
        /// A form parser that follows boundaries and blank lines reads back what was written, whatever the names are.
        #[test]
        fn what_is_written_is_read(name in ".*", value in ".*", filename in ".*", content in ".*") {
            let form = Multipart::new().text(&name, &value).file("file", &filename, "text/plain", Part::Bytes(content.clone().into()));
            let (content_type, text) = bytes(form);
            let boundary = format!("--{}", content_type.split_once("boundary=").unwrap().1);
            let parts: Vec<&str> = text.split(boundary.as_str()).collect();
            proptest::prop_assert_eq!(parts.len(), 4);
            proptest::prop_assert_eq!((parts[0], parts[3]), ("", "--\r\n"));
            for (part, expected, lines) in [(parts[1], &value, 1), (parts[2], &content, 2)] {
                let (head, body) = part.strip_prefix("\r\n").unwrap().split_once("\r\n\r\n").unwrap();
                proptest::prop_assert_eq!(head.lines().count(), lines);
                proptest::prop_assert_eq!(body.strip_suffix("\r\n").unwrap(), expected);
            }
        }
    }
}
