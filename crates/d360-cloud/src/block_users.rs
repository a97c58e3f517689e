//! `/block_users`. For any number of users, and a report on each, see `Client::block_users`.
use crate::{Cloud, endpoints};
use d360_model::{
    Findings,
    block::{BlockAnswer, BlockRequest, BlockedPage, BlockedUser, MAX_USERS_PER_REQUEST, User},
    error::ErrorCode,
};
use d360_transport::{Body, BuildError, Endpoint, HttpResponse, Meta, PagedEndpoint, Path, Unreadable, json};

/// `POST /block_users`: blocks 1 to 1,000 users.
///
/// Each must have written within the last 24 hours (131047 otherwise). A mixed answer comes with HTTP 200 or 400 and is
/// read as an answer in both. Other errors: 139101 (the list is full at 64,000), 131021 (a number cannot block
/// itself), 130429 (too many users or requests). Source: 360dialog "Contacts", Meta "Block users" (2026-05-21).
#[derive(Clone, Debug)]
#[must_use = "an endpoint does nothing until a client calls it"]
pub struct BlockUsers(Vec<User>);

/// `DELETE /block_users`: unblocks 1 to 1,000 users, who stand in a **JSON body**.
///
/// Answers like [`BlockUsers`]. Source: 360dialog "Contacts", Meta "Block users" (2026-05-21).
#[derive(Clone, Debug)]
#[must_use = "an endpoint does nothing until a client calls it"]
pub struct UnblockUsers(Vec<User>);

macro_rules! changes_blocks {
    ($name:ident, $meta:ident) => {
        impl $name {
            /// For up to 1,000 users.
            pub fn new(users: impl IntoIterator<Item = User>) -> Self {
                Self(users.into_iter().collect())
            }
        }
        impl Endpoint for $name {
            type Api = Cloud;
            type Response = BlockAnswer;
            const META: Meta = endpoints::$meta;

            fn body(&self) -> Result<Body, BuildError> {
                Body::json(&BlockRequest::new(&self.0))
            }
            fn check(&self) -> Findings {
                check(&self.0)
            }
            fn decode(response: &HttpResponse) -> Result<BlockAnswer, Unreadable> {
                decode(response)
            }
        }
    };
}

changes_blocks!(BlockUsers, BLOCK_USERS_ADD);
changes_blocks!(UnblockUsers, BLOCK_USERS_REMOVE);

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

/// An answer is what says something of a user, whatever the status: a mixed one comes with 200 or 400.
fn decode(response: &HttpResponse) -> Result<BlockAnswer, Unreadable> {
    let status = response.status();
    if !status.is_success() && status != http::StatusCode::BAD_REQUEST {
        return Err(Unreadable::Refusal);
    }
    match serde_json::from_slice::<BlockAnswer>(response.body()) {
        Ok(answer) if answer.names_users() => Ok(answer),
        // Lists without a user, and no more than the word that some failed: the report says so of each.
        Ok(answer) if code(&answer) == Some(ErrorCode::BLOCK_PARTLY_FAILED) => Ok(answer),
        Ok(answer) if status.is_success() && answer.error.is_none() => Ok(answer),
        Ok(_) => Err(Unreadable::Refusal),
        // Tells an error under a 2xx status from an answer of unknown shape.
        Err(error) => json::<serde::de::IgnoredAny>(response).and(Err(Unreadable::Shape(error.into()))),
    }
}

fn code(answer: &BlockAnswer) -> Option<ErrorCode> {
    answer.error.as_ref()?.first()?.code
}

/// `GET /block_users`: a page of the blocked users. `Client::blocked_users` reads them all.
///
/// Pages are read by `after` cursors; the list may end without saying so, see the fields of `BlockedPage`. Where it
/// changes meanwhile the API answers 139102, and the list is to be read again from the first page.
/// Source: 360dialog "Contacts" and the reference "Block Users", Meta "Block users" (2026-05-21).
#[derive(Clone, Debug, Default)]
#[must_use = "an endpoint does nothing until a client calls it"]
pub struct ListBlockedUsers {
    limit: Option<u32>,
    after: Option<String>,
    before: Option<String>,
}

impl ListBlockedUsers {
    /// The first page.
    pub fn new() -> Self {
        Self::default()
    }
    /// Users a page, from 1. No source names a default or a maximum.
    pub fn limit(mut self, users: u32) -> Self {
        self.limit = Some(users);
        self
    }
    /// The page behind this cursor.
    pub fn after(mut self, cursor: impl Into<String>) -> Self {
        self.after = Some(cursor.into());
        self
    }
    /// The page before this cursor.
    pub fn before(mut self, cursor: impl Into<String>) -> Self {
        self.before = Some(cursor.into());
        self
    }
}

impl Endpoint for ListBlockedUsers {
    type Api = Cloud;
    type Response = BlockedPage;
    const META: Meta = endpoints::BLOCK_USERS_LIST;

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
    fn decode(response: &HttpResponse) -> Result<BlockedPage, Unreadable> {
        json(response)
    }
}

impl PagedEndpoint for ListBlockedUsers {
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
