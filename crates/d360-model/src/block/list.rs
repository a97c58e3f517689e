//! The list of blocked users.
use crate::{
    id::{Bsuid, ParentBsuid, PhoneNumber, WaId},
    response::Paging,
    wire::{lenient, lenient_some_list, page_items},
};
use serde::{Deserialize, Serialize};

/// A user that the API blocked, unblocked or listed. The available identities depend on the system and the user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BlockedUser {
    /// The user as sent. Absent in a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<PhoneNumber>,
    /// The WhatsApp ID. Absent for a user with a username.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wa_id: Option<WaId>,
    /// The business-scoped user ID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Bsuid>,
    /// The business-scoped user ID of the parent portfolio.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_user_id: Option<ParentBsuid>,
}

impl BlockedUser {
    /// Returns an identity that distinguishes this user from others.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        let wa_id = self.wa_id.as_ref().map(WaId::as_str);
        let user_id = self.user_id.as_ref().map(Bsuid::as_str);
        let input = self.input.as_ref().map(PhoneNumber::as_str);
        // Some responses contain `"wa_id": ""` for a user with a username.
        [wa_id, user_id, input].into_iter().flatten().find(|key| !key.is_empty())
    }
}

/// A page of `GET /block_users`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct BlockedPage {
    /// The users of this page.
    #[serde(deserialize_with = "items")]
    pub data: Vec<BlockedUser>,
    /// The positions of the neighboring pages.
    #[serde(default, deserialize_with = "lenient")]
    pub paging: Option<Paging>,
}

impl BlockedPage {
    /// Returns the cursor of the next page, if there may be one.
    #[must_use]
    pub fn after(&self) -> Option<&str> {
        self.paging.as_ref()?.after()
    }
}

/// Reads both forms of an item: the user itself (Meta, 360dialog's page), or a `block_users` list of users
/// (360dialog's OpenAPI description).
fn items<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<BlockedUser>, D::Error> {
    #[derive(Deserialize)]
    struct Item {
        #[serde(default, deserialize_with = "lenient_some_list")]
        block_users: Option<Vec<BlockedUser>>,
        #[serde(flatten)]
        user: BlockedUser,
    }
    let users = |item: Item| {
        let users = item.block_users.unwrap_or_else(|| vec![item.user]);
        let known: Vec<_> = users.into_iter().filter(|user| user.key().is_some()).collect();
        (!known.is_empty()).then_some(known)
    };
    Ok(page_items(deserializer, users)?.into_iter().flatten().collect())
}
