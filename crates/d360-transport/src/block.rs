//! One way to send and to block, whatever the API.
use crate::{Api, Endpoint, Error, ErrorKind, HttpResponse, Meta, PagedEndpoint, Unreadable, json, text_of};
use d360_model::{
    Findings, SendResponse,
    block::{BlockAnswer, BlockReport, BlockedUser, User},
};
use serde::de::IgnoredAny;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt,
    ops::Range,
};

/// An API that sends messages: gives its clients `send`.
pub trait SendsMessages: Api {
    /// What it sends.
    type Message: Send;
    /// The endpoint that sends it.
    type Send: Endpoint<Api = Self, Response = SendResponse>;
    /// The endpoint for a message.
    fn send(message: Self::Message) -> Self::Send;
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

/// Users were blocked or unblocked in several requests, and one failed as a whole. Nothing is lost: this holds what
/// was done until then, and who is left.
#[derive(Debug)]
pub struct BlockUsersError(Box<Stopped>);

#[derive(Debug)]
struct Stopped {
    report: BlockReport,
    left: Vec<User>,
    error: Error,
}

impl BlockUsersError {
    /// What was answered until then.
    #[must_use]
    pub fn report(&self) -> &BlockReport {
        &self.0.report
    }
    /// Who is left: those of the request that failed (whose outcome [`error`](Self::error) tells) and those behind
    /// it, in the order given. Blocking twice does no harm: try again with these.
    #[must_use]
    pub fn left(&self) -> &[User] {
        &self.0.left
    }
    /// What stopped it.
    #[must_use]
    pub fn error(&self) -> &Error {
        &self.0.error
    }
    /// All three.
    #[must_use]
    pub fn into_parts(self) -> (BlockReport, Vec<User>, Error) {
        let Stopped { report, left, error } = *self.0;
        (report, left, error)
    }
}

impl From<BlockUsersError> for Error {
    fn from(stopped: BlockUsersError) -> Self {
        stopped.0.error
    }
}

impl fmt::Display for BlockUsersError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Stopped { report, left, error } = &*self.0;
        let answered = report.done.len() + report.failed.len();
        write!(f, "{error} (stopped with {answered} users answered and {} left)", left.len())
    }
}

impl std::error::Error for BlockUsersError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.error.source()
    }
}

/// Cuts users into requests and puts the answers together again. No I/O.
pub(crate) struct ChangeBlocks {
    /// As given; a user may stand twice.
    users: Vec<User>,
    /// Each user once, in the order given.
    unique: Vec<User>,
    per_call: usize,
    /// How many of `unique` were asked for.
    asked: usize,
    /// The answers, by where their users stand in `unique`.
    answers: BTreeMap<usize, (usize, BlockAnswer)>,
    /// The first request that failed as a whole.
    error: Option<Error>,
}

impl ChangeBlocks {
    /// All users are checked before the first request, so that a mistake among the last leaves nothing half done.
    pub(crate) fn new(
        endpoint: &Meta,
        users: impl IntoIterator<Item = User>,
        problem: fn(&User) -> Option<String>,
        per_call: usize,
    ) -> Self {
        let users: Vec<User> = users.into_iter().collect();
        let mut findings = Findings::new();
        for (i, problem) in users.iter().enumerate().filter_map(|(i, user)| Some((i, problem(user)?))) {
            findings.error(format_args!("block_users[{i}]"), problem);
        }
        let error = findings.into_result(false).err().map(|e| Error::new(endpoint, 0, ErrorKind::Invalid(e)));
        let mut seen = HashSet::with_capacity(users.len());
        let unique: Vec<User> = users.iter().filter(|user| seen.insert(*user)).cloned().collect();
        Self { users, unique, per_call, asked: 0, answers: BTreeMap::new(), error }
    }

    /// Where the users of the next request stand; `None` once all are asked for or one request has failed.
    pub(crate) fn next_chunk(&mut self) -> Option<Range<usize>> {
        if self.error.is_some() || self.asked == self.unique.len() {
            return None;
        }
        let chunk = self.asked..self.unique.len().min(self.asked + self.per_call);
        self.asked = chunk.end;
        Some(chunk)
    }

    /// The users of a request.
    pub(crate) fn users(&self, chunk: &Range<usize>) -> &[User] {
        &self.unique[chunk.clone()]
    }

    pub(crate) fn answered(&mut self, chunk: &Range<usize>, answer: Result<BlockAnswer, Error>) {
        match answer {
            Ok(answer) => drop(self.answers.insert(chunk.start, (chunk.end, answer))),
            Err(error) => drop(self.error.get_or_insert(error)),
        }
    }

    pub(crate) fn finish(self) -> Result<BlockReport, BlockUsersError> {
        let mut report = BlockReport::default();
        let mut left = Vec::new();
        let mut at = 0;
        for (start, (end, answer)) in &self.answers {
            left.extend_from_slice(&self.unique[at..*start]);
            answer.report(&self.unique[*start..*end], &mut report);
            at = *end;
        }
        left.extend_from_slice(&self.unique[at..]);
        let report = in_order(&self.users, self.unique.len(), report);
        match self.error {
            None => Ok(report),
            Some(error) => Err(BlockUsersError(Box::new(Stopped { report, left, error }))),
        }
    }
}

/// The report for users as given, of whom some may stand twice.
fn in_order(users: &[User], unique: usize, report: BlockReport) -> BlockReport {
    if users.len() == unique {
        return report;
    }
    let mut whole = BlockReport::default();
    let done: HashMap<&User, _> = report.done.iter().map(|done| (&done.input, done)).collect();
    let failed: HashMap<&User, _> = report.failed.iter().map(|failed| (&failed.input, failed)).collect();
    whole.done.extend(users.iter().filter_map(|user| done.get(user)).map(|done| (*done).clone()));
    whole.failed.extend(users.iter().filter_map(|user| failed.get(user)).map(|failed| (*failed).clone()));
    whole
}
