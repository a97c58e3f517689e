//! Identities of people, groups and objects.
mod invalid;
mod recipient;
mod text;
mod user;

pub(crate) use self::invalid::{wa_id_problem, with_plus};
pub use self::{
    invalid::InvalidId,
    recipient::Recipient,
    text::{Bsuid, GroupId, MediaId, MessageId, ParentBsuid, PhoneNumber, WaId},
    user::User,
};
