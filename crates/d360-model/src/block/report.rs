//! What became of each user.
use crate::{
    error::{ErrorCode, ErrorDetails},
    id::{Bsuid, User, WaId},
    wire::lenient,
};
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

/// Why a user could not be blocked or unblocked.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UserError {
    /// The code; the one thing to decide by.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub code: Option<ErrorCode>,
    /// What the server calls it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub title: Option<String>,
    /// What the server says.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub message: Option<String>,
    /// What it adds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_data: Option<ErrorDetails>,
}

impl UserError {
    /// An error of this client's own making, for a user whom the answer does not name.
    #[must_use]
    pub fn from_message(code: Option<ErrorCode>, message: impl Into<String>) -> Self {
        Self { code, title: None, message: Some(message.into()), error_data: None }
    }
}

impl fmt::Display for UserError {
    /// With numbers masked.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.code.map(|code| format!("{code}: ")).unwrap_or_default();
        let message = self.message.as_deref().or(self.title.as_deref()).unwrap_or("no message");
        let details = self.error_data.as_ref().and_then(ErrorDetails::text);
        let details = details.map(|text| format!(" ({text})")).unwrap_or_default();
        write!(f, "{code}{}", crate::mask(&format!("{message}{details}")))
    }
}

impl fmt::Debug for UserError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UserError({self})")
    }
}

/// A user who was not blocked or unblocked, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Failed {
    /// The user, as given.
    #[serde(serialize_with = "as_text")]
    pub input: User,
    /// As WhatsApp knows the user; absent where it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wa_id: Option<WaId>,
    /// Why. Never empty.
    pub errors: Vec<UserError>,
}

/// A user who was blocked or unblocked.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Done {
    /// The user, as given.
    #[serde(serialize_with = "as_text")]
    pub input: User,
    /// As WhatsApp knows the user. Need not equal the number that was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wa_id: Option<WaId>,
    /// As the business knows the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Bsuid>,
}

fn as_text<S: Serializer>(user: &User, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(user.as_str())
}

/// What became of each user, in the order of the input; a user given twice is reported twice.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct BlockReport {
    /// Those for whom it was done.
    pub done: Vec<Done>,
    /// Those for whom it was not, each with the reason.
    pub failed: Vec<Failed>,
}

impl BlockReport {
    /// Whether it was done for all.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty()
    }
}
