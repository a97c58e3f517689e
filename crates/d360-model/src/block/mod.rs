//! Blocking users: requests, responses, and reports.
//!
//! Only a user who wrote within the last 24 hours can be blocked. A request may have 1,000 users, and the list
//! 64,000. Errors are per user (Meta, "Block users"; 360dialog, "Contacts"; 2026).
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
