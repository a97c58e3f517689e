//! Limits open connections. If there are too many, the longest idle one is closed.
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

/// Connections accepted beyond the limit if none is idle. They get `/healthz`, and 503 for everything else.
const SPARE: usize = 64;

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Since when, as an increasing counter.
    Idle(u64),
    Working,
    /// Is being closed and serves no more requests.
    Leaving,
}

#[derive(Default)]
struct Open {
    all: HashMap<u64, (State, Arc<Notify>)>,
    /// Idle connections, the longest idle first.
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
    /// Closes the longest idle connection. Returns whether there was one.
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

/// The entry of a connection, removed on drop.
pub(crate) struct Entry {
    connections: Connections,
    id: u64,
    /// Notified when the connection has to close.
    pub(crate) evicted: Arc<Notify>,
    /// Whether it is beyond the limit.
    pub(crate) is_spare: bool,
}

impl Connections {
    pub(crate) fn new(most: usize) -> Self {
        Self { open: Arc::default(), most: most.max(1) }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes the longest idle connection, because the system cannot open more.
    pub(crate) fn make_room(&self) {
        self.open().make_room();
    }

    /// Adds a connection. Returns `None` if there are too many even to answer 503.
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
    /// Marks the connection as working until the returned guard is dropped, after the response was sent. Returns
    /// `None` if the connection is being closed; the request must then not be processed.
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
    /// Treats the connection as idle until [`go_on`](Self::go_on), because its request is not authenticated yet.
    pub(crate) fn pause(&self) {
        let mut open = self.connections.open();
        if open.all.get(&self.id).is_none_or(|(state, _)| *state == State::Leaving) {
            return;
        }
        open.last += 1;
        let since = open.last;
        open.set(self.id, State::Idle(since));
    }
    /// Marks the connection as working again. Returns whether the request may continue.
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

/// A guard that marks a connection as working.
pub(crate) struct Working(Arc<Entry>);

impl Working {
    /// Keeps the guard until the response was sent.
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
