//! Open connections: whoever is idle the longest gives way where there are too many.
use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use std::{
    collections::{BTreeMap, HashMap},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};
use tokio::sync::Notify;

/// Connections beyond the limit, where all others are at work: they get an answer that says so, and `/healthz`.
const SPARE: usize = 64;

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Since when, as a number that grows.
    Idle(u64),
    Working,
    /// Gives way, and serves nothing any more.
    Leaving,
}

#[derive(Default)]
struct Open {
    all: HashMap<u64, (State, Arc<Notify>)>,
    /// The idle ones, the longest first.
    idle: BTreeMap<u64, u64>,
    leaving: usize,
    last: u64,
}

impl Open {
    fn set(&mut self, id: u64, state: State) {
        let Some((known, _)) = self.all.get_mut(&id) else { return };
        let before = std::mem::replace(known, state);
        self.left(before);
        match state {
            State::Idle(since) => drop(self.idle.insert(since, id)),
            State::Leaving => self.leaving += 1,
            State::Working => {}
        }
    }
    /// Lets the longest idle one go, if there is one.
    fn make_room(&mut self) -> bool {
        let oldest = self.idle.first_key_value().map(|(_, id)| *id);
        if let Some(id) = oldest {
            self.set(id, State::Leaving);
            self.all[&id].1.notify_one();
        }
        oldest.is_some()
    }
    fn left(&mut self, state: State) {
        match state {
            State::Idle(since) => drop(self.idle.remove(&since)),
            State::Leaving => self.leaving -= 1,
            State::Working => {}
        }
    }
}

/// The connections of a listener.
#[derive(Clone)]
pub(crate) struct Connections {
    open: Arc<Mutex<Open>>,
    most: usize,
}

/// A connection's own entry, until it is dropped.
pub(crate) struct Entry {
    connections: Connections,
    id: u64,
    /// Told when the connection has to give way.
    pub(crate) evicted: Arc<Notify>,
    /// Whether it is one too many.
    pub(crate) is_spare: bool,
}

impl Connections {
    pub(crate) fn new(most: usize) -> Self {
        Self { open: Arc::default(), most: most.max(1) }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the longest idle one go: the system has no place for more.
    pub(crate) fn make_room(&self) {
        self.open().make_room();
    }

    /// Takes in one more; `None` where not even a refusal can be said any more.
    pub(crate) fn enter(&self) -> Option<Arc<Entry>> {
        let mut open = self.open();
        let mut is_spare = false;
        if open.all.len() - open.leaving >= self.most && !open.make_room() {
            if open.all.len() >= self.most + SPARE {
                return None;
            }
            is_spare = true;
        }
        open.last += 1;
        let (id, evicted) = (open.last, Arc::<Notify>::default());
        open.all.insert(id, (State::Working, evicted.clone()));
        open.set(id, State::Idle(id));
        Some(Arc::new(Entry { connections: self.clone(), id, evicted, is_spare }))
    }
}

impl Entry {
    /// A request has come. What is returned is dropped when its answer has gone. `None` where the connection gives way: then nothing
    /// may be done.
    pub(crate) fn work(self: &Arc<Self>) -> Option<Working> {
        let mut open = self.connections.open();
        if open.all.get(&self.id).is_none_or(|(state, _)| *state == State::Leaving) {
            return None;
        }
        open.set(self.id, State::Working);
        Some(Working(self.clone()))
    }
}

impl Entry {
    /// The request has shown nothing yet: its connection may give way like an idle one, until [`go_on`](Self::go_on).
    pub(crate) fn pause(&self) {
        let mut open = self.connections.open();
        if open.all.get(&self.id).is_none_or(|(state, _)| *state == State::Leaving) {
            return;
        }
        open.last += 1;
        let since = open.last;
        open.set(self.id, State::Idle(since));
    }
    /// Whether the request may go on: its connection has not given way.
    pub(crate) fn go_on(&self) -> bool {
        let mut open = self.connections.open();
        let stays = open.all.get(&self.id).is_some_and(|(state, _)| *state != State::Leaving);
        if stays {
            open.set(self.id, State::Working);
        }
        stays
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut open = self.connections.open();
        if let Some((state, _)) = open.all.remove(&self.id) {
            open.left(state);
        }
    }
}

/// A connection that is at work.
pub(crate) struct Working(Arc<Entry>);

impl Working {
    /// Until the answer has gone, it is.
    pub(crate) fn until_sent(self, response: http::Response<Body>) -> http::Response<Body> {
        response.map(|body| Body::new(Sending { body, _working: self }))
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.0.pause();
    }
}

struct Sending {
    body: Body,
    _working: Working,
}

impl hyper::body::Body for Sending {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }
    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
