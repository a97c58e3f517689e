//! The body of a request, which decides whether the request is sent at all.
use crate::exchange::{Part, Progress};
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
    #[cfg(feature = "http2")]
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
}

/// A body of parts, possibly files, that is streamed.
pub(super) struct Parts {
    /// hyper asks for the body as soon as it has a connection, and before it writes anything. If there is no body,
    /// hyper asks whether it has ended. The answer to either can prevent sending.
    start: Arc<Start>,
    left: VecDeque<Part>,
    /// The remaining bytes, and the total.
    length: u64,
    total: u64,
    file: Option<Reading>,
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
    pub(super) fn new(parts: Vec<Part>, start: Arc<Start>, progress: Option<Progress>) -> Self {
        let total = parts.iter().map(Part::length).sum();
        Self { start, length: total, total, left: parts.into(), file: None, progress }
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
            match self.left.pop_front() {
                None => return Poll::Ready(None),
                Some(Part::Bytes(mut bytes)) => {
                    if self.progress.is_some() && bytes.len() > CHUNK {
                        let rest = bytes.split_off(CHUNK);
                        self.left.push_front(Part::Bytes(rest));
                    }
                    return self.give(bytes);
                }
                Some(Part::File { path, length }) => {
                    let opening = Box::pin(tokio::fs::File::open(path));
                    self.file = Some(Reading { state: State::Opening(opening), left: length });
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
        for parts in [Vec::new(), vec![Part::Bytes("{}".into())]] {
            let start = Arc::<Start>::default();
            let mut body = Parts::new(parts, start.clone(), None);
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
        let mut body = Parts::new(vec![Part::Bytes("{}".into())], start.clone(), None);
        assert!(!body.is_end_stream() && body.size_hint().exact() == Some(2));
        assert!(matches!(poll(&mut body), Poll::Ready(Some(Ok(_)))));
        assert!(body.is_end_stream() && !start.give_up());

        // For an empty body hyper only asks whether it has ended.
        for parts in [Vec::new(), vec![Part::Bytes(Bytes::new())]] {
            let start = Arc::<Start>::default();
            assert!(Parts::new(parts, start.clone(), None).is_end_stream() && !start.give_up());
        }
    }
}
