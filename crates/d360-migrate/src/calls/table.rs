//! The table of calls.
use crate::{Note, NoteKind};
use percent_encoding::percent_decode_str;

/// How a call of On-Premise is handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fate {
    /// Cloud has a counterpart in another form.
    Translated,
    /// A gateway answers the call itself.
    Answered,
    /// The call has no translation and no meaningful answer.
    Refused,
}

/// A call of On-Premise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OldCall {
    /// The method.
    pub method: &'static str,
    /// The path. A segment in braces matches any text, and `…` at the end matches any number of segments.
    pub path: &'static str,
    /// How the call is handled.
    pub fate: Fate,
    /// The counterpart on Cloud, if there is one.
    pub cloud: Option<&'static str>,
    /// Why, and what to do.
    pub note: &'static str,
}

impl OldCall {
    /// Describes the call as a note. `method` is the actual method, for rows of any method.
    #[must_use]
    pub fn note(&self, method: &str) -> Note {
        let (kind, why) = match (self.fate, self.cloud) {
            (Fate::Refused, _) => (NoteKind::Refused, self.refusal(method)),
            (Fate::Answered, None) => (NoteKind::Lost, format!("{method} {} has no counterpart", self.path)),
            (Fate::Answered | Fate::Translated, cloud) => {
                (NoteKind::Changed, format!("on Cloud it is {}", cloud.unwrap_or_default()))
            }
        };
        Note { path: String::new(), kind, why: why.into(), what_to_do: self.note.into(), original: None }
    }

    /// Returns why the call is refused: Cloud's counterpart, or that there is none.
    #[must_use]
    pub fn refusal(&self, method: &str) -> String {
        match self.cloud {
            Some(cloud) => format!("{method} {} is not translated; on Cloud it is {cloud}", self.path),
            None => format!("{method} {} has no counterpart on Cloud", self.path),
        }
    }
}

macro_rules! calls {
    ($($method:literal $path:literal $fate:ident $cloud:expr, $note:literal;)+) => {
        &[$(OldCall { method: $method, path: $path, fate: Fate::$fate, cloud: $cloud, note: $note },)+]
    };
}

/// All calls (Meta, On-Premise reference, until 2025-10; 360dialog, `/v1/configs`). The first match counts.
pub const ALL: &[OldCall] = calls! {
    "POST" "/v1/messages" Translated Some("POST /messages"), "the body changes; see the field table";
    "PUT" "/v1/messages/{id}" Translated Some("POST /messages"), "a read mark is a body with status and message_id";
    "POST" "/v1/contacts" Answered None, "Cloud cannot be asked whether a number is on WhatsApp: every number is valid, as since v2.43; \
        a wrong one fails by webhook (1026, on Cloud 131026)";
    "GET" "/v1/contacts/blocklist" Translated Some("GET /block_users"), "cursors instead of an offset, and no total";
    "POST" "/v1/contacts/{phone_number}/block" Translated Some("POST /block_users"), "up to 1,000 users per call; no reason";
    "POST" "/v1/contacts/{phone_number}/unblock" Translated Some("DELETE /block_users"), "up to 1,000 users per call, in a JSON body";
    "POST" "/v1/contacts/{phone_number}/report" Answered None, "Cloud has no call to report a user; with block true the user is blocked";
    "GET" "/v1/contacts/{wa_id}/identity" Refused None, "Cloud sends the hash in webhooks (contacts[].identity_key_hash)";
    "PUT" "/v1/contacts/{wa_id}/identity" Refused None, "on Cloud the message contains the hash (recipient_identity_key_hash)";
    "POST" "/v1/media" Translated Some("POST /media"), "multipart/form-data instead of the plain file; old IDs are not valid";
    "GET" "/v1/media/{id}" Translated Some("GET /{media-id}"), "two steps: the file's URL, then the file";
    "DELETE" "/v1/media/{id}" Translated Some("DELETE /{media-id}"), "the ID is Cloud's";
    "POST" "/v1/users/login" Answered None, "Cloud has a key and no login; the gateway issues its own tokens";
    "POST" "/v1/users/logout" Answered None, "Cloud has a key and no login";
    "GET" "/v1/health" Translated Some("GET /health_status"), "another form: whether messages can be sent, and the reasons if not";
    "GET" "/v1/settings/application" Answered Some("GET /v1/configs/webhook"), "Cloud has only the webhook URL of these settings";
    "PATCH" "/v1/settings/application" Answered Some("POST /v1/configs/webhook"), "Cloud has only the webhook URL of these settings; the gateway \
        follows webhooks.url and sent_status, and notes the rest";
    "DELETE" "/v1/settings/application" Answered None, "the gateway resets what the program has set";
    "GET" "/v1/configs/webhook" Answered Some("GET /v1/configs/webhook"), "the same call on Cloud; through the gateway it returns the old program's URL";
    "POST" "/v1/configs/webhook" Answered Some("POST /v1/configs/webhook"), "the same call on Cloud; through the gateway it sets the old program's URL";
    "GET" "/v1/configs/templates" Translated Some("GET /message_templates"), "data[] instead of waba_templates[], cursors instead of an offset, no namespace";
    "POST" "/v1/configs/templates" Translated Some("POST /message_templates"), "categories have new names, and there is no namespace";
    "DELETE" "/v1/configs/templates/{name}" Translated Some("DELETE /message_templates"), "the name moves to the query";
    "PUT" "/v1/services/message/gc" Answered None, "there is no message store to clean; the gateway deletes delivered webhooks";
    "ANY" "/v1/services/…" Refused None, "there is no self-hosted client with such services";
    "ANY" "/v1/settings/application/media/providers…" Refused None, "Cloud fetches only public links; make them public, or upload the files";
    "ANY" "/v1/settings/profile/…" Refused Some("POST /whatsapp_business_profile"), "use Cloud's profile call, or WhatsApp Manager";
    "ANY" "/v1/settings/business/profile" Refused Some("POST /whatsapp_business_profile"), "use Cloud's profile call, or WhatsApp Manager";
    "ANY" "/v1/settings/account/two-step" Refused None, "Meta hosts the number; set the PIN in WhatsApp Manager";
    "ANY" "/v1/settings/…" Refused None, "it configured a client that Meta now runs";
    "ANY" "/v1/account…" Refused None, "Meta hosts the number; register it through 360dialog's hub";
    "ANY" "/v1/certificates/…" Refused None, "webhooks use the TLS of your own server";
    "ANY" "/v1/stickerpacks…" Refused None, "Cloud sends only single stickers";
    "ANY" "/v1/groups…" Refused Some("/groups"), "Cloud's groups are another API";
    "ANY" "/v1/users…" Refused None, "Cloud has a key and no users; the gateway's configuration lists its users";
    "ANY" "/v1/stats/…" Refused None, "there is no self-hosted client to measure; the gateway has /metrics";
    "ANY" "/v1/support" Refused None, "there is no self-hosted client; contact 360dialog";
};

/// Returns the row of a call, with or without a query in the path.
///
/// A message ID may appear unencoded in the path: `wamid.…` contains `/`, and old programs put IDs into paths
/// unescaped.
#[must_use]
pub fn look_up(method: &str, path: &str) -> Option<&'static OldCall> {
    let path = plain(path);
    let path = if message_id(path).is_some() { "/v1/messages/id" } else { path };
    ALL.iter().find(|call| {
        (call.method == "ANY" || call.method.eq_ignore_ascii_case(method)) && fits(call.path, path)
    })
}

pub(super) fn plain(path: &str) -> &str {
    path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/')
}

/// Returns the decoded ID of `/v1/messages/{id}`: everything that follows, so that an ID with `/` may be
/// percent-encoded or not.
///
/// ```
/// use d360_migrate::calls;
/// for path in ["/v1/messages/wamid.HBgL/+8=", "/v1/messages/wamid.HBgL%2F%2B8%3D"] {
///     assert_eq!(calls::message_id(path).as_deref(), Some("wamid.HBgL/+8="));
/// }
/// assert_eq!(calls::message_id("/v1/messages"), None);
/// ```
#[must_use]
pub fn message_id(path: &str) -> Option<String> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let id = percent_decode_str(path.strip_prefix("/v1/messages/")?).decode_utf8_lossy();
    // A trailing slash belongs to a wamid without padding, and to nothing otherwise.
    let id = if id.starts_with("wamid.") { &id } else { id.trim_end_matches('/') };
    (!id.is_empty() && (id.starts_with("wamid.") || !id.contains('/'))).then(|| id.to_owned())
}

fn fits(pattern: &str, path: &str) -> bool {
    if let Some(start) = pattern.strip_suffix('…') {
        let start = start.trim_end_matches('/');
        return path.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    }
    let (mut pattern, mut path) = (pattern.split('/'), path.split('/'));
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return true,
            (Some(expected), Some(found)) if expected.starts_with('{') && !found.is_empty() => {}
            (Some(expected), Some(found)) if expected == found => {}
            _ => return false,
        }
    }
}
