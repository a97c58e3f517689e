//! Lists in pages, without I/O: both clients drive the same [`Pager`].
use crate::{
    endpoint::PagedEndpoint,
    error::{Error, ErrorKind},
};
use d360_model::error::RetryRule;
use std::{
    collections::{HashSet, VecDeque},
    fmt,
};

/// How often a list that changes while it is read is restarted.
const MAX_RESTARTS: u32 = 10;
/// The maximum number of consecutive pages without a new item, and of pages in all. The longest documented list,
/// 64,000 blocked users, has fewer pages even with one user each.
const MAX_PAGES_OF_NOTHING: u32 = 1_000;
const MAX_PAGES: u32 = 100_000;

/// Tracks the next page and the items seen.
///
/// A list ends if no next page is given, or one that was requested before, so a server that repeats itself cannot
/// hold a caller. A page may be empty or contain only known items, and still have a next one. A list without an end
/// is an error. A list that changes while it is read (139102, 131059) is restarted from the first page, up to ten
/// times, and no item is returned twice.
pub(crate) struct Pager<E: PagedEndpoint> {
    first: E,
    asking: Option<E>,
    asked: HashSet<Option<String>>,
    seen: HashSet<String>,
    ready: VecDeque<Result<E::Item, Error>>,
    restarts: u32,
    pages: u32,
    /// Consecutive pages without a new item.
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

    /// Returns an available item.
    pub(crate) fn pop(&mut self) -> Option<Result<E::Item, Error>> {
        self.ready.pop_front()
    }

    /// Returns the request for more items, or `None` at the end.
    pub(crate) fn request(&self) -> Option<E> {
        self.asking.clone()
    }

    /// Processes the response to [`request`](Self::request).
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
