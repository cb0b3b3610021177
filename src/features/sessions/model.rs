//! The session machine's rules: pure, so that every case can be tested and the whole of them searched.
//!
//! A session's refresh tokens form a line of generations, of which only the last can be rotated. Whoever presents an earlier one is a client that
//! did not get the answer (*retry*), one of several that raced (*straggler*), or the second holder of a stolen token (*reuse*); which of
//! them, the time since that generation was first used tells. The last one itself is answered unchanged while answers that carry it may still
//! be on their way (it *settles*), so that none of them comes to lie over its successor in the storage that several tabs share.

mod judge;

pub use judge::{FirstUse, MAX_RETRIES, Verdict, judge};

use std::net::IpAddr;
use std::time::Duration;

use crate::types::ids::{KeyId, SessionId, UserId};
use crate::types::salt::Salt;
use crate::types::time::{Moment, Timestamp};

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
    /// How often it was answered again, to whoever presented an earlier one or, while it settled, itself.
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
    /// The database was restored from a backup.
    Restored,
}

impl EndReason {
    /// Every reason there is.
    pub const ALL: [Self; 9] = [
        Self::SignedOut,
        Self::SignedOutEverywhere,
        Self::Revoked,
        Self::Administrator,
        Self::Reuse,
        Self::UserDisabled,
        Self::UserDeleted,
        Self::PasswordChanged,
        Self::Restored,
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
            Self::Restored => "restored",
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
            Self::SignedOut
            | Self::SignedOutEverywhere
            | Self::Revoked
            | Self::Administrator
            | Self::Restored => "session_revoked",
            Self::Reuse => "token_reused",
            Self::UserDisabled => "user_disabled",
            Self::UserDeleted => "user_not_found",
            Self::PasswordChanged => "password_changed",
        }
    }
}

/// When a refresh token ceases: its lifetime after its own issue, which is its session's last use, never past the session's end.
#[must_use]
pub fn refresh_expires(issued: Timestamp, refresh_ttl: Duration, ends_at: Timestamp) -> Timestamp {
    issued.plus(refresh_ttl).min(ends_at)
}

impl Session {
    /// When the present generation's refresh token ceases.
    #[must_use]
    pub fn refresh_expires(&self, refresh_ttl: Duration) -> Timestamp {
        refresh_expires(self.rotated.wall, refresh_ttl, self.ends_at)
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

    use super::{Agent, EndReason, Session, Standing};
    use crate::types::ids::{KeyId, SessionId, UserId};
    use crate::types::salt::Salt;
    use crate::types::time::{Moment, Timestamp};

    /// `seconds` after noon on both clocks, in boot 1.
    pub fn at(seconds: i64) -> Moment {
        Moment {
            wall: Timestamp::from_seconds(1_800_000_000 + seconds),
            steady: 50_000_000 + seconds * 1_000_000,
            boot: 1,
            running: seconds * 1_000_000,
        }
    }

    pub fn session(generation: i64, rotated: Moment) -> Session {
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

    #[test]
    fn a_refresh_token_never_outlives_its_session() {
        let ttl = Duration::from_hours(30 * 24);
        let young = session(1, at(0));
        assert_eq!(young.refresh_expires(ttl), at(30 * 86_400).wall);
        let old = session(9, at(80 * 86_400));
        assert_eq!(old.refresh_expires(ttl), old.ends_at);
    }

    #[test]
    fn a_session_was_rotated_once_less_than_it_has_generations() {
        assert_eq!(session(1, at(0)).rotations(), 0);
        assert_eq!(session(5, at(0)).rotations(), 4);
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
