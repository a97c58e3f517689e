//! Endpoints that return lists in pages.
use super::definition::Endpoint;

/// An endpoint that returns one page of a list.
pub trait PagedEndpoint: Endpoint + Clone + Unpin + 'static {
    /// The type of the items.
    type Item: Send + Unpin;

    /// Returns the items of a page, and the request for the next page if there may be one. `self` is the request of
    /// this page.
    fn read(&self, page: Self::Response) -> (Vec<Self::Item>, Option<Self>);
    /// Returns the position of the page, such as its cursor, or `None` for the first page.
    fn position(&self) -> Option<String>;
    /// Returns the key that identifies an item, so that none is returned twice.
    fn key(item: &Self::Item) -> Option<String>;
}

/// Returns the offset of the page after `items` items from `offset` in a list of `total`, or `None` at the end. A
/// page without items ends a list of unknown length. If the list has more, the next page begins after `limit`.
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
