//! The request to block or unblock users.
use crate::id::User;
use serde::Serialize;

/// The maximum number of users per request to block or unblock.
pub const MAX_USERS_PER_REQUEST: usize = 1_000;
/// The maximum number of users in a block list.
pub const MAX_BLOCKED_USERS: usize = 64_000;

/// The body of `POST /block_users` and `DELETE /block_users`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct BlockRequest<'a> {
    /// Always `whatsapp`.
    pub messaging_product: &'static str,
    /// Up to 1,000 users.
    pub block_users: &'a [User],
}

impl<'a> BlockRequest<'a> {
    /// Creates a body with `users`.
    #[must_use]
    pub const fn new(users: &'a [User]) -> Self {
        Self { messaging_product: "whatsapp", block_users: users }
    }
}
