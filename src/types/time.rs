//! Time as an argument: what the wall clock says, and what a clock that nobody can set says beside it.
//!
//! The wall clock may jump; people, NTP and virtual machines set it. So every decision about *how long ago* is taken on the
//! steady clock: when both moments were read in the same boot of the machine, exactly; across boots, from how long the process runs.

use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use chrono::DateTime;

/// A point of the wall clock: microseconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From microseconds since 1970.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From whole seconds since 1970.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since 1970.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970, as token claims carry them.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This point, `span` later; the last representable point if that lies past it.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(micros(span)))
    }

    /// This point, `span` earlier.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(micros(span)))
    }
}

/// `2025-09-06T15:30:45.123456`: UTC, no zone, always six digits.
impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match DateTime::from_timestamp_micros(self.0) {
            Some(time) => write!(formatter, "{}", time.format("%Y-%m-%dT%H:%M:%S%.6f")),
            None => write!(formatter, "{} µs", self.0),
        }
    }
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

/// An hour of the wall clock, counted from 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hour(i64);

impl Hour {
    const MICROS: i64 = 3_600_000_000;

    /// The hour that a time lies in.
    #[must_use]
    pub const fn of(time: Timestamp) -> Self {
        Self(time.0.div_euclid(Self::MICROS))
    }

    /// From its number.
    #[must_use]
    pub const fn from_number(number: i64) -> Self {
        Self(number)
    }

    /// Its number: hours since 1970.
    #[must_use]
    pub const fn number(self) -> i64 {
        self.0
    }

    /// When it begins.
    #[must_use]
    pub const fn begins(self) -> Timestamp {
        Timestamp(self.0.saturating_mul(Self::MICROS))
    }

    /// The hour so many hours before this one.
    #[must_use]
    pub const fn earlier(self, hours: i64) -> Self {
        Self(self.0.saturating_sub(hours))
    }
}

/// One reading of both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// What the wall clock said.
    pub wall: Timestamp,
    /// Microseconds since the machine started, sleep included. Only comparable within one boot.
    pub steady: i64,
    /// Which boot of the machine `steady` counts from.
    pub boot: u32,
    /// Microseconds since this process began, on the steady clock; 0 in a moment that comes from a row.
    pub running: i64,
}

/// How much time lies between two moments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Elapsed {
    /// This much: both moments were read in one boot of the machine.
    Span(Duration),
    /// At least this much: the machine was started anew in between, or the database moved to another one, and the process has run for
    /// this long. The wall clock would say more, and may have been set meanwhile.
    AtLeast(Duration),
    /// It cannot be known: the steady clock went back, as when a machine is put back to an earlier state.
    Unknown,
}

/// How much earlier than a moment that is already written another one may have been read: requests overtake one another between the
/// clock and the writer, and one that waited longer has long been answered as busy.
const MAX_OVERTAKING: Duration = Duration::from_secs(30);

impl Moment {
    /// A moment from its three columns.
    #[must_use]
    pub const fn from_row(at: i64, steady: i64, boot: u32) -> Self {
        Self {
            wall: Timestamp::from_micros(at),
            steady,
            boot,
            running: 0,
        }
    }

    /// How long ago `earlier` was, now being `self`.
    #[must_use]
    pub fn since(self, earlier: Self) -> Elapsed {
        if self.boot != earlier.boot {
            return Elapsed::AtLeast(Duration::from_micros(self.running.max(0).unsigned_abs()));
        }
        let span = self.steady.saturating_sub(earlier.steady);
        let micros = Duration::from_micros(span.unsigned_abs());
        if span >= 0 {
            Elapsed::Span(micros)
        } else if micros <= MAX_OVERTAKING {
            Elapsed::Span(Duration::ZERO)
        } else {
            Elapsed::Unknown
        }
    }
}

/// Where a moment comes from.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Moment;
}

/// The machine's own clocks.
#[derive(Debug)]
pub struct SystemClock {
    boot: u32,
    /// What the steady clock said when `boot` began, in microseconds.
    origin: i64,
    /// What it said when the process began.
    begun: i64,
}

impl SystemClock {
    /// Finds out which boot of the machine this is (`/proc/sys/kernel/random/boot_id`).
    ///
    /// Where the system does not tell, the process stands for the boot: then a restart of the Hub counts as one of the machine, and the
    /// steady clock counts from it.
    #[must_use]
    pub fn new() -> Self {
        let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
            .ok()
            .and_then(|id| u32::from_str_radix(id.get(..8)?, 16).ok());
        Self::in_boot(id)
    }

    fn in_boot(id: Option<u32>) -> Self {
        let begun = steady_clock();
        match id {
            Some(boot) => Self {
                boot,
                origin: 0,
                begun,
            },
            None => Self {
                // Not the process's number, which returns, in a container each time.
                boot: u32::try_from(wall_clock().micros().rem_euclid(1 << 32)).unwrap_or(0),
                origin: begun,
                begun,
            },
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        let steady = steady_clock();
        Moment {
            wall: wall_clock(),
            steady: steady.saturating_sub(self.origin),
            boot: self.boot,
            running: steady.saturating_sub(self.begun),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one home of the system's clocks"
)]
fn wall_clock() -> Timestamp {
    match std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH) {
        Ok(since) => Timestamp(micros(since)),
        Err(before) => Timestamp(-micros(before.duration())),
    }
}

/// Microseconds since the machine started.
fn steady_clock() -> i64 {
    let time = rustix::time::clock_gettime(STEADY);
    time.tv_sec
        .saturating_mul(1_000_000)
        .saturating_add(time.tv_nsec / 1_000)
}

/// Counts through suspend, so that a window of ten seconds does not stay open over a laptop's night.
#[cfg(target_os = "linux")]
const STEADY: rustix::time::ClockId = rustix::time::ClockId::Boottime;
#[cfg(not(target_os = "linux"))]
const STEADY: rustix::time::ClockId = rustix::time::ClockId::Monotonic;

/// A clock that stands still until a test moves it.
#[derive(Debug)]
pub struct HandClock(Mutex<Moment>);

impl HandClock {
    /// Stands at `wall`, in boot 1.
    #[must_use]
    pub fn at(wall: Timestamp) -> Self {
        Self(Mutex::new(Moment {
            wall,
            steady: 1_000_000,
            boot: 1,
            running: 0,
        }))
    }

    fn change(&self, change: impl FnOnce(&mut Moment)) {
        change(
            &mut self
                .0
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner),
        );
    }

    /// Lets time pass, on both clocks.
    pub fn advance(&self, span: Duration) {
        self.change(|now| {
            now.wall = now.wall.plus(span);
            now.steady += micros(span);
            now.running += micros(span);
        });
    }

    /// Sets the wall clock, as an administrator or a bad time server does; no time passes.
    pub fn set_wall(&self, wall: Timestamp) {
        self.change(|now| now.wall = wall);
    }

    /// Starts the machine anew: the steady clock counts from zero again.
    pub fn reboot(&self) {
        self.change(|now| {
            now.boot += 1;
            now.steady = 0;
            now.running = 0;
        });
    }
}

impl Clock for HandClock {
    fn now(&self) -> Moment {
        *self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Clock, Elapsed, HandClock, Moment, SystemClock, Timestamp};

    #[test]
    fn a_timestamp_prints_six_digits_and_no_zone() {
        let time = Timestamp::from_micros(1_757_172_645_123_456);
        assert_eq!(time.to_string(), "2025-09-06T15:30:45.123456");
        assert_eq!(
            Timestamp::from_seconds(1_757_172_645).to_string(),
            "2025-09-06T15:30:45.000000"
        );
    }

    #[test]
    fn a_stepped_wall_clock_does_not_change_how_long_ago_something_was() {
        let clock = HandClock::at(Timestamp::from_seconds(1_800_000_000));
        let earlier = clock.now();
        clock.advance(Duration::from_secs(3));
        clock.set_wall(Timestamp::from_seconds(0));
        assert_eq!(
            clock.now().since(earlier),
            Elapsed::Span(Duration::from_secs(3))
        );
        clock.set_wall(Timestamp::from_seconds(4_000_000_000));
        assert_eq!(
            clock.now().since(earlier),
            Elapsed::Span(Duration::from_secs(3))
        );
    }

    #[test]
    fn across_boots_only_the_time_since_the_start_is_certain_whatever_the_wall_clock_says() {
        let clock = HandClock::at(Timestamp::from_seconds(1_800_000_000));
        let earlier = clock.now();
        clock.reboot();
        clock.advance(Duration::from_secs(7));
        for wall in [0, 1_800_000_000, 4_000_000_000] {
            clock.set_wall(Timestamp::from_seconds(wall));
            assert_eq!(
                clock.now().since(earlier),
                Elapsed::AtLeast(Duration::from_secs(7))
            );
        }
    }

    #[test]
    fn whoever_was_overtaken_on_the_way_to_the_writer_came_at_the_same_time() {
        let clock = HandClock::at(Timestamp::from_seconds(1_800_000_000));
        let overtaken = clock.now();
        clock.advance(Duration::from_micros(1));
        assert_eq!(overtaken.since(clock.now()), Elapsed::Span(Duration::ZERO));
        clock.advance(super::MAX_OVERTAKING.saturating_sub(Duration::from_micros(1)));
        assert_eq!(overtaken.since(clock.now()), Elapsed::Span(Duration::ZERO));
        clock.advance(Duration::from_micros(1));
        assert_eq!(overtaken.since(clock.now()), Elapsed::Unknown);
    }

    #[test]
    fn the_hand_clock_does_what_it_is_told_and_nothing_else() {
        let clock = HandClock::at(Timestamp::from_seconds(1_800_000_000));
        let begun = clock.now();
        let set = Timestamp::from_seconds(4_000_000_000);
        clock.set_wall(set);
        assert_eq!(clock.now(), Moment { wall: set, ..begun });
        clock.reboot();
        let boot = begun.boot + 1;
        assert_eq!((clock.now().boot, clock.now().steady), (boot, 0));
        assert_eq!((clock.now().wall, clock.now().running), (set, 0));
    }

    #[test]
    fn the_steady_clock_counts_the_microseconds_of_the_machine() {
        let whole_seconds = || rustix::time::clock_gettime(super::STEADY).tv_sec;
        let before = whole_seconds();
        let steady = super::steady_clock();
        assert!((before..=whole_seconds()).contains(&(steady / 1_000_000)));
        // It moves within a second too: not every reading falls on a whole one.
        assert!((0..1_000).any(|_| super::steady_clock() % 1_000_000 != 0));
    }

    #[test]
    fn the_system_clock_runs_forward() {
        let clock = SystemClock::new();
        let (first, second) = (clock.now(), clock.now());
        assert!(second.steady >= first.steady && first.steady > 0);
        assert!(first.wall > Timestamp::from_seconds(1_700_000_000));
    }

    #[test]
    fn where_the_machine_names_its_boot_the_process_counts_from_there_on() {
        let (before, clock) = (super::steady_clock(), SystemClock::in_boot(Some(7)));
        let (now, after) = (clock.now(), super::steady_clock());
        assert_eq!(now.boot, 7);
        assert!((before..=after).contains(&now.steady));
        assert!((0..=after - before).contains(&now.running));
    }

    #[test]
    fn where_it_does_not_each_process_is_a_boot_of_its_own_that_begins_with_it() {
        let low_bits = |time: Timestamp| u32::try_from(time.micros() & 0xffff_ffff).expect("32");
        let (before, wall) = (super::steady_clock(), super::wall_clock());
        let clock = SystemClock::in_boot(None);
        let (now, after) = (clock.now(), super::steady_clock());
        assert_eq!(now.steady, now.running);
        assert!((0..=after - before).contains(&now.steady));
        // A minute is longer than this takes; the difference also holds where the low bits begin anew.
        let drawn_after = now.boot.wrapping_sub(low_bits(wall));
        assert!(drawn_after < 60_000_000, "{drawn_after}");
    }
}
