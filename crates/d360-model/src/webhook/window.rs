//! The 24-hour window, as far as webhooks tell. No clock: what time it is comes in.
use super::{
    content::InboundContent,
    event::{Event, EventKind},
    timestamp::Timestamp,
};
use crate::{id::Recipient, message::Message};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// For how long after a user's message anything may be sent to the user, and the user may be blocked.
const WINDOW: i64 = 24 * 60 * 60;

/// Remembers who wrote when: whether a message that needs an open window would be refused (131047), and a block.
///
/// Feed it every event of one number. [`EventKind::Standby`] opens no window here: who answers takes the conversation away from the
/// sender that holds it. It knows what it was told and no more: a window that it does not know of may be open.
/// Source: Meta "Messages", "Block users"; 360dialog "Contacts" (2026-05-21).
///
/// ```
/// use d360_model::webhook::{self, Windows};
/// let body = r#"{"messages": [{"id": "a", "from": "16505551234", "timestamp": "1750000000", "type": "text", "text": {"body": "Hi"}}]}"#;
/// let mut windows = Windows::default();
/// webhook::read(body.as_bytes())?.iter().for_each(|event| windows.saw(event));
/// assert!(windows.is_open("+1 650 555 1234", 1_750_000_000 + 3600));
/// assert_eq!(windows.closes("+1 650 555 1234").unwrap().seconds(), 1_750_000_000 + 24 * 3600);
/// # Ok::<(), webhook::NotAWebhook>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Windows {
    /// When a user wrote last, by the digits of the number and by the business-scoped id.
    wrote: HashMap<String, i64>,
}

impl std::fmt::Debug for Windows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Windows").field("users", &self.wrote.len()).finish()
    }
}

impl Windows {
    /// Takes an event. Those that open no window change nothing, and an old one that comes late shortens none.
    pub fn saw(&mut self, event: &Event) {
        let EventKind::Message(message) = &event.kind else { return };
        // A system message is of WhatsApp, not of the user; one in a group opens no window.
        if matches!(message.content, InboundContent::System(_)) || message.group_id.is_some() {
            return;
        }
        let Some(at) = message.timestamp else { return };
        let sender = message.contact.as_ref();
        let number = message.from.as_ref().map(|id| id.as_str());
        let id = message.from_user_id.as_ref().or(sender.and_then(|sender| sender.user_id.as_ref()));
        for user in [number, id.map(|id| id.as_str())].into_iter().flatten() {
            let wrote = self.wrote.entry(key(user)).or_insert(at.seconds());
            *wrote = (*wrote).max(at.seconds());
        }
    }
    /// When the window of a recipient closes, or closed; `None` where nobody wrote.
    #[must_use]
    pub fn closes(&self, to: impl Into<Recipient>) -> Option<Timestamp> {
        Some(Timestamp::from_seconds(end(self.wrote.get(&key(to.into().as_str()))?)))
    }
    /// Whether a message that needs an open window may go to `to` now, in seconds since 1970.
    #[must_use]
    pub fn is_open(&self, to: impl Into<Recipient>, now: i64) -> bool {
        self.closes(to).is_some_and(|closes| now < closes.seconds())
    }
    /// Whether `message` may be sent now: its recipient's window is open, or it needs none (a template, Direct Send).
    #[must_use]
    pub fn allows(&self, message: &Message, now: i64) -> bool {
        !message.needs_open_window() || self.is_open(&message.to, now)
    }
    /// Whether a user may be blocked now: only who wrote within the last 24 hours.
    #[must_use]
    pub fn may_block(&self, user: impl Into<Recipient>, now: i64) -> bool {
        self.wrote.get(&key(user.into().as_str())).is_some_and(|wrote| now < end(wrote))
    }
    /// Forgets the windows that are closed.
    pub fn forget_closed(&mut self, now: i64) {
        self.wrote.retain(|_, wrote| now < end(wrote));
    }
}

/// When the window closes that a message opened; a time that no clock has must not overflow.
fn end(wrote: &i64) -> i64 {
    wrote.saturating_add(WINDOW)
}

/// A number by its digits, however it is written; any other id as it is.
fn key(user: &str) -> String {
    let user = user.strip_suffix("@s.whatsapp.net").unwrap_or(user);
    if user.chars().all(|c| c.is_ascii_digit() || "+-() ".contains(c)) {
        user.chars().filter(char::is_ascii_digit).collect()
    } else {
        user.to_owned()
    }
}
