//! Endpoints that return lists in pages.
use super::definition::Endpoint;

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

/// Where the page behind one of `items` items from `offset` begins, in a list of `total`; `None` at the end. A page without items ends a
/// list of unknown length. In a list that has more it is passed over, by `limit`.
#[must_use]
pub fn next_offset(offset: u64, items: u64, limit: Option<u64>, total: Option<u64>) -> Option<u64> {
    match (items, total) {
        (0, None) => None,
        (0, Some(total)) => Some(offset.saturating_add(limit?)).filter(|next| *next < total),
        (_, total) => {
            Some(offset.saturating_add(items)).filter(|next| total.is_none_or(|total| *next < total))
        }
    }
}
