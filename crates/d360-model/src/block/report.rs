//! The result for each user.
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
    /// The code, the basis for decisions.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub code: Option<ErrorCode>,
    /// The server's title.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub title: Option<String>,
    /// The server's message.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub message: Option<String>,
    /// Additional details.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_data: Option<ErrorDetails>,
}

impl UserError {
    /// Creates an error of this client, for a user that the response does not name.
    #[must_use]
    pub fn from_message(code: Option<ErrorCode>, message: impl Into<String>) -> Self {
        Self { code, title: None, message: Some(message.into()), error_data: None }
    }
}

impl fmt::Display for UserError {
    /// Shows masked numbers.
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

/// A user who was not blocked or unblocked, and the reasons.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Failed {
    /// The user, as given.
    #[serde(serialize_with = "as_text")]
    pub input: User,
    /// The WhatsApp ID, if WhatsApp knows the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wa_id: Option<WaId>,
    /// The reasons. Never empty.
    pub errors: Vec<UserError>,
}

impl Failed {
    /// Returns the user as given. It shows a complete number.
    #[must_use]
    pub fn key(&self) -> &str {
        self.input.as_str()
    }
}

/// A user who was blocked or unblocked.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Done {
    /// The user, as given.
    #[serde(serialize_with = "as_text")]
    pub input: User,
    /// The WhatsApp ID. It may differ from the given number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wa_id: Option<WaId>,
    /// The business-scoped user ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Bsuid>,
}

impl Done {
    /// Returns the user as given. It shows a complete number.
    #[must_use]
    pub fn key(&self) -> &str {
        self.input.as_str()
    }
}

fn as_text<S: Serializer>(user: &User, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(user.as_str())
}

/// The result for each user, in the order of the input. A user given twice is reported twice.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct BlockReport {
    /// The users that succeeded.
    pub done: Vec<Done>,
    /// The users that failed, with the reasons.
    pub failed: Vec<Failed>,
}

impl BlockReport {
    /// Whether all users succeeded.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty()
    }
}
