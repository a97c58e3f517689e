//! Schedules messages with the generic cell rate algorithm, per number and per recipient.
//!
//! The limits are those of the library's `RateLimit`: a number sends one message every 1.01/rate seconds. A recipient gets
//! a burst of 45 messages, then one every 6 seconds. Times are nanoseconds since 1970, because processes share them.
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

const SECOND: u64 = 1_000_000_000;
const PAIR_INTERVAL: u64 = 6 * SECOND;
const PAIR_BURST: u64 = 44 * PAIR_INTERVAL;

/// The shared state of one number.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Schedule {
    /// The latest time that any process saw.
    seen: u64,
    /// The first free slot.
    next: u64,
    /// The end of a pause after the server throttled.
    held: u64,
    /// Messages sent within the last second. A process may wake later than its slot.
    sent: VecDeque<u64>,
    pairs: BTreeMap<String, Pair>,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Pair {
    /// The time until which its messages count.
    counted: u64,
    held: u64,
}

impl Pair {
    fn next(self) -> u64 {
        self.counted.saturating_sub(PAIR_BURST).max(self.held)
    }
}

/// A message waiting for its slot.
#[derive(Debug)]
pub(super) struct Turn {
    pair: String,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    /// It has no slot yet.
    New,
    /// It counts for its pair, which allows it at this time.
    Pair(u64),
    /// It has reserved this slot of the number.
    Slot(u64),
    Over,
}

impl Turn {
    pub(super) fn new(pair: String) -> Self {
        Self { pair, stage: Stage::New }
    }
}

fn interval(rate: u32) -> u64 {
    SECOND * 101 / 100 / u64::from(rate.max(1))
}

impl Schedule {
    /// A schedule that sends nothing for a second, for an unreadable file: other processes may have just sent.
    pub(super) fn careful(now: u64) -> Self {
        Self { seen: now, held: now + SECOND, ..Self::default() }
    }

    /// Returns how long to wait before the next call for this message, or zero if it can be sent now.
    pub(super) fn step(&mut self, turn: &mut Turn, rate: u32, now: u64) -> u64 {
        self.tick(now);
        let at = loop {
            match turn.stage {
                Stage::Over => return 0,
                Stage::New => {
                    // Reserve the recipient's slot first, so that a busy recipient does not delay the others.
                    let pair = self.pairs.entry(turn.pair.clone()).or_default();
                    let at = pair.next().max(now);
                    pair.counted = pair.counted.max(now) + PAIR_INTERVAL;
                    turn.stage = Stage::Pair(at);
                }
                Stage::Pair(at) if at > now => break at,
                Stage::Pair(_) if self.is_pair_held(&turn.pair, now) => {
                    self.uncount(&turn.pair);
                    turn.stage = Stage::New;
                }
                Stage::Pair(_) => turn.stage = Stage::Slot(self.slot(now, rate)),
                Stage::Slot(at) if at > now => break at,
                Stage::Slot(_) if self.is_pair_held(&turn.pair, now) => {
                    self.uncount(&turn.pair);
                    turn.stage = Stage::New;
                }
                // Too many woke late at the same time, or the number was throttled: take another slot.
                Stage::Slot(_) if self.held > now => turn.stage = Stage::Slot(self.slot(now, rate)),
                Stage::Slot(_) if self.sent.len() >= rate as usize => {
                    let free = self.sent.front().map_or(now, |first| first + SECOND);
                    turn.stage = Stage::Slot(self.slot(free, rate));
                }
                Stage::Slot(_) => {
                    self.sent.push_back(now);
                    // It counts from the time it is sent, however long it waited for the number.
                    let pair = self.pairs.entry(turn.pair.clone()).or_default();
                    pair.counted = pair.counted.max(now + PAIR_INTERVAL);
                    turn.stage = Stage::Over;
                    return 0;
                }
            }
        };
        at - now
    }

    /// Releases the slot of a message that is not sent.
    pub(super) fn release(&mut self, turn: &Turn, rate: u32) {
        if let Stage::Slot(at) = turn.stage
            && at + interval(rate) == self.next
        {
            self.next = at;
        }
        if matches!(turn.stage, Stage::Pair(_) | Stage::Slot(_)) {
            self.uncount(&turn.pair);
        }
    }

    /// Records that the server did not accept the message. `throttled` says whether the recipient's limit was hit, and how
    /// long to hold.
    pub(super) fn failed(&mut self, turn: &Turn, throttled: Option<(bool, u64)>) {
        self.uncount(&turn.pair);
        match throttled {
            Some((true, until)) => {
                let pair = self.pairs.entry(turn.pair.clone()).or_default();
                pair.held = pair.held.max(until);
                // Its burst is used up, regardless of the local count.
                pair.counted = pair.counted.max(until.saturating_add(PAIR_BURST));
            }
            Some((false, until)) => self.held = self.held.max(until),
            None => {}
        }
    }

    /// Reserves the next slot of the number, not before `from`.
    fn slot(&mut self, from: u64, rate: u32) -> u64 {
        let at = self.next.max(self.held).max(from);
        self.next = at + interval(rate);
        at
    }
    fn is_pair_held(&self, pair: &str, now: u64) -> bool {
        self.pairs.get(pair).is_some_and(|pair| pair.held > now)
    }
    fn uncount(&mut self, pair: &str) {
        if let Some(pair) = self.pairs.get_mut(pair) {
            pair.counted = pair.counted.saturating_sub(PAIR_INTERVAL);
        }
    }

    /// Updates the time. If the clock was set back, all times move with it.
    fn tick(&mut self, now: u64) {
        let back = self.seen.saturating_sub(now);
        if back > 0 {
            let times = [&mut self.next, &mut self.held].into_iter().chain(&mut self.sent);
            let pairs = self.pairs.values_mut().flat_map(|pair| [&mut pair.counted, &mut pair.held]);
            times.chain(pairs).for_each(|time| *time = time.saturating_sub(back));
        }
        self.seen = now;
        while self.sent.front().is_some_and(|sent| sent + SECOND <= now) {
            self.sent.pop_front();
        }
        self.pairs.retain(|_, pair| pair.counted.max(pair.held) > now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: u64 = 1_700_000_000 * SECOND;

    /// Simulates messages that all start at once, to recipients in turn. Each wakes `late(n)` nanoseconds after its time.
    fn run(messages: usize, recipients: usize, rate: u32, late: impl Fn(usize) -> u64) -> Vec<(u64, usize)> {
        let mut schedule = Schedule::default();
        let mut waiting: BTreeMap<(u64, usize), Turn> =
            (0..messages).map(|n| ((START, n), Turn::new((n % recipients).to_string()))).collect();
        let mut sent = Vec::new();
        let mut now = START;
        while let Some(((at, n), mut turn)) = waiting.pop_first() {
            now = now.max(at);
            // Write and read the state, as processes do with the file.
            if n % 64 == 0 {
                let json = serde_json::to_vec(&schedule).unwrap();
                schedule = serde_json::from_slice(&json).unwrap();
            }
            match schedule.step(&mut turn, rate, now) {
                0 => sent.push((now, n % recipients)),
                wait => {
                    waiting.insert((now + wait + late(n), n), turn);
                }
            }
        }
        sent
    }

    fn most_in_a_second(sent: &[(u64, usize)]) -> usize {
        let within = |from: u64| sent.iter().filter(|(at, _)| (from..from + SECOND).contains(at)).count();
        sent.iter().map(|(at, _)| within(*at)).max().unwrap_or_default()
    }

    #[test]
    fn a_number_keeps_its_rate_and_uses_it() {
        for rate in [1, 20, 80, 300] {
            let sent = run(rate as usize * 3, 1 << 20, rate, |_| 0);
            assert!(most_in_a_second(&sent) <= rate as usize, "{rate}");
            let took = sent.last().unwrap().0 - START;
            assert!(took < 31 * SECOND / 10, "{rate}: {took}");
        }
        // Messages that wake late are not sent together.
        let sent = run(400, 1 << 20, 80, |n| (n as u64 * 7919 % 700) * 1_000_000);
        assert_eq!(sent.len(), 400);
        assert!(most_in_a_second(&sent) <= 80);
    }

    #[test]
    fn a_recipient_gets_a_burst_and_then_one_in_six_seconds() {
        let sent = run(50, 1, 80, |_| 0);
        assert!(sent[44].0 < START + SECOND && sent[45].0 >= START + PAIR_INTERVAL, "{sent:?}");
        assert!(sent[45..].windows(2).all(|pair| pair[1].0 - pair[0].0 >= PAIR_INTERVAL));
        // A busy recipient does not delay others: they are sent while it waits.
        let mut schedule = Schedule::default();
        for _ in 0..46 {
            schedule.step(&mut Turn::new("busy".into()), 1000, START);
        }
        let mut other = Turn::new("other".into());
        assert!(schedule.step(&mut other, 1000, START) < SECOND);
    }

    #[test]
    fn throttling_holds_those_who_have_their_slot_already() {
        let mut schedule = Schedule::default();
        let mut turns: Vec<Turn> = (0..3).map(|n| Turn::new(n.to_string())).collect();
        let waits: Vec<u64> = turns.iter_mut().map(|turn| schedule.step(turn, 80, START)).collect();
        assert!(waits[0] == 0 && waits[2] > waits[1] && waits[1] > 0, "{waits:?}");
        schedule.failed(&turns[0], Some((false, START + 5 * SECOND)));
        let later = START + SECOND;
        assert!(schedule.step(&mut turns[1], 80, later) >= 4 * SECOND);
        // The limit of a recipient holds only that recipient.
        schedule.failed(&turns[2], Some((true, START + 60 * SECOND)));
        assert!(schedule.step(&mut Turn::new("2".into()), 80, later) >= 59 * SECOND);
        assert!(schedule.step(&mut Turn::new("3".into()), 80, later) < 6 * SECOND);
    }

    #[test]
    fn a_message_that_is_not_sent_gives_its_slot_back() {
        let mut schedule = Schedule::default();
        schedule.step(&mut Turn::new("a".into()), 1, START);
        let mut second = Turn::new("b".into());
        let wait = schedule.step(&mut second, 1, START);
        schedule.release(&second, 1);
        assert_eq!(schedule.step(&mut Turn::new("c".into()), 1, START), wait);
        assert!(!schedule.pairs.contains_key("b"));
        // A refused message does not count for its recipient.
        let mut schedule = Schedule::default();
        for _ in 0..60 {
            let mut turn = Turn::new("a".into());
            let mut now = START;
            loop {
                match schedule.step(&mut turn, 1000, now) {
                    0 => break,
                    wait => now += wait,
                }
            }
            assert!(now < START + SECOND);
            schedule.failed(&turn, None);
        }
    }

    #[test]
    fn a_clock_that_is_set_back_stops_nobody() {
        let mut schedule = Schedule::default();
        for n in 0..100 {
            schedule.step(&mut Turn::new(n.to_string()), 80, START);
        }
        let hour = 3600 * SECOND;
        let wait = schedule.step(&mut Turn::new("x".into()), 80, START - hour);
        assert!(wait > SECOND && wait < 2 * SECOND, "{wait}");
        // If the clock is set forward, no wait is left.
        assert_eq!(schedule.step(&mut Turn::new("y".into()), 80, START + hour), 0);
        assert!(schedule.pairs.len() == 1 && schedule.sent.len() == 1);
    }
}
