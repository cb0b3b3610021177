//! How many tries of each kind one network has, and how long whoever has used them up waits. Pure.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::Quota;

/// What is tried. Each kind has a bucket a network: so many at once, then one whenever some time has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tries {
    /// A sign-in, however it ends.
    SignIn,
    /// A sign-in that failed. One that succeeds is given back, so that an office behind one address is never stopped by its own successes.
    FailedSignIn,
    /// A new account.
    Register,
    /// A refresh token that is none of ours.
    ForgedToken,
    /// The password of somebody who is signed in, when it was wrong.
    FailedProof,
    /// A code of a second factor, when it was wrong.
    FailedCode,
    /// The token of a setup link, when it was wrong.
    FailedSetup,
}

impl Tries {
    /// Every kind, in the order of its number.
    pub const ALL: [Self; 7] = [
        Self::SignIn,
        Self::FailedSignIn,
        Self::Register,
        Self::ForgedToken,
        Self::FailedProof,
        Self::FailedCode,
        Self::FailedSetup,
    ];

    /// As it is told.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::FailedSignIn => "failed_sign_in",
            Self::Register => "register",
            Self::ForgedToken => "forged_token",
            Self::FailedProof => "failed_proof",
            Self::FailedCode => "failed_code",
            Self::FailedSetup => "failed_setup",
        }
    }

    /// How many tries of this kind a network has.
    #[must_use]
    pub const fn quota(self) -> Quota {
        match self {
            // An office of sixty arrives at once; beyond that, each second one: a hash a second is a fiftieth of what one core does.
            Self::SignIn => Quota::per_second(ONE).allow_burst(tries(60)),
            // Six people who each mistype five times; then so few that a year from one address tries fewer passwords than the shortest list. A
            // code of a second factor has three chances in a million.
            Self::FailedSignIn | Self::FailedProof | Self::FailedCode => {
                Quota::per_minute(ONE).allow_burst(tries(30))
            }
            // A class that makes its accounts together; a robot fills no table at one a minute. The random bits of a setup link are not guessed
            // anyhow; whoever pastes an old one a few times is not stopped.
            Self::Register | Self::FailedSetup => Quota::per_minute(ONE).allow_burst(tries(20)),
            // Nobody guesses a signature: this only keeps the log and the cores quiet. A hundred apps behind one address whose key was
            // rotated away are far below it.
            Self::ForgedToken => Quota::per_second(tries(10)).allow_burst(tries(600)),
        }
    }
}

/// What a try was refused by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The bucket of its network for this kind.
    Network(Tries),
    /// The bucket of its session: it was refreshed too often.
    Session,
    /// The wait that failures at an account, or at a second factor, have come to.
    Account,
}

impl Refused {
    /// Every refusal there is, in the order of its number.
    pub const ALL: [Self; Tries::ALL.len() + 2] = [
        Self::Network(Tries::SignIn),
        Self::Network(Tries::FailedSignIn),
        Self::Network(Tries::Register),
        Self::Network(Tries::ForgedToken),
        Self::Network(Tries::FailedProof),
        Self::Network(Tries::FailedCode),
        Self::Network(Tries::FailedSetup),
        Self::Session,
        Self::Account,
    ];

    pub(super) const fn number(self) -> usize {
        match self {
            Self::Network(kind) => kind as usize,
            Self::Session => Tries::ALL.len(),
            Self::Account => Tries::ALL.len() + 1,
        }
    }

    /// By what, and which tries, as it is told.
    #[must_use]
    pub const fn told(self) -> (&'static str, &'static str) {
        match self {
            Self::Network(kind) => ("network", kind.as_str()),
            Self::Session => ("session", "refresh"),
            Self::Account => ("account", "failed"),
        }
    }
}

/// Refreshes of one session: sixty at once, then one a second. Tabs and workers that share a session stay far below it; a client in a loop writes
/// no more than a row a second.
pub const REFRESHES: Quota = Quota::per_second(ONE).allow_burst(tries(60));

const ONE: NonZeroU32 = NonZeroU32::MIN;

const fn tries(count: u32) -> NonZeroU32 {
    match NonZeroU32::new(count) {
        Some(count) => count,
        None => NonZeroU32::MIN,
    }
}

/// Too many tries: nothing was judged, and nothing is before this much time has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany {
    /// How much.
    pub after: Duration,
}

/// From here on a sentence counts in minutes.
const SPOKEN_IN_MINUTES_FROM_SECONDS: u32 = 120;

impl TooMany {
    /// The same in whole seconds, rounded up: a try at exactly that time is judged.
    #[must_use]
    pub fn seconds(self) -> u32 {
        let seconds = self.after.as_nanos().div_ceil(1_000_000_000);
        u32::try_from(seconds).unwrap_or(u32::MAX).max(1)
    }

    /// The same for people.
    #[must_use]
    pub fn sentence(self) -> String {
        let seconds = self.seconds();
        match seconds {
            1 => "Too many tries. Try again in a second.".to_owned(),
            ..SPOKEN_IN_MINUTES_FROM_SECONDS => {
                format!("Too many tries. Try again in {seconds} seconds.")
            }
            _ => format!(
                "Too many tries. Try again in {} minutes.",
                seconds.div_ceil(60)
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Refused, TooMany, Tries};

    #[test]
    fn a_wait_is_told_in_whole_seconds_rounded_up() {
        for (micros, seconds) in [
            (0, 1),
            (1, 1),
            (1_000_000, 1),
            (1_000_001, 2),
            (29_999_999, 30),
            (30_000_000, 30),
            (900_000_000, 900),
        ] {
            let after = Duration::from_micros(micros);
            assert_eq!(TooMany { after }.seconds(), seconds, "{micros}");
        }
    }

    #[test]
    fn a_wait_is_told_to_people_in_seconds_or_minutes() {
        for (seconds, told) in [
            (1, "a second"),
            (2, "2 seconds"),
            (119, "119 seconds"),
            (120, "2 minutes"),
            (121, "3 minutes"),
            (900, "15 minutes"),
        ] {
            let after = Duration::from_secs(seconds);
            let sentence = format!("Too many tries. Try again in {told}.");
            assert_eq!(TooMany { after }.sentence(), sentence);
        }
    }

    #[test]
    fn every_kind_stands_once_in_the_list_at_its_own_number() {
        for (number, kind) in Tries::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, number, "{kind:?}");
        }
        for (number, refused) in Refused::ALL.into_iter().enumerate() {
            assert_eq!(refused.number(), number, "{refused:?}");
        }
    }
}
