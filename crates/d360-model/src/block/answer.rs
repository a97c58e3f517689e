//! The answer to a request to block or unblock users, and the report that it makes.
use super::{
    list::BlockedUser,
    report::{BlockReport, Done, Failed, UserError},
};
use crate::{
    error::ErrorDetails,
    id::{Bsuid, PhoneNumber, User, WaId},
    wire::lenient_list,
};
use serde::Deserialize;
use std::collections::HashMap;

/// Answer of `POST /block_users` and `DELETE /block_users`: a mixed one may come with HTTP 200 or 400.
///
/// An answer of On-Premise, which is asked for one user at a time, names nobody: it holds for all who were asked for.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct BlockAnswer {
    /// What holds for all who were asked for: done where there are no errors.
    #[serde(skip)]
    pub everybody: Option<Vec<UserError>>,
    /// What became of the users.
    pub block_users: BlockLists,
    /// Says, for a mixed answer, that some users failed (139100).
    #[serde(default)]
    pub error: Option<AnswerError>,
    /// What some call [`error`](Self::error).
    #[serde(default)]
    pub errors: Option<AnswerError>,
}

/// The lists of a [`BlockAnswer`].
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct BlockLists {
    /// Blocked.
    #[serde(default, deserialize_with = "lenient_list")]
    pub added_users: Vec<BlockedUser>,
    /// Unblocked.
    #[serde(default, deserialize_with = "lenient_list")]
    pub removed_users: Vec<BlockedUser>,
    /// Neither.
    #[serde(default, deserialize_with = "lenient_list")]
    pub failed_users: Vec<FailedUser>,
}

/// A user of [`BlockLists::failed_users`].
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct FailedUser {
    /// The identities.
    #[serde(flatten)]
    pub user: BlockedUser,
    /// Why.
    #[serde(default, deserialize_with = "lenient_list")]
    pub errors: Vec<UserError>,
}

/// The error beside the lists: an object by the documents, a list of objects in some clients' tests.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum AnswerError {
    /// One.
    One(UserError),
    /// Several.
    Many(Vec<UserError>),
    /// Of another shape.
    Other(ErrorDetails),
}

impl AnswerError {
    /// The first of them.
    #[must_use]
    pub fn first(&self) -> Option<&UserError> {
        match self {
            Self::One(error) => Some(error),
            Self::Many(errors) => errors.first(),
            Self::Other(_) => None,
        }
    }
}

impl BlockAnswer {
    /// An answer that it was done for all who were asked for.
    #[must_use]
    pub fn done_for_all() -> Self {
        Self { everybody: Some(Vec::new()), ..Self::default() }
    }
    /// An answer that it was done for nobody, and why.
    #[must_use]
    pub fn failed_for_all(errors: Vec<UserError>) -> Self {
        Self { everybody: Some(errors), ..Self::default() }
    }

    /// Whether it says anything about any user.
    #[must_use]
    pub fn names_users(&self) -> bool {
        let lists = &self.block_users;
        !(lists.added_users.is_empty() && lists.removed_users.is_empty() && lists.failed_users.is_empty())
    }

    /// Adds what became of each of `users` to `report`, in their order.
    ///
    /// A user is found by the `input` that the answer repeats, or else by the digits of the WhatsApp ID.
    pub fn report(&self, users: &[User], report: &mut BlockReport) {
        if let Some(errors) = &self.everybody {
            for input in users.iter().cloned() {
                if errors.is_empty() {
                    report.done.push(Done { input, wa_id: None, user_id: None });
                } else {
                    report.failed.push(Failed { input, wa_id: None, errors: errors.clone() });
                }
            }
            return;
        }
        let lists = &self.block_users;
        let done = Index::new(lists.added_users.iter().chain(&lists.removed_users), |user| user);
        let failed = Index::new(lists.failed_users.iter(), |failed| &failed.user);
        for user in users {
            // What the answer repeats word by word counts before what merely has the same digits.
            let word = (failed.by_input(user), done.by_input(user));
            match if word == (None, None) { (failed.by_digits(user), done.by_digits(user)) } else { word } {
                (Some(FailedUser { user: named, errors }), _) => {
                    let without = || vec![self.reason("is in failed_users without a reason")];
                    let errors = if errors.is_empty() { without() } else { errors.clone() };
                    report.failed.push(Failed { input: user.clone(), wa_id: named.wa_id.clone(), errors });
                }
                (None, Some(named)) => {
                    let (wa_id, user_id) = (named.wa_id.clone(), named.user_id.clone());
                    report.done.push(Done { input: user.clone(), wa_id, user_id });
                }
                (None, None) => {
                    let reason = self
                        .reason("the answer does not name this user; look into the list of blocked users");
                    report.failed.push(Failed { input: user.clone(), wa_id: None, errors: vec![reason] });
                }
            }
        }
    }

    /// The error beside the lists, by either name.
    #[must_use]
    pub fn error(&self) -> Option<&UserError> {
        let named = [&self.error, &self.errors];
        named.into_iter().flatten().find_map(AnswerError::first)
    }

    /// The reason for all where there is none for one.
    fn reason(&self, otherwise: &str) -> UserError {
        self.error().cloned().unwrap_or_else(|| UserError::from_message(None, otherwise))
    }
}

/// Finds what an answer says of a user.
struct Index<'a, T> {
    inputs: HashMap<&'a str, &'a T>,
    digits: HashMap<String, &'a T>,
}

impl<'a, T> Index<'a, T> {
    fn new(items: impl Iterator<Item = &'a T>, user: impl Fn(&'a T) -> &'a BlockedUser) -> Self {
        let mut index = Self { inputs: HashMap::new(), digits: HashMap::new() };
        for item in items {
            let named = user(item);
            let input = named.input.as_ref().map(PhoneNumber::as_str);
            for input in input.into_iter().chain(named.user_id.as_ref().map(Bsuid::as_str)) {
                index.inputs.entry(input).or_insert(item);
            }
            // The digits of a BSUID are no number.
            let is_number = |text: &&str| !text.contains(char::is_alphabetic);
            let numbers = input.into_iter().chain(named.wa_id.as_ref().map(WaId::as_str)).filter(is_number);
            for number in numbers.map(digits).filter(|number| !number.is_empty()) {
                index.digits.entry(number).or_insert(item);
            }
        }
        index
    }
    fn by_input(&self, user: &User) -> Option<&'a T> {
        self.inputs.get(user.as_str()).copied()
    }
    fn by_digits(&self, user: &User) -> Option<&'a T> {
        if let User::Bsuid(_) = user { None } else { self.digits.get(&digits(user.as_str())).copied() }
    }
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}
