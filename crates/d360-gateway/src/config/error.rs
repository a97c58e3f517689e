//! Errors of a configuration.
use std::fmt;

/// A configuration that the gateway cannot run with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidConfig {
    /// Problems of a configuration file, ordered by line.
    #[error("{}", lines(.0))]
    File(Vec<Problem>),
    /// A problem of a number.
    #[error("number {:?}: {problem}", d360::model::mask(name))]
    Number {
        /// The number's name.
        name: String,
        /// The problem.
        problem: String,
    },
    /// Any other problem.
    #[error("{0}")]
    Other(String),
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// A problem in a configuration file. It contains no values from the file, because a URL may hold a token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The line, starting at 1.
    pub line: usize,
    /// The table, the key, the problem and how to fix it.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}
