//! `/partners/{partner_id}/channels/{channel_id}/block_users`: the users whom a channel blocks.
//!
//! The public documents name the three operations and show neither bodies nor answers; 360dialog Cloud's are used, in front
//! of which the hub stands, and every shape of them is read. Whether `GET` takes `limit` and `after` is not documented.
//! Source: 360dialog "Contacts & Location Messages" (partner edition), "Channel Management" reference.
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
/// `GET …/block_users`: a page of the blocked users; see [`d360_transport::block_users::ListBlockedUsers`].
pub type ListBlockedUsers = block_users::ListBlockedUsers<Channel>;
