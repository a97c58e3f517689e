//! Why a configuration is refused.
use std::fmt;

/// A configuration that the gateway cannot run with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidConfig {
    /// Problems of a configuration file, in the order of its lines.
    #[error("{}", lines(.0))]
    File(Vec<Problem>),
    /// A number's property.
    #[error("number {:?}: {problem}", d360::model::mask(name))]
    Number {
        /// Which number.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// Something else.
    #[error("{0}")]
    Other(String),
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Something wrong in a configuration file. No value of the file is in it, because a URL may hold a token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// Table, key, what is wrong, and what to do.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}
