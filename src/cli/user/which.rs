//! Which user a command means: a name, a number, or either said outright (`name:…`, `id:…`).

use crate::cli::{Exit, Failure};
use crate::features::users::model::User;
use crate::features::users::store as users;
use crate::store::Db;
use crate::types::ids::UserId;
use crate::types::username::Username;

/// The user that `text` names.
///
/// # Errors
/// When there is none; when one user has it for a name and another for a number, for then a guess could hit the wrong one.
pub fn find(db: &Db<'_>, text: &str) -> Result<User, Failure> {
    let by_number = match number(text) {
        Some(id) => users::by_id(db, id)?,
        None => None,
    };
    let by_name = match name(text) {
        Some(name) => users::by_name(db, &name)?,
        None => None,
    };
    match (by_number, by_name) {
        (Some(one), Some(other)) if one.id != other.id => Err(Failure::new(
            Exit::Usage,
            format!(
                "{text} is one user's number and another's name; write id:{text} or name:{text}"
            ),
        )),
        (Some(user), _) | (None, Some(user)) => Ok(user),
        (None, None) => Err(Failure::new(
            Exit::Failed,
            format!("there is no user {text:?}; `hub user list` shows all"),
        )),
    }
}

/// The number of the user that `text` names; a plain number counts even when its user is deleted, for their sessions are still there.
///
/// # Errors
/// As [`find`].
pub fn number_of(db: &Db<'_>, text: &str) -> Result<UserId, Failure> {
    match (find(db, text), number(text)) {
        (Ok(user), _) => Ok(user.id),
        (Err(failure), Some(id)) if failure.exit == Exit::Failed => Ok(id),
        (Err(failure), _) => Err(failure),
    }
}

fn number(text: &str) -> Option<UserId> {
    let digits = text.strip_prefix("id:").unwrap_or(text);
    let only_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    only_digits.then(|| digits.parse().ok().map(UserId))?
}

fn name(text: &str) -> Option<Username> {
    Username::parse(text.strip_prefix("name:").unwrap_or(text)).ok()
}

#[cfg(test)]
mod tests {
    use super::{name, number};
    use crate::types::ids::UserId;

    #[test]
    fn a_user_is_meant_by_number_or_by_name_or_by_what_is_said_outright() {
        assert_eq!(number("7"), Some(UserId(7)));
        assert_eq!(number("id:7"), Some(UserId(7)));
        for other in ["", "-7", "+7", "alice", "name:700", "99999999999999999999"] {
            assert_eq!(number(other), None, "{other:?}");
        }
        assert!(name("alice").is_some() && name("name:alice").is_some());
        assert!(name("id:700").is_none() && name("a b").is_none());
    }
}
