//! vCard files to WhatsApp contact cards, and back.
//!
//! [`read`] takes vCard 2.1, 3.0 and 4.0 (quoted-printable, folded lines, a byte order mark, bare line feeds, several
//! cards in a file, WhatsApp's `TEL;waid=`, Apple's grouped labels). What has no place in a WhatsApp contact is reported
//! as a [`Loss`], never dropped in silence. [`write()`] makes vCard 3.0.
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

/// Largest file that is read, in bytes.
pub const MAX_FILE: usize = 16 * 1024 * 1024;

/// A card of a file.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Card {
    /// What a WhatsApp contact can hold.
    pub contact: Contact,
    /// What it cannot.
    pub losses: Vec<Loss>,
}

/// Something of a card that has no place in a WhatsApp contact.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loss {
    /// The property, such as `NOTE`.
    pub property: String,
    /// Its value, where it is text.
    pub value: Option<String>,
    /// Why it was left out.
    pub reason: &'static str,
}

impl fmt::Display for Loss {
    /// With the beginning of the value, numbers masked.
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

/// Why a file is no vCard file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VcardError {
    /// Larger than [`MAX_FILE`].
    #[error("the file is larger than {MAX_FILE} bytes")]
    TooLarge,
    /// There is no card in it.
    #[error("there is no vCard in it: expected BEGIN:VCARD")]
    NoCard,
    /// A card has no end: the file was cut short.
    #[error("card {card} does not end with END:VCARD; the file was cut short")]
    Unterminated {
        /// Which card, from 1.
        card: usize,
    },
    /// Something stands between or in the cards that is not vCard.
    #[error("line {line} is not vCard: {text:?}")]
    NotVcard {
        /// Which line, from 1; 0 where it is not known.
        line: usize,
        /// Its beginning, numbers masked.
        text: String,
    },
}
