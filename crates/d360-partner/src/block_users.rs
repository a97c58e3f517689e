//! `/partners/{partner_id}/channels/{channel_id}/block_users`: the users that a channel blocks.
//!
//! The public documentation names the three operations, but neither bodies nor responses. Those of 360dialog Cloud
//! are used, because the hub is in front of it, and every form of them is read. Whether `GET` supports `limit` and
//! `after` is not documented (360dialog, "Contacts & Location Messages" (partner edition), "Channel Management"
//! reference).
use crate::{Channel, endpoints};
use d360_transport::{BlockUsersApi, Meta, block_users};

impl BlockUsersApi for Channel {
    const BLOCK: Meta = endpoints::BLOCK_USERS_ADD;
    const UNBLOCK: Meta = endpoints::BLOCK_USERS_REMOVE;
    const LIST: Meta = endpoints::BLOCK_USERS_LIST;
}

/// `POST …/block_users`: blocks 1 to 1,000 users; see [`d360_transport::block_users::BlockUsers`].
pub type BlockUsers = block_users::BlockUsers<Channel>;
/// `DELETE …/block_users`: unblocks 1 to 1,000 users; see [`d360_transport::block_users::UnblockUsers`].
pub type UnblockUsers = block_users::UnblockUsers<Channel>;
/// `GET …/block_users`: returns one page of the blocked users; see [`d360_transport::block_users::ListBlockedUsers`].
pub type ListBlockedUsers = block_users::ListBlockedUsers<Channel>;
