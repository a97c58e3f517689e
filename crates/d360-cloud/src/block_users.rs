//! `/block_users`. `Client::block_users` accepts any number of users and reports on each.
use crate::{Cloud, endpoints};
use d360_transport::{BlockUsersApi, Meta, block_users};

impl BlockUsersApi for Cloud {
    const BLOCK: Meta = endpoints::BLOCK_USERS_ADD;
    const UNBLOCK: Meta = endpoints::BLOCK_USERS_REMOVE;
    const LIST: Meta = endpoints::BLOCK_USERS_LIST;
}

/// `POST /block_users`: blocks 1 to 1,000 users; see [`d360_transport::block_users::BlockUsers`].
pub type BlockUsers = block_users::BlockUsers<Cloud>;
/// `DELETE /block_users`: unblocks 1 to 1,000 users; see [`d360_transport::block_users::UnblockUsers`].
pub type UnblockUsers = block_users::UnblockUsers<Cloud>;
/// `GET /block_users`: returns one page of the blocked users; see [`d360_transport::block_users::ListBlockedUsers`].
pub type ListBlockedUsers = block_users::ListBlockedUsers<Cloud>;
