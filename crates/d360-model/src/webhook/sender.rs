//! The sender of a message.
use super::inbound::inbound;
use crate::id::{Bsuid, ParentBsuid, WaId};

inbound! {
    /// The available information on a sender.
    Sender {
        /// The WhatsApp ID; absent for a user with a username.
        wa_id: WaId = "wa_id",
        /// The business-scoped ID.
        user_id: Bsuid = "user_id",
        /// The business-scoped ID of the parent portfolio.
        parent_user_id: ParentBsuid = "parent_user_id",
        /// The name and username.
        profile: Profile = "profile",
        /// The hash of the identity, if it is checked.
        identity_key_hash: String = "identity_key_hash",
    }
    /// The names of a user.
    Profile {
        /// The name that the user chose.
        name: String = "name",
        /// The username.
        username: String = "username",
    }
}
