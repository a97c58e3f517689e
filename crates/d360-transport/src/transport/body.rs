//! The body of a request over hyper, which decides whether the request is sent at all.
use crate::{
    error::{TransportError, TransportErrorKind},
    exchange::{Part, Payload, Progress},
};
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use std::{
    collections::VecDeque,
    future::Future,
    io,
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::io::{AsyncRead, ReadBuf};

/// The number of bytes read from a file at a time.
const CHUNK: usize = 64 * 1024;

/// Whether a request has begun to be sent. hyper writes it in its own task. Either that task or the caller who gives
/// up decides first, and for both, so that a request reported as not sent is never sent.
#[derive(Default)]
pub(super) struct Start {
    state: AtomicU8,
    /// Called when the request begins.
    told: OnceLock<Arc<dyn Fn() + Send + Sync>>,
}

impl Start {
    const OPEN: u8 = 0;
    const BEGUN: u8 = 1;
    const GIVEN_UP: u8 = 2;

    /// Whether the request may be sent.
    pub(super) fn begin(&self) -> bool {
        let before =
            self.state.compare_exchange(Self::OPEN, Self::BEGUN, Ordering::AcqRel, Ordering::Acquire);
        if before.is_ok()
            && let Some(told) = self.told.get()
        {
            told();
        }
        before != Err(Self::GIVEN_UP)
    }
    /// Calls `told` when the request begins: hyper has a connection for it then.
    #[cfg(all(feature = "reqwest", feature = "http2"))]
    pub(super) fn tell(&self, told: Arc<dyn Fn() + Send + Sync>) {
        let _ = self.told.set(told);
    }
    fn is_given_up(&self) -> bool {
        self.state.load(Ordering::Acquire) == Self::GIVEN_UP
    }
    /// Gives up. Returns whether nothing was sent nor ever will be.
    pub(super) fn give_up(&self) -> bool {
        let before =
            self.state.compare_exchange(Self::OPEN, Self::GIVEN_UP, Ordering::AcqRel, Ordering::Acquire);
        before != Err(Self::BEGUN)
    }
    /// Gives up because the time limit of the attempt expired, and returns the error.
    pub(super) fn expired(&self, time_limit: Duration) -> TransportError {
        let kind = if self.give_up() { TransportErrorKind::NotSent } else { TransportErrorKind::Timeout };
        TransportError::new(kind, format!("no complete response within {time_limit:?}")).timed_out(true)
    }
}

/// A body of parts, possibly files, that is streamed.
pub(super) struct Parts {
    /// hyper asks for the body as soon as it has a connection, and before it writes anything. If there is no body,
    /// hyper asks whether it has ended. The answer to either can prevent sending.
    start: Arc<Start>,
    /// What comes first. A message is nothing but this, which needs no list.
    first: Option<Bytes>,
    left: VecDeque<Part>,
    /// The remaining bytes, and the total.
    length: u64,
    total: u64,
    /// Boxed, because most bodies have none.
    file: Option<Box<Reading>>,
    progress: Option<Progress>,
}

/// A file that is not completely sent.
struct Reading {
    state: State,
    left: u64,
}

enum State {
    Opening(Pin<Box<dyn Future<Output = io::Result<tokio::fs::File>> + Send + Sync>>),
    Open(tokio::fs::File),
}

impl Parts {
    pub(super) fn new(payload: Payload, start: Arc<Start>, progress: Option<Progress>) -> Self {
        let total = payload.length();
        let (first, left) = match payload {
            Payload::Empty => (None, VecDeque::new()),
            Payload::Bytes(bytes) => (Some(bytes), VecDeque::new()),
            Payload::Parts(parts) => (None, parts.into()),
        };
        Self { start, length: total, total, first, left, file: None, progress }
    }

    /// Whether there are no bytes to send.
    #[cfg(feature = "hyper")]
    pub(super) fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Returns the next piece to hyper.
    fn give(&mut self, piece: Bytes) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.length -= piece.len() as u64;
        if let Some(progress) = &self.progress {
            progress.tell(self.total - self.length, self.total);
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }
}

impl http_body::Body for Parts {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if !self.start.begin() {
            return Poll::Ready(Some(Err(io::Error::other("the request was canceled before it began"))));
        }
        loop {
            if let Some(reading) = &mut self.file {
                let piece = match ready!(reading.poll(context)) {
                    Ok(piece) => piece,
                    Err(error) => return Poll::Ready(Some(Err(error))),
                };
                if let Some(piece) = piece {
                    return self.give(piece);
                }
                self.file = None;
            }
            match self.first.take().map(Part::Bytes).or_else(|| self.left.pop_front()) {
                None => return Poll::Ready(None),
                Some(Part::Bytes(mut bytes)) => {
                    if self.progress.is_some() && bytes.len() > CHUNK {
                        self.first = Some(bytes.split_off(CHUNK));
                    }
                    return self.give(bytes);
                }
                Some(Part::File { path, length }) => {
                    let opening = Box::pin(tokio::fs::File::open(path));
                    self.file = Some(Box::new(Reading { state: State::Opening(opening), left: length }));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.length == 0 && self.start.begin()
    }

    fn size_hint(&self) -> SizeHint {
        // A canceled request always has a body, so that hyper asks for it, and fails. hyper would treat a GET of
        // unknown length as one without a body, and write it.
        SizeHint::with_exact(if self.start.is_given_up() { self.length.max(1) } else { self.length })
    }
}

impl Reading {
    /// Returns the next piece, or `None` at the end.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Option<Bytes>>> {
        loop {
            match &mut self.state {
                State::Opening(opening) => match ready!(opening.as_mut().poll(context)) {
                    Ok(file) => self.state = State::Open(file),
                    Err(error) => return Poll::Ready(Err(error)),
                },
                State::Open(_) if self.left == 0 => return Poll::Ready(Ok(None)),
                State::Open(file) => {
                    let mut space = vec![0; usize::try_from(self.left).unwrap_or(CHUNK).min(CHUNK)];
                    let mut buffer = ReadBuf::new(&mut space);
                    ready!(Pin::new(file).poll_read(context, &mut buffer))?;
                    let read = buffer.filled().len();
                    if read == 0 {
                        return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
                    }
                    space.truncate(read);
                    self.left -= read as u64;
                    return Poll::Ready(Ok(Some(space.into())));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body::Body as _;

    fn poll(body: &mut Parts) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Pin::new(body).poll_frame(&mut Context::from_waker(std::task::Waker::noop()))
    }

    #[test]
    fn what_was_given_up_before_it_began_never_leaves() {
        for payload in [Payload::Empty, Payload::Bytes("{}".into())] {
            let start = Arc::<Start>::default();
            let mut body = Parts::new(payload, start.clone(), None);
            assert!(start.give_up() && start.give_up());
            // The questions of hyper in its order. Only an error prevents the request from being written.
            assert!(!body.is_end_stream());
            assert!(body.size_hint().exact().is_some_and(|length| length > 0));
            assert!(matches!(poll(&mut body), Poll::Ready(Some(Err(_)))));
        }
    }

    #[test]
    fn what_has_begun_may_have_arrived() {
        let start = Arc::<Start>::default();
        let mut body = Parts::new(Payload::Bytes("{}".into()), start.clone(), None);
        assert!(!body.is_end_stream() && body.size_hint().exact() == Some(2));
        assert!(matches!(poll(&mut body), Poll::Ready(Some(Ok(_)))));
        assert!(body.is_end_stream() && !start.give_up());

        // For an empty body hyper only asks whether it has ended.
        for payload in
            [Payload::Empty, Payload::Bytes(Bytes::new()), Payload::Parts(vec![Part::Bytes(Bytes::new())])]
        {
            let start = Arc::<Start>::default();
            assert!(Parts::new(payload, start.clone(), None).is_end_stream() && !start.give_up());
        }
    }
}
