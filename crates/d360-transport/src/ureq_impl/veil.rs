//! The key, kept from ureq: at log level TRACE it writes out every byte that it is given.
//!
//! ureq gets asterisks of the same length instead, and the connection puts the key in their place on its way out.
use http::{HeaderMap, HeaderName, HeaderValue};
use std::{cell::RefCell, io, ops::Range};
use ureq::unversioned::transport::{Buffers, NextTimeout, Transport};

thread_local! {
    /// The request that this thread is sending; ureq sends on the caller's thread.
    static SENDING: RefCell<Sending> = const { RefCell::new(Sending { veiled: Vec::new(), begun: false }) };
}

struct Sending {
    veiled: Vec<(HeaderName, HeaderValue)>,
    /// Whether a byte of it left.
    begun: bool,
}

/// A request while it is being sent.
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
        SENDING.set(Sending { veiled, begun: false });
        Self
    }
    /// Ends it: whether a byte of the request left.
    pub(super) fn has_begun(self) -> bool {
        SENDING.with_borrow(|sending| sending.begun)
    }
}

impl Drop for Veil {
    fn drop(&mut self) {
        SENDING.with_borrow_mut(|sending| sending.veiled.clear());
    }
}

/// Puts the values back into the head of a request, in the first bytes that a connection is given for it. Where they stand.
fn lift(head: &mut [u8]) -> Result<Vec<Range<usize>>, ureq::Error> {
    let mut lifted = Vec::new();
    for (name, value) in SENDING.with_borrow_mut(|sending| std::mem::take(&mut sending.veiled)) {
        let Some(place) = place(head, name.as_str(), value.len()) else {
            return Err(io::Error::other("the place of the key was not found in the request").into());
        };
        head[place.clone()].copy_from_slice(value.as_bytes());
        lifted.push(place);
    }
    Ok(lifted)
}

/// Where so many asterisks stand as the value of a header.
fn place(head: &[u8], name: &str, length: usize) -> Option<Range<usize>> {
    let mut begin = 0;
    head.split_inclusive(|byte| *byte == b'\n').find_map(|line| {
        let at = begin + name.len() + 2;
        begin += line.len();
        let (of_line, rest) = line.split_at_checked(name.len())?;
        let value = rest.strip_prefix(b": ")?.strip_suffix(b"\r\n")?;
        let found = of_line.eq_ignore_ascii_case(name.as_bytes())
            && value.len() == length
            && value.iter().all(|byte| *byte == b'*');
        found.then_some(at..at + length)
    })
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
        if !self.lifts {
            return self.inner.transmit_output(amount, timeout);
        }
        let lifted = lift(&mut self.inner.buffers().output()[..amount])?;
        SENDING.with_borrow_mut(|sending| sending.begun = true);
        let sent = self.inner.transmit_output(amount, timeout);
        // The buffer is used again, and lives as long as the connection.
        lifted.into_iter().for_each(|place| self.inner.buffers().output()[place].fill(b'*'));
        sent
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
