//! RateLimit in virtual time, against governor and against its own promises.
use super::*;
use d360_model::error::ApiError;
use governor::{Quota, RateLimiter, clock::FakeRelativeClock};
use std::{cmp::Reverse, collections::BinaryHeap, collections::VecDeque};

const RATES: [u32; 3] = [20, 80, 1000];

fn to(number: u32) -> Recipient {
    format!("+1650{number:07}").parse().unwrap()
}

fn rate(per_second: u32) -> RateLimit {
    RateLimit::per_second(NonZeroU32::new(per_second).unwrap())
}

fn place(rate_limit: &RateLimit, to: &Recipient) -> Place {
    Place::new(rate_limit, 1, Some(to)).unwrap()
}

/// Whether a message may go at once; if not, it is given up.
fn goes(rate_limit: &RateLimit, to: &Recipient, now: Instant) -> bool {
    let mut place = place(rate_limit, to);
    let goes = place.wait(now).is_zero();
    if goes {
        place.used();
    }
    goes
}

#[test]
fn a_senders_decisions_are_governors() {
    let mut random = fastrand::Rng::with_seed(1);
    for per_second in RATES {
        let rate_limit = rate(per_second).pairs(false);
        let clock = FakeRelativeClock::default();
        let quota = Quota::with_period(Duration::from_nanos(rate_limit.interval)).unwrap();
        let oracle = RateLimiter::direct_with_clock(quota, clock.clone());
        let start = Instant::now();
        let mut now = start;
        for i in 0..350_000 {
            // Now slower than the rate and now faster, and every pause as long as it takes.
            let pause = Duration::from_nanos(random.u64(0..2 * rate_limit.interval));
            now += pause;
            clock.advance(pause);
            assert_eq!(goes(&rate_limit, &to(0), now), oracle.check().is_ok(), "{per_second}/s, event {i}");
        }
    }
}

#[test]
fn a_pairs_decisions_are_governors() {
    let mut random = fastrand::Rng::with_seed(2);
    let rate_limit = RateLimit::off().pairs(true);
    let clock = FakeRelativeClock::default();
    let quota = Quota::with_period(Duration::from_secs(6)).unwrap();
    let quota = quota.allow_burst(NonZeroU32::new(45).unwrap());
    let oracles: Vec<_> = (0..5).map(|_| RateLimiter::direct_with_clock(quota, clock.clone())).collect();
    let recipients: Vec<_> = (0..5).map(to).collect();
    let mut now = Instant::now();
    for i in 0..200_000 {
        let seconds = if random.u32(0..1000) == 0 { 600.0 } else { 3.0 };
        let pause = Duration::from_nanos(1) + Duration::from_secs_f64(random.f64() * seconds);
        now += pause;
        clock.advance(pause);
        let which = random.usize(0..5);
        let expected = oracles[which].check().is_ok();
        assert_eq!(goes(&rate_limit, &recipients[which], now), expected, "event {i} to {which}");
    }
}

/// As many senders at once as keep the line full, some of which give up while they wait and some of which wake late; with
/// stalls, now and then all of them at once.
#[test]
fn no_second_sees_more_than_the_rate_and_hardly_less() {
    for (per_second, stalls, messages) in
        RATES.map(|rate| (rate, false, 340_000)).into_iter().chain([(80, true, 50_000)])
    {
        let mut random = fastrand::Rng::with_seed(u64::from(per_second));
        let rate_limit = rate(per_second);
        let start = Instant::now();
        let mut stalled = start;
        let mut workers: BinaryHeap<_> = (0..96u32).map(|i| Reverse((start, i))).collect();
        let mut waiting: Vec<Option<Place>> = (0..96).map(|_| None).collect();
        let mut sent = Vec::with_capacity(messages);
        let mut next_recipient = 0;
        while sent.len() < messages {
            let Reverse((due, worker)) = workers.pop().unwrap();
            let now = due.max(stalled);
            if stalls && random.u32(0..500) == 0 {
                stalled = now + Duration::from_millis(random.u64(0..3000));
            }
            let slot = &mut waiting[worker as usize];
            let place = slot.get_or_insert_with(|| {
                next_recipient += 1;
                place(&rate_limit, &to(next_recipient % 9_999_999))
            });
            let wait = place.wait(now);
            let late = Duration::from_micros(random.u64(0..5000));
            if wait.is_zero() {
                place.used();
                sent.push(now);
                *slot = None;
                workers.push(Reverse((now + late, worker)));
            } else if random.u32(0..20) == 0 {
                *slot = None;
                workers.push(Reverse((now + late, worker)));
            } else {
                workers.push(Reverse((now + wait + late, worker)));
            }
        }
        drop(waiting);
        let mut second = VecDeque::new();
        let mut most = 0;
        for &now in &sent {
            second.push_back(now);
            while now - second[0] >= Duration::from_secs(1) {
                second.pop_front();
            }
            most = most.max(second.len());
        }
        assert!(most <= per_second as usize, "{most} in a second at {per_second}/s");
        let took = (sent[messages - 1] - start).as_secs_f64();
        let used = messages as f64 / (f64::from(per_second) * took);
        assert!(stalls || used >= 0.98, "{used} of {per_second}/s");
    }
}

#[test]
fn a_pair_gets_a_burst_and_then_one_in_six_seconds() {
    let (rate_limit, start) = (rate(1000), Instant::now());
    let mut now = start;
    let mut sent = Vec::new();
    for _ in 0..100 {
        let mut place = place(&rate_limit, &to(0));
        loop {
            let wait = place.wait(now);
            if wait.is_zero() {
                break;
            }
            now += wait;
        }
        place.used();
        sent.push((now - start).as_secs_f64());
    }
    assert!(sent[44] < 0.1, "{}", sent[44]);
    for (i, at) in sent.iter().enumerate().skip(45) {
        let due = (i - 44) as f64 * 6.0;
        assert!((due..due + 0.1).contains(at), "message {i} at {at} s");
    }
    // Somebody else is not held up, however the number is written.
    assert!(goes(&rate_limit, &to(1), now + Duration::from_secs(1)));
    assert!(!goes(&rate_limit, &"+1 (650) 000-0000".into(), now + Duration::from_secs(2)));
}

#[test]
fn who_gives_up_holds_up_nobody() {
    let (rate_limit, now) = (RateLimit::standard(), Instant::now());
    // In the line of the sender, and in that of the pair.
    for recipients in [1000, 1] {
        let mut waiting: Vec<_> = (0..200).map(|i| place(&rate_limit, &to(i % recipients))).collect();
        for place in &mut waiting {
            place.wait(now);
        }
        fastrand::Rng::with_seed(3).shuffle(&mut waiting);
        drop(waiting);
        let wait = place(&rate_limit, &to(0)).wait(now);
        assert!(wait <= Duration::from_nanos(rate_limit.interval), "{wait:?}");
    }
    // Those who stay keep their places, and the places that were given back are given out again.
    let mut waiting: Vec<_> = (0..10).map(|i| place(&rate_limit, &to(i))).collect();
    let places: Vec<_> = waiting.iter_mut().map(|place| place.wait(now)).collect();
    let last = waiting.remove(9);
    drop(waiting.remove(4));
    assert_eq!(place(&rate_limit, &to(20)).wait(now), places[4]);
    drop(last);
    assert_eq!(waiting[8 - 1].wait(now), places[8]);
}

#[test]
fn a_million_recipients_take_little_memory() {
    let (rate_limit, mut now) = (RateLimit::high_throughput(), Instant::now());
    let mut most = 0;
    for i in 0..1_000_000 {
        let mut place = place(&rate_limit, &to(i));
        now += place.wait(now);
        assert!(place.wait(now).is_zero());
        place.used();
        if i % 1000 == 0 {
            most = most.max(rate_limit.with_table(|table| table.pairs.capacity()));
        }
    }
    // 6 s of 1,000 a second count; a table may be twice as large as what is in it, and twice that before it is swept.
    assert!(most <= 32 * 1024, "{most} pairs");
    let later = now + Duration::from_secs(3600);
    rate_limit.with_table(|table| {
        let later = table.nanos(later);
        table.most = 0;
        table.sweep(later);
        assert_eq!((table.pairs.len(), table.senders.len()), (0, 0));
    });
}

#[test]
fn a_refusal_holds_the_sender_or_the_pair() {
    let refusal = |code: u32| {
        ErrorKind::Api(ApiError::read(400, format!(r#"{{"error":{{"code":{code}}}}}"#).as_bytes()))
    };
    let (rate_limit, now) = (RateLimit::standard(), Instant::now());
    let second = Duration::from_secs(1);
    let refused = |code, number| {
        let mut place = place(&rate_limit, &to(number));
        place.wait(now);
        place.failed(&refusal(code), now, 10 * second);
    };
    refused(131_056, 1);
    assert!(!goes(&rate_limit, &to(1), now + 9 * second));
    assert!(goes(&rate_limit, &to(2), now + second), "another pair");
    assert!(goes(&rate_limit, &to(1), now + 10 * second));
    refused(130_429, 3);
    assert!(!goes(&rate_limit, &to(4), now + 9 * second));
    assert!(goes(&rate_limit, &to(4), now + 11 * second));
    let after = now + 22 * second;
    let mut place = place(&rate_limit, &to(5));
    place.wait(after);
    place.failed(&refusal(1), after, 10 * second);
    assert!(goes(&rate_limit, &to(6), after + second), "no throttling");
}

/// Those who wait already hold back too, and nobody is lost.
#[test]
fn a_refusal_holds_those_who_wait() {
    let refusal = |code: u32| {
        ErrorKind::Api(ApiError::read(400, format!(r#"{{"error":{{"code":{code}}}}}"#).as_bytes()))
    };
    let start = Instant::now();
    let (ms, hold) = (Duration::from_millis(1), Duration::from_secs(4));
    for (code, recipients) in [(130_429, 1000), (131_056, 1)] {
        let rate_limit = rate(80);
        let mut waiting: Vec<_> =
            (0..100).map(|i| (start, place(&rate_limit, &to(i % recipients)))).collect();
        // Some give up: their places, which lie within the hold, are not given out again.
        waiting.iter_mut().for_each(|(due, place)| *due = start + place.wait(start));
        waiting.drain(20..30);
        place(&rate_limit, &to(0)).failed(&refusal(code), start + ms, hold);
        waiting.push((start + ms, place(&rate_limit, &to(0))));
        let (mut sent, mut now) = (Vec::new(), start + ms);
        while !waiting.is_empty() {
            waiting.sort_by_key(|(due, _)| *due);
            now = now.max(waiting[0].0);
            let wait = waiting[0].1.wait(now);
            if wait.is_zero() {
                sent.push(now - start);
                waiting.remove(0).1.used();
            } else {
                waiting[0].0 = now + wait;
            }
        }
        assert_eq!(sent.len(), 91);
        // The first two or so went before.
        let held = sent.iter().filter(|at| **at > 15 * ms && **at < hold);
        assert_eq!(held.count(), 0, "{code}: {:?}", &sent[..9]);
    }
}

#[test]
fn what_did_not_go_out_does_not_count_for_the_pair() {
    let not_sent = ErrorKind::Transport(crate::error::TransportError::new(
        crate::error::TransportErrorKind::NotSent,
        "x",
    ));
    let (rate_limit, now) = (RateLimit::off().pairs(true), Instant::now());
    for _ in 0..100 {
        let mut place = place(&rate_limit, &to(0));
        assert!(place.wait(now).is_zero());
        place.failed(&not_sent, now, Duration::ZERO);
    }
    // 45 of another kind, of which nobody knows.
    let unknown = ErrorKind::Transport(crate::error::TransportError::new(
        crate::error::TransportErrorKind::Timeout,
        "x",
    ));
    for i in 0..46 {
        let mut place = place(&rate_limit, &to(0));
        assert_eq!(place.wait(now).is_zero(), i < 45);
        place.failed(&unknown, now, Duration::ZERO);
    }
}

/// What is ready and not used is released, at once and entirely.
#[test]
fn what_is_not_used_is_released() {
    let (rate_limit, now) = (rate(80), Instant::now());
    for i in 0..1000 {
        let mut unused = place(&rate_limit, &to(0));
        let now = now + i * Duration::from_millis(20);
        assert!(unused.wait(now).is_zero(), "{i}");
        assert!(unused.wait(now + Duration::from_millis(1)).is_zero(), "asking again costs nothing");
    }
    let burst = (0..60).filter(|i| {
        goes(&rate_limit, &to(0), now + Duration::from_secs(30) + *i * Duration::from_millis(20))
    });
    assert_eq!(burst.count(), 45);
}

/// What was ready long ago counts when it goes, for its sender and for its pair.
#[test]
fn what_is_ready_for_long_is_counted_anew() {
    let (rate_limit, start) = (rate(80), Instant::now());
    let mut now = start;
    // 45 to one recipient, and 155 to others.
    let mut ready: Vec<_> = (0..200u32).map(|i| place(&rate_limit, &to(i.saturating_sub(44)))).collect();
    let all_ready = |now: &mut Instant, place: &mut Place| {
        while let wait @ 1.. = place.wait(*now).as_nanos() {
            *now += Duration::from_nanos(u64::try_from(wait).unwrap());
        }
    };
    ready.iter_mut().for_each(|place| all_ready(&mut now, place));
    now += Duration::from_secs(600);
    let mut sent = Vec::new();
    for place in &mut ready {
        all_ready(&mut now, place);
        place.used();
        sent.push(now);
    }
    for (i, at) in sent.iter().enumerate() {
        let second = sent[i..].iter().filter(|later| **later - *at < Duration::from_secs(1)).count();
        assert!(second <= 80, "{second}");
    }
    assert!(sent[199] - sent[0] < Duration::from_secs(3));
    assert!(!goes(&rate_limit, &to(0), now), "its burst is used up");
}
