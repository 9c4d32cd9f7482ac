//! How often somebody may do something: a token bucket for each, in one instant of memory.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::Mutex,
    time::{Duration, Instant},
};

/// Most that are remembered one by one.
const MAX_REMEMBERED: usize = 100_000;
/// How often those who have rested long enough are forgotten.
const SWEEP: Duration = Duration::from_secs(10);

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// So many in a second, and so many at once after a rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// In a second, for as long as one likes.
    pub per_second: u32,
    /// At once, after a rest.
    pub burst: u32,
}

/// Buckets of one rate, by whom they are for.
pub(crate) struct Buckets<K> {
    interval: Duration,
    tolerance: Duration,
    state: Mutex<State<K>>,
}

struct State<K> {
    /// When the bucket would be full again.
    full_at: HashMap<K, Instant>,
    /// Shared by all for whom there was no room.
    others_full_at: Option<Instant>,
    swept: Instant,
}

impl<K: Eq + Hash> Buckets<K> {
    pub(crate) fn new(rate: Rate, now: Instant) -> Self {
        Self::filled(Duration::from_secs(1) / rate.per_second.max(1), rate.burst, now)
    }

    /// So many at once, and so many again in a day.
    pub(crate) fn daily(count: u32, now: Instant) -> Self {
        Self::filled(DAY / count.max(1), count, now)
    }

    /// With one more after each `interval`, up to `most`.
    fn filled(interval: Duration, most: u32, now: Instant) -> Self {
        let state = State { full_at: HashMap::new(), others_full_at: None, swept: now };
        Self { interval, tolerance: interval * most.max(1), state: Mutex::new(state) }
    }

    /// Takes one for `key`.
    ///
    /// # Errors
    /// How long to wait for the next.
    pub(crate) fn take(&self, key: K, now: Instant) -> Result<(), Duration> {
        let mut state = self.state.lock().expect("nobody panics while counting");
        if now.duration_since(state.swept) >= SWEEP {
            state.full_at.retain(|_, full_at| *full_at > now);
            state.swept = now;
        }
        let is_known = state.full_at.contains_key(&key);
        if is_known || state.full_at.len() < MAX_REMEMBERED {
            let full_at = self.after_one(state.full_at.get(&key).copied(), now)?;
            state.full_at.insert(key, full_at);
        } else {
            state.others_full_at = Some(self.after_one(state.others_full_at, now)?);
        }
        Ok(())
    }

    fn after_one(&self, full_at: Option<Instant>, now: Instant) -> Result<Instant, Duration> {
        let full_at = full_at.map_or(now, |full_at| full_at.max(now)) + self.interval;
        match full_at.duration_since(now).checked_sub(self.tolerance) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => Ok(full_at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn a_burst_then_the_rate_and_everybody_for_himself() {
        let begin = Instant::now();
        let buckets = Buckets::new(Rate { per_second: 10, burst: 3 }, begin);
        for _ in 0..3 {
            assert_eq!(buckets.take("a", begin), Ok(()));
        }
        assert_eq!(buckets.take("a", begin), Err(ms(100)));
        assert_eq!(buckets.take("b", begin), Ok(()));
        assert_eq!(buckets.take("a", begin + ms(99)), Err(ms(1)));
        assert_eq!(buckets.take("a", begin + ms(100)), Ok(()));
        assert!(buckets.take("a", begin + ms(100)).is_err());
        // A refusal costs nothing: whoever insists is not locked out.
        for _ in 0..1000 {
            assert!(buckets.take("a", begin + ms(150)).is_err());
        }
        assert_eq!(buckets.take("a", begin + ms(200)), Ok(()));
    }

    #[test]
    fn so_many_a_day_come_back_over_the_day() {
        let begin = Instant::now();
        let buckets = Buckets::daily(24, begin);
        for _ in 0..24 {
            assert_eq!(buckets.take("a", begin), Ok(()));
        }
        let hour = Duration::from_secs(60 * 60);
        assert_eq!(buckets.take("a", begin), Err(hour));
        assert_eq!(buckets.take("a", begin + hour), Ok(()));
        assert_eq!((0..30).filter(|_| buckets.take("a", begin + 2 * DAY).is_ok()).count(), 24);
    }

    #[test]
    fn memory_is_bounded_and_strangers_share_what_is_left() {
        let begin = Instant::now();
        let buckets = Buckets::new(Rate { per_second: 1, burst: 2 }, begin);
        for key in 0..MAX_REMEMBERED {
            assert_eq!(buckets.take(key, begin), Ok(()));
        }
        assert_eq!(buckets.take(MAX_REMEMBERED, begin), Ok(()));
        assert_eq!(buckets.take(MAX_REMEMBERED + 1, begin), Ok(()));
        assert!(buckets.take(MAX_REMEMBERED + 2, begin).is_err());
        assert_eq!(buckets.take(0, begin), Ok(()), "who was there before has his own");
        assert_eq!(buckets.state.lock().expect("free").full_at.len(), MAX_REMEMBERED);
        assert_eq!(buckets.take(MAX_REMEMBERED + 2, begin + SWEEP), Ok(()));
        assert_eq!(buckets.state.lock().expect("free").full_at.len(), 1, "those who rested are forgotten");
    }
}
