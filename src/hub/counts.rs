//! [`Counts`]: what a running Hub has done, for whoever watches it. Each number is one atomic addition where it happens; a restart begins anew.

pub mod requests;

use std::sync::Arc;

use crate::hub::counts::requests::Requests;
use crate::types::counting::{Counters, Level};
use crate::types::door_counts::DoorCounts;
use crate::types::time::Timestamp;

/// The counts of one Hub.
#[derive(Debug, Default)]
pub struct Counts {
    /// Requests, by route.
    pub requests: Requests,
    /// What the front door counts.
    pub door: Arc<DoorCounts>,
    refreshes: Counters<{ Refresh::ALL.len() }>,
    sign_ins: [Counters<{ SignIn::ALL.len() }>; SignInWay::ALL.len()],
    /// When the housekeeping last did all that was due, in seconds since 1970; 0 before.
    housekeeping: Level,
    housekeeping_failed: Counters<1>,
    webhook_tries: Counters<{ WebhookTry::ALL.len() }>,
}

/// How a refresh ended: the cases of the session machine, and what comes before them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// 0: no usable token in the body.
    Missing,
    /// 1: not one of ours.
    Invalid,
    /// 1: its time is over.
    Expired,
    /// 2: no such session, or the token is not its own.
    Unknown,
    /// 3: its user is gone.
    UserGone,
    /// 4: its session was ended before.
    Ended,
    /// 4: its session is past its end.
    SessionExpired,
    /// 4: its user is locked out.
    UserDisabled,
    /// 5: a new generation.
    Rotate,
    /// 6: the same again.
    Retry,
    /// 7: it cannot be told how long ago it was used.
    Unsure,
    /// 8: an older one, still in time.
    Straggler,
    /// 9: used before; the session was ended.
    Reuse,
    /// 10: ahead of the database.
    Ahead,
    /// 11: answered again too often.
    WornOut,
    /// 12: itself again.
    Settle,
    /// Not judged: too many tries.
    Throttled,
    /// Not judged, or not answered: the database or the signer failed.
    Failed,
}

impl Refresh {
    /// Every end there is, in the order of its number.
    pub const ALL: [Self; 18] = [
        Self::Missing,
        Self::Invalid,
        Self::Expired,
        Self::Unknown,
        Self::UserGone,
        Self::Ended,
        Self::SessionExpired,
        Self::UserDisabled,
        Self::Rotate,
        Self::Retry,
        Self::Unsure,
        Self::Straggler,
        Self::Reuse,
        Self::Ahead,
        Self::WornOut,
        Self::Settle,
        Self::Throttled,
        Self::Failed,
    ];

    /// The row of the machine's table (see the crate's map), and a word for it.
    #[must_use]
    pub const fn told(self) -> (&'static str, &'static str) {
        match self {
            Self::Missing => ("0", "missing"),
            Self::Invalid => ("1", "invalid"),
            Self::Expired => ("1", "expired"),
            Self::Unknown => ("2", "unknown"),
            Self::UserGone => ("3", "user_gone"),
            Self::Ended => ("4", "ended"),
            Self::SessionExpired => ("4", "session_expired"),
            Self::UserDisabled => ("4", "user_disabled"),
            Self::Rotate => ("5", "rotate"),
            Self::Retry => ("6", "retry"),
            Self::Unsure => ("7", "unsure"),
            Self::Straggler => ("8", "straggler"),
            Self::Reuse => ("9", "reuse"),
            Self::Ahead => ("10", "ahead"),
            Self::WornOut => ("11", "worn_out"),
            Self::Settle => ("12", "settle"),
            Self::Throttled => ("none", "throttled"),
            Self::Failed => ("none", "failed"),
        }
    }
}

/// Where somebody signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInWay {
    /// By the API, for tokens.
    Api,
    /// At the Hub's own page: name and password.
    Browser,
    /// At the Hub's own page: the second factor.
    SecondFactor,
}

impl SignInWay {
    /// Every way there is, in the order of its number.
    pub const ALL: [Self; 3] = [Self::Api, Self::Browser, Self::SecondFactor];

    /// As it is told.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Browser => "browser",
            Self::SecondFactor => "second_factor",
        }
    }
}

/// How a sign-in ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignIn {
    /// They are signed in.
    Success,
    /// The password was right, and the second factor is asked for.
    Half,
    /// A field was missing, or the body was none.
    Malformed,
    /// Another password or code, or no such name.
    Wrong,
    /// The right password of somebody who is locked out.
    Disabled,
    /// The second step came too late, or the first was undone meanwhile.
    TooLate,
    /// Not judged: too many tries.
    Throttled,
    /// Not judged: too many passwords wait to be compared.
    Busy,
    /// The database, the hasher or the signer failed.
    Failed,
}

impl SignIn {
    /// Every end there is, in the order of its number.
    pub const ALL: [Self; 9] = [
        Self::Success,
        Self::Half,
        Self::Malformed,
        Self::Wrong,
        Self::Disabled,
        Self::TooLate,
        Self::Throttled,
        Self::Busy,
        Self::Failed,
    ];

    /// As it is told.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Half => "half",
            Self::Malformed => "malformed",
            Self::Wrong => "wrong",
            Self::Disabled => "disabled",
            Self::TooLate => "too_late",
            Self::Throttled => "throttled",
            Self::Busy => "busy",
            Self::Failed => "failed",
        }
    }
}

/// How a try to deliver to a webhook ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookTry {
    /// The receiver took it.
    Delivered,
    /// It did not, and is tried again.
    Failed,
    /// It did not, and there is no further try.
    GivenUp,
}

impl WebhookTry {
    /// Every end there is, in the order of its number.
    pub const ALL: [Self; 3] = [Self::Delivered, Self::Failed, Self::GivenUp];

    /// As it is told.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::GivenUp => "given_up",
        }
    }
}

impl Counts {
    /// A try to deliver to a webhook ended so.
    pub fn webhook_try(&self, ended: WebhookTry) {
        self.webhook_tries.count(ended as usize);
    }

    /// How many tries to deliver to a webhook ended so.
    #[must_use]
    pub fn webhook_tries(&self, ended: WebhookTry) -> u64 {
        self.webhook_tries.read(ended as usize)
    }

    /// A refresh ended so.
    pub fn refresh(&self, ended: Refresh) {
        self.refreshes.count(ended as usize);
    }

    /// How many refreshes ended so.
    #[must_use]
    pub fn refreshes(&self, ended: Refresh) -> u64 {
        self.refreshes.read(ended as usize)
    }

    /// A sign-in ended so.
    pub fn sign_in(&self, way: SignInWay, ended: SignIn) {
        self.sign_ins[way as usize].count(ended as usize);
    }

    /// How many sign-ins ended so.
    #[must_use]
    pub fn sign_ins(&self, way: SignInWay, ended: SignIn) -> u64 {
        self.sign_ins[way as usize].read(ended as usize)
    }

    /// The housekeeping has done all that was due by now.
    pub fn housekept(&self, now: Timestamp) {
        self.housekeeping
            .set(u64::try_from(now.seconds()).unwrap_or(0));
    }

    /// The housekeeping was cut off.
    pub fn housekeeping_failed(&self) {
        self.housekeeping_failed.count(0);
    }

    /// When the housekeeping last did all that was due, if it has since the start.
    #[must_use]
    pub fn last_housekeeping(&self) -> Option<Timestamp> {
        let seconds = i64::try_from(self.housekeeping.read()).unwrap_or(0);
        (seconds > 0).then(|| Timestamp::from_seconds(seconds))
    }

    /// How often the housekeeping was cut off.
    #[must_use]
    pub fn housekeeping_failures(&self) -> u64 {
        self.housekeeping_failed.read(0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Counts, Refresh, SignIn, SignInWay, WebhookTry};

    #[test]
    fn every_end_stands_once_in_its_list_at_its_own_number_with_a_word_of_its_own() {
        for (number, ended) in Refresh::ALL.into_iter().enumerate() {
            assert_eq!(ended as usize, number, "{ended:?}");
        }
        for (number, ended) in SignIn::ALL.into_iter().enumerate() {
            assert_eq!(ended as usize, number, "{ended:?}");
        }
        for (number, way) in SignInWay::ALL.into_iter().enumerate() {
            assert_eq!(way as usize, number, "{way:?}");
        }
        let words: HashSet<_> = Refresh::ALL.map(|ended| ended.told().1).into();
        assert_eq!(words.len(), Refresh::ALL.len());
        let words: HashSet<_> = SignIn::ALL.map(SignIn::as_str).into();
        assert_eq!(words.len(), SignIn::ALL.len());
    }

    #[test]
    fn every_case_of_the_machine_has_a_count() {
        let cases: HashSet<_> = Refresh::ALL.map(|ended| ended.told().0).into();
        for case in 0..=12 {
            assert!(cases.contains(case.to_string().as_str()), "{case}");
        }
    }

    #[test]
    fn each_end_moves_its_own_count_and_no_other() {
        let counts = Counts::default();
        for ended in Refresh::ALL {
            let before = Refresh::ALL.map(|other| counts.refreshes(other));
            counts.refresh(ended);
            for (other, before) in Refresh::ALL.into_iter().zip(before) {
                let moved = u64::from(other == ended);
                assert_eq!(counts.refreshes(other), before + moved, "{other:?}");
            }
        }
        for ended in WebhookTry::ALL {
            counts.webhook_try(ended);
            let read = WebhookTry::ALL.map(|other| counts.webhook_tries(other));
            let moved = WebhookTry::ALL.map(|other| u64::from(other as usize <= ended as usize));
            assert_eq!(read, moved, "{ended:?}");
        }
        for way in SignInWay::ALL {
            for ended in SignIn::ALL {
                counts.sign_in(way, ended);
                assert_eq!(counts.sign_ins(way, ended), 1, "{way:?} {ended:?}");
            }
        }
    }
}
