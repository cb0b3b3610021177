//! Buckets by key (GCRA, from the crate `governor`), on the Hub's own clock and in bounded memory.
//!
//! The keys stand in two halves, a young one and an old one. A key that is used moves to the young half; when that is full, or has been young for as
//! long as the slowest bucket takes to fill, the old half is dropped whole and the young one grows old. So what was not used for that
//! long leaves without anybody looking through a map, and a flood of other keys pushes out those that were used least lately.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::{Quota, RateLimiter};

use crate::hub::throttle::model::TooMany;
use crate::types::time::Clock;

/// Keys in one half: two of them with 24 bytes a key stay near 3 MiB a kind. More networks than that at once are an attack, and then the buckets
/// that are forgotten are full again: nobody is shut out, and what guards accounts is not here.
const MAX_KEYS_A_HALF: usize = 32_768;

/// A bucket for each key.
pub(super) struct Buckets<K: Copy + Eq + Hash> {
    limiter: RateLimiter<K, Held<K>, SteadyClock, NoOpMiddleware<Nanos>>,
    held: Held<K>,
    clock: SteadyClock,
    /// What one try costs.
    cost: Duration,
}

impl<K: Copy + Eq + Hash> Buckets<K> {
    /// Full buckets.
    pub(super) fn new(quota: Quota, clock: Arc<dyn Clock>) -> Self {
        let clock = SteadyClock(clock);
        let held = Held(Arc::new(Mutex::new(Halves {
            young: HashMap::new(),
            old: HashMap::new(),
            young_since: clock.now().into(),
            refill: quota.burst_size_replenished_in(),
            clock: clock.clone(),
        })));
        Self {
            limiter: RateLimiter::new(quota, held.clone(), clock.clone()),
            held,
            clock,
            cost: quota.replenish_interval(),
        }
    }

    /// Takes one try out of a key's bucket.
    pub(super) fn take(&self, key: K) -> Result<(), TooMany> {
        self.limiter.check_key(&key).map_err(|refused| TooMany {
            after: refused.wait_time_from(self.clock.now()),
        })
    }

    /// Puts one back that was taken.
    pub(super) fn give_back(&self, key: K) {
        let mut halves = self.held.lock();
        if let Some(until) = halves.young.get_mut(&key) {
            *until = until.saturating_sub(self.cost.into());
        } else if let Some(until) = halves.old.get_mut(&key) {
            *until = until.saturating_sub(self.cost.into());
        }
    }
}

/// The time since the process began, which nobody can set.
#[derive(Clone)]
struct SteadyClock(Arc<dyn Clock>);

impl GovernorClock for SteadyClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        let micros = self.0.now().running.max(0).unsigned_abs();
        micros.saturating_mul(1_000).into()
    }
}

/// Until when each key's bucket is not full.
struct Held<K>(Arc<Mutex<Halves<K>>>);

struct Halves<K> {
    young: HashMap<K, Nanos>,
    old: HashMap<K, Nanos>,
    young_since: Duration,
    /// How long an empty bucket takes to fill: what was not used for that long is as good as new.
    refill: Duration,
    clock: SteadyClock,
}

impl<K> Clone for Held<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K> Held<K> {
    fn lock(&self) -> MutexGuard<'_, Halves<K>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Copy + Eq + Hash> StateStore for Held<K> {
    type Key = K;

    fn measure_and_replace<T, F, E>(&self, key: &K, judge: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut halves = self.lock();
        let dropped = halves.grow_old();
        let before = match halves.young.get(key) {
            Some(until) => Some(*until),
            None => halves.old.remove(key),
        };
        let judged = judge(before);
        let after = judged.as_ref().ok().map(|(_, until)| *until).or(before);
        if let Some(until) = after {
            // Also when it was refused: whoever keeps trying is not forgotten.
            halves.young.insert(*key, until);
        }
        drop(halves);
        // Nobody waits while this is freed.
        drop(dropped);
        judged.map(|(outcome, _)| outcome)
    }
}

impl<K: Copy + Eq + Hash> Halves<K> {
    /// The half that is dropped, if it is time.
    fn grow_old(&mut self) -> Option<HashMap<K, Nanos>> {
        let now: Duration = self.clock.now().into();
        let is_due = now.saturating_sub(self.young_since) > self.refill;
        if !is_due && self.young.len() < MAX_KEYS_A_HALF {
            return None;
        }
        self.young_since = now;
        let grown = std::mem::take(&mut self.young);
        Some(std::mem::replace(&mut self.old, grown))
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::sync::Arc;
    use std::time::Duration;

    use governor::Quota;

    use super::{Buckets, MAX_KEYS_A_HALF};
    use crate::types::time::{HandClock, Timestamp};

    impl Buckets<u32> {
        /// How many keys the young half and the old one hold.
        fn halves(&self) -> [usize; 2] {
            let halves = self.held.lock();
            [halves.young.len(), halves.old.len()]
        }

        /// How many keys are held.
        fn len(&self) -> usize {
            self.halves().into_iter().sum()
        }
    }

    const SECOND: Duration = Duration::from_secs(1);

    /// Three at once, then one a second.
    fn buckets() -> (Buckets<u32>, Arc<HandClock>) {
        let clock = Arc::new(HandClock::at(Timestamp::from_seconds(1_800_000_000)));
        let three = NonZeroU32::new(3).expect("three");
        let quota = Quota::per_second(NonZeroU32::MIN).allow_burst(three);
        (Buckets::new(quota, clock.clone()), clock)
    }

    fn drain(buckets: &Buckets<u32>, key: u32) -> u32 {
        let taken = (0..10).take_while(|_| buckets.take(key).is_ok()).count();
        u32::try_from(taken).expect("few")
    }

    #[test]
    fn a_bucket_is_empty_after_its_burst_and_fills_one_by_one_to_the_microsecond() {
        let (buckets, clock) = buckets();
        assert_eq!(drain(&buckets, 1), 3);
        let refused = buckets.take(1).expect_err("empty");
        assert_eq!(refused.after, SECOND);
        clock.advance(SECOND.saturating_sub(Duration::from_micros(1)));
        let refused = buckets.take(1).expect_err("a microsecond early");
        assert_eq!(refused.after, Duration::from_micros(1));
        clock.advance(Duration::from_micros(1));
        assert_eq!(drain(&buckets, 1), 1);
        clock.advance(100 * SECOND);
        assert_eq!(drain(&buckets, 1), 3);
    }

    #[test]
    fn a_key_never_pays_for_another() {
        let (buckets, _clock) = buckets();
        assert_eq!(drain(&buckets, 1), 3);
        assert_eq!(drain(&buckets, 2), 3);
    }

    #[test]
    fn what_is_given_back_can_be_taken_again_and_never_more_than_that() {
        let (buckets, clock) = buckets();
        assert_eq!(drain(&buckets, 1), 3);
        buckets.give_back(1);
        assert_eq!(drain(&buckets, 1), 1);
        buckets.give_back(9);
        assert_eq!(drain(&buckets, 9), 3);
        clock.advance(60 * SECOND);
        for _ in 0..5 {
            buckets.take(1).expect("full");
            buckets.give_back(1);
        }
        assert_eq!(drain(&buckets, 1), 3);
    }

    #[test]
    fn the_wall_clock_fills_no_bucket() {
        let (buckets, clock) = buckets();
        assert_eq!(drain(&buckets, 1), 3);
        for wall in [0, 4_000_000_000] {
            clock.set_wall(Timestamp::from_seconds(wall));
            assert_eq!(drain(&buckets, 1), 0);
        }
    }

    #[test]
    fn a_million_keys_take_bounded_memory_and_shut_nobody_out() {
        let (buckets, _clock) = buckets();
        for key in 0..1_000_000 {
            assert!(buckets.take(key).is_ok(), "{key}");
            if key % 4_096 == 0 {
                assert!(buckets.len() <= 2 * MAX_KEYS_A_HALF, "{key}");
            }
        }
        assert!(buckets.len() <= 2 * MAX_KEYS_A_HALF);
    }

    #[test]
    fn whoever_keeps_trying_is_not_forgotten_while_others_come_and_go() {
        let (buckets, _clock) = buckets();
        assert_eq!(drain(&buckets, 0), 3);
        for key in 1..200_000 {
            assert!(buckets.take(key).is_ok());
            if key % 10_000 == 0 {
                assert!(buckets.take(0).is_err(), "{key}");
            }
        }
    }

    #[test]
    fn keys_that_are_full_again_leave() {
        let (buckets, clock) = buckets();
        for key in 0..1_000 {
            assert!(buckets.take(key).is_ok());
        }
        for _ in 0..3 {
            clock.advance(4 * SECOND);
            assert!(buckets.take(5_000).is_ok());
        }
        assert_eq!(buckets.len(), 1);
    }

    #[test]
    fn the_young_half_grows_old_when_more_than_the_time_to_fill_has_passed_or_it_is_full() {
        let (buckets, clock) = buckets();
        assert!(buckets.take(0).is_ok());
        clock.advance(3 * SECOND);
        assert!(buckets.take(1).is_ok());
        assert_eq!(buckets.halves(), [2, 0]);
        clock.advance(Duration::from_micros(1));
        assert!(buckets.take(1).is_ok());
        assert_eq!(buckets.halves(), [1, 1]);
        for key in (2_u32..).take(MAX_KEYS_A_HALF - 1) {
            assert!(buckets.take(key).is_ok());
        }
        assert_eq!(buckets.halves(), [MAX_KEYS_A_HALF, 1]);
        assert!(buckets.take(1).is_ok());
        assert_eq!(buckets.halves(), [1, MAX_KEYS_A_HALF - 1]);
    }

    #[test]
    fn a_bucket_that_is_not_full_outlives_the_time_it_takes_to_fill() {
        let (buckets, clock) = buckets();
        clock.advance(SECOND);
        assert_eq!(drain(&buckets, 1), 3);
        clock.advance(Duration::from_millis(2_500));
        // The halves change places here.
        assert!(buckets.take(2).is_ok());
        assert_eq!(drain(&buckets, 1), 2);
    }
}
