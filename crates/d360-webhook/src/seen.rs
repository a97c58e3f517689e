//! What came before.
use d360_model::webhook::{Event, EventKind};
use std::{
    collections::{HashSet, VecDeque, hash_map::RandomState},
    fmt,
    hash::BuildHasher as _,
};

/// Remembers the last so many events: messages by their id, statuses by id and status. Both come at least once.
#[derive(Clone)]
pub struct Seen {
    hasher: RandomState,
    known: HashSet<u64>,
    order: VecDeque<u64>,
    most: usize,
}

impl Seen {
    /// Remembers the last `most` events, 16 bytes and a bit each.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { hasher: RandomState::new(), known: HashSet::new(), order: VecDeque::new(), most: most.max(1) }
    }

    /// Whether an event is new; from now on it is known. What has no id is always new.
    pub fn is_new(&mut self, event: &Event) -> bool {
        let key = match &event.kind {
            EventKind::Message(message) => match &message.id {
                Some(id) => self.hasher.hash_one((0, id.as_str(), "")),
                None => return true,
            },
            EventKind::Status(status) => {
                self.hasher.hash_one((1, status.id.as_str(), status.status.as_str()))
            }
            _ => return true,
        };
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
