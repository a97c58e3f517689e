//! Blocks and unblocks any number of users: splits them into requests, and merges the responses. No I/O.
use crate::{
    endpoint::Meta,
    error::{Error, ErrorKind},
};
use d360_model::{
    Findings, Recipient,
    block::{BlockAnswer, BlockReport, User},
};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt,
    ops::Range,
};

/// The error of blocking or unblocking in several requests of which one failed as a whole. It contains the results
/// until then, and the remaining users.
#[derive(Debug)]
pub struct BlockUsersError(Box<Stopped>);

#[derive(Debug)]
struct Stopped {
    report: BlockReport,
    left: Vec<User>,
    error: Error,
}

impl BlockUsersError {
    /// Returns the results until then.
    #[must_use]
    pub fn report(&self) -> &BlockReport {
        &self.0.report
    }
    /// Returns the remaining users in the order given: those of the failed request (see [`error`](Self::error) for
    /// its outcome) and those after it. Blocking is idempotent, so retry with these.
    #[must_use]
    pub fn left(&self) -> &[User] {
        &self.0.left
    }
    /// Returns the error of the failed request.
    #[must_use]
    pub fn error(&self) -> &Error {
        &self.0.error
    }
    /// Returns all three.
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

/// Splits users into requests and merges the responses. No I/O.
pub(crate) struct ChangeBlocks {
    /// The users as given, possibly with duplicates.
    users: Vec<User>,
    /// Each user once, in the order given.
    unique: Vec<User>,
    per_call: usize,
    /// How many of `unique` were requested.
    asked: usize,
    /// The responses, by the position of their users in `unique`.
    answers: BTreeMap<usize, (usize, BlockAnswer)>,
    /// The error of the first request that failed as a whole.
    error: Option<Error>,
}

impl ChangeBlocks {
    /// Validates all users before the first request, so that a mistake in the last one leaves nothing half done.
    pub(crate) fn new(
        endpoint: &Meta,
        users: impl IntoIterator<Item = impl Into<Recipient>>,
        problem: fn(&User) -> Option<String>,
        per_call: usize,
    ) -> Self {
        let mut findings = Findings::new();
        let mut known = Vec::new();
        for (i, user) in users.into_iter().enumerate() {
            let found = match User::try_from(user.into()) {
                Ok(user) => {
                    let problem = problem(&user);
                    known.push(user);
                    problem
                }
                // An invalid user cannot be among the remaining users.
                Err(invalid) => Some(invalid.problem().to_owned()),
            };
            if let Some(problem) = found {
                findings.error(format_args!("block_users[{i}]"), problem);
            }
        }
        let users = known;
        let error = findings.into_result(false).err().map(|e| Error::new(endpoint, ErrorKind::Invalid(e)));
        let mut seen = HashSet::with_capacity(users.len());
        let unique: Vec<User> = users.iter().filter(|user| seen.insert(*user)).cloned().collect();
        Self { users, unique, per_call, asked: 0, answers: BTreeMap::new(), error }
    }

    /// Returns the range of users for the next request, or `None` once all are requested or one request has failed.
    pub(crate) fn next_chunk(&mut self) -> Option<Range<usize>> {
        if self.error.is_some() || self.asked == self.unique.len() {
            return None;
        }
        let chunk = self.asked..self.unique.len().min(self.asked + self.per_call);
        self.asked = chunk.end;
        Some(chunk)
    }

    /// Returns the users of a request.
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

/// Returns the report for the users as given, possibly with duplicates.
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
