//! Tracks the 24-hour window from webhooks. It has no clock: the time is an input.
use super::{
    content::InboundContent,
    event::{Event, EventKind},
    timestamp::Timestamp,
};
use crate::{id::Recipient, message::Message};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// How long after a user's message any message can be sent to the user, and the user can be blocked.
const WINDOW: i64 = 24 * 60 * 60;

/// Tracks when users wrote. Tells whether a message that needs an open window would be refused (131047), and whether
/// a user can be blocked.
///
/// Pass it every event of one number. [`EventKind::Standby`] opens no window here, because a reply takes the
/// conversation away from its sender. It only knows the events it has seen, so another window may be open (Meta,
/// "Messages", "Block users"; 360dialog, "Contacts"; 2026-05-21).
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
    /// The time of a user's last message, by the digits of the number and by the business-scoped ID.
    wrote: HashMap<String, i64>,
}

impl std::fmt::Debug for Windows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Windows").field("users", &self.wrote.len()).finish()
    }
}

impl Windows {
    /// Processes an event. Events that open no window change nothing, and an old event that arrives late shortens no
    /// window.
    pub fn saw(&mut self, event: &Event) {
        let EventKind::Message(message) = &event.kind else { return };
        // A system message is from WhatsApp, not from the user. A message in a group opens no window.
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
    /// Returns when the window of a recipient closes or closed, or `None` if there was no message.
    #[must_use]
    pub fn closes(&self, to: impl Into<Recipient>) -> Option<Timestamp> {
        Some(Timestamp::from_seconds(end(self.wrote.get(&key(to.into().as_str()))?)))
    }
    /// Whether a message that needs an open window can be sent to `to` now, in seconds since 1970.
    #[must_use]
    pub fn is_open(&self, to: impl Into<Recipient>, now: i64) -> bool {
        self.closes(to).is_some_and(|closes| now < closes.seconds())
    }
    /// Whether `message` can be sent now: its recipient's window is open, or it needs none (templates, Direct Send).
    #[must_use]
    pub fn allows(&self, message: &Message, now: i64) -> bool {
        !message.needs_open_window() || self.is_open(&message.to, now)
    }
    /// Whether a user can be blocked now, which requires a message within the last 24 hours.
    #[must_use]
    pub fn may_block(&self, user: impl Into<Recipient>, now: i64) -> bool {
        self.wrote.get(&key(user.into().as_str())).is_some_and(|wrote| now < end(wrote))
    }
    /// Removes closed windows.
    pub fn forget_closed(&mut self, now: i64) {
        self.wrote.retain(|_, wrote| now < end(wrote));
    }
}

/// Returns when the window that a message opened closes, without overflow.
fn end(wrote: &i64) -> i64 {
    wrote.saturating_add(WINDOW)
}

/// Returns the digits of a number, however it is written, or any other ID unchanged.
fn key(user: &str) -> String {
    let user = user.strip_suffix("@s.whatsapp.net").unwrap_or(user);
    if user.chars().all(|c| c.is_ascii_digit() || "+-() ".contains(c)) {
        user.chars().filter(char::is_ascii_digit).collect()
    } else {
        user.to_owned()
    }
}
