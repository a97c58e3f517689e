//! Who wrote.
use super::macros::inbound;
use crate::id::{Bsuid, ParentBsuid, WaId};

inbound! {
    /// Who wrote, as far as it is told.
    Sender {
        /// The WhatsApp ID; absent where the user goes by a user name.
        wa_id: WaId = "wa_id",
        /// The business-scoped id.
        user_id: Bsuid = "user_id",
        /// And that of the parent portfolio.
        parent_user_id: ParentBsuid = "parent_user_id",
        /// Name and user name.
        profile: Profile = "profile",
        /// The identity's hash, where it is checked.
        identity_key_hash: String = "identity_key_hash",
    }
    /// A user's names.
    Profile {
        /// As the user wrote it.
        name: String = "name",
        /// The user name.
        username: String = "username",
    }
}
