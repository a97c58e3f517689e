//! Responses that arrive before the request is completely written: a server that refuses an upload with 401 or 413
//! responds and closes.
//!
//! The write fails then, while the reason can still be read. This layer is below TLS, which reads nothing more after
//! a failed write.
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

/// A connection that looks for a response when a write fails.
#[derive(Debug)]
pub(super) struct EarlyAnswer<T> {
    inner: T,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Writing,
    /// The server accepts no more: the rest of the request is dropped. Part of the response has been read already.
    Answered,
    /// The same, and that part has been requested.
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
        // Returns immediately: a closed connection has the complete response, or will never have more.
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
