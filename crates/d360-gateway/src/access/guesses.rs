//! Slows down password guessing: each wrong login delays the next answer to its address.
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// The maximum number of wrong logins per address that wait at once. Further logins are rejected unchecked.
const AT_ONCE: u32 = 8;
/// The time without a wrong login after which an address is reset.
const FORGOTTEN: Duration = Duration::from_secs(10 * 60);
/// The maximum number of addresses.
const ADDRESSES: usize = 10_000;

#[derive(Debug)]
struct Wrong {
    times: u32,
    waiting: u32,
    last: Instant,
}

#[derive(Debug, Default)]
pub(crate) struct Guesses(Mutex<HashMap<IpAddr, Wrong>>);

impl Guesses {
    fn all(&self) -> MutexGuard<'_, HashMap<IpAddr, Wrong>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns whether logins from an address are rejected unchecked, because too many wrong ones are waiting.
    pub(crate) fn is_full(&self, peer: IpAddr) -> bool {
        self.all().get(&peer).is_some_and(|wrong| wrong.waiting >= AT_ONCE)
    }

    pub(crate) fn right(&self, peer: IpAddr) {
        if let Some(wrong) = self.all().get_mut(&peer) {
            wrong.times = 0;
        }
    }

    /// Records a wrong login and waits. Closing the connection does not shorten the wait.
    pub(crate) async fn wrong(self: &Arc<Self>, peer: IpAddr) {
        let wait = {
            let mut all = self.all();
            if all.len() >= ADDRESSES {
                all.retain(|_, wrong| wrong.waiting > 0 || wrong.last.elapsed() < FORGOTTEN);
            }
            if all.len() >= ADDRESSES && !all.contains_key(&peer) {
                LONGEST_WAIT
            } else {
                let now = Instant::now();
                let wrong = all.entry(peer).or_insert(Wrong { times: 0, waiting: 0, last: now });
                if wrong.last.elapsed() > FORGOTTEN {
                    wrong.times = 0;
                }
                (wrong.last, wrong.waiting) = (now, wrong.waiting + 1);
                wrong.times = wrong.times.saturating_add(1);
                FIRST_WAIT.saturating_mul(1 << (wrong.times - 1).min(10)).min(LONGEST_WAIT)
            }
        };
        let this = self.clone();
        let waited = tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            if let Some(wrong) = this.all().get_mut(&peer) {
                wrong.waiting = wrong.waiting.saturating_sub(1);
            }
        });
        let _ = waited.await;
    }
}
