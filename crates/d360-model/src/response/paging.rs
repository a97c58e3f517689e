//! The positions of pages (Graph's `paging`).
use crate::wire::{lenient, lenient_text};
use serde::Deserialize;

/// The positions of the neighboring pages. The URLs are never followed, because they may name another host.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
#[non_exhaustive]
pub struct Paging {
    /// The cursors. If a response has only `next`, `after` is the parameter `after` of that URL.
    pub cursors: Option<Cursors>,
    /// The URL of the next page, absent on the last page (Meta, "Paginated results").
    pub next: Option<String>,
}

crate::masked_fields!(Paging { cursors, next });

#[derive(Deserialize)]
struct Wire {
    #[serde(default, deserialize_with = "lenient")]
    cursors: Option<Cursors>,
    #[serde(default, deserialize_with = "lenient")]
    next: Option<String>,
}

impl From<Wire> for Paging {
    fn from(Wire { cursors, next }: Wire) -> Self {
        let mut paging = Self { cursors, next };
        if paging.after().is_none()
            && let Some(after) = paging.next.as_deref().and_then(|url| parameter(url, "after"))
        {
            paging.cursors.get_or_insert_default().after = Some(after);
        }
        paging
    }
}

/// Returns a parameter of a URL's query, without percent-encoding.
fn parameter(url: &str, name: &str) -> Option<String> {
    let query = url.split_once('?')?.1.split('#').next()?;
    let value = query.split('&').find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name))?.1;
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        let hex = |bytes: &[u8]| u8::from_str_radix(std::str::from_utf8(bytes).ok()?, 16).ok();
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => bytes.push(hex(&[rest.next()?, rest.next()?])?),
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).ok().filter(|value| !value.is_empty())
}

impl Paging {
    /// Returns the cursor of the next page.
    ///
    /// A page may have fewer items than requested, or none, and still have a next page (Meta, "Paginated results").
    /// The last page may name a cursor too: the list has ended when a cursor appears for the second time.
    #[must_use]
    pub fn after(&self) -> Option<&str> {
        self.cursors.as_ref().and_then(|cursors| cursors.after.as_deref()).filter(|after| !after.is_empty())
    }
}

/// Cursors of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Cursors {
    /// The end of the previous page.
    #[serde(default, deserialize_with = "lenient_text")]
    pub before: Option<String>,
    /// The beginning of the next page.
    #[serde(default, deserialize_with = "lenient_text")]
    pub after: Option<String>,
}
