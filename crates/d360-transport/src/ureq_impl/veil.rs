//! The key, kept from ureq: at log level TRACE it writes out every byte that it is given.
//!
//! ureq gets asterisks of the same length instead, and the connection puts the key in their place on its way out.
use http::{HeaderMap, HeaderName, HeaderValue};
use std::{cell::RefCell, io};
use ureq::unversioned::transport::{Buffers, NextTimeout, Transport};

thread_local! {
    /// The headers of the request that this thread is sending; ureq sends on the caller's thread.
    static VEILED: RefCell<Vec<(HeaderName, HeaderValue)>> = const { RefCell::new(Vec::new()) };
}

/// The secret headers of a request, for as long as it is being sent.
pub(super) struct Veil;

impl Veil {
    /// Takes the values of headers that are marked sensitive.
    pub(super) fn over(headers: &mut HeaderMap) -> Self {
        let mut veiled = Vec::new();
        for (name, value) in headers.iter_mut().filter(|(_, value)| value.is_sensitive()) {
            let asterisks = HeaderValue::from_bytes(&vec![b'*'; value.len()]);
            // Asterisks are a header value.
            let Ok(asterisks) = asterisks else { continue };
            veiled.push((name.clone(), std::mem::replace(value, asterisks)));
        }
        VEILED.set(veiled);
        Self
    }
}

impl Drop for Veil {
    fn drop(&mut self) {
        VEILED.take();
    }
}

/// Puts the values back into the head of a request, in the first bytes that a connection is given for it.
fn lift(head: &mut [u8]) -> Result<(), ureq::Error> {
    for (name, value) in VEILED.take() {
        let name = name.as_str().as_bytes();
        let line = [b"\r\n", name, b": ", &vec![b'*'; value.len()], b"\r\n"].concat();
        let found = head.windows(line.len()).position(|window| window.eq_ignore_ascii_case(&line));
        let Some(found) = found else {
            let lost = io::Error::other("the place of the key was not found in the request");
            return Err(super::mark(lost.into()));
        };
        let at = found + 2 + name.len() + 2;
        head[at..at + value.len()].copy_from_slice(value.as_bytes());
    }
    Ok(())
}

/// A connection, TLS included.
#[derive(Debug)]
pub(super) struct Unveil<T> {
    pub(super) inner: T,
    /// Whether requests go over it; a proxy is asked for a way to the host over one of its own.
    pub(super) lifts: bool,
}

impl<T: Transport> Transport for Unveil<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }
    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        if self.lifts {
            lift(&mut self.inner.buffers().output()[..amount])?;
        }
        self.inner.transmit_output(amount, timeout)
    }
    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.inner.await_input(timeout)
    }
    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }
    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}
