//! Blocking, unblocking, listing blocked contacts, and reporting.
use super::{Reason, check_user, contact};
use crate::{OnPrem, endpoints};
use d360_model::{
    Findings, MessageId, WaId,
    block::{BlockAnswer, BlockedUser, User, UserError},
    error::{ApiError, ErrorCode},
    wire,
};
use d360_transport::{
    Body, BuildError, Endpoint, HttpResponse, Meta, PagedEndpoint, Path, Transfer, Unreadable, json,
    next_offset, success,
};
use serde::Deserialize;
use serde_json::{Map, json};

/// `POST /v1/contacts/{phone_number}/block`: blocks one contact, who must have written within the last 24 hours
/// (otherwise 2048). (Meta retired On-Premise on 2025-10-23; `POST /block_users` of Cloud replaces it, with up to
/// 1,000 users.)
///
/// A contact that cannot be blocked is a result with an error (360dialog, "Contacts and Location Messages").
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
    /// Sets the reason, used if another business account is blocked.
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

/// `POST /v1/contacts/{phone_number}/unblock`: unblocks one contact (360dialog, "Contacts and Location Messages").
/// (Meta retired On-Premise on 2025-10-23; `DELETE /block_users` of Cloud replaces it.)
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

/// Codes that concern the contact, not the call.
const OF_THE_CONTACT: [ErrorCode; 5] = [
    ErrorCode::NOT_ENGAGED_CONTACT,
    ErrorCode::ONPREM_PARAMETER_VALUE_INVALID,
    ErrorCode::ONPREM_USER_NOT_VALID,
    ErrorCode::ONPREM_BAD_USER,
    ErrorCode::ONPREM_RECEIVER_INCAPABLE,
];

/// Succeeds without `errors`. Errors that concern the contact are a result too.
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

/// `GET /v1/contacts/blocklist?limit=&offset=`: returns one page of the blocked contacts. `Client::blocked_users`
/// reads all pages. (Meta retired On-Premise on 2025-10-23; `GET /block_users` of Cloud replaces it.)
///
/// `limit` is 1 to 200, 100 by default; `offset` starts at 0 (360dialog, "Contacts and Location Messages").
#[derive(Clone, Debug, Default)]
#[must_use = "an endpoint does nothing until a client calls it"]
pub struct ListBlockedContacts {
    limit: Option<u32>,
    offset: Option<u64>,
}

/// The response of [`ListBlockedContacts`]. (Meta retired On-Premise on 2025-10-23; Cloud uses cursors.)
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct BlockedContacts {
    /// The contacts of this page, with `@s.whatsapp.net` removed from their IDs.
    #[serde(deserialize_with = "items")]
    pub contacts: Vec<BlockedUser>,
    /// The position of the page.
    #[serde(default, deserialize_with = "wire::lenient")]
    pub pagination: Option<Pagination>,
}

/// The position of a page in a list. (Meta retired On-Premise on 2025-10-23; Cloud uses cursors.)
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Pagination {
    /// The number of items per page.
    #[serde(default, deserialize_with = "wire::lenient")]
    pub limit: Option<u64>,
    /// The number of items before the page.
    #[serde(default, deserialize_with = "wire::lenient")]
    pub offset: Option<u64>,
    /// The total number of items.
    #[serde(default, deserialize_with = "wire::lenient")]
    pub total: Option<u64>,
}

/// The default number of contacts per page.
const DEFAULT_LIMIT: u64 = 100;

fn items<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<BlockedUser>, D::Error> {
    wire::page_items(deserializer, |user: BlockedUser| Some(user).filter(|user| user.key().is_some()))
}

impl ListBlockedContacts {
    /// Requests the first page.
    pub fn new() -> Self {
        Self::default()
    }
    /// Sets the number of contacts per page, 1 to 200. 100 by default.
    pub fn limit(mut self, contacts: u32) -> Self {
        self.limit = Some(contacts);
        self
    }
    /// Skips this number of contacts.
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
    fn transfer(&self) -> Transfer {
        Transfer::page()
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
        let total = page.pagination.and_then(|pagination| pagination.total);
        let limit = self.limit.map_or(DEFAULT_LIMIT, u64::from);
        let next = next_offset(self.offset.unwrap_or(0), page.contacts.len() as u64, Some(limit), total);
        (page.contacts, next.map(|offset| Self { offset: Some(offset), ..self.clone() }))
    }
    fn position(&self) -> Option<String> {
        self.offset.filter(|offset| *offset > 0).map(|offset| offset.to_string())
    }
    fn key(user: &BlockedUser) -> Option<String> {
        user.key().map(str::to_owned)
    }
}

/// `POST /v1/contacts/{phone_number}/report`: reports a contact to WhatsApp, who must have written within the last 24
/// hours (otherwise 2048). (Meta retired On-Premise on 2025-10-23; **nothing on Cloud replaces it**.)
///
/// Never retried automatically while the outcome is unknown (360dialog, "Contacts and Location Messages").
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
    /// Sets the reason, used if another business account is reported.
    pub fn reason(mut self, reason: Reason) -> Self {
        self.reason = Some(reason);
        self
    }
    /// Sets whether to block the contact as well. The server's default is false.
    pub fn block(mut self, block: bool) -> Self {
        self.block = Some(block);
        self
    }
    /// Sets the message to report. By default the last five are sent to WhatsApp.
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
            findings.error("message_id", "is blank; remove it to report the last five messages");
        }
        findings
    }
    fn decode(response: &HttpResponse) -> Result<(), Unreadable> {
        success(response)
    }
}
