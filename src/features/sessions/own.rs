//! Whether an authentic refresh token is its session's own: case 2 of the machine.

use std::cmp::Ordering;

use crate::crypto::jwt::{RefreshClaims, Tokens};
use crate::features::sessions::model::Session;
use crate::types::ids::KeyId;

/// Whether the row could have led to this token: its user, a key that fits, and the part that cannot be guessed.
#[must_use]
pub fn is_own(tokens: &Tokens, claims: &RefreshClaims, session: &Session) -> bool {
    claims.user_id == session.user.0
        && fits(session.generation, session.key, claims.r#gen, claims.key)
        && tokens.proves(claims, session.id, &session.salt)
}

/// Whether a token of the generation `presented` can have been made with `key`: the present one was made with the one that the row names,
/// those before it with that or an older one. Whoever holds a replaced key makes nothing of a generation that came after.
fn fits(generation: i64, generation_key: KeyId, presented: i64, key: KeyId) -> bool {
    match presented.cmp(&generation) {
        Ordering::Less => key <= generation_key,
        Ordering::Equal => key == generation_key,
        // A database that was put back cannot know.
        Ordering::Greater => true,
    }
}

#[cfg(test)]
mod tests {
    use super::fits;
    use crate::types::ids::KeyId;

    #[test]
    fn a_replaced_key_makes_nothing_of_a_generation_that_came_after_it() {
        for (presented, fitting) in [
            (4, [true, true, false]),
            (5, [false, true, false]),
            (6, [true, true, true]),
        ] {
            let found = [1, 2, 3].map(|key| fits(5, KeyId(2), presented, KeyId(key)));
            assert_eq!(found, fitting, "{presented}");
        }
    }
}
