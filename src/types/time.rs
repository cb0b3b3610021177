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
        let micros = self.0.rem_euclid(1_000_000);
        match DateTime::from_timestamp(self.seconds(), 0) {
            // `Debug` is ISO 8601 too, and reads no pattern anew for each of the two times that an answer with a user carries.
            Some(time) => write!(formatter, "{:?}.{micros:06}", time.naive_utc()),
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
mod tests;
