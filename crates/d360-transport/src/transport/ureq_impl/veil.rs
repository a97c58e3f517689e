//! Hides the key from ureq, which logs every byte at level TRACE.
//!
//! ureq gets asterisks of the same length, and the connection replaces them by the key when it sends.
use http::{HeaderMap, HeaderName, HeaderValue};
use std::{cell::RefCell, io, ops::Range, time::Instant};
use ureq::unversioned::transport::{Buffers, NextTimeout, Transport, time::Duration};

thread_local! {
    /// The request that this thread is sending; ureq sends on the caller's thread.
    static SENDING: RefCell<Sending> = const { RefCell::new(Sending { veiled: Vec::new(), begun: false }) };
}

struct Sending {
    veiled: Vec<(HeaderName, HeaderValue)>,
    /// Whether a byte of it was sent.
    begun: bool,
}

/// A request while it is being sent.
pub(super) struct Veil;

impl Veil {
    /// Removes the values of headers that are marked as sensitive.
    pub(super) fn over(headers: &mut HeaderMap) -> Self {
        let mut veiled = Vec::new();
        for (name, value) in headers.iter_mut().filter(|(_, value)| value.is_sensitive()) {
            let asterisks = HeaderValue::from_bytes(&vec![b'*'; value.len()]);
            // Asterisks are a valid header value.
            let Ok(asterisks) = asterisks else { continue };
            veiled.push((name.clone(), std::mem::replace(value, asterisks)));
        }
        SENDING.set(Sending { veiled, begun: false });
        Self
    }
    /// Ends the request. Returns whether a byte of it was sent.
    pub(super) fn has_begun(self) -> bool {
        SENDING.with_borrow(|sending| sending.begun)
    }
}

impl Drop for Veil {
    fn drop(&mut self) {
        SENDING.with_borrow_mut(|sending| sending.veiled.clear());
    }
}

/// Restores the values in the head of a request, in the first bytes that a connection gets for it. Returns their
/// ranges.
fn lift(head: &mut [u8]) -> Result<Vec<Range<usize>>, ureq::Error> {
    let mut lifted = Vec::new();
    for (name, value) in SENDING.with_borrow_mut(|sending| std::mem::take(&mut sending.veiled)) {
        let Some(place) = place(head, name.as_str(), value.len()) else {
            return Err(io::Error::other("the position of the key was not found in the request").into());
        };
        head[place.clone()].copy_from_slice(value.as_bytes());
        lifted.push(place);
    }
    Ok(lifted)
}

/// Returns the range of so many asterisks as the value of a header.
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

/// A connection, including TLS.
#[derive(Debug)]
pub(super) struct Unveil<T> {
    pub(super) inner: T,
    /// Whether requests use it. A proxy connection carries a CONNECT request first.
    pub(super) lifts: bool,
    /// Whether the head of a response is expected.
    pub(super) in_head: bool,
}

/// Returns how many bytes at the beginning of `input` are interim responses (1xx), which the final response follows.
/// ureq treats a `100 Continue` with headers as an error, although any interim response may have headers (RFC 9110,
/// 15.2). 101 is final here, because no upgrade was requested.
fn interim(input: &[u8]) -> usize {
    let mut passed = 0;
    while let Some(end) = Some(&input[passed..]).filter(|head| is_interim(head)).and_then(end_of_head) {
        passed += end;
    }
    passed
}

/// The length of `HTTP/1.1 103`, which is enough to recognize an interim response.
const STATUS_LINE: usize = 12;

fn is_interim(head: &[u8]) -> bool {
    head.starts_with(b"HTTP/1.") && head.get(8..10) == Some(b" 1") && head.get(9..STATUS_LINE) != Some(b"101")
}

/// Returns the position of the empty line that ends the head.
fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let mut begin = 0;
    bytes.split_inclusive(|byte| *byte == b'\n').find_map(|line| {
        begin += line.len();
        matches!(line, b"\r\n" | b"\n").then_some(begin)
    })
}

impl<T: Transport> Transport for Unveil<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }
    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        if !self.lifts {
            return self.inner.transmit_output(amount, timeout);
        }
        self.in_head = true;
        let lifted = lift(&mut self.inner.buffers().output()[..amount])?;
        SENDING.with_borrow_mut(|sending| sending.begun = true);
        let sent = self.inner.transmit_output(amount, timeout);
        // The buffer is reused, and lives as long as the connection.
        lifted.into_iter().for_each(|place| self.inner.buffers().output()[place].fill(b'*'));
        sent
    }
    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        let more = self.inner.await_input(timeout)?;
        if !more || !self.in_head {
            return Ok(more);
        }
        let began = Instant::now();
        loop {
            let passed = interim(self.inner.buffers().input());
            if passed > 0 {
                self.inner.buffers().input_consume(passed);
            }
            let input = self.inner.buffers().input();
            // ureq waits for the rest of an unfinished response and comes back.
            self.in_head = input.len() < STATUS_LINE || is_interim(input);
            if !input.is_empty() {
                return Ok(true);
            }
            let after = match timeout.after {
                Duration::Exact(all) => Duration::Exact(all.saturating_sub(began.elapsed())),
                Duration::NotHappening => Duration::NotHappening,
            };
            if !self.inner.await_input(NextTimeout { after, ..timeout })? {
                return Ok(false);
            }
        }
    }
    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }
    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}
