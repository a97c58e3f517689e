//! The client-side rate limit: arithmetic over a clock that is passed in.
use crate::error::{ErrorKind, Outcome};
use d360_model::{Recipient, error::RetryRule};
use std::{
    collections::{BTreeSet, HashMap, VecDeque, hash_map::RandomState},
    fmt,
    hash::{BuildHasher as _, Hash, Hasher as _},
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// The client-side rate limit. It keeps a client below the limits of WhatsApp (130429, 131056), which also affect the
/// quality rating of a number. 80 messages per second by default.
///
/// There are two limits. A *sender* (a key at a host) sends one message every 1.01/rate seconds, and never more than
/// the rate within one second; the additional hundredth allows for late timers. A *pair* of a sender and a recipient
/// has a burst of 45 messages, then one message every 6 s. A message that is too early waits for its slot;
/// [`try_send`](crate::Client::try_send) fails immediately instead. A call that is dropped while it waits releases
/// its slot. If the server throttles a sender or pair nevertheless, it pauses for as long as the retry policy says.
///
/// Incoming messages count towards WhatsApp's limit but are not visible here. Set a lower rate if a number receives
/// many.
///
/// Clones share their counters. So do clones of a [`Config`](crate::Config), async or blocking, clients created from
/// them, and clones of those clients. Memory is bounded: a pair is removed once it has been idle for as long as its
/// messages count, at most 270 s.
///
/// (Meta, "Throughput" and "About the platform" (pair rate limit); 360dialog, "Billing": 1,000 per second needs the
/// High Throughput plan; 2026-05-21).
#[derive(Clone)]
pub struct RateLimit {
    /// Messages per second and sender; 0 for no limit.
    rate: u32,
    /// Nanoseconds between two messages.
    interval: u64,
    pairs: bool,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// Senders and pairs are stored as hashes, so that no number and no key stays in memory.
    hasher: RandomState,
    table: Mutex<Table>,
}

/// How long a message to a pair counts.
const PAIR_INTERVAL: u64 = 6 * SECOND;
/// How far ahead a pair may be: a burst of 45 messages.
const PAIR_BURST: u64 = 44 * PAIR_INTERVAL;
const SECOND: u64 = 1_000_000_000;
/// The number of pairs or senders below which idle ones are not looked for.
const FEW: usize = 1024;

impl Default for RateLimit {
    /// Returns [`standard`](Self::standard).
    fn default() -> Self {
        Self::standard()
    }
}

impl RateLimit {
    /// Returns 80 messages per second and sender, the limit of a number unless Meta has raised it.
    #[must_use]
    pub fn standard() -> Self {
        Self::of(80)
    }
    /// Returns 20 messages per second, the limit of a number that is also used in the WhatsApp Business app
    /// (coexistence).
    #[must_use]
    pub fn coexistence() -> Self {
        Self::of(20)
    }
    /// Returns 1,000 messages per second, for a number that Meta has raised, on 360dialog's High Throughput plan.
    #[must_use]
    pub fn high_throughput() -> Self {
        Self::of(1000)
    }
    /// Returns another rate.
    #[must_use]
    pub fn per_second(messages: NonZeroU32) -> Self {
        Self::of(messages.get())
    }
    /// Returns no limit, for tests and for programs that limit the rate elsewhere.
    #[must_use]
    pub fn off() -> Self {
        Self { rate: 0, interval: 0, pairs: false, shared: Arc::default() }
    }
    /// Sets whether the limit per pair applies. It is on by default; `RateLimit::off().pairs(true)` keeps only this
    /// limit.
    #[must_use]
    pub fn pairs(mut self, held: bool) -> Self {
        self.pairs = held;
        self
    }

    fn of(per_second: u32) -> Self {
        let interval = (SECOND * 101 / 100 / u64::from(per_second)).max(1);
        Self { rate: per_second, interval, pairs: true, shared: Arc::default() }
    }

    fn with_table<T>(&self, run: impl FnOnce(&mut Table) -> T) -> T {
        // Nothing in the closure panics. Even then the table would be consistent.
        run(&mut self.shared.table.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns the key of a sender in the table.
    pub(crate) fn sender(&self, who: impl Hash) -> u64 {
        self.shared.hasher.hash_one(who)
    }

    /// Returns the key of a pair. Only the digits of a number count, however it is written.
    fn pair(&self, sender: u64, recipient: &Recipient) -> u64 {
        let number = matches!(recipient, Recipient::Phone(_) | Recipient::National(_) | Recipient::WaId(_));
        let mut hasher = self.shared.hasher.build_hasher();
        hasher.write_u64(sender);
        for byte in recipient.as_str().bytes().filter(|byte| !number || byte.is_ascii_digit()) {
            hasher.write_u8(byte);
        }
        hasher.finish()
    }
}

impl fmt::Debug for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (senders, pairs) = self.with_table(|table| (table.senders.len(), table.pairs.len()));
        f.debug_struct("RateLimit")
            .field("rate", &self.rate)
            .field("pairs_held", &self.pairs)
            .field("senders", &senders)
            .field("pairs", &pairs)
            .finish()
    }
}

/// The counters. Times are nanoseconds since the first message.
#[derive(Default)]
struct Table {
    start: Option<Instant>,
    senders: HashMap<u64, Line>,
    pairs: HashMap<u64, Pair>,
    most: usize,
}

#[derive(Clone, Copy, Default)]
struct Pair {
    /// The time until which its messages count; see the generic cell rate algorithm.
    counted: u64,
    /// The time until which nothing is sent, because the server throttled.
    held: u64,
}

impl Pair {
    /// Returns when the next message may be sent.
    fn next(&self) -> u64 {
        self.counted.saturating_sub(PAIR_BURST).max(self.held)
    }
}

/// The slots of a sender's messages.
#[derive(Default)]
struct Line {
    /// The first slot after all reserved ones.
    next: u64,
    /// Earlier slots that were released.
    back: BTreeSet<u64>,
    /// The time until which nothing is sent, because the server throttled.
    held: u64,
    /// The times of messages within the last second: a slot does not guarantee that its owner wakes in time.
    sent: VecDeque<u64>,
}

impl Line {
    fn take(&mut self, now: u64, interval: u64) -> u64 {
        let first = now.max(self.held);
        self.back = self.back.split_off(&now);
        if let Some(place) = self.back.range(first..).next().copied() {
            self.back.remove(&place);
            return place;
        }
        let place = self.next.max(first);
        self.next = place + interval;
        place
    }
    fn give_back(&mut self, place: u64, interval: u64) {
        self.back.insert(place);
        while self.back.last().is_some_and(|last| last + interval == self.next) {
            self.next -= interval;
            self.back.pop_last();
        }
    }
    /// Whether a message whose slot is due may be sent. If so, it counts.
    fn goes(&mut self, now: u64, rate: u32) -> bool {
        while self.sent.front().is_some_and(|sent| sent + SECOND <= now) {
            self.sent.pop_front();
        }
        let goes = self.held <= now && self.sent.len() < rate as usize;
        if goes {
            self.sent.push_back(now);
        }
        goes
    }
    fn is_idle(&self, now: u64) -> bool {
        self.next.max(self.held) <= now && self.sent.back().is_none_or(|sent| sent + SECOND <= now)
    }
}

impl Table {
    fn nanos(&mut self, now: Instant) -> u64 {
        nanos(now.saturating_duration_since(*self.start.get_or_insert(now)))
    }

    fn is_held(&self, pair: Option<u64>, now: u64) -> bool {
        pair.and_then(|pair| self.pairs.get(&pair)).is_some_and(|pair| pair.held > now)
    }

    /// Uncounts a message to this pair that was not sent.
    fn uncount(&mut self, pair: Option<u64>) {
        if let Some(pair) = pair.and_then(|pair| self.pairs.get_mut(&pair)) {
            pair.counted = pair.counted.saturating_sub(PAIR_INTERVAL);
        }
    }

    /// Uncounts a message of this sender that was counted at `at` and not sent.
    fn unsend(&mut self, sender: u64, at: u64) {
        let sent = self.senders.get_mut(&sender).map(|line| &mut line.sent);
        if let Some((sent, i)) =
            sent.and_then(|sent| sent.iter().rposition(|sent| *sent == at).map(|i| (sent, i)))
        {
            sent.remove(i);
        }
    }

    /// Removes idle entries now and then.
    fn sweep(&mut self, now: u64) {
        if self.pairs.len().max(self.senders.len()) <= self.most.max(FEW) {
            return;
        }
        self.pairs.retain(|_, pair| pair.counted.max(pair.held) > now);
        self.senders.retain(|_, line| !line.is_idle(now));
        self.most = 2 * self.pairs.len().max(self.senders.len());
        self.pairs.shrink_to(self.most);
        self.senders.shrink_to(self.most);
    }
}

/// Converts to nanoseconds, at most a century, so that sums do not overflow.
fn nanos(time: Duration) -> u64 {
    const MOST: u64 = 100 * 365 * 24 * 3600 * SECOND;
    u64::try_from(time.as_nanos()).map_or(MOST, |nanos| nanos.min(MOST))
}

/// The slot of a message under the limits of its sender and its pair. Dropped before [`used`](Self::used), it is released.
pub(crate) struct Place {
    rate_limit: RateLimit,
    sender: u64,
    pair: Option<u64>,
    turn: Turn,
}

#[derive(Clone, Copy)]
enum Turn {
    /// No slot is reserved yet.
    None,
    /// The slot of the pair, at that time.
    Pair(u64),
    /// The slot of the sender, at that time.
    Sender(u64),
    /// The message may be sent since that time, and counts as sent.
    Ready(u64),
    /// The message was sent.
    Used,
}

impl Place {
    /// Creates the slot of a message of `sender` to `recipient`, or `None` if there is no rate limit.
    pub(crate) fn new(rate_limit: &RateLimit, sender: u64, recipient: Option<&Recipient>) -> Option<Self> {
        let recipient = recipient.filter(|_| rate_limit.rate > 0 || rate_limit.pairs)?;
        let pair = rate_limit.pairs.then(|| rate_limit.pair(sender, recipient));
        Some(Self { rate_limit: rate_limit.clone(), sender, pair, turn: Turn::None })
    }

    /// Marks the message as sent: the slot is no longer released.
    pub(crate) fn used(&mut self) {
        self.turn = Turn::Used;
    }

    /// Returns the remaining wait, zero if the slot is due. Call it again after the wait: there may be another.
    pub(crate) fn wait(&mut self, now: Instant) -> Duration {
        let (turn, wait) = self.rate_limit.with_table(|table| {
            let now = table.nanos(now);
            table.sweep(now);
            let (turn, wait) = self.next(table, now);
            let turn =
                if wait > 0 || matches!(turn, Turn::Ready(_) | Turn::Used) { turn } else { Turn::Ready(now) };
            (turn, wait)
        });
        self.turn = turn;
        Duration::from_nanos(wait)
    }

    /// Returns the next slot and the wait for it.
    fn next(&self, table: &mut Table, now: u64) -> (Turn, u64) {
        let RateLimit { rate, interval, .. } = self.rate_limit;
        let mut counted = false;
        let mut turn = self.turn;
        if let Turn::Ready(since) = turn {
            let line = table.senders.get_mut(&self.sender).filter(|_| rate > 0);
            let held = line.as_ref().is_some_and(|line| line.held > now) || table.is_held(self.pair, now);
            if since + SECOND > now && !held {
                return (turn, 0);
            }
            // A stale one no longer counts in the last second, and the server may have throttled meanwhile.
            table.unsend(self.sender, since);
            table.uncount(self.pair);
            turn = Turn::None;
        }
        match turn {
            Turn::Sender(at) | Turn::Pair(at) if at > now => return (turn, at - now),
            Turn::Used => return (turn, 0),
            Turn::None | Turn::Ready(_) => {}
            Turn::Pair(_) | Turn::Sender(_) if table.is_held(self.pair, now) => table.uncount(self.pair),
            Turn::Pair(_) => counted = true,
            Turn::Sender(_) if table.senders.entry(self.sender).or_default().goes(now, rate) => {
                return (Turn::Ready(now), 0);
            }
            // Throttled meanwhile, or too late: reserve another slot.
            Turn::Sender(_) => counted = true,
        }
        if let Some(key) = self.pair.filter(|_| !counted) {
            let pair = table.pairs.entry(key).or_default();
            let at = pair.next();
            if at > now {
                pair.counted = pair.counted.max(now) + PAIR_INTERVAL;
                return (Turn::Pair(at), at - now);
            }
        }
        // The slot of the sender is reserved once the pair allows the message; otherwise it would delay all other
        // messages.
        let at = if rate == 0 {
            now
        } else {
            let line = table.senders.entry(self.sender).or_default();
            let mut at = line.take(now, interval);
            if at == now && !line.goes(now, rate) {
                at = line.take(line.sent.front().map_or(now, |first| first + SECOND), interval);
            }
            at
        };
        if let Some(key) = self.pair {
            let pair = table.pairs.entry(key).or_default();
            let count = if counted { pair.counted } else { pair.counted.max(at) + PAIR_INTERVAL };
            pair.counted = count.max(at + PAIR_INTERVAL);
        }
        (Turn::Sender(at), at - now)
    }

    /// Records a failed message. If it was not sent, it does not count for its pair. If the server throttled it, its
    /// sender or pair pauses for `hold`. Another attempt reserves another slot.
    pub(crate) fn failed(&mut self, failure: &ErrorKind, now: Instant, hold: Duration) {
        self.turn = Turn::None;
        self.rate_limit.with_table(|table| {
            if failure.outcome() != Outcome::Unknown {
                table.uncount(self.pair);
            }
            let ErrorKind::Api(error) = failure else { return };
            let until = table.nanos(now) + nanos(hold);
            if error.retry_rule() == Some(RetryRule::PairBackoff) {
                if let Some(key) = self.pair {
                    let pair = table.pairs.entry(key).or_default();
                    pair.held = pair.held.max(until);
                    // The burst of the pair is used up, whatever was counted here.
                    pair.counted = pair.counted.max(until + PAIR_BURST);
                }
            } else if error.is_throttled() && self.rate_limit.rate > 0 {
                let line = table.senders.entry(self.sender).or_default();
                line.held = line.held.max(until);
            }
        });
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if matches!(self.turn, Turn::None | Turn::Used) {
            return;
        }
        self.rate_limit.with_table(|table| {
            table.uncount(self.pair);
            match self.turn {
                Turn::Ready(since) => table.unsend(self.sender, since),
                Turn::Sender(at) => {
                    if let Some(line) = table.senders.get_mut(&self.sender) {
                        line.give_back(at, self.rate_limit.interval);
                    }
                }
                _ => {}
            }
        });
    }
}

#[cfg(test)]
#[path = "rate_limit_tests.rs"]
mod tests;
