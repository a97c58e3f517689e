//! A business number: its users, its blocklist and its rate limits.
use super::ids::digits;
use std::{
    collections::{HashMap, HashSet, VecDeque},
    time::Duration,
};

/// How long after a user's message the business may reply without a template, and may block the user.
const WINDOW: Duration = Duration::from_secs(24 * 60 * 60);
/// The burst to one recipient, and the interval by which each message is paid back (Meta, "About the platform").
const PAIR_BURST: u32 = 45;
const PAIR_EVERY: Duration = Duration::from_secs(6);

#[derive(Debug, Default)]
pub(crate) struct Number {
    pub(crate) phone: String,
    /// Blocked users by WhatsApp ID or BSUID, in the order in which they were blocked.
    pub(crate) blocked: Vec<String>,
    blocked_set: HashSet<String>,
    /// Incremented with every change of the list.
    pub(crate) version: u64,
    last_written: HashMap<String, Duration>,
    sent: VecDeque<Duration>,
    pairs: HashMap<String, Duration>,
}

impl Number {
    pub(super) fn new(phone: &str) -> Self {
        Self { phone: digits(phone), ..Self::default() }
    }
    pub(crate) fn is_blocked(&self, user: &str) -> bool {
        self.blocked_set.contains(user)
    }
    pub(crate) fn block(&mut self, user: &str) {
        if self.blocked_set.insert(user.to_owned()) {
            self.blocked.push(user.to_owned());
            self.version += 1;
        }
    }
    pub(crate) fn unblock(&mut self, user: &str) {
        if self.blocked_set.remove(user) {
            self.blocked.retain(|blocked| blocked != user);
            self.version += 1;
        }
    }
    /// Opens the 24-hour window of a user.
    pub(crate) fn written(&mut self, user: String, now: Duration) {
        self.last_written.insert(user, now);
    }
    pub(super) fn window_is_open(&self, user: &str, now: Duration) -> bool {
        self.last_written.get(user).is_some_and(|written| now.saturating_sub(*written) < WINDOW)
    }
    pub(super) fn count_message(
        &mut self,
        user: &str,
        now: Duration,
        per_second: Option<u32>,
        pair: bool,
    ) -> Option<i64> {
        while self.sent.front().is_some_and(|sent| now.saturating_sub(*sent) >= Duration::from_secs(1)) {
            self.sent.pop_front();
        }
        if per_second.is_some_and(|limit| self.sent.len() >= limit as usize) {
            return Some(130_429);
        }
        if pair {
            let free = self.pairs.get(user).copied().unwrap_or_default().max(now);
            if free.saturating_sub(now) > PAIR_EVERY * (PAIR_BURST - 1) {
                return Some(131_056);
            }
            self.pairs.insert(user.to_owned(), free.saturating_add(PAIR_EVERY));
        }
        if per_second.is_some() {
            self.sent.push_back(now);
        }
        None
    }
}
