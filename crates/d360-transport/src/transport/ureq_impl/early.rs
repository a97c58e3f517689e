//! Answers that come before the request is written to its end: a server that refuses an upload by 401 or 413 answers, and closes.
//!
//! Writing fails then, while the reason can still be read. It lies below TLS, which reads nothing more after a write has failed.
use std::io::ErrorKind;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

#[derive(Debug)]
pub(super) struct HearsEarlyAnswers;

impl<In: Transport> Connector<In> for HearsEarlyAnswers {
    type Out = EarlyAnswer<In>;
    fn connect(
        &self,
        _: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        Ok(chained.map(|inner| EarlyAnswer { inner, state: State::Writing }))
    }
}

/// A connection on which an answer is looked for when writing fails.
#[derive(Debug)]
pub(super) struct EarlyAnswer<T> {
    inner: T,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Writing,
    /// The server takes no more: what else there is to write is dropped. Some of its answer has been read already.
    Answered,
    /// The same, and what was read then has been asked for.
    Reading,
}

impl<T: Transport> Transport for EarlyAnswer<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }
    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        if self.state != State::Writing {
            return Ok(());
        }
        let failed = match self.inner.transmit_output(amount, timeout) {
            Err(error) if is_closed(&error) => error,
            other => return other,
        };
        // It returns at once: a closed connection has all of its answer, or will never have more.
        match self.inner.await_input(timeout) {
            Ok(true) => {
                self.state = State::Answered;
                Ok(())
            }
            _ => Err(failed),
        }
    }
    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        if self.state == State::Answered {
            self.state = State::Reading;
            if !self.inner.buffers().input().is_empty() {
                return Ok(true);
            }
        }
        self.inner.await_input(timeout)
    }
    fn is_open(&mut self) -> bool {
        self.state == State::Writing && self.inner.is_open()
    }
    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

/// Whether the server has closed the connection.
fn is_closed(error: &ureq::Error) -> bool {
    let closed = [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset, ErrorKind::ConnectionAborted];
    matches!(error, ureq::Error::Io(error) if closed.contains(&error.kind()))
}
