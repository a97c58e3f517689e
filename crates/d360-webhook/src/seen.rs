//! Remembers events to drop duplicates.
use d360_model::webhook::{Event, EventKind};
use std::{
    collections::{HashSet, VecDeque, hash_map::RandomState},
    fmt,
    hash::BuildHasher as _,
};

/// Remembers the last events: messages by their ID, statuses by ID, status and, in a group, the member. Both arrive
/// at least once.
#[derive(Clone)]
pub struct Seen {
    hasher: RandomState,
    known: HashSet<u64>,
    order: VecDeque<u64>,
    /// The events that are being processed.
    under_way: HashSet<u64>,
    most: usize,
}

impl Seen {
    /// Creates a memory for the last `most` events, at slightly more than 16 bytes each.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            hasher: RandomState::new(),
            known: HashSet::new(),
            order: VecDeque::new(),
            under_way: HashSet::new(),
            most: most.max(1),
        }
    }

    /// Returns the key of an event, or `None` if it has no ID.
    fn key(&self, event: &Event) -> Option<u64> {
        match &event.kind {
            EventKind::Message(message) => Some(self.hasher.hash_one((0, message.id.as_ref()?.as_str(), ""))),
            // The same message may arrive again for this program when it gets control of the conversation.
            EventKind::Standby(message) => Some(self.hasher.hash_one((2, message.id.as_ref()?.as_str(), ""))),
            EventKind::UserIdUpdate(update) => {
                Some(self.hasher.hash_one((0, update.id.as_ref()?.as_str(), "")))
            }
            EventKind::Status(status) => {
                let member = status.participant_id.as_ref().map(|id| id.as_str());
                let member = member.or(status.participant_user_id.as_ref().map(|id| id.as_str()));
                // A payment fails more than once under the same ID.
                let is_payment = status.kind.as_deref() == Some("payment");
                let time = status.timestamp.filter(|_| is_payment).map(|time| time.seconds());
                let key = (1, status.id.as_str(), status.status.as_str(), time);
                Some(match member {
                    Some(member) => self.hasher.hash_one((key, member)),
                    None => self.hasher.hash_one(key),
                })
            }
            _ => None,
        }
    }

    /// Marks new events as being processed, or returns `None` if one of them is being processed elsewhere.
    pub(crate) fn begin(&mut self, events: &[Event]) -> Option<Vec<u64>> {
        let keys: Vec<u64> = events.iter().filter_map(|event| self.key(event)).collect();
        if keys.iter().any(|key| self.under_way.contains(key)) {
            return None;
        }
        self.under_way.extend(&keys);
        Some(keys)
    }
    /// Ends [`begin`](Self::begin): the events are known, or were not accepted.
    pub(crate) fn end(&mut self, keys: &[u64], taken: bool) {
        for key in keys {
            self.under_way.remove(key);
            if taken {
                self.insert(*key);
            }
        }
    }

    /// Returns the new ones of `events`, each once, without remembering them; see [`is_new`](Self::is_new).
    #[must_use]
    pub fn new_of(&self, events: Vec<Event>) -> Vec<Event> {
        let mut here = HashSet::new();
        let is_new =
            |event: &Event| self.key(event).is_none_or(|key| !self.known.contains(&key) && here.insert(key));
        let mut events = events;
        events.retain(is_new);
        events
    }

    /// Whether an event is new. It is known afterwards. An event without an ID is always new.
    pub fn is_new(&mut self, event: &Event) -> bool {
        match self.key(event) {
            Some(key) => self.insert(key),
            None => true,
        }
    }

    fn insert(&mut self, key: u64) -> bool {
        let is_new = self.known.insert(key);
        if is_new {
            self.order.push_back(key);
            if self.order.len() > self.most
                && let Some(oldest) = self.order.pop_front()
            {
                self.known.remove(&oldest);
            }
        }
        is_new
    }
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seen")
            .field("known", &self.known.len())
            .field("most", &self.most)
            .finish_non_exhaustive()
    }
}
