//! The session machine's rules: pure, so that every case can be tested and the whole of them searched.
//!
//! A session's refresh tokens form a line of generations, of which only the last can be rotated. Whoever presents an earlier one is a client that
//! did not get the answer (*retry*), one of several that raced (*straggler*), or the second holder of a stolen token (*reuse*); which of
//! them, the time since that generation was first used tells.

use std::net::IpAddr;
use std::time::Duration;

use crate::types::ids::{KeyId, SessionId, UserId};
use crate::types::salt::Salt;
use crate::types::time::{Elapsed, Moment, Timestamp};

/// Answers given again for one lost answer. A browser with twenty tabs needs fewer; a loop without end is cut off.
pub const MAX_RETRIES: i64 = 20;

/// A session as its row tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The row's key.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// 128 random bits, drawn at sign-in: with the key, what its refresh tokens are made of.
    pub salt: Salt,
    /// The present generation, from 1.
    pub generation: i64,
    /// The key that it was made with.
    pub key: KeyId,
    /// How often its parent was presented again.
    pub retries: i64,
    /// When the present generation was made.
    pub rotated: Moment,
    /// When the one before it was made.
    pub previous: Option<Moment>,
    /// When the sign-in was.
    pub created_at: Timestamp,
    /// When it ends at the latest.
    pub ends_at: Timestamp,
    /// Whether it was ended before.
    pub standing: Standing,
    /// The address that used it last.
    pub address: Option<IpAddr>,
    /// The client that used it last.
    pub agent: Agent,
    /// Lineage rows ever written.
    pub lineage_length: i64,
}

/// A user agent's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// The row's key.
    pub id: i64,
    /// What the client calls itself.
    pub text: String,
}

/// Whether a session was ended. (Being past its time is not a standing: it follows from the clock.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It was not.
    Live,
    /// It was.
    Ended {
        /// When.
        at: Timestamp,
        /// Why.
        reason: EndReason,
    },
}

/// Why a session was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// Its owner signed out.
    SignedOut,
    /// Its owner signed out everywhere.
    SignedOutEverywhere,
    /// Its owner ended it from another session.
    Revoked,
    /// An administrator ended it.
    Administrator,
    /// A used token came again.
    Reuse,
    /// Its user was locked out.
    UserDisabled,
    /// Its user was deleted.
    UserDeleted,
    /// Its user's password was changed.
    PasswordChanged,
}

impl EndReason {
    /// Every reason there is.
    pub const ALL: [Self; 8] = [
        Self::SignedOut,
        Self::SignedOutEverywhere,
        Self::Revoked,
        Self::Administrator,
        Self::Reuse,
        Self::UserDisabled,
        Self::UserDeleted,
        Self::PasswordChanged,
    ];

    /// As it stands in the database and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::SignedOutEverywhere => "signed_out_everywhere",
            Self::Revoked => "revoked",
            Self::Administrator => "administrator",
            Self::Reuse => "reuse",
            Self::UserDisabled => "user_disabled",
            Self::UserDeleted => "user_deleted",
            Self::PasswordChanged => "password_changed",
        }
    }

    /// Reads it back.
    #[must_use]
    pub fn from_row(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }

    /// The code that tells a client why it was signed out.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::SignedOut | Self::SignedOutEverywhere | Self::Revoked | Self::Administrator => {
                "session_revoked"
            }
            Self::Reuse => "token_reused",
            Self::UserDisabled => "user_disabled",
            Self::UserDeleted => "user_not_found",
            Self::PasswordChanged => "password_changed",
        }
    }
}

/// What an authentic refresh token means for its session. The numbers are the rows of the machine's table in the crate's map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// 5: it is the present one. A new generation is made.
    Rotate,
    /// 6: the answer was lost, or another tab was faster. The present generation is answered again, in the same bytes.
    Retry,
    /// 8: it was raced past, or retried too often, within the grace. Refused; the session lives.
    Straggler,
    /// 7: the clocks cannot tell how long ago it was used. Refused; the session lives, for no step of a clock may end one.
    Unsure,
    /// 9: used before, and the grace is over: two hold it. The session ends for both, for which of them is the thief cannot be known.
    Reuse,
    /// 10: from a generation that this database never made (an old backup was put back). Refused; the session lives.
    Ahead,
}

/// Judges a presented generation.
///
/// `first_use` is when the presented generation was first used, which is when its successor was made; `None` if it is the present one or later, or
/// if that is longer ago than anything the session's lineage still knows.
#[must_use]
pub fn judge(
    presented: i64,
    session: &Session,
    first_use: Option<Moment>,
    now: Moment,
    grace: Duration,
) -> Verdict {
    if presented == session.generation {
        return Verdict::Rotate;
    }
    if presented > session.generation {
        return Verdict::Ahead;
    }
    let is_parent = presented == session.generation - 1;
    match first_use.map(|first_use| now.since(first_use)) {
        // Strict mode: without a grace every second use is reuse.
        _ if grace.is_zero() => Verdict::Reuse,
        Some(Elapsed::Span(span)) if span <= grace => {
            if is_parent && session.retries < MAX_RETRIES {
                Verdict::Retry
            } else {
                Verdict::Straggler
            }
        }
        Some(Elapsed::AtLeast(span)) if span <= grace => Verdict::Unsure,
        Some(Elapsed::Unknown) => Verdict::Unsure,
        Some(Elapsed::Span(_) | Elapsed::AtLeast(_)) | None => Verdict::Reuse,
    }
}

impl Session {
    /// When the present generation's refresh token ceases: its lifetime after its own issue, never past the session's end.
    #[must_use]
    pub fn refresh_expires(&self, refresh_ttl: Duration) -> Timestamp {
        self.rotated.wall.plus(refresh_ttl).min(self.ends_at)
    }

    /// The moment at which a rotation now takes place: the wall clock never goes back within a session, so that no token outlives
    /// its successor.
    #[must_use]
    pub fn rotation_moment(&self, now: Moment) -> Moment {
        Moment {
            wall: now.wall.max(self.rotated.wall),
            ..now
        }
    }

    /// How often it was rotated.
    #[must_use]
    pub fn rotations(&self) -> i64 {
        self.generation - 1
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Agent, EndReason, MAX_RETRIES, Session, Standing, Verdict, judge};
    use crate::types::ids::{KeyId, SessionId, UserId};
    use crate::types::salt::Salt;
    use crate::types::time::{Moment, Timestamp};

    const GRACE: Duration = Duration::from_secs(10);

    /// `seconds` after noon on both clocks, in boot 1.
    fn at(seconds: i64) -> Moment {
        Moment {
            wall: Timestamp::from_seconds(1_800_000_000 + seconds),
            steady: 50_000_000 + seconds * 1_000_000,
            boot: 1,
            running: seconds * 1_000_000,
        }
    }

    fn session(generation: i64, rotated: Moment) -> Session {
        Session {
            id: SessionId::from_row(7).expect("positive"),
            user: UserId(1),
            salt: Salt::from_row([0; 16]),
            generation,
            key: KeyId(2),
            retries: 0,
            rotated,
            previous: None,
            created_at: at(0).wall,
            ends_at: at(90 * 86_400).wall,
            standing: Standing::Live,
            address: None,
            agent: Agent {
                id: 1,
                text: String::new(),
            },
            lineage_length: 1,
        }
    }

    fn verdict(presented: i64, first_use: Option<Moment>, now: Moment) -> Verdict {
        judge(presented, &session(5, at(0)), first_use, now, GRACE)
    }

    #[test]
    fn the_present_generation_rotates_whatever_the_clock_says() {
        for now in [at(0), at(-1_000), at(1_000_000)] {
            assert_eq!(verdict(5, None, now), Verdict::Rotate);
        }
    }

    #[test]
    fn its_parent_is_a_retry_until_the_grace_is_over_to_the_microsecond() {
        assert_eq!(verdict(4, Some(at(0)), at(0)), Verdict::Retry);
        assert_eq!(verdict(4, Some(at(0)), at(10)), Verdict::Retry);
        let mut late = at(10);
        late.steady += 1;
        assert_eq!(verdict(4, Some(at(0)), late), Verdict::Reuse);
    }

    #[test]
    fn retries_without_end_are_refused_but_end_nothing() {
        let mut tired = session(5, at(0));
        tired.retries = MAX_RETRIES - 1;
        assert_eq!(judge(4, &tired, Some(at(0)), at(1), GRACE), Verdict::Retry);
        tired.retries = MAX_RETRIES;
        assert_eq!(
            judge(4, &tired, Some(at(0)), at(1), GRACE),
            Verdict::Straggler
        );
        assert_eq!(judge(4, &tired, Some(at(0)), at(11), GRACE), Verdict::Reuse);
    }

    #[test]
    fn an_older_ancestor_is_a_straggler_within_the_grace_and_reuse_after() {
        for presented in 1..=3 {
            assert_eq!(verdict(presented, Some(at(-4)), at(6)), Verdict::Straggler);
            assert_eq!(verdict(presented, Some(at(-4)), at(7)), Verdict::Reuse);
            assert_eq!(verdict(presented, None, at(0)), Verdict::Reuse);
        }
    }

    #[test]
    fn a_wall_clock_that_steps_neither_opens_nor_closes_the_window() {
        let mut back = at(5);
        back.wall = Timestamp::from_seconds(0);
        assert_eq!(verdict(4, Some(at(0)), back), Verdict::Retry);
        let mut ahead = at(5);
        ahead.wall = Timestamp::from_seconds(4_000_000_000);
        assert_eq!(verdict(4, Some(at(0)), ahead), Verdict::Retry);
        let mut reopened = at(3_600);
        reopened.wall = at(5).wall;
        assert_eq!(verdict(4, Some(at(0)), reopened), Verdict::Reuse);
    }

    #[test]
    fn after_a_restart_of_the_machine_the_window_is_closed_and_doubt_ends_nothing() {
        // Running for so many seconds, whatever the wall clock says and however long the machine, perhaps another one, is up.
        let up = |seconds: i64, wall: i64| Moment {
            steady: 86_400_000_000,
            boot: 2,
            running: seconds * 1_000_000,
            ..at(wall)
        };
        for wall in [-5, 5, 11, 1_000_000] {
            assert_eq!(verdict(4, Some(at(0)), up(0, wall)), Verdict::Unsure);
            assert_eq!(verdict(4, Some(at(0)), up(10, wall)), Verdict::Unsure);
            assert_eq!(verdict(3, Some(at(0)), up(10, wall)), Verdict::Unsure);
            assert_eq!(verdict(4, Some(at(0)), up(11, wall)), Verdict::Reuse);
        }
    }

    #[test]
    fn whoever_was_overtaken_on_the_way_to_the_writer_gets_the_successor_too() {
        let mut overtaken = at(0);
        overtaken.steady -= 1;
        for wall in [-1_000_000, 0, 1_000_000] {
            overtaken.wall = at(wall).wall;
            assert_eq!(verdict(4, Some(at(0)), overtaken), Verdict::Retry);
            assert_eq!(verdict(3, Some(at(0)), overtaken), Verdict::Straggler);
        }
    }

    #[test]
    fn in_strict_mode_every_second_use_is_reuse() {
        for presented in 1..=4 {
            let verdict = judge(
                presented,
                &session(5, at(0)),
                Some(at(0)),
                at(0),
                Duration::ZERO,
            );
            assert_eq!(verdict, Verdict::Reuse);
        }
    }

    #[test]
    fn a_generation_that_was_never_made_is_refused_and_ends_nothing() {
        assert_eq!(verdict(6, None, at(0)), Verdict::Ahead);
        assert_eq!(verdict(i64::MAX, None, at(0)), Verdict::Ahead);
    }

    #[test]
    fn a_refresh_token_never_outlives_its_session() {
        let ttl = Duration::from_hours(30 * 24);
        let young = session(1, at(0));
        assert_eq!(young.refresh_expires(ttl), at(30 * 86_400).wall);
        let old = session(9, at(80 * 86_400));
        assert_eq!(old.refresh_expires(ttl), old.ends_at);
    }

    #[test]
    fn a_rotation_never_dates_back() {
        let session = session(5, at(100));
        assert_eq!(session.rotation_moment(at(50)).wall, at(100).wall);
        assert_eq!(session.rotation_moment(at(150)).wall, at(150).wall);
    }

    #[test]
    fn every_reason_reads_back_as_itself_and_has_a_code_of_the_contract() {
        for reason in EndReason::ALL {
            assert_eq!(EndReason::from_row(reason.as_str()), Some(reason));
            assert!(
                [
                    "session_revoked",
                    "token_reused",
                    "user_disabled",
                    "password_changed",
                    "user_not_found"
                ]
                .contains(&reason.code())
            );
        }
        assert_eq!(EndReason::from_row("something else"), None);
    }
}
