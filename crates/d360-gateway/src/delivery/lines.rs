//! The in-memory queues of webhooks, one for each user. Only the front of a queue is delivered.
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};
use tokio::sync::Notify;

/// The maximum number of bodies in memory. Others are read from disk when they reach the front.
const IN_MEMORY: usize = 10_000;

/// The key of a queue: a number and one of its users.
pub(crate) type Line = (String, String);

pub(crate) struct Item {
    pub(crate) id: i64,
    /// When delivery was first due, in seconds since the Unix epoch.
    pub(crate) since: i64,
    pub(crate) body: Option<Arc<str>>,
}

/// The delivery state of the front of a queue.
#[derive(Clone, Default)]
pub(crate) struct Front {
    pub(crate) tries: u32,
    /// The result of the last attempt.
    pub(crate) last: Option<String>,
    pub(crate) posting: bool,
    /// Whether it was dropped.
    pub(crate) dropped: bool,
}

struct Queue {
    items: VecDeque<Item>,
    front: Front,
    wake: Arc<Notify>,
}

/// The front of a queue, as a worker needs it.
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

    /// Inserts an item by age, but behind the front, which may be in flight. Returns whether the queue is new and
    /// needs a worker.
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

    /// Removes the front, and the queue if it is then empty.
    pub(crate) fn pop(&mut self, line: &Line) {
        let Some(queue) = self.queues.get_mut(line) else { return };
        queue.front = Front::default();
        let item = queue.items.pop_front();
        if queue.items.is_empty() {
            self.queues.remove(line);
        }
        self.in_memory -= usize::from(item.is_some_and(|item| item.body.is_some()));
    }

    /// Removes an item. Returns whether it was removed here: the front is only marked, and removed by its worker.
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

    /// Retries the front of a queue immediately.
    pub(crate) fn wake(&self, line: &Line) {
        if let Some(queue) = self.queues.get(line) {
            queue.wake.notify_one();
        }
    }

    /// Returns the queued items of a number with their delivery states.
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
