//! Converts vCard files to WhatsApp contacts, and back.
//!
//! [`read`] parses vCard 2.1, 3.0 and 4.0: quoted-printable, folded lines, a byte order mark, bare line feeds,
//! several cards in a file, WhatsApp's `TEL;waid=`, Apple's grouped labels. Every value that a WhatsApp contact does
//! not support is reported as a [`Loss`]. [`write()`] writes vCard 3.0.
//!
//! ```
//! let file = "BEGIN:VCARD\nVERSION:3.0\nFN:Barbara J. Johnson\nN:Johnson;Barbara;;;\n\
//!     TEL;type=CELL;waid=16505559999:+1 650-555-9999\nNOTE:a friend\nEND:VCARD\n";
//! let cards = d360_vcard::read(file.as_bytes())?;
//! assert_eq!(cards[0].contact.name.first_name.as_deref(), Some("Barbara"));
//! assert_eq!(cards[0].losses[0].property, "NOTE");
//! # Ok::<(), d360_vcard::VcardError>(())
//! ```
#![cfg_attr(docsrs, feature(doc_cfg))]

mod lines;
mod read;
mod write;

use d360_model::Contact;
use std::fmt;

pub use read::read;
pub use write::write;

/// The maximum size of a file in bytes.
pub const MAX_FILE: usize = 16 * 1024 * 1024;

/// A card of a file.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Card {
    /// The WhatsApp contact.
    pub contact: Contact,
    /// The values that a WhatsApp contact does not support.
    pub losses: Vec<Loss>,
}

/// A value of a card that a WhatsApp contact does not support.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loss {
    /// The name of the property (`NOTE`).
    pub property: String,
    /// The value, if it is text.
    pub value: Option<String>,
    /// Why it was left out.
    pub reason: &'static str,
}

impl fmt::Display for Loss {
    /// Shows the beginning of the value, with masked numbers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.property)?;
        if let Some(value) = &self.value {
            let short: String = d360_model::mask(value).chars().take(40).collect();
            write!(f, " {short:?}")?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl fmt::Debug for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Loss({self})")
    }
}

/// Why a file is not a vCard file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VcardError {
    /// The file is larger than [`MAX_FILE`].
    #[error("the file is larger than {MAX_FILE} bytes")]
    TooLarge,
    /// The file contains no card.
    #[error("no vCard found; expected BEGIN:VCARD")]
    NoCard,
    /// A card has no end, because the file is truncated.
    #[error("card {card} does not end with END:VCARD; the file is truncated")]
    Unterminated {
        /// The number of the card, from 1.
        card: usize,
    },
    /// A line is not vCard.
    #[error("line {line} is not vCard: {text:?}")]
    NotVcard {
        /// The number of the line, from 1; 0 if unknown.
        line: usize,
        /// The beginning of the line, with masked numbers.
        text: String,
    },
}
