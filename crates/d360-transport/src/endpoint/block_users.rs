//! `/block_users`, which 360dialog Cloud, Meta Graph and the Partner API share: one definition, generic over the API.
use super::{
    body::Body,
    build_error::BuildError,
    decode::{Unreadable, json, text_of},
    definition::{Api, Endpoint, Transfer},
    meta::Meta,
    operations::BlocksUsers,
    paging::PagedEndpoint,
    path::Path,
};
use crate::exchange::HttpResponse;
use d360_model::{
    Findings,
    block::{BlockAnswer, BlockRequest, BlockedPage, BlockedUser, MAX_USERS_PER_REQUEST, User},
    error::ErrorCode,
};
use std::{fmt, marker::PhantomData};

/// An API with `/block_users`.
pub trait BlockUsersApi: Api {
    /// `POST /block_users`.
    const BLOCK: Meta;
    /// `DELETE /block_users`.
    const UNBLOCK: Meta;
    /// `GET /block_users`.
    const LIST: Meta;
}

impl<A: BlockUsersApi> BlocksUsers for A {
    type Block = BlockUsers<A>;
    type Unblock = UnblockUsers<A>;
    type List = ListBlockedUsers<A>;
    type Options = ();
    const USERS_PER_CALL: usize = MAX_USERS_PER_REQUEST;

    fn block(users: &[User], (): &()) -> BlockUsers<A> {
        BlockUsers::new(users.iter().cloned())
    }
    fn unblock(users: &[User]) -> UnblockUsers<A> {
        UnblockUsers::new(users.iter().cloned())
    }
    fn list(page_size: Option<u32>) -> ListBlockedUsers<A> {
        let list = ListBlockedUsers::new();
        match page_size {
            Some(limit) => list.limit(limit),
            None => list,
        }
    }
}

macro_rules! changes_blocks {
    ($(#[$doc:meta])* $name:ident, $meta:ident) => {
        $(#[$doc])*
        #[must_use = "an endpoint does nothing until a client calls it"]
        pub struct $name<A> {
            users: Vec<User>,
            api: PhantomData<fn() -> A>,
        }
        impl<A> $name<A> {
            /// Creates a request for up to 1,000 users.
            pub fn new(users: impl IntoIterator<Item = User>) -> Self {
                Self { users: users.into_iter().collect(), api: PhantomData }
            }
        }
        impl<A> Clone for $name<A> {
            fn clone(&self) -> Self {
                Self { users: self.users.clone(), api: PhantomData }
            }
        }
        impl<A> fmt::Debug for $name<A> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.users).finish()
            }
        }
        impl<A: BlockUsersApi> Endpoint for $name<A> {
            type Api = A;
            type Response = BlockAnswer;
            const META: Meta = A::$meta;

            fn body(&self) -> Result<Body, BuildError> {
                Body::json(&BlockRequest::new(&self.users))
            }
            fn check(&self) -> Findings {
                check(&self.users)
            }
            fn decode(response: &HttpResponse) -> Result<BlockAnswer, Unreadable> {
                decode(response)
            }
        }
    };
}

changes_blocks! {
    /// `POST /block_users`: blocks 1 to 1,000 users. `Client::block_users` accepts any number and reports on each.
    ///
    /// Each user must have written within the last 24 hours (otherwise 131047). A partial result is accepted under
    /// HTTP 200 and 400. Other errors: 139101 (the list is full at 64,000), 131021 (a number cannot block itself),
    /// 130429 (too many users or requests) (360dialog, "Contacts"; Meta, "Block users", 2026-05-21).
    BlockUsers, BLOCK
}
changes_blocks! {
    /// `DELETE /block_users`: unblocks 1 to 1,000 users, listed in a **JSON body**.
    ///
    /// The response has the form of [`BlockUsers`] (360dialog, "Contacts"; Meta, "Block users", 2026-05-21).
    UnblockUsers, UNBLOCK
}

fn check(users: &[User]) -> Findings {
    let mut findings = Findings::new();
    if users.is_empty() || users.len() > MAX_USERS_PER_REQUEST {
        let message =
            format!("has {} users; 1 to {MAX_USERS_PER_REQUEST} are allowed in a request", users.len());
        findings.error("block_users", message);
    }
    for (i, problem) in users.iter().enumerate().filter_map(|(i, user)| Some((i, user.problem()?))) {
        findings.error(format_args!("block_users[{i}]"), problem);
    }
    findings
}

/// Accepts a response that says something about a user, whatever its status: a partial result has status 200 or 400,
/// and no source promises that this remains so.
fn decode(response: &HttpResponse) -> Result<BlockAnswer, Unreadable> {
    let succeeded = response.status().is_success();
    match serde_json::from_slice::<BlockAnswer>(text_of(response)) {
        Ok(answer) if answer.names_users() => Ok(answer),
        // The lists are empty and the code says that some failed: the report marks every user as failed.
        Ok(answer) if code(&answer) == Some(ErrorCode::BLOCK_PARTLY_FAILED) => Ok(answer),
        Ok(answer) if succeeded && answer.error.is_none() && answer.errors.is_none() => Ok(answer),
        // Distinguishes an error under a 2xx status from a response of unknown form.
        Err(error) if succeeded => {
            json::<serde::de::IgnoredAny>(response).and(Err(Unreadable::Shape(error.into())))
        }
        _ => Err(Unreadable::Refusal),
    }
}

fn code(answer: &BlockAnswer) -> Option<ErrorCode> {
    answer.error()?.code
}

/// `GET /block_users`: returns one page of the blocked users. `Client::blocked_users` reads all pages.
///
/// Pages follow `after` cursors, and the last page may not be marked. If the list changes meanwhile, the API answers
/// 139102, and the list must be read again from the first page (360dialog, "Contacts" and the reference "Block
/// Users"; Meta, "Block users", 2026-05-21).
#[must_use = "an endpoint does nothing until a client calls it"]
pub struct ListBlockedUsers<A> {
    limit: Option<u32>,
    after: Option<String>,
    before: Option<String>,
    api: PhantomData<fn() -> A>,
}

impl<A> ListBlockedUsers<A> {
    /// Requests the first page.
    pub fn new() -> Self {
        Self { limit: None, after: None, before: None, api: PhantomData }
    }
    /// Sets the number of users per page, at least 1. No source names a default or a maximum.
    pub fn limit(mut self, users: u32) -> Self {
        self.limit = Some(users);
        self
    }
    /// Requests the page after this cursor.
    pub fn after(mut self, cursor: impl Into<String>) -> Self {
        self.after = Some(cursor.into());
        self
    }
    /// Requests the page before this cursor.
    pub fn before(mut self, cursor: impl Into<String>) -> Self {
        self.before = Some(cursor.into());
        self
    }
}

impl<A> Default for ListBlockedUsers<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A> Clone for ListBlockedUsers<A> {
    fn clone(&self) -> Self {
        Self { limit: self.limit, after: self.after.clone(), before: self.before.clone(), api: PhantomData }
    }
}

impl<A> fmt::Debug for ListBlockedUsers<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListBlockedUsers")
            .field("limit", &self.limit)
            .field("after", &self.after)
            .finish_non_exhaustive()
    }
}

impl<A: BlockUsersApi> Endpoint for ListBlockedUsers<A> {
    type Api = A;
    type Response = BlockedPage;
    const META: Meta = A::LIST;

    fn query(&self, path: &mut Path) {
        if let Some(limit) = self.limit {
            path.push_param("limit", &limit.to_string());
        }
        for (name, cursor) in [("after", &self.after), ("before", &self.before)] {
            if let Some(cursor) = cursor {
                path.push_param(name, cursor);
            }
        }
    }
    fn check(&self) -> Findings {
        let mut findings = Findings::new();
        if self.limit == Some(0) {
            findings.error("limit", "must be at least 1");
        }
        findings
    }
    fn transfer(&self) -> Transfer {
        Transfer::page()
    }
    fn decode(response: &HttpResponse) -> Result<BlockedPage, Unreadable> {
        json(response)
    }
}

impl<A: BlockUsersApi> PagedEndpoint for ListBlockedUsers<A> {
    type Item = BlockedUser;

    fn read(&self, page: BlockedPage) -> (Vec<BlockedUser>, Option<Self>) {
        let next = page.after().map(|after| Self { limit: self.limit, ..Self::new() }.after(after));
        (page.data, next)
    }
    fn position(&self) -> Option<String> {
        self.after.clone()
    }
    fn key(user: &BlockedUser) -> Option<String> {
        user.key().map(str::to_owned)
    }
}
