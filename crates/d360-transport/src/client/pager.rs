//! Lists that come in pages, without I/O: both clients drive the same [`Pager`].
use crate::{
    endpoint::PagedEndpoint,
    error::{Error, ErrorKind},
};
use d360_model::error::RetryRule;
use std::{
    collections::{HashSet, VecDeque},
    fmt,
};

/// How often a list is begun again because it changed while it was read.
const MAX_RESTARTS: u32 = 10;
/// Most pages in a row that bring no new item, and most pages in all: the longest list that is documented, 64,000 blocked users, has
/// fewer pages of one user.
const MAX_PAGES_OF_NOTHING: u32 = 1_000;
const MAX_PAGES: u32 = 100_000;

/// Which page is next, and which items came already.
///
/// A list ends where no next page is named, or one that was asked for before: a server that turns in circles cannot hold a caller. A page
/// may be empty, or hold known items alone, and have a next one. One that goes on without end is an error. A list that changes while it
/// is read (139102, 131059) is read again from the first page, up to ten times, and no item comes twice.
pub(crate) struct Pager<E: PagedEndpoint> {
    first: E,
    asking: Option<E>,
    asked: HashSet<Option<String>>,
    seen: HashSet<String>,
    ready: VecDeque<Result<E::Item, Error>>,
    restarts: u32,
    pages: u32,
    /// Pages in a row that brought no new item.
    of_nothing: u32,
}

impl<E: PagedEndpoint> Pager<E> {
    pub(crate) fn new(first: E) -> Self {
        Self {
            asking: Some(first.clone()),
            asked: HashSet::from([first.position()]),
            first,
            seen: HashSet::new(),
            ready: VecDeque::new(),
            restarts: 0,
            pages: 0,
            of_nothing: 0,
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
                let before = self.ready.len();
                for item in items {
                    if E::key(&item).is_none_or(|key| self.seen.insert(key)) {
                        self.ready.push_back(Ok(item));
                    }
                }
                self.pages += 1;
                self.of_nothing = if self.ready.len() > before { 0 } else { self.of_nothing + 1 };
                self.asking = next.filter(|next| self.asked.insert(next.position()));
                let endless = self.of_nothing >= MAX_PAGES_OF_NOTHING || self.pages >= MAX_PAGES;
                if endless && self.asking.take().is_some() {
                    let kind = ErrorKind::Endless { pages: self.pages };
                    self.ready.push_back(Err(Error::new(&E::META, kind)));
                }
            }
            Err(error) if must_restart(&error) && self.restarts < MAX_RESTARTS => {
                self.restarts += 1;
                self.asked = HashSet::from([self.first.position()]);
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
