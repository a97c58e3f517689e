//! `/contacts`: checking, blocking, reporting, identities. (Meta shut On-Premise on 2025-10-23; Cloud's `/block_users` replaces
//! blocking, nothing the rest.)
use crate::{OnPrem, endpoints};
use d360_model::{
    Findings, Invalid, MessageId, PhoneNumber, WaId,
    block::{BlockAnswer, BlockedUser, User, UserError},
    error::{ApiError, ErrorCode},
    open_enum, wire,
};
use d360_transport::{
    Body, BuildError, Endpoint, HttpResponse, Meta, PagedEndpoint, Path, Unreadable, json, success,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::fmt;

/// The path of a contact. Numbers go in any form, percent-encoded: `+` becomes `%2B`.
fn contact(user: &User) -> Path {
    Path::fixed("/contacts").segment(user.as_str())
}

fn check_user(user: &User) -> Findings {
    let mut findings = Findings::new();
    if let Some(problem) = problem(user) {
        findings.error("user", problem);
    }
    findings
}

/// What On-Premise would refuse about a user: it takes numbers in any form.
pub(crate) fn problem(user: &User) -> Option<String> {
    let text = user.as_str();
    let digits = text.chars().filter(char::is_ascii_digit).count();
    if let User::Bsuid(_) = user {
        Some("is a BSUID, which On-Premise does not know; give a WhatsApp ID or a phone number".to_owned())
    } else if text.chars().any(|c| c.is_alphabetic() || c.is_control() || matches!(c, '/' | '\\')) {
        Some("is no phone number: a letter, slash or control character stands in it".to_owned())
    } else if !(7..=15).contains(&digits) {
        Some(format!("has {digits} digits; an international phone number has 7 to 15"))
    } else {
        None
    }
}

/// Why another business account is blocked or reported: 1 to 59 characters.
///
/// (Meta shut On-Premise on 2025-10-23; Cloud takes no reason.)
#[derive(Clone, PartialEq, Eq)]
pub struct Reason(String);

impl fmt::Debug for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reason").field(&d360_model::mask(&self.0)).finish()
    }
}

impl Reason {
    /// A reason of 1 to 59 characters ("must be less than 60 characters", 360dialog).
    ///
    /// # Errors
    /// [`Invalid`] where it is blank or longer.
    pub fn new(text: impl Into<String>) -> Result<Self, Invalid> {
        let text = text.into();
        let mut findings = Findings::new();
        if text.trim().is_empty() {
            findings.error("reason", "is blank; leave it out, or give 1 to 59 characters");
        } else if text.chars().count() > 59 {
            findings.error("reason", format!("has {} characters; 1 to 59 are allowed", text.chars().count()));
        }
        findings.into_result(false).map(|()| Self(text))
    }
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `POST /v1/contacts/{phone_number}/block`: blocks one contact, who must have written within the last 24 hours (2048
/// otherwise). (Meta shut On-Premise on 2025-10-23; `POST /block_users` of Cloud replaces it, up to 1,000 at once.)
///
/// A contact who cannot be blocked is an answer that says so. Source: 360dialog "Contacts and Location Messages".
#[derive(Clone, Debug)]
#[must_use = "an endpoint does nothing until a client calls it"]
pub struct BlockContact {
    user: User,
    reason: Option<Reason>,
}

impl BlockContact {
    /// Blocks `user`.
    pub fn new(user: impl Into<User>) -> Self {
        Self { user: user.into(), reason: None }
    }
    /// Says why; used where another business account is blocked.
    pub fn reason(mut self, reason: Reason) -> Self {
        self.reason = Some(reason);
        self
    }
}

impl Endpoint for BlockContact {
    type Api = OnPrem;
    type Response = BlockAnswer;
    const META: Meta = endpoints::CONTACTS_BLOCK;

    fn path(&self) -> Path {
        contact(&self.user).then("/block")
    }
    fn body(&self) -> Result<Body, BuildError> {
        match &self.reason {
            Some(reason) => Body::json(&json!({ "reason": reason.as_str() })),
            None => Ok(Body::Empty),
        }
    }
    fn check(&self) -> Findings {
        check_user(&self.user)
    }
    fn decode(response: &HttpResponse) -> Result<BlockAnswer, Unreadable> {
        decode(response)
    }
}

/// `POST /v1/contacts/{phone_number}/unblock`: unblocks one contact. (Meta shut On-Premise on 2025-10-23; `DELETE
/// /block_users` of Cloud replaces it.) Source: 360dialog "Contacts and Location Messages".
#[derive(Clone, Debug)]
#[must_use = "an endpoint does nothing until a client calls it"]
pub struct UnblockContact(User);

impl UnblockContact {
    /// Unblocks `user`.
    pub fn new(user: impl Into<User>) -> Self {
        Self(user.into())
    }
}

impl Endpoint for UnblockContact {
    type Api = OnPrem;
    type Response = BlockAnswer;
    const META: Meta = endpoints::CONTACTS_UNBLOCK;

    fn path(&self) -> Path {
        contact(&self.0).then("/unblock")
    }
    fn check(&self) -> Findings {
        check_user(&self.0)
    }
    fn decode(response: &HttpResponse) -> Result<BlockAnswer, Unreadable> {
        decode(response)
    }
}

/// Codes that speak of the contact, and not of the call.
const OF_THE_CONTACT: [ErrorCode; 5] = [
    ErrorCode::NOT_ENGAGED_CONTACT,
    ErrorCode::ONPREM_PARAMETER_VALUE_INVALID,
    ErrorCode::ONPREM_USER_NOT_VALID,
    ErrorCode::ONPREM_BAD_USER,
    ErrorCode::ONPREM_RECEIVER_INCAPABLE,
];

/// Done if there is no `errors`; an answer too where the errors speak of the contact.
fn decode(response: &HttpResponse) -> Result<BlockAnswer, Unreadable> {
    match success(response) {
        Ok(()) => return Ok(BlockAnswer::done_for_all()),
        Err(Unreadable::Refusal) => {}
        Err(other) => return Err(other),
    }
    let error = ApiError::read(response.status().as_u16(), response.body());
    match error.code().filter(|code| OF_THE_CONTACT.contains(code)) {
        Some(code) => {
            let message = error.title().or(error.message()).unwrap_or("refused");
            let mut reason = UserError::from_message(Some(code), message);
            reason.error_data = error.details().cloned();
            Ok(BlockAnswer::failed_for_all(vec![reason]))
        }
        None => Err(Unreadable::Refusal),
    }
}

/// `GET /v1/contacts/blocklist?limit=&offset=`: a page of the blocked contacts. `Client::blocked_users` reads them all.
/// (Meta shut On-Premise on 2025-10-23; `GET /block_users` of Cloud replaces it.)
///
/// Source: 360dialog "Contacts and Location Messages": `limit` 1 to 200, 100 by default; `offset` from 0.
#[derive(Clone, Debug, Default)]
#[must_use = "an endpoint does nothing until a client calls it"]
pub struct ListBlockedContacts {
    limit: Option<u32>,
    offset: Option<u64>,
}

/// Answer of [`ListBlockedContacts`]. (Meta shut On-Premise on 2025-10-23; Cloud answers with cursors.)
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct BlockedContacts {
    /// The contacts of this page; `@s.whatsapp.net` is taken off their ids.
    #[serde(deserialize_with = "wire::lenient_list")]
    pub contacts: Vec<BlockedUser>,
    /// Where in the list it is.
    #[serde(default, deserialize_with = "wire::lenient")]
    pub pagination: Option<Pagination>,
}

/// Where in a list a page is. (Meta shut On-Premise on 2025-10-23; Cloud has cursors instead.)
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Pagination {
    /// Items a page.
    #[serde(default, deserialize_with = "wire::lenient")]
    pub limit: Option<u64>,
    /// Items before it.
    #[serde(default, deserialize_with = "wire::lenient")]
    pub offset: Option<u64>,
    /// Items in all.
    #[serde(default, deserialize_with = "wire::lenient")]
    pub total: Option<u64>,
}

impl ListBlockedContacts {
    /// The first page.
    pub fn new() -> Self {
        Self::default()
    }
    /// Contacts a page, 1 to 200. 100 by default.
    pub fn limit(mut self, contacts: u32) -> Self {
        self.limit = Some(contacts);
        self
    }
    /// Leaves out so many.
    pub fn offset(mut self, contacts: u64) -> Self {
        self.offset = Some(contacts);
        self
    }
}

impl Endpoint for ListBlockedContacts {
    type Api = OnPrem;
    type Response = BlockedContacts;
    const META: Meta = endpoints::CONTACTS_BLOCKLIST;

    fn query(&self, path: &mut Path) {
        if let Some(limit) = self.limit {
            path.push_param("limit", &limit.to_string());
        }
        if let Some(offset) = self.offset {
            path.push_param("offset", &offset.to_string());
        }
    }
    fn check(&self) -> Findings {
        let mut findings = Findings::new();
        if let Some(limit) = self.limit.filter(|limit| !(1..=200).contains(limit)) {
            findings.error("limit", format!("is {limit}; 1 to 200 are allowed"));
        }
        findings
    }
    fn decode(response: &HttpResponse) -> Result<BlockedContacts, Unreadable> {
        let mut page: BlockedContacts = json(response)?;
        for user in &mut page.contacts {
            user.wa_id =
                user.wa_id.take().map(|id| WaId::new(id.as_str().trim_end_matches("@s.whatsapp.net")));
        }
        Ok(page)
    }
}

impl PagedEndpoint for ListBlockedContacts {
    type Item = BlockedUser;

    fn read(&self, page: BlockedContacts) -> (Vec<BlockedUser>, Option<Self>) {
        let end = self.offset.unwrap_or(0).saturating_add(page.contacts.len() as u64);
        let more = page.pagination.and_then(|pagination| pagination.total).is_none_or(|total| end < total);
        let next = (more && !page.contacts.is_empty()).then(|| Self { offset: Some(end), ..self.clone() });
        (page.contacts, next)
    }
    fn position(&self) -> Option<String> {
        self.offset.filter(|offset| *offset > 0).map(|offset| offset.to_string())
    }
    fn key(user: &BlockedUser) -> Option<String> {
        user.key().map(str::to_owned)
    }
}

/// `POST /v1/contacts/{phone_number}/report`: reports a contact, who must have written within the last 24 hours (2048
/// otherwise), to WhatsApp. (Meta shut On-Premise on 2025-10-23; **nothing on Cloud replaces it**.)
///
/// Never sent again by itself while its outcome is unknown. Source: 360dialog "Contacts and Location Messages".
#[derive(Clone, Debug)]
#[must_use = "an endpoint does nothing until a client calls it"]
pub struct ReportContact {
    user: User,
    reason: Option<Reason>,
    block: Option<bool>,
    message_id: Option<MessageId>,
}

impl ReportContact {
    /// Reports `user`.
    pub fn new(user: impl Into<User>) -> Self {
        Self { user: user.into(), reason: None, block: None, message_id: None }
    }
    /// Says why; used where another business account is reported.
    pub fn reason(mut self, reason: Reason) -> Self {
        self.reason = Some(reason);
        self
    }
    /// Whether to block the contact as well. The server's default is false.
    pub fn block(mut self, block: bool) -> Self {
        self.block = Some(block);
        self
    }
    /// The message that is reported. Without one, the last five are sent to WhatsApp.
    pub fn message_id(mut self, message: impl Into<MessageId>) -> Self {
        self.message_id = Some(message.into());
        self
    }
}

impl Endpoint for ReportContact {
    type Api = OnPrem;
    type Response = ();
    const META: Meta = endpoints::CONTACTS_REPORT;

    fn path(&self) -> Path {
        contact(&self.user).then("/report")
    }
    fn body(&self) -> Result<Body, BuildError> {
        let mut body = Map::new();
        if let Some(reason) = &self.reason {
            body.insert("reason".to_owned(), reason.as_str().into());
        }
        if let Some(block) = self.block {
            body.insert("block".to_owned(), block.into());
        }
        if let Some(message) = &self.message_id {
            body.insert("message_id".to_owned(), message.as_str().into());
        }
        if body.is_empty() { Ok(Body::Empty) } else { Body::json(&body) }
    }
    fn check(&self) -> Findings {
        let mut findings = check_user(&self.user);
        if self.message_id.as_ref().is_some_and(|id| id.as_str().trim().is_empty()) {
            findings.error("message_id", "is blank; leave it out to report the last five messages");
        }
        findings
    }
    fn decode(response: &HttpResponse) -> Result<(), Unreadable> {
        success(response)
    }
}

/// `POST /v1/contacts`: asks whether numbers are on WhatsApp. (Meta shut On-Premise on 2025-10-23; **nothing on Cloud
/// replaces it**: a wrong number fails with 131026.)
///
/// Since client v2.43 every number was called `valid`. Misuse could get a number banned. Source: Meta's On-Premise reference.
#[derive(Clone, Debug, Serialize)]
#[must_use = "an endpoint does nothing until a client calls it"]
pub struct CheckContacts {
    blocking: &'static str,
    contacts: Vec<PhoneNumber>,
    #[serde(skip_serializing_if = "Option::is_none")]
    force_check: Option<bool>,
}

open_enum! {
    /// Whether a number is on WhatsApp. (Meta shut On-Premise on 2025-10-23; nothing on Cloud replaces it.)
    pub enum ContactStatus {
        /// It is.
        Valid = "valid",
        /// It is not.
        Invalid = "invalid",
        /// Not known yet: ask again.
        Processing = "processing",
        /// Could not be found out.
        Failed = "failed",
    }
}

/// Answer of [`CheckContacts`]. (Meta shut On-Premise on 2025-10-23; nothing on Cloud replaces it.)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CheckedContacts {
    /// The numbers, as they were asked for.
    #[serde(deserialize_with = "wire::lenient_list")]
    pub contacts: Vec<CheckedContact>,
}

/// A number that was asked for. (Meta shut On-Premise on 2025-10-23; nothing on Cloud replaces it.)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CheckedContact {
    /// As it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "wire::lenient")]
    pub input: Option<PhoneNumber>,
    /// Whether it is on WhatsApp; absent where the server says neither.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "wire::lenient")]
    pub status: Option<ContactStatus>,
    /// Its WhatsApp ID, where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wa_id: Option<WaId>,
}

impl CheckContacts {
    /// Asks about `numbers`, in any form; waits for the answer (`blocking` `wait`).
    pub fn new(numbers: impl IntoIterator<Item = PhoneNumber>) -> Self {
        Self { blocking: "wait", contacts: numbers.into_iter().collect(), force_check: None }
    }
    /// Does not wait: the first answer may be `processing` (`blocking` `no_wait`).
    pub fn no_wait(mut self) -> Self {
        self.blocking = "no_wait";
        self
    }
    /// Passes by the cache of seven days.
    pub fn force_check(mut self, force: bool) -> Self {
        self.force_check = Some(force);
        self
    }
}

impl Endpoint for CheckContacts {
    type Api = OnPrem;
    type Response = CheckedContacts;
    const META: Meta = endpoints::CONTACTS_CHECK;

    fn body(&self) -> Result<Body, BuildError> {
        Body::json(self)
    }
    fn check(&self) -> Findings {
        let mut findings = Findings::new();
        if self.contacts.is_empty() {
            findings.error("contacts", "is empty; name one number at least");
        }
        for (i, _) in self.contacts.iter().enumerate().filter(|(_, number)| number.as_str().trim().is_empty())
        {
            findings.error(format_args!("contacts[{i}]"), "is empty");
        }
        findings
    }
    fn decode(response: &HttpResponse) -> Result<CheckedContacts, Unreadable> {
        json(response)
    }
}

/// `GET /v1/contacts/{wa_id}/identity`: the identity of a contact. (Meta shut On-Premise on 2025-10-23; Cloud tells
/// `identity_key_hash` in webhooks.) Source: Meta's On-Premise reference.
#[derive(Clone, Debug)]
#[must_use = "an endpoint does nothing until a client calls it"]
pub struct GetIdentity(User);

/// A contact's identity, as the server tells it. (Meta shut On-Premise on 2025-10-23; Cloud tells `identity_key_hash` in
/// webhooks.)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Identity {
    /// What identifies it; to be sent back to acknowledge it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// Whether it was acknowledged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<bool>,
    /// When it came to be: a number of milliseconds, or text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_timestamp: Option<Value>,
}

/// `{"contacts": {"identity": …}}`, `{"identity": …}` or the identity itself: no page that is left shows which.
#[derive(Deserialize)]
#[serde(untagged)]
enum IdentityAnswer {
    Contacts { contacts: Holder },
    Holder(Holder),
    Itself(Identity),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Holder {
    One { identity: Identity },
    Many(Vec<HolderItem>),
}

#[derive(Deserialize)]
struct HolderItem {
    identity: Identity,
}

impl Holder {
    fn identity(self) -> Identity {
        match self {
            Self::One { identity } => identity,
            Self::Many(mut items) if !items.is_empty() => items.remove(0).identity,
            Self::Many(_) => Identity::default(),
        }
    }
}

impl GetIdentity {
    /// The identity of `user`.
    pub fn new(user: impl Into<User>) -> Self {
        Self(user.into())
    }
}

impl Endpoint for GetIdentity {
    type Api = OnPrem;
    type Response = Identity;
    const META: Meta = endpoints::CONTACTS_IDENTITY_GET;

    fn path(&self) -> Path {
        contact(&self.0).then("/identity")
    }
    fn check(&self) -> Findings {
        check_user(&self.0)
    }
    fn decode(response: &HttpResponse) -> Result<Identity, Unreadable> {
        let identity = match json(response)? {
            IdentityAnswer::Contacts { contacts } => contacts.identity(),
            IdentityAnswer::Holder(holder) => holder.identity(),
            IdentityAnswer::Itself(identity) => identity,
        };
        match identity.hash {
            Some(_) => Ok(identity),
            None => Err(Unreadable::Shape("the answer holds no hash".into())),
        }
    }
}

/// `PUT /v1/contacts/{wa_id}/identity` `{"hash": …}`: acknowledges a changed identity (480, 1028), so that messages go
/// again. (Meta shut On-Premise on 2025-10-23; on Cloud `recipient_identity_key_hash` of a message replaces it.)
/// Source: Meta's On-Premise reference.
#[derive(Clone, Debug)]
#[must_use = "an endpoint does nothing until a client calls it"]
pub struct AcknowledgeIdentity {
    user: User,
    hash: String,
}

impl AcknowledgeIdentity {
    /// Acknowledges the identity of `user` that has this hash.
    pub fn new(user: impl Into<User>, hash: impl Into<String>) -> Self {
        Self { user: user.into(), hash: hash.into() }
    }
}

impl Endpoint for AcknowledgeIdentity {
    type Api = OnPrem;
    type Response = ();
    const META: Meta = endpoints::CONTACTS_IDENTITY_ACKNOWLEDGE;

    fn path(&self) -> Path {
        contact(&self.user).then("/identity")
    }
    fn body(&self) -> Result<Body, BuildError> {
        Body::json(&json!({ "hash": self.hash }))
    }
    fn check(&self) -> Findings {
        let mut findings = check_user(&self.user);
        if self.hash.trim().is_empty() {
            findings.error("hash", "is required and may not be blank");
        }
        findings
    }
    fn decode(response: &HttpResponse) -> Result<(), Unreadable> {
        success(response)
    }
}
