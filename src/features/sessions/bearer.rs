//! Whether a session still carries whoever shows one of its tokens: cases 3 and 4 of the machine, the same for every route.

use crate::features::sessions::model::{EndReason, Standing};
use crate::features::users::model::User;
use crate::hub::counts::Refresh as Ended;
use crate::types::time::Timestamp;

/// Why it does not. The first that holds, in this order: what happened to the user tells more than what happened to the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// 3: the user is gone.
    UserGone,
    /// 4: the session was ended.
    Ended(EndReason),
    /// 4: the user is locked out.
    UserDisabled,
    /// 4: the session is past its absolute end.
    PastEnd,
}

impl Unfit {
    /// How a refresh that is refused for it is counted.
    #[must_use]
    pub const fn ended(self) -> Ended {
        match self {
            Self::UserGone => Ended::UserGone,
            Self::Ended(_) => Ended::Ended,
            Self::UserDisabled => Ended::UserDisabled,
            Self::PastEnd => Ended::SessionExpired,
        }
    }
}

/// Gives the user back if the session carries them now.
///
/// # Errors
/// Why it does not.
pub fn carry(
    user: Option<User>,
    standing: Standing,
    ends_at: Timestamp,
    now: Timestamp,
) -> Result<User, Unfit> {
    let user = user.ok_or(Unfit::UserGone)?;
    if let Standing::Ended { reason, .. } = standing {
        return Err(Unfit::Ended(reason));
    }
    if !user.is_active {
        return Err(Unfit::UserDisabled);
    }
    if ends_at <= now {
        return Err(Unfit::PastEnd);
    }
    Ok(user)
}

#[cfg(test)]
mod tests {
    use super::{Unfit, carry};
    use crate::features::sessions::example;
    use crate::features::sessions::model::{EndReason, Standing};
    use crate::features::users::model::User;
    use crate::types::time::Timestamp;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn user(is_active: bool) -> User {
        User {
            is_active,
            ..example::user()
        }
    }

    #[test]
    fn the_first_reason_that_holds_is_told() {
        let live = Standing::Live;
        let ended = Standing::Ended {
            at: NOW,
            reason: EndReason::Revoked,
        };
        let (past, later) = (NOW, Timestamp::from_micros(NOW.micros() + 1));
        for (user, standing, ends_at, expected) in [
            (None, ended, past, Unfit::UserGone),
            (
                Some(user(false)),
                ended,
                past,
                Unfit::Ended(EndReason::Revoked),
            ),
            (Some(user(false)), live, past, Unfit::UserDisabled),
            (Some(user(true)), live, past, Unfit::PastEnd),
        ] {
            assert_eq!(carry(user, standing, ends_at, NOW), Err(expected));
        }
        assert_eq!(carry(Some(user(true)), live, later, NOW), Ok(user(true)));
    }
}
