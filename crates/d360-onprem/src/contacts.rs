//! `/contacts`: checking, blocking, reporting, identities. (Meta retired On-Premise on 2025-10-23; Cloud's
//! `/block_users` replaces blocking, nothing replaces the rest.)
mod block;
mod check;
mod identity;

use d360_model::{Findings, Invalid, block::User};
use d360_transport::Path;
use std::fmt;

pub use block::{
    BlockContact, BlockedContacts, ListBlockedContacts, Pagination, ReportContact, UnblockContact,
};
pub use check::{CheckContacts, CheckedContact, CheckedContacts, ContactStatus};
pub use identity::{AcknowledgeIdentity, GetIdentity, Identity};

/// Returns the path of a contact. Numbers in any form are percent-encoded: `+` becomes `%2B`.
fn contact(user: &User) -> Path {
    Path::fixed("/contacts").segment(user.as_str())
}

fn check_user(user: &User) -> Findings {
    let mut findings = Findings::new();
    if let Some(problem) = problem(user) {
        findings.error("user", problem);
    }
    findings
}

/// Returns what On-Premise would refuse about a user. It accepts numbers in any form.
pub(crate) fn problem(user: &User) -> Option<String> {
    let text = user.as_str();
    let digits = text.chars().filter(char::is_ascii_digit).count();
    if let User::Bsuid(_) = user {
        Some("is a BSUID, which On-Premise does not support; use a WhatsApp ID or a phone number".to_owned())
    } else if text.chars().any(|c| c.is_alphabetic() || c.is_control() || matches!(c, '/' | '\\')) {
        Some("is not a phone number: it contains a letter, slash or control character".to_owned())
    } else if !(7..=15).contains(&digits) {
        Some(format!("has {digits} digits; an international phone number has 7 to 15"))
    } else {
        None
    }
}

/// The reason for blocking or reporting another business account, 1 to 59 characters.
///
/// (Meta retired On-Premise on 2025-10-23; Cloud accepts no reason.)
#[derive(Clone, PartialEq, Eq)]
pub struct Reason(String);

impl fmt::Debug for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reason").field(&d360_model::mask(&self.0)).finish()
    }
}

impl Reason {
    /// Creates a reason of 1 to 59 characters (360dialog: "must be less than 60 characters").
    ///
    /// # Errors
    /// Returns [`Invalid`] if it is blank or longer.
    pub fn new(text: impl Into<String>) -> Result<Self, Invalid> {
        let text = text.into();
        let mut findings = Findings::new();
        if text.trim().is_empty() {
            findings.error("reason", "is blank; remove it, or use 1 to 59 characters");
        } else if text.chars().count() > 59 {
            findings.error("reason", format!("has {} characters; 1 to 59 are allowed", text.chars().count()));
        }
        findings.into_result(false).map(|()| Self(text))
    }
    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
