//! What is told, when it is tried again, and what bounds it: pure.

use std::time::Duration;

/// Webhooks at most: a bound for the list, which has no pages, and for connections that are open at once.
pub const MAX_WEBHOOKS: u32 = 20;
/// Deliveries to one webhook at once: a receiver that takes a tenth of a second gets forty a second, and one that hangs holds no more than this.
pub const MAX_AT_ONCE: usize = 4;
/// Deliveries that may wait for one webhook; beyond them events are lost, and counted. The migration's triggers hold it: some 30 MB of a database.
pub const MAX_WAITING: u32 = 100_000;
/// Dead letters that are kept of one webhook; the oldest go. More than anybody reads, and 3 MB.
pub const MAX_DEAD: u32 = 10_000;
/// How long dead letters stay, so that whoever comes back from holidays still finds them.
pub const DEAD_KEPT: Duration = Duration::from_hours(30 * 24);
/// How long deliveries that were made stay on the page of their webhook.
pub const DELIVERED_KEPT: Duration = Duration::from_hours(3 * 24);
/// And how many of them at most, of one webhook.
pub const MAX_DELIVERED: u32 = 10_000;
/// How long a webhook that is disabled keeps what waits: as long as one that fails.
pub const DISABLED_KEPT: Duration = Duration::from_hours(3 * 24);
/// How long the secret before a new one goes on to sign: time to put the new one in its place.
pub const OLD_SECRET_SIGNS: Duration = Duration::from_hours(24);

/// From the first failure to the second try, and so on: soon at first, for most receivers are only being restarted, and for three days at the
/// most, so that a weekend is survived.
const WAITS: [Duration; 12] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(2),
    Duration::from_mins(10),
    Duration::from_mins(30),
    Duration::from_hours(1),
    Duration::from_hours(2),
    Duration::from_hours(4),
    Duration::from_hours(8),
    Duration::from_hours(12),
    Duration::from_hours(16),
    Duration::from_hours(24),
];
/// Tries before a delivery is given up.
pub const MAX_TRIES: u32 = 13;
/// The longest that a receiver's `Retry-After` is obeyed.
pub const LONGEST_RETRY_AFTER: Duration = Duration::from_hours(24);

/// How long after this many failed tries the next one comes; `None`: never. `chance` makes the wait up to a quarter longer, so that deliveries that
/// failed together do not come back together. A receiver may ask for a longer wait, never for a shorter one.
#[must_use]
pub fn wait_after(failed: u32, retry_after: Option<Duration>, chance: u8) -> Option<Duration> {
    let at = usize::try_from(failed).ok()?.checked_sub(1)?;
    let wait = *WAITS.get(at)?;
    let wait = wait + wait * u32::from(chance) / (4 * u32::from(u8::MAX));
    let asked = retry_after.unwrap_or_default().min(LONGEST_RETRY_AFTER);
    Some(wait.max(asked))
}

/// Failures in a row at one receiver, of whatever deliveries, after which it rests: it is down, and to try all of them would only find that out again.
pub const FAILURES_BEFORE_REST: u32 = 3;
/// The longest rest: so soon after it is up again, a receiver hears from the Hub.
const LONGEST_REST: Duration = Duration::from_mins(1);

/// How long a receiver rests after this many failures in a row.
#[must_use]
pub fn rest_after(failures: u32) -> Duration {
    let Some(doublings) = failures.checked_sub(FAILURES_BEFORE_REST) else {
        return Duration::ZERO;
    };
    let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
    Duration::from_secs(1)
        .saturating_mul(factor)
        .min(LONGEST_REST)
}

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Somebody signed in.
    SessionStarted,
    /// A session was ended.
    SessionEnded,
    /// A used token came again.
    SessionReused,
    /// An account was made.
    UserCreated,
    /// A user was locked out.
    UserDisabled,
    /// A user was deleted.
    UserDeleted,
    /// So many failures in a row at one account.
    SignInFailures,
    /// An administrator wants to see whether it works. Nobody has to want it.
    Test,
}

impl Kind {
    /// Those that a webhook may want, in the order in which they are offered.
    pub const WANTED: [Self; 7] = [
        Self::SessionStarted,
        Self::SessionEnded,
        Self::SessionReused,
        Self::UserCreated,
        Self::UserDisabled,
        Self::UserDeleted,
        Self::SignInFailures,
    ];

    /// As it stands in a body, in the database and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SessionStarted => "session.started",
            Self::SessionEnded => "session.ended",
            Self::SessionReused => "session.reused",
            Self::UserCreated => "user.created",
            Self::UserDisabled => "user.disabled",
            Self::UserDeleted => "user.deleted",
            Self::SignInFailures => "sign_in.failures",
            Self::Test => "webhook.test",
        }
    }

    /// What it means, for whoever chooses.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::SessionStarted => "Somebody signed in",
            Self::SessionEnded => {
                "A session was ended, and why; one that merely expires is not told"
            }
            Self::SessionReused => "A used token came again, and its session was ended for it",
            Self::UserCreated => "An account was made",
            Self::UserDisabled => "A user was disabled",
            Self::UserDeleted => "A user was deleted",
            Self::SignInFailures => "Too many failures in a row at one account",
            Self::Test => "A test",
        }
    }

    /// Reads one that may be wanted.
    #[must_use]
    pub fn wanted(text: &str) -> Option<Self> {
        Self::WANTED.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Reads any.
    #[must_use]
    pub fn from_row(text: &str) -> Option<Self> {
        Self::wanted(text).or((text == Self::Test.as_str()).then_some(Self::Test))
    }
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is tried as soon as it is due.
    Waiting,
    /// An earlier one of the same user waits.
    Behind,
    /// Its receiver has it.
    Delivered,
    /// It was given up.
    Dead,
}

impl State {
    /// As it stands in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Behind => "behind",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }

    /// Reads it back.
    #[must_use]
    pub fn from_row(text: &str) -> Option<Self> {
        [Self::Waiting, Self::Behind, Self::Delivered, Self::Dead]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Kind, LONGEST_RETRY_AFTER, MAX_TRIES, WAITS, rest_after, wait_after};

    const HOUR: Duration = Duration::from_hours(1);

    #[test]
    fn tries_come_soon_at_first_and_end_after_about_three_days() {
        let waits: Vec<Duration> = (1..=MAX_TRIES)
            .filter_map(|failed| wait_after(failed, None, 0))
            .collect();
        assert_eq!(waits, WAITS);
        assert!(waits.is_sorted());
        let whole: Duration = waits.iter().sum();
        assert!(whole > 60 * HOUR && whole * 5 / 4 < 90 * HOUR, "{whole:?}");
        assert_eq!(wait_after(MAX_TRIES, None, 255), None);
        assert_eq!(wait_after(MAX_TRIES, Some(HOUR), 0), None);
        assert_eq!(wait_after(0, None, 0), None);
    }

    #[test]
    fn chance_adds_up_to_a_quarter() {
        assert_eq!(wait_after(6, None, 0), Some(HOUR));
        assert_eq!(wait_after(6, None, 255), Some(HOUR * 5 / 4));
        let some = wait_after(6, None, 100).expect("a wait");
        assert!(some > HOUR && some < HOUR * 5 / 4);
    }

    #[test]
    fn a_receiver_may_ask_for_a_longer_wait_within_bounds_and_for_no_shorter_one() {
        let asked = |wait| wait_after(6, Some(wait), 0);
        assert_eq!(asked(Duration::ZERO), Some(HOUR));
        assert_eq!(asked(3 * HOUR), Some(3 * HOUR));
        assert_eq!(asked(Duration::MAX), Some(LONGEST_RETRY_AFTER));
    }

    #[test]
    fn a_receiver_that_fails_again_and_again_rests_for_a_minute_at_most() {
        let seconds: Vec<u64> = (0..=10).map(|count| rest_after(count).as_secs()).collect();
        assert_eq!(seconds, [0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(rest_after(u32::MAX).as_secs(), 60);
    }

    #[test]
    fn every_kind_reads_back() {
        for kind in Kind::WANTED {
            assert_eq!(Kind::wanted(kind.as_str()), Some(kind));
            assert_eq!(Kind::from_row(kind.as_str()), Some(kind));
        }
        assert_eq!(Kind::wanted("webhook.test"), None);
        assert_eq!(Kind::from_row("webhook.test"), Some(Kind::Test));
        assert_eq!(Kind::from_row("session"), None);
    }
}
