//! Operations that several APIs share: sending messages and blocking users.
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

/// An API that sends messages. Its clients have `send`.
pub trait SendsMessages: Api {
    /// The type of its messages.
    type Message: Send;
    /// The endpoint that sends a message.
    type Send: Endpoint<Api = Self, Response = SendResponse>;
    /// Returns the endpoint for a message.
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

/// Decodes the response to a message. A 2xx that contains a message ID is an acceptance, whatever else is in it.
///
/// # Errors
/// Returns [`Unreadable`] if there is no ID.
pub fn sent(response: &HttpResponse) -> Result<SendResponse, Unreadable> {
    if response.status().is_success() {
        let body = text_of(response);
        let read =
            serde_json::from_slice::<SendResponse>(body).ok().filter(|sent| sent.message_id().is_some());
        if let Some(sent) = read.or_else(|| SendResponse::from_odd(serde_json::from_slice(body).ok()?)) {
            return Ok(sent);
        }
    }
    json::<IgnoredAny>(response).and(Err(Unreadable::Shape("the response contains no message ID".into())))
}

/// An API that blocks users. Its clients have `block_users`, `unblock_users` and `blocked_users`.
pub trait BlocksUsers: Api {
    /// The endpoint that blocks.
    type Block: Endpoint<Api = Self, Response = BlockAnswer>;
    /// The endpoint that unblocks.
    type Unblock: Endpoint<Api = Self, Response = BlockAnswer>;
    /// The endpoint that lists.
    type List: PagedEndpoint<Api = Self, Item = BlockedUser>;
    /// Options besides the users, such as a reason.
    type Options: Default + Send + Sync;
    /// The maximum number of users per request.
    const USERS_PER_CALL: usize;
    /// The maximum number of concurrent requests of the async client. The blocking client sends one after another.
    const CALLS_AT_ONCE: usize = 1;

    /// Returns what this API would refuse about a user.
    fn problem(user: &User) -> Option<String> {
        user.problem()
    }
    /// Creates a request that blocks up to [`USERS_PER_CALL`](Self::USERS_PER_CALL) users.
    fn block(users: &[User], options: &Self::Options) -> Self::Block;
    /// Creates a request that unblocks as many.
    fn unblock(users: &[User]) -> Self::Unblock;
    /// Creates a request for the first page of the blocked users.
    fn list(page_size: Option<u32>) -> Self::List;
}

/// An API that reports users to WhatsApp. Its clients have `report_user`. Only On-Premise has this call; a client of
/// another API does not compile with it.
pub trait ReportsUsers: Api {
    /// The endpoint that reports.
    type Report: Endpoint<Api = Self, Response = ()>;
}
