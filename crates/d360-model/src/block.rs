//! Blocking users: what is asked for, what the servers answer, and the report that a caller gets.
//!
//! Rules (Meta "Block users", 360dialog "Contacts", 2026): only a user who wrote within the last 24 hours can be
//! blocked; at most 1,000 users a request and 64,000 in the list; errors are per user.
pub use crate::paging::{Cursors, Paging};

use crate::error::{ErrorCode, ErrorDetails};
use crate::wire::{lenient, lenient_list, lenient_some_list, page_items};
use crate::{Bsuid, InvalidId, ParentBsuid, PhoneNumber, Recipient, WaId};
use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap};
use std::{collections::HashMap, fmt, str::FromStr};

/// Most users in a request to block or unblock.
pub const MAX_USERS_PER_REQUEST: usize = 1_000;
/// Most users in a block list.
pub const MAX_BLOCKED_USERS: usize = 64_000;

/// A user who can be blocked. `parse()` tells the kinds apart as it does for a [`Recipient`]. Digits alone are a WhatsApp ID, as a
/// list of blocked users has it; the API takes that in the place of a number (360dialog, "Contacts", 2026).
///
/// Parent BSUIDs cannot be blocked (Meta, 2026-05-04) and groups are no users: neither is a `User`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum User {
    /// A phone number with `+` and country code; sent in `user`, as it is written. (On-Premise takes any form.)
    Phone(PhoneNumber),
    /// A WhatsApp ID; sent in `user`.
    WaId(WaId),
    /// A business-scoped user ID; sent in `user_id`.
    Bsuid(Bsuid),
}

impl User {
    /// The text that is sent, and that the answer calls `input`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Phone(id) => id.as_str(),
            Self::WaId(id) => id.as_str(),
            Self::Bsuid(id) => id.as_str(),
        }
    }
    /// What the API would refuse about it.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        Recipient::from(self.clone()).problem()
    }
}

impl From<User> for Recipient {
    fn from(user: User) -> Self {
        match user {
            User::Phone(id) => Self::Phone(id),
            User::WaId(id) => Self::WaId(id),
            User::Bsuid(id) => Self::Bsuid(id),
        }
    }
}

impl From<PhoneNumber> for User {
    /// `00` becomes `+`.
    fn from(id: PhoneNumber) -> Self {
        Self::Phone(crate::id::with_plus(id.as_str()).map_or(id, PhoneNumber::from))
    }
}

impl From<WaId> for User {
    fn from(id: WaId) -> Self {
        Self::WaId(id)
    }
}

impl From<Bsuid> for User {
    fn from(id: Bsuid) -> Self {
        Self::Bsuid(id)
    }
}

impl TryFrom<Recipient> for User {
    type Error = InvalidId;
    fn try_from(recipient: Recipient) -> Result<Self, InvalidId> {
        match recipient {
            Recipient::Phone(id) => Ok(Self::Phone(id)),
            Recipient::National(_) => Err(InvalidId::NotAUser(
                "has no country code; to block a user, give + and country code, a WhatsApp ID (…@s.whatsapp.net) or a BSUID",
            )),
            Recipient::WaId(id) => Ok(Self::WaId(id)),
            Recipient::Bsuid(id) => Ok(Self::Bsuid(id)),
            Recipient::ParentBsuid(_) => Err(InvalidId::NotAUser(
                "is a parent BSUID, which cannot be blocked; give the user's own BSUID or number",
            )),
            Recipient::Group(_) => Err(InvalidId::NotAUser("is a group; only users can be blocked")),
        }
    }
}

impl FromStr for User {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        match text.parse::<Recipient>() {
            // As lists and webhooks name a user, and as the API takes one. No WhatsApp ID begins with 0.
            Err(InvalidId::NoCountryCode) => {
                let id = Self::WaId(text.trim().into());
                let is_id = !text.trim_start().starts_with('0') && id.problem().is_none();
                if is_id { Ok(id) } else { Err(InvalidId::NoCountryCode) }
            }
            recipient => recipient?.try_into(),
        }
    }
}

impl Serialize for User {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        let key = if matches!(self, Self::Bsuid(_)) { "user_id" } else { "user" };
        map.serialize_entry(key, self.as_str())?;
        map.end()
    }
}

/// Body of `POST /block_users` and `DELETE /block_users`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct BlockRequest<'a> {
    /// Always `whatsapp`.
    pub messaging_product: &'static str,
    /// Up to 1,000 users.
    pub block_users: &'a [User],
}

impl<'a> BlockRequest<'a> {
    /// A body that names `users`.
    #[must_use]
    pub const fn new(users: &'a [User]) -> Self {
        Self { messaging_product: "whatsapp", block_users: users }
    }
}

/// A user whom the API blocked, unblocked or listed. Which of the identities are there differs by system and user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BlockedUser {
    /// As it was sent. Absent in a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<PhoneNumber>,
    /// As WhatsApp knows the user. Absent for a user who goes by a username.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wa_id: Option<WaId>,
    /// As the business knows the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Bsuid>,
    /// As the parent portfolio knows the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_user_id: Option<ParentBsuid>,
}

impl BlockedUser {
    /// Something to tell users apart by.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        let wa_id = self.wa_id.as_ref().map(WaId::as_str);
        let user_id = self.user_id.as_ref().map(Bsuid::as_str);
        let input = self.input.as_ref().map(PhoneNumber::as_str);
        // Some answers hold `"wa_id": ""` for a user who goes by a username.
        [wa_id, user_id, input].into_iter().flatten().find(|key| !key.is_empty())
    }
}

/// Why a user could not be blocked or unblocked.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UserError {
    /// The code; the one thing to decide by.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub code: Option<ErrorCode>,
    /// What the server calls it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub title: Option<String>,
    /// What the server says.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub message: Option<String>,
    /// What it adds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_data: Option<ErrorDetails>,
}

impl UserError {
    /// An error of this client's own making, for a user whom the answer does not name.
    #[must_use]
    pub fn from_message(code: Option<ErrorCode>, message: impl Into<String>) -> Self {
        Self { code, title: None, message: Some(message.into()), error_data: None }
    }
}

impl fmt::Display for UserError {
    /// With numbers masked.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.code.map(|code| format!("{code}: ")).unwrap_or_default();
        let message = self.message.as_deref().or(self.title.as_deref()).unwrap_or("no message");
        let details = self.error_data.as_ref().and_then(ErrorDetails::text);
        let details = details.map(|text| format!(" ({text})")).unwrap_or_default();
        write!(f, "{code}{}", crate::mask(&format!("{message}{details}")))
    }
}

impl fmt::Debug for UserError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UserError({self})")
    }
}

/// A user who was not blocked or unblocked, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Failed {
    /// The user, as given.
    #[serde(serialize_with = "as_text")]
    pub input: User,
    /// As WhatsApp knows the user; absent where it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wa_id: Option<WaId>,
    /// Why. Never empty.
    pub errors: Vec<UserError>,
}

/// A user who was blocked or unblocked.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Done {
    /// The user, as given.
    #[serde(serialize_with = "as_text")]
    pub input: User,
    /// As WhatsApp knows the user. Need not equal the number that was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wa_id: Option<WaId>,
    /// As the business knows the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Bsuid>,
}

fn as_text<S: Serializer>(user: &User, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(user.as_str())
}

/// What became of each user, in the order of the input; a user given twice is reported twice.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct BlockReport {
    /// Those for whom it was done.
    pub done: Vec<Done>,
    /// Those for whom it was not, each with the reason.
    pub failed: Vec<Failed>,
}

impl BlockReport {
    /// Whether it was done for all.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty()
    }
}

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

/// A page of `GET /block_users`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct BlockedPage {
    /// The users of this page.
    #[serde(deserialize_with = "items")]
    pub data: Vec<BlockedUser>,
    /// Where the next page begins.
    #[serde(default, deserialize_with = "lenient")]
    pub paging: Option<Paging>,
}

impl BlockedPage {
    /// The cursor of the next page, if there may be one.
    #[must_use]
    pub fn after(&self) -> Option<&str> {
        self.paging.as_ref()?.after()
    }
}

/// Both shapes of an item: the user itself (Meta, 360dialog's page), or a `block_users` list of users (360dialog's
/// OpenAPI description).
fn items<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<BlockedUser>, D::Error> {
    #[derive(Deserialize)]
    struct Item {
        #[serde(default, deserialize_with = "lenient_some_list")]
        block_users: Option<Vec<BlockedUser>>,
        #[serde(flatten)]
        user: BlockedUser,
    }
    let users = |item: Item| {
        let users = item.block_users.unwrap_or_else(|| vec![item.user]);
        let known: Vec<_> = users.into_iter().filter(|user| user.key().is_some()).collect();
        (!known.is_empty()).then_some(known)
    };
    Ok(page_items(deserializer, users)?.into_iter().flatten().collect())
}
