//! The response to a request to block or unblock users, and its conversion to a report.
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

/// The response of `POST /block_users` and `DELETE /block_users`. A partial result may have HTTP status 200 or 400.
///
/// A response of On-Premise, which handles one user per call, names no user. It applies to all requested users.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct BlockAnswer {
    /// The result for all requested users: success if there are no errors.
    #[serde(skip)]
    pub everybody: Option<Vec<UserError>>,
    /// The results by user.
    pub block_users: BlockLists,
    /// The error of a partial result: some users failed (139100).
    #[serde(default)]
    pub error: Option<AnswerError>,
    /// Another name of [`error`](Self::error) in some responses.
    #[serde(default)]
    pub errors: Option<AnswerError>,
}

/// The lists of a [`BlockAnswer`].
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct BlockLists {
    /// Blocked users.
    #[serde(default, deserialize_with = "lenient_list")]
    pub added_users: Vec<BlockedUser>,
    /// Unblocked users.
    #[serde(default, deserialize_with = "lenient_list")]
    pub removed_users: Vec<BlockedUser>,
    /// Users that failed.
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
    /// The reasons.
    #[serde(default, deserialize_with = "lenient_list")]
    pub errors: Vec<UserError>,
}

/// The error besides the lists: an object as documented, or a list of objects in the tests of some clients.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum AnswerError {
    /// One error.
    One(UserError),
    /// Several errors.
    Many(Vec<UserError>),
    /// An error of another form.
    Other(ErrorDetails),
}

impl AnswerError {
    /// Returns the first error.
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
    /// Creates a response of success for all users.
    #[must_use]
    pub fn done_for_all() -> Self {
        Self { everybody: Some(Vec::new()), ..Self::default() }
    }
    /// Creates a response of failure for all users.
    #[must_use]
    pub fn failed_for_all(errors: Vec<UserError>) -> Self {
        Self { everybody: Some(errors), ..Self::default() }
    }

    /// Whether the response says anything about any user.
    #[must_use]
    pub fn names_users(&self) -> bool {
        let lists = &self.block_users;
        !(lists.added_users.is_empty() && lists.removed_users.is_empty() && lists.failed_users.is_empty())
    }

    /// Adds the result for each of `users` to `report`, in their order.
    ///
    /// A user is found by the repeated `input`, or else by the digits of the WhatsApp ID.
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
            // An exact repetition counts before equal digits.
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
                    let reason =
                        self.reason("the response does not name this user; check the list of blocked users");
                    report.failed.push(Failed { input: user.clone(), wa_id: None, errors: vec![reason] });
                }
            }
        }
    }

    /// Returns the error besides the lists, by either name.
    #[must_use]
    pub fn error(&self) -> Option<&UserError> {
        let named = [&self.error, &self.errors];
        named.into_iter().flatten().find_map(AnswerError::first)
    }

    /// Returns the reason for a user without its own: that for all users.
    fn reason(&self, otherwise: &str) -> UserError {
        self.error().cloned().unwrap_or_else(|| UserError::from_message(None, otherwise))
    }
}

/// Finds the results for a user in a response.
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
            // The digits of a BSUID are not a number.
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
