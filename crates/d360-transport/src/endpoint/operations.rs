//! Operations that several APIs have: one way to send and to block, whatever the API.
use super::{
    build_error::BuildError,
    decode::{Unreadable, json, text_of},
    definition::{Api, Endpoint},
    paging::PagedEndpoint,
};
use crate::exchange::HttpResponse;
use d360_model::{
    Findings, Recipient, SendResponse,
    block::{BlockAnswer, BlockedUser, User},
};
use serde::de::IgnoredAny;

/// An API that sends messages: gives its clients `send`.
pub trait SendsMessages: Api {
    /// What it sends.
    type Message: Send;
    /// The endpoint that sends it.
    type Send: Endpoint<Api = Self, Response = SendResponse>;
    /// The endpoint for a message.
    fn send(message: Self::Message) -> Self::Send;
}

/// An API that takes files: gives its clients `send_file`.
pub trait SendsFiles: SendsMessages {
    /// A file, and what is said about it.
    type File: Send;
    /// The endpoint that uploads it.
    type Upload: Endpoint<Api = Self>;

    /// Looks at the file: the upload, the message without the file's id, and what the API would refuse about it.
    ///
    /// # Errors
    /// [`BuildError::File`] if the file cannot be read.
    fn prepare(
        to: Recipient,
        file: Self::File,
    ) -> Result<(Self::Upload, Self::Message, Findings), BuildError>;
    /// The message with the id of the uploaded file.
    fn uploaded(message: Self::Message, answer: <Self::Upload as Endpoint>::Response) -> Self::Message;
}

/// Reads the answer to a message. A 2xx that holds a message id is an acceptance, whatever else is in it or odd about it.
///
/// # Errors
/// [`Unreadable`] where there is no id.
pub fn sent(response: &HttpResponse) -> Result<SendResponse, Unreadable> {
    if response.status().is_success() {
        let body = text_of(response);
        let read =
            serde_json::from_slice::<SendResponse>(body).ok().filter(|sent| sent.message_id().is_some());
        if let Some(sent) = read.or_else(|| SendResponse::from_odd(serde_json::from_slice(body).ok()?)) {
            return Ok(sent);
        }
    }
    json::<IgnoredAny>(response).and(Err(Unreadable::Shape("the answer holds no message id".into())))
}

/// An API that blocks users: gives its clients `block_users`, `unblock_users` and `blocked_users`.
pub trait BlocksUsers: Api {
    /// The endpoint that blocks.
    type Block: Endpoint<Api = Self, Response = BlockAnswer>;
    /// The endpoint that unblocks.
    type Unblock: Endpoint<Api = Self, Response = BlockAnswer>;
    /// The endpoint that lists.
    type List: PagedEndpoint<Api = Self, Item = BlockedUser>;
    /// What can be said beside the users, such as a reason.
    type Options: Default + Send + Sync;
    /// Most users in a request.
    const USERS_PER_CALL: usize;
    /// Most requests that the async client makes at once. The blocking client makes one after another.
    const CALLS_AT_ONCE: usize = 1;

    /// What this API would refuse about a user.
    fn problem(user: &User) -> Option<String> {
        user.problem()
    }
    /// Blocks up to [`USERS_PER_CALL`](Self::USERS_PER_CALL) users.
    fn block(users: &[User], options: &Self::Options) -> Self::Block;
    /// Unblocks as many.
    fn unblock(users: &[User]) -> Self::Unblock;
    /// The first page of the blocked users.
    fn list(page_size: Option<u32>) -> Self::List;
}

/// An API that reports users to WhatsApp: gives its clients `report_user`. On-Premise alone does; a client of another API
/// does not compile with it.
pub trait ReportsUsers: Api {
    /// The endpoint that reports.
    type Report: Endpoint<Api = Self, Response = ()>;
}
