//! Validation of outgoing data: reports every problem with its JSON path, in two levels.
use std::{
    collections::HashSet,
    fmt::{self, Write as _},
};

/// The severity of a [`Finding`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Severity {
    /// The documentation disagrees or advises against it, but the API is known or likely to accept it.
    Advice,
    /// The API would refuse it. A client does not send it.
    Error,
}

/// A problem and its place.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The severity.
    pub severity: Severity,
    /// The JSON path in the body, such as `contacts[0].name.formatted_name`; empty for the whole body.
    pub path: String,
    /// What is wrong, and what is correct.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.path, self.message)
        }
    }
}

impl fmt::Debug for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {self}", self.severity)
    }
}

/// The findings of a validation. If there are none, the data can be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings(Vec<Finding>);

impl Findings {
    /// Creates an empty list.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }
    /// Whether there are no errors and no advice.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// Returns all findings, in the order of the body.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.0.iter()
    }
    /// Returns what the API would refuse.
    pub fn errors(&self) -> impl Iterator<Item = &Finding> {
        self.0.iter().filter(|f| f.severity == Severity::Error)
    }
    /// Returns what the documentation advises against.
    pub fn advice(&self) -> impl Iterator<Item = &Finding> {
        self.0.iter().filter(|f| f.severity == Severity::Advice)
    }
    /// Whether there is an error. If `strict`, advice counts as one.
    #[must_use]
    pub fn refuses(&self, strict: bool) -> bool {
        self.0.iter().any(|f| strict || f.severity == Severity::Error)
    }
    /// Converts to an error if the findings [`refuse`](Self::refuses) the data.
    ///
    /// # Errors
    /// Returns [`Invalid`] with every finding.
    pub fn into_result(self, strict: bool) -> Result<(), Invalid> {
        if self.refuses(strict) { Err(Invalid(self)) } else { Ok(()) }
    }
    /// Adds an error at `path`.
    pub fn error(&mut self, path: impl fmt::Display, message: impl Into<String>) {
        self.push(Severity::Error, path, message);
    }
    /// Adds an error at `path` if the required `text` is blank.
    pub fn require(&mut self, path: impl fmt::Display, text: &str) {
        if blank(text) {
            self.error(path, "is required and must not be blank");
        }
    }
    /// Adds an error at `path` if the required `id` is blank or contains white space or a control character.
    pub fn require_id(&mut self, path: impl fmt::Display, id: &str) {
        if blank(id) {
            self.error(path, "is required and must not be blank");
        } else if let Some(c) = id.chars().find(|c| c.is_whitespace() || c.is_control()) {
            self.error(path, format!("contains {c:?}; an ID has no white space and no control characters"));
        }
    }
    /// Adds an error at `path` if the text has more than `limit` characters.
    pub fn at_most(&mut self, path: impl fmt::Display, text: &str, limit: usize) {
        // A text with fewer bytes cannot have more characters.
        if text.len() > limit && text.chars().count() > limit {
            self.error(path, format!("has {} characters; at most {limit} are allowed", text.chars().count()));
        }
    }
    /// Adds advice at `path`.
    pub fn advise(&mut self, path: impl fmt::Display, message: impl Into<String>) {
        self.push(Severity::Advice, path, message);
    }
    fn push(&mut self, severity: Severity, path: impl fmt::Display, message: impl Into<String>) {
        self.0.push(Finding { severity, path: path.to_string(), message: message.into() });
    }
    /// Adds the findings of `other`, except those inside a place that already has an error, and advice on a place
    /// that has some.
    pub fn merge(&mut self, other: Findings) {
        let wrong: HashSet<String> = self.errors().map(|finding| finding.path.clone()).collect();
        let within = |path: &str| {
            let steps = path.char_indices().filter(|(_, c)| matches!(c, '.' | '[')).map(|(at, _)| at);
            std::iter::once(0).chain(steps).chain([path.len()]).any(|end| wrong.contains(&path[..end]))
        };
        let advised: HashSet<String> = self.advice().map(|finding| finding.path.clone()).collect();
        let new = |finding: &Finding| {
            !within(&finding.path)
                && (finding.severity == Severity::Error || !advised.contains(&finding.path))
        };
        self.0.extend(other.0.into_iter().filter(new));
    }
}

impl IntoIterator for Findings {
    type Item = Finding;
    type IntoIter = std::vec::IntoIter<Finding>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// Data that was refused before it was sent, because the API would refuse it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid(Findings);

impl Invalid {
    /// Returns all findings, including advice.
    #[must_use]
    pub fn findings(&self) -> &Findings {
        &self.0
    }
}

impl From<Findings> for Invalid {
    fn from(findings: Findings) -> Self {
        Self(findings)
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, finding) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("; ")?;
            }
            finding.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Invalid {}

/// Data that can be validated before it is sent.
#[doc(hidden)]
pub trait Validate {
    /// Adds the problems of `self`, which is at `at`, to `out`.
    fn check(&self, at: &At<'_>, out: &mut Findings);
}

/// Whether there is only white space. Stops at the first other character.
pub(crate) fn blank(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}

impl<T: Validate> Validate for Box<T> {
    fn check(&self, at: &At<'_>, out: &mut Findings) {
        (**self).check(at, out);
    }
}

/// Adds `validate()` to types that can be validated.
#[doc(hidden)]
#[macro_export]
macro_rules! validated {
    ($($name:ty),+) => {$(
        impl $name {
            /// Returns everything that the API would refuse, and everything that the documentation advises against.
            #[must_use]
            pub fn validate(&self) -> $crate::Findings {
                let mut out = $crate::Findings::new();
                $crate::Validate::check(self, &$crate::At::ROOT, &mut out);
                out
            }
        }
    )+};
}

/// A place in a body. Costs nothing until it is written.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct At<'a> {
    parent: Option<&'a At<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'a> {
    Root,
    Key(&'a str),
    Index(usize),
}

impl<'a> At<'a> {
    pub const ROOT: At<'static> = At { parent: None, step: Step::Root };

    #[must_use]
    pub fn key(&'a self, key: &'a str) -> At<'a> {
        At { parent: Some(self), step: Step::Key(key) }
    }
    #[must_use]
    pub fn index(&'a self, index: usize) -> At<'a> {
        At { parent: Some(self), step: Step::Index(index) }
    }
    /// Validates each of `items`, which are the array `key`.
    pub fn each<T: Validate>(&self, key: &str, items: &[T], out: &mut Findings) {
        let array = self.key(key);
        for (i, item) in items.iter().enumerate() {
            item.check(&array.index(i), out);
        }
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        if let Some(parent) = self.parent {
            write!(text, "{parent}")?;
        }
        match self.step {
            Step::Root => {}
            Step::Key(key) if text.is_empty() => text.push_str(key),
            Step::Key(key) => write!(text, ".{key}")?,
            Step::Index(index) => write!(text, "[{index}]")?,
        }
        f.write_str(&text)
    }
}
