//! Blocking users: what is asked for, what the servers answer, and the report that a caller gets.
//!
//! Rules (Meta "Block users", 360dialog "Contacts", 2026): only a user who wrote within the last 24 hours can be
//! blocked; at most 1,000 users a request and 64,000 in the list; errors are per user.
mod answer;
mod list;
mod report;
mod request;

pub use self::{
    answer::{AnswerError, BlockAnswer, BlockLists, FailedUser},
    list::{BlockedPage, BlockedUser},
    report::{BlockReport, Done, Failed, UserError},
    request::{BlockRequest, MAX_BLOCKED_USERS, MAX_USERS_PER_REQUEST},
};
pub use crate::{
    id::User,
    response::{Cursors, Paging},
};
