//! Lists that come in pages, without I/O: both clients drive the same [`Pager`].
use crate::{Endpoint, Error};
use d360_model::error::RetryRule;
use std::{
    collections::{HashSet, VecDeque},
    fmt,
};

/// How often a list is begun again because it changed while it was read.
const MAX_RESTARTS: u32 = 10;

/// An endpoint that answers with a page.
pub trait PagedEndpoint: Endpoint + Clone + Unpin + 'static {
    /// What a page is made of.
    type Item: Send + Unpin;

    /// The items of a page, and the page behind it, if there may be one. `self` is the request that was answered.
    fn read(&self, page: Self::Response) -> (Vec<Self::Item>, Option<Self>);
    /// Where the page begins, such as its cursor; `None` for the first.
    fn position(&self) -> Option<String>;
    /// What tells an item from others, so that none comes twice.
    fn key(item: &Self::Item) -> Option<String>;
}

/// Which page is next, and which items came already.
///
/// A list that changes while it is read (139102, 131059) is read again from the first page, up to ten times, and no
/// item comes twice. A page that was asked for before, or that brings nobody new since the first page, ends the list: a
/// server that turns in circles cannot hold a caller.
pub(crate) struct Pager<E: PagedEndpoint> {
    first: E,
    asking: Option<E>,
    asked: HashSet<Option<String>>,
    seen: HashSet<String>,
    /// Those of `seen` that came since the first page was asked for last.
    seen_in_pass: HashSet<String>,
    ready: VecDeque<Result<E::Item, Error>>,
    restarts: u32,
}

impl<E: PagedEndpoint> Pager<E> {
    pub(crate) fn new(first: E) -> Self {
        Self {
            asking: Some(first.clone()),
            asked: HashSet::from([first.position()]),
            first,
            seen: HashSet::new(),
            seen_in_pass: HashSet::new(),
            ready: VecDeque::new(),
            restarts: 0,
        }
    }

    /// An item that is there.
    pub(crate) fn pop(&mut self) -> Option<Result<E::Item, Error>> {
        self.ready.pop_front()
    }

    /// What to call for more items; `None` at the end.
    pub(crate) fn request(&self) -> Option<E> {
        self.asking.clone()
    }

    /// Takes the answer to [`request`](Self::request).
    pub(crate) fn answered(&mut self, page: Result<E::Response, Error>) {
        let Some(asked) = self.asking.take() else { return };
        match page {
            Ok(page) => {
                let (items, next) = asked.read(page);
                let mut new_in_pass = false;
                for item in items {
                    let key = E::key(&item);
                    new_in_pass |= key.as_ref().is_some_and(|key| self.seen_in_pass.insert(key.clone()));
                    if key.is_none_or(|key| self.seen.insert(key)) {
                        self.ready.push_back(Ok(item));
                    }
                }
                self.asking = next.filter(|next| new_in_pass && self.asked.insert(next.position()));
            }
            Err(error) if must_restart(&error) && self.restarts < MAX_RESTARTS => {
                self.restarts += 1;
                self.asked = HashSet::from([self.first.position()]);
                self.seen_in_pass.clear();
                self.asking = Some(self.first.clone());
            }
            Err(error) => self.ready.push_back(Err(error)),
        }
    }
}

fn must_restart(error: &Error) -> bool {
    error.api().and_then(d360_model::error::ApiError::retry_rule) == Some(RetryRule::RestartPagination)
}

impl<E: PagedEndpoint> fmt::Debug for Pager<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pager")
            .field("endpoint", &E::META.name)
            .field("seen", &self.seen.len())
            .finish_non_exhaustive()
    }
}
