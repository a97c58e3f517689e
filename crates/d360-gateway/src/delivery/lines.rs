//! What waits for delivery, in memory: a line for each user, of which the front alone is tried.
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};
use tokio::sync::Notify;

/// Bodies that are kept in memory; those of more are read from disk when their turn comes.
const IN_MEMORY: usize = 10_000;

/// A number and a user of it.
pub(crate) type Line = (String, String);

pub(crate) struct Item {
    pub(crate) id: i64,
    /// Since when it is tried, in seconds since 1970.
    pub(crate) since: i64,
    pub(crate) body: Option<Arc<str>>,
}

/// How the front of a line fares.
#[derive(Clone, Default)]
pub(crate) struct Front {
    pub(crate) tries: u32,
    /// What came of the last try.
    pub(crate) last: Option<String>,
    pub(crate) posting: bool,
    /// Whether it is not wanted any more.
    pub(crate) dropped: bool,
}

struct Queue {
    items: VecDeque<Item>,
    front: Front,
    wake: Arc<Notify>,
}

/// What a worker needs of the front.
pub(crate) struct Next {
    pub(crate) id: i64,
    pub(crate) since: i64,
    pub(crate) body: Option<Arc<str>>,
    pub(crate) wake: Arc<Notify>,
}

#[derive(Default)]
pub(crate) struct Lines {
    queues: HashMap<Line, Queue>,
    in_memory: usize,
}

impl Lines {
    pub(crate) fn len(&self) -> usize {
        self.queues.len()
    }

    /// Puts an item into its place by age, behind the front, which may be on its way. Whether the line is new, and needs a worker.
    pub(crate) fn push(&mut self, line: Line, mut item: Item) -> bool {
        if item.body.is_some() {
            if self.in_memory < IN_MEMORY {
                self.in_memory += 1;
            } else {
                item.body = None;
            }
        }
        let new = || Queue { items: VecDeque::new(), front: Front::default(), wake: Arc::default() };
        let queue = self.queues.entry(line).or_insert_with(new);
        let is_new = queue.items.is_empty();
        if queue.items.back().is_none_or(|last| last.id < item.id) {
            queue.items.push_back(item);
        } else {
            let place = queue.items.partition_point(|other| other.id < item.id).max(1);
            queue.items.insert(place, item);
        }
        is_new
    }

    pub(crate) fn next(&self, line: &Line) -> Option<Next> {
        let queue = self.queues.get(line)?;
        let item = queue.items.front()?;
        Some(Next { id: item.id, since: item.since, body: item.body.clone(), wake: queue.wake.clone() })
    }

    pub(crate) fn front(&mut self, line: &Line) -> Option<&mut Front> {
        self.queues.get_mut(line).map(|queue| &mut queue.front)
    }

    /// Takes the front out. The line goes where nothing is left.
    pub(crate) fn pop(&mut self, line: &Line) {
        let Some(queue) = self.queues.get_mut(line) else { return };
        queue.front = Front::default();
        let item = queue.items.pop_front();
        if queue.items.is_empty() {
            self.queues.remove(line);
        }
        self.in_memory -= usize::from(item.is_some_and(|item| item.body.is_some()));
    }

    /// Takes an item out wherever it stands; of the front, the worker takes leave itself. Whether it was taken out here.
    pub(crate) fn drop_item(&mut self, line: &Line, id: i64) -> bool {
        let Some(queue) = self.queues.get_mut(line) else { return false };
        match queue.items.iter().position(|item| item.id == id) {
            Some(0) => {
                queue.front.dropped = true;
                queue.wake.notify_one();
                false
            }
            Some(place) => {
                let item = queue.items.remove(place);
                self.in_memory -= usize::from(item.is_some_and(|item| item.body.is_some()));
                true
            }
            None => false,
        }
    }

    /// Tries the front of a line at once.
    pub(crate) fn wake(&self, line: &Line) {
        if let Some(queue) = self.queues.get(line) {
            queue.wake.notify_one();
        }
    }

    /// What waits for a number, and how the fronts fare.
    pub(crate) fn of(&self, number: &str) -> HashMap<i64, Front> {
        let own = self.queues.iter().filter(|((of, _), _)| of == number);
        own.flat_map(|(_, queue)| {
            let front = std::iter::once(queue.front.clone()).chain(std::iter::repeat_with(Front::default));
            queue.items.iter().map(|item| item.id).zip(front)
        })
        .filter(|(_, front)| !front.dropped)
        .collect()
    }
}
