//! Who may do what to whose account, decided in the act's own transaction from the actor's row as it is then.
//!
//! An ADMIN manages the accounts of USERs. Only a SUPERADMIN gives roles and acts on other administrators' accounts, for whoever may set
//! a SUPERADMIN's password is one. What takes one's own access away, or belongs on the page of one's own account, nobody does to themselves.

use crate::features::admin::users::error::AdministrationError;
use crate::features::users::model::User;
use crate::features::users::store as users;
use crate::store::Db;
use crate::types::cause::{Actor, Cause};
use crate::types::role::Role;

/// An act on an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Making one with this role.
    Add(Role),
    /// Giving another role.
    Role,
    /// Giving another tier.
    Tier,
    /// Locking out.
    Disable,
    /// Letting in again.
    Enable,
    /// Setting the password.
    Password,
    /// Taking the second factor away.
    SecondFactor,
    /// Ending every session.
    SignOut,
    /// Deleting.
    Delete,
    /// Making and revoking accounts of services, which outlive whoever made them.
    Services,
    /// Making, changing and deleting webhooks, which carry out what the Hub knows.
    Webhooks,
}

impl Act {
    /// Whether nobody does it to themselves.
    const fn is_for_others_only(self) -> bool {
        match self {
            Self::Role | Self::Disable | Self::Password | Self::SecondFactor | Self::Delete => true,
            Self::Add(_)
            | Self::Tier
            | Self::Enable
            | Self::SignOut
            | Self::Services
            | Self::Webhooks => false,
        }
    }
}

/// Whether the cause's actor may do this to that user now.
///
/// # Errors
/// Why not.
pub fn check(
    db: &Db<'_>,
    cause: &Cause,
    act: Act,
    target: Option<&User>,
) -> Result<(), AdministrationError> {
    let actor = match cause.actor {
        // Whoever can run the command line there can write the file anyway.
        Actor::CommandLine { .. } | Actor::System => return Ok(()),
        Actor::Anonymous => return Err(AdministrationError::Forbidden),
        Actor::User(actor) => actor,
    };
    let present = users::by_id(db, actor)?.filter(|actor| actor.is_active);
    let role = present.map(|actor| actor.role);
    let is_oneself = target.is_some_and(|target| target.id == actor);
    judge(role, act, target.map(|target| target.role), is_oneself)
}

/// The rule. `actor` is the role of whoever acts, `target` of whom it is done to; `None` is nobody.
///
/// # Errors
/// Why not.
pub fn judge(
    actor: Option<Role>,
    act: Act,
    target: Option<Role>,
    is_oneself: bool,
) -> Result<(), AdministrationError> {
    let concerns_users_only = match act {
        Act::Add(role) => role == Role::User,
        Act::Role | Act::Services | Act::Webhooks => false,
        // Whoever manages sessions may end each of these one by one.
        Act::SignOut => true,
        _ => target == Some(Role::User),
    };
    let may = match actor {
        Some(Role::SuperAdmin) => true,
        Some(Role::Admin) => concerns_users_only,
        Some(Role::User) | None => false,
    };
    if !may {
        return Err(AdministrationError::Forbidden);
    }
    if is_oneself && act.is_for_others_only() {
        return Err(AdministrationError::Oneself);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Act, judge};
    use crate::features::admin::users::error::AdministrationError::{Forbidden, Oneself};
    use crate::types::role::Role::{Admin, SuperAdmin, User};

    const ON_ACCOUNTS: [Act; 6] = [
        Act::Tier,
        Act::Disable,
        Act::Enable,
        Act::Password,
        Act::SecondFactor,
        Act::Delete,
    ];

    #[test]
    fn an_admin_manages_users_and_a_superadmin_everybody() {
        for act in ON_ACCOUNTS {
            assert_eq!(judge(Some(Admin), act, Some(User), false), Ok(()));
            for target in [User, Admin, SuperAdmin] {
                assert_eq!(judge(Some(SuperAdmin), act, Some(target), false), Ok(()));
            }
            for target in [Admin, SuperAdmin] {
                let refused = judge(Some(Admin), act, Some(target), false);
                assert_eq!(refused, Err(Forbidden), "{act:?} {target}");
            }
        }
    }

    #[test]
    fn only_a_superadmin_gives_roles() {
        for target in [User, Admin, SuperAdmin] {
            assert_eq!(
                judge(Some(Admin), Act::Role, Some(target), false),
                Err(Forbidden)
            );
            assert_eq!(
                judge(Some(SuperAdmin), Act::Role, Some(target), false),
                Ok(())
            );
        }
        for (role, admin) in [
            (User, Ok(())),
            (Admin, Err(Forbidden)),
            (SuperAdmin, Err(Forbidden)),
        ] {
            assert_eq!(judge(Some(Admin), Act::Add(role), None, false), admin);
            assert_eq!(judge(Some(SuperAdmin), Act::Add(role), None, false), Ok(()));
        }
    }

    #[test]
    fn only_a_superadmin_makes_and_revokes_accounts_of_services_and_webhooks() {
        for act in [Act::Services, Act::Webhooks] {
            let judged = |role| judge(role, act, None, false);
            assert_eq!(judged(Some(SuperAdmin)), Ok(()));
            for role in [Some(Admin), Some(User), None] {
                assert_eq!(judged(role), Err(Forbidden));
            }
        }
    }

    #[test]
    fn who_is_no_administrator_any_more_does_nothing() {
        for actor in [Some(User), None] {
            for act in ON_ACCOUNTS
                .into_iter()
                .chain([Act::Role, Act::SignOut, Act::Add(User)])
            {
                assert_eq!(judge(actor, act, Some(User), false), Err(Forbidden));
                assert_eq!(judge(actor, act, Some(User), true), Err(Forbidden));
            }
        }
    }

    #[test]
    fn every_administrator_ends_sessions_whosever_they_are() {
        for actor in [Admin, SuperAdmin] {
            for target in [User, Admin, SuperAdmin] {
                for is_oneself in [false, true] {
                    let judged = judge(Some(actor), Act::SignOut, Some(target), is_oneself);
                    assert_eq!(judged, Ok(()));
                }
            }
        }
    }

    #[test]
    fn nobody_locks_lowers_or_deletes_themselves() {
        for act in [
            Act::Role,
            Act::Disable,
            Act::Password,
            Act::SecondFactor,
            Act::Delete,
        ] {
            let judged = judge(Some(SuperAdmin), act, Some(SuperAdmin), true);
            assert_eq!(judged, Err(Oneself), "{act:?}");
        }
        assert_eq!(
            judge(Some(SuperAdmin), Act::Tier, Some(SuperAdmin), true),
            Ok(())
        );
    }
}
