//! How fast messages go out: arithmetic over a clock that is passed in.
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

/// How fast messages go out, so that a client stays below the limits that WhatsApp refuses at (130429, 131056) and that
/// cost a number its quality. 80 a second by default.
///
/// Two limits are held. A *sender* (a key at a host) sends one message every 1.01/rate seconds, and in no second more than the
/// rate; the hundredth is for timers that are late. A *pair* of a sender and a recipient gets 45 messages at once, and then one
/// every 6 s. What comes too early waits its turn, or with [`try_send`](crate::Client::try_send) fails at once; a call that is
/// dropped while it waits gives its place back. Where the server throttles one of them all the same, it sends nothing for as long
/// as the retry policy says.
///
/// Incoming messages count towards WhatsApp's limit and are not seen here: set a lower rate where many come in.
///
/// Clones share what they count. So do clones of a [`Config`](crate::Config), async or blocking, clients made of them, and
/// clones of those clients. Memory is bounded: a pair is forgotten as soon as it has been idle for as long as its messages
/// count, at most 270 s.
///
/// Source: Meta "Throughput" and "About the platform" (pair rate limit); 360dialog "Billing" (1,000 a second needs its High
/// Throughput plan) (2026-05-21).
#[derive(Clone)]
pub struct RateLimit {
    /// Messages a second and sender; 0 for no limit.
    rate: u32,
    /// Nanoseconds between two of them.
    interval: u64,
    pairs: bool,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// Senders and pairs are held by hash: no number and no key stays in memory.
    hasher: RandomState,
    table: Mutex<Table>,
}

/// A message to a pair counts for this long.
const PAIR_INTERVAL: u64 = 6 * SECOND;
/// How far a pair may be ahead of that: 45 messages at once.
const PAIR_BURST: u64 = 44 * PAIR_INTERVAL;
const SECOND: u64 = 1_000_000_000;
/// Pairs or senders that are kept without looking for idle ones.
const FEW: usize = 1024;

impl Default for RateLimit {
    /// [`standard`](Self::standard).
    fn default() -> Self {
        Self::standard()
    }
}

impl RateLimit {
    /// 80 messages a second and sender: any number, unless Meta has raised it.
    #[must_use]
    pub fn standard() -> Self {
        Self::of(80)
    }
    /// 20 a second: a number that is used in the WhatsApp Business app too (coexistence).
    #[must_use]
    pub fn coexistence() -> Self {
        Self::of(20)
    }
    /// 1,000 a second: a number that Meta has raised, on 360dialog's High Throughput plan.
    #[must_use]
    pub fn high_throughput() -> Self {
        Self::of(1000)
    }
    /// Another rate.
    #[must_use]
    pub fn per_second(messages: NonZeroU32) -> Self {
        Self::of(messages.get())
    }
    /// No limit at all: for tests, and where something else keeps the pace.
    #[must_use]
    pub fn off() -> Self {
        Self { rate: 0, interval: 0, pairs: false, shared: Arc::default() }
    }
    /// Whether the limit of a pair is held. On by default; `RateLimit::off().pairs(true)` holds that one alone.
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
        // Nothing in there panics, and if it did: the table is never half changed.
        run(&mut self.shared.table.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What stands for a sender in the table.
    pub(crate) fn sender(&self, who: impl Hash) -> u64 {
        self.shared.hasher.hash_one(who)
    }

    /// What stands for a pair. A number is its digits, however it is written.
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

/// What is remembered. Times are nanoseconds since the first message.
#[derive(Default)]
struct Table {
    start: Option<Instant>,
    senders: HashMap<u64, Line>,
    pairs: HashMap<u64, Pair>,
    most: usize,
}

#[derive(Clone, Copy, Default)]
struct Pair {
    /// Until when its messages count; see the generic cell rate algorithm.
    counted: u64,
    /// Until when nothing is sent: the server refused.
    held: u64,
}

impl Pair {
    /// When the next message may go.
    fn next(&self) -> u64 {
        self.counted.saturating_sub(PAIR_BURST).max(self.held)
    }
}

/// The places of a sender's messages.
#[derive(Default)]
struct Line {
    /// The first place behind all that were given out.
    next: u64,
    /// Places before it that were given back.
    back: BTreeSet<u64>,
    /// Until when nothing is sent: the server refused.
    held: u64,
    /// What was sent within the last second: places are no promise that their holders wake in time.
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
    /// Whether a message may go that has its place; if so, it counts.
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

    /// A message to this pair was not sent.
    fn uncount(&mut self, pair: Option<u64>) {
        if let Some(pair) = pair.and_then(|pair| self.pairs.get_mut(&pair)) {
            pair.counted = pair.counted.saturating_sub(PAIR_INTERVAL);
        }
    }

    /// A message of this sender that was counted at `at` was not sent.
    fn unsend(&mut self, sender: u64, at: u64) {
        let sent = self.senders.get_mut(&sender).map(|line| &mut line.sent);
        if let Some((sent, i)) =
            sent.and_then(|sent| sent.iter().rposition(|sent| *sent == at).map(|i| (sent, i)))
        {
            sent.remove(i);
        }
    }

    /// Forgets the idle ones, once in a while.
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

/// Nanoseconds, at most a century, so that sums of a few do not overflow.
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
    /// None was asked for.
    None,
    /// The pair's, at that time.
    Pair(u64),
    /// The sender's, at that time.
    Sender(u64),
    /// The message may go since that time, and counts as sent.
    Ready(u64),
    /// The message was sent.
    Used,
}

impl Place {
    /// The place of a message of `sender` to `recipient`; `None` where there is no pace to keep.
    pub(crate) fn new(rate_limit: &RateLimit, sender: u64, recipient: Option<&Recipient>) -> Option<Self> {
        let recipient = recipient.filter(|_| rate_limit.rate > 0 || rate_limit.pairs)?;
        let pair = rate_limit.pairs.then(|| rate_limit.pair(sender, recipient));
        Some(Self { rate_limit: rate_limit.clone(), sender, pair, turn: Turn::None })
    }

    /// The message is sent now: the slot is not released any more.
    pub(crate) fn used(&mut self) {
        self.turn = Turn::Used;
    }

    /// How long it still has to wait; zero when it is its turn. To be asked again after the wait: there may be another.
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

    /// The turn to wait for, and how long.
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
            turn = Turn::Sender(since);
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
            // Held meanwhile, or too late: another place.
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
        // A sender's place is taken once the pair allows it, or it would hold up everybody else meanwhile.
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

    /// The message failed. Where it did not go out it does not count for its pair; where the server throttled it, its sender or
    /// its pair sends nothing for `hold`. Another attempt takes another place.
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
                    // Its burst is used up, whatever was counted here.
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
