//! Who is hashed now, and when everybody else may come: whoever is refused is promised a place, and there it is when they come back.
//!
//! Threads hash at a pace that is known, so the line can tell when they will have done what waits and what is promised. A promise belongs to a
//! name and a network, is good for one place, and is told as `Retry-After`; without it a crowd that comes back after a second would be sent away again and again,
//! and whoever is unlucky for ever. Newcomers still get whatever is free: promises that nobody comes for hold nothing up. Pure.

use std::collections::HashMap;
use std::time::Duration;

use crate::crypto::hasher::{Comer, HasherSettings, Name};

/// How long a hash is believed to take before one was made: twice what it takes on a core of its own.
const FIRST_GUESS: Duration = Duration::from_millis(50);
/// Each hash moves what is believed by an eighth of the difference: a burst of refreshes moves it, a single slow hash hardly.
const SMOOTHING: u32 = 8;
/// Places are promised for four fifths of the time: waits are told in whole seconds, so that those of one second come together, and newcomers come too.
const PROMISED_FIFTHS: u32 = 4;
/// Places that are promised at once. At forty hashes a second that is a minute ahead, and nobody waits longer than that for a page.
const MAX_PROMISES: usize = 2_048;
/// How long after its time a promise is good: clients spread what they are told, and people finish their coffee.
const KEPT_FOR: Duration = Duration::from_secs(30);

/// How somebody came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// There was room.
    Free,
    /// They were promised a place, or are expected.
    Promised,
}

/// Those who wait and are hashed, and what is promised to others. Times are those since the process began.
pub(super) struct Line {
    settings: HasherSettings,
    /// How long a hash takes on its thread, smoothed.
    takes: Duration,
    /// How many wait or are being hashed.
    inside: usize,
    /// Up to when every thread is promised to somebody.
    promised_until: Duration,
    promises: HashMap<Name, Duration>,
}

impl Line {
    /// Nobody is here.
    pub(super) fn new(settings: HasherSettings) -> Self {
        Self {
            settings,
            takes: FIRST_GUESS,
            inside: 0,
            promised_until: Duration::ZERO,
            promises: HashMap::new(),
        }
    }

    /// The most that can be inside: newcomers, and whoever was promised a place.
    pub(super) fn most(settings: &HasherSettings) -> usize {
        newcomers(settings).saturating_add(MAX_PROMISES)
    }

    /// Lets somebody in.
    ///
    /// # Errors
    /// In how long they may come.
    pub(super) fn enter(&mut self, comer: &Comer, now: Duration) -> Result<Entry, Duration> {
        let entry = match comer {
            Comer::Named(who) => match self.promises.get(who).copied() {
                Some(at) if now < at => return Err(at.saturating_sub(now)),
                Some(at) if is_good(at, now) => Entry::Promised,
                _ => Entry::Free,
            },
            Comer::Nameless => Entry::Free,
            Comer::Expected => Entry::Promised,
        };
        let most = match entry {
            Entry::Free => newcomers(&self.settings),
            Entry::Promised => Self::most(&self.settings),
        };
        if self.inside >= most {
            return Err(self.promise(comer, now));
        }
        if let Comer::Named(who) = comer {
            self.promises.remove(who);
        }
        self.inside += 1;
        Ok(entry)
    }

    /// Promises a place to whoever is not let in, or has waited too long; tells in how long.
    pub(super) fn promise(&mut self, comer: &Comer, now: Duration) -> Duration {
        let ahead = u32::try_from(self.inside).unwrap_or(u32::MAX);
        let at = now
            .saturating_add(self.step().saturating_mul(ahead))
            .max(self.promised_until);
        if self.promises.len() >= MAX_PROMISES {
            self.promises.retain(|_, at| is_good(*at, now));
        }
        if let Comer::Named(who) = comer
            && self.promises.len() < MAX_PROMISES
        {
            self.promises.insert(*who, at);
            self.promised_until = at.saturating_add(self.step());
        }
        at.saturating_sub(now)
    }

    /// Somebody who was inside is hashed, or was given up.
    pub(super) fn leave(&mut self) {
        self.inside = self.inside.saturating_sub(1);
    }

    /// A hash took so long.
    pub(super) fn took(&mut self, took: Duration) {
        self.takes = (self.takes * (SMOOTHING - 1) + took) / SMOOTHING;
    }

    /// The time between two promises.
    fn step(&self) -> Duration {
        let threads = u32::try_from(self.settings.threads)
            .unwrap_or(u32::MAX)
            .max(1);
        self.takes * (PROMISED_FIFTHS + 1) / PROMISED_FIFTHS / threads
    }
}

/// How many come in without a promise: one for each thread, and the queue.
fn newcomers(settings: &HasherSettings) -> usize {
    settings.threads.max(1).saturating_add(settings.queue)
}

/// Whether a promise for `at` is still kept.
fn is_good(at: Duration, now: Duration) -> bool {
    now <= at.saturating_add(KEPT_FOR)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Arc;
    use std::time::Duration;

    use super::{Entry, KEPT_FOR, Line, MAX_PROMISES};
    use crate::crypto::attempt_keys::AttemptKeys;
    use crate::crypto::hasher::{Comer, HasherSettings, Name};
    use crate::crypto::keyring::Secret;
    use crate::crypto::ring::{Lifetimes, Ring, SharedRing};
    use crate::types::entropy::SeededEntropy;
    use crate::types::sender_network::SenderNetwork;

    const SETTINGS: HasherSettings = HasherSettings {
        memory_kib: 8,
        passes: 1,
        lanes: 1,
        threads: 2,
        queue: 4,
        queue_wait: Duration::from_secs(2),
    };
    const HASH: Duration = Duration::from_millis(40);
    const SECOND: Duration = Duration::from_secs(1);

    fn people(count: usize) -> Vec<Name> {
        let lifetimes = Lifetimes {
            access: Duration::from_hours(1),
            refresh: Duration::from_hours(1),
        };
        let secret = Secret::draw(&SeededEntropy::new(1));
        let keys = AttemptKeys::new(Arc::new(SharedRing::new(Ring::of_one(secret, lifetimes))));
        let home = SenderNetwork::of(None);
        let names = (0..count).map(|number| (keys.account(&number.to_string()), home));
        names.collect()
    }

    /// A line that has seen many hashes.
    fn line() -> Line {
        let mut line = Line::new(SETTINGS);
        (0..200).for_each(|_| line.took(HASH));
        line
    }

    /// A line before threads that work off what is inside, at the pace that it knows.
    struct World {
        line: Line,
        now: Duration,
        worked_until: Duration,
    }

    impl World {
        fn new() -> Self {
            Self {
                line: line(),
                now: Duration::ZERO,
                worked_until: Duration::ZERO,
            }
        }

        fn pass(&mut self, span: Duration) {
            self.now += span;
            while self.worked_until + HASH / 2 <= self.now {
                self.worked_until += HASH / 2;
                self.line.leave();
            }
        }

        fn enter(&mut self, who: &Name) -> Result<Entry, Duration> {
            self.line.enter(&Comer::Named(*who), self.now)
        }
    }

    #[test]
    fn nobody_of_a_crowd_is_sent_away_twice() {
        let crowd = people(600);
        let mut world = World::new();
        let mut told = HashMap::<u64, Vec<&Name>>::new();
        for who in &crowd {
            match world.enter(who) {
                Ok(entry) => assert_eq!(entry, Entry::Free),
                // Told in whole seconds, rounded up.
                Err(after) => told.entry(after.as_secs() + 1).or_default().push(who),
            }
        }
        let sent_away: usize = told.values().map(Vec::len).sum();
        assert_eq!(sent_away, 600 - 6);
        // Fifty a second are hashed, forty promised.
        let last = told.keys().max().copied().unwrap_or_default();
        assert!((14..=16).contains(&last), "{last}");
        for second in 1..=last {
            world.pass(SECOND);
            // Whoever else comes takes what is free, and no more.
            let others = people(900).split_off(600 + usize::try_from(second).unwrap_or(0) * 15);
            for other in others.iter().take(15) {
                let _in_or_told = world.enter(other);
            }
            for who in told.remove(&second).unwrap_or_default() {
                assert_eq!(world.enter(who), Ok(Entry::Promised), "after {second} s");
            }
        }
    }

    #[test]
    fn who_comes_too_early_is_told_the_rest_and_keeps_the_promise() {
        let people = people(40);
        let mut world = World::new();
        let told: Vec<_> = people.iter().map(|who| world.enter(who)).collect();
        let Some(Err(after)) = told.last().copied() else {
            panic!("{told:?}");
        };
        let last = &people[39];
        let (early, rest) = (after / 2, after.saturating_sub(after / 2));
        world.pass(early);
        assert_eq!(world.enter(last), Err(rest));
        world.pass(rest);
        assert_eq!(world.enter(last), Ok(Entry::Promised));
    }

    #[test]
    fn a_promise_is_good_once_and_for_half_a_minute() {
        let people = people(10);
        let mut world = World::new();
        let told: Vec<_> = people.iter().map(|who| world.enter(who)).collect();
        assert!(told[8].is_err() && told[9].is_err(), "{told:?}");
        world.line.inside = 6;
        world.now = KEPT_FOR;
        assert_eq!(world.enter(&people[8]), Ok(Entry::Promised));
        assert!(world.enter(&people[8]).is_err(), "once");
        world.now += SECOND + SECOND;
        assert!(world.enter(&people[9]).is_err(), "it is over");
    }

    #[test]
    fn nobody_takes_a_promise_by_typing_the_name_elsewhere() {
        let (mut line, known) = (line(), people(1)[0]);
        line.inside = 6;
        let told = line.enter(&Comer::Named(known), SECOND).err();
        let then = SECOND + told.expect("there is no room");
        let elsewhere = (known.0, SenderNetwork::of(Some([192, 0, 2, 9].into())));
        assert!(line.enter(&Comer::Named(elsewhere), then).is_err());
        assert_eq!(line.enter(&Comer::Named(known), then), Ok(Entry::Promised));
    }

    #[test]
    fn whoever_is_expected_is_not_sent_away() {
        let mut line = line();
        line.inside = 6;
        assert!(line.enter(&Comer::Nameless, SECOND).is_err());
        assert_eq!(line.enter(&Comer::Expected, SECOND), Ok(Entry::Promised));
        assert!(line.promises.is_empty(), "nobody else is promised anything");
    }

    #[test]
    fn promises_that_nobody_comes_for_hold_nobody_up() {
        let mut world = World::new();
        for who in people(500) {
            let _in_or_told = world.enter(&who);
        }
        world.pass(SECOND);
        let late = people(501).split_off(500);
        assert_eq!(world.enter(&late[0]), Ok(Entry::Free));
    }

    #[test]
    fn more_than_a_minute_is_promised_to_nobody() {
        let mut world = World::new();
        let mut longest = Duration::ZERO;
        for who in people(MAX_PROMISES + 500) {
            longest = longest.max(world.enter(&who).err().unwrap_or_default());
        }
        assert_eq!(world.line.promises.len(), MAX_PROMISES);
        assert!(longest <= 53 * SECOND, "{longest:?}");
        // What was promised long ago makes room.
        world.now = longest + KEPT_FOR + SECOND;
        world.line.inside = 6;
        let late = people(5_000).split_off(4_999);
        assert!(world.enter(&late[0]).is_err());
        assert_eq!(world.line.promises.len(), 1);
    }

    #[test]
    fn the_pace_follows_what_hashes_take() {
        let mut line = line();
        let fast = line.step();
        (0..50).for_each(|_| line.took(HASH * 4));
        let slow = line.step();
        assert!(slow > fast * 3 && slow <= fast * 4, "{fast:?} {slow:?}");
    }
}
