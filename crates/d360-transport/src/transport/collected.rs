//! The body of a response, in memory or in a sink.
use crate::{
    error::{TransportError, TransportErrorKind, too_large},
    exchange::BodySink,
};
use bytes::{Bytes, BytesMut};
use std::io;

/// A response above this size gets memory for its limit at once, up to the next constant.
const LARGE: u64 = 1024 * 1024;
const LARGEST_ROOM: u64 = 16 * LARGE;

/// Collects the pieces of a body up to a limit, or hands them to a sink, to which the limit does not apply.
pub(super) struct Collected<'s> {
    sink: Option<&'s dyn BodySink>,
    limit: u64,
    length: u64,
    /// The only piece so far. Nearly every response is one piece, which needs no copy.
    one: Bytes,
    more: BytesMut,
}

fn other(error: io::Error) -> TransportError {
    TransportError::new(TransportErrorKind::Other, error)
}

impl<'s> Collected<'s> {
    pub(super) fn begin(limit: u64, sink: Option<&'s dyn BodySink>) -> Result<Self, TransportError> {
        if let Some(sink) = sink {
            sink.begin().map_err(other)?;
        }
        Ok(Self { sink, limit, length: 0, one: Bytes::new(), more: BytesMut::new() })
    }
    pub(super) fn push(&mut self, piece: Bytes) -> Result<(), TransportError> {
        let Self { sink, limit, length, one, more } = self;
        if let Some(sink) = sink {
            return sink.write(&piece).map_err(other);
        }
        *length += piece.len() as u64;
        if *length > *limit {
            return Err(too_large(*limit));
        }
        if one.is_empty() && more.is_empty() {
            *one = piece;
            return Ok(());
        }
        if more.is_empty() {
            more.extend_from_slice(&std::mem::take(one));
        }
        if *length > LARGE && more.capacity() as u64 <= LARGE * 2 {
            // Reserved once: growing by doubling would briefly need twice as much. Unwritten memory costs nothing.
            more.reserve((*limit).min(LARGEST_ROOM) as usize);
        }
        more.extend_from_slice(&piece);
        Ok(())
    }
    pub(super) fn finish(self) -> Bytes {
        if self.more.is_empty() { self.one } else { self.more.freeze() }
    }
}
