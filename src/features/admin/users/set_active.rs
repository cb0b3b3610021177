//! `GET /admin/users/{id}/disable`, `POST /admin/users/{id}/disable`, `GET /admin/users/{id}/enable` and `POST /admin/users/{id}/enable`:
//! an administrator locks a user out, which ends all their sessions, or lets them in again.

use rocket::{State, get, post};

use crate::features::admin::setup::store as setup_link;
use crate::features::admin::users::acting::{self, Asked, Choice};
use crate::features::admin::users::authority::{Act, check};
use crate::features::admin::users::error::AdministrationError;
use crate::features::browser::who::Administrator;
use crate::features::sessions::end;
use crate::features::sessions::model::EndReason;
use crate::features::sessions::store::many::Now;
use crate::features::users::model::User;
use crate::features::users::store as users;
use crate::http::form::Form;
use crate::http::notes::Note;
use crate::http::pages::Page;
use crate::http::refusal::{Away, Refusal};
use crate::hub::Hub;
use crate::store::audit::Action;
use crate::store::{Change, Tx};
use crate::types::cause::Cause;
use crate::types::ids::UserId;
use crate::types::role::Role;

/// Locks a user out or lets them in.
pub struct SetActive {
    /// Whom.
    pub user: UserId,
    /// Whether they may sign in.
    pub active: bool,
    /// What "past its time" means now.
    pub now: Now,
    /// By whom, when, from where.
    pub cause: Cause,
}

impl Change for SetActive {
    /// How many sessions were ended that were still good by the clock.
    type Outcome = u64;
    type Error = AdministrationError;

    fn apply(self, tx: &Tx<'_>) -> Result<u64, AdministrationError> {
        let user = users::by_id(tx, self.user)?.ok_or(AdministrationError::UserNotFound)?;
        let act = if self.active {
            Act::Enable
        } else {
            Act::Disable
        };
        check(tx, &self.cause, act, Some(&user))?;
        if user.is_active == self.active {
            // Nothing changes, so nothing is written.
            return Ok(0);
        }
        let last = !self.active && user.role == Role::SuperAdmin && user.is_active;
        if last && !users::has_other_super_admin(tx, user.id)? {
            return Err(AdministrationError::LastSuperAdmin);
        }
        users::set_active(tx, user.id, self.active, self.cause.at.wall)?;
        let target = Some(format!("user:{}", user.id));
        if self.active {
            if user.role == Role::SuperAdmin {
                // The link was for want of one.
                setup_link::forget(tx)?;
            }
            tx.audit(&self.cause, Action::UserEnable, target, None)?;
            return Ok(0);
        }
        let reason = EndReason::UserDisabled;
        let ended = end::end_all_of(tx, user.id, None, reason, self.now, &self.cause)?;
        let detail = Some(format!("ended={ended}"));
        tx.audit(&self.cause, Action::UserDisable, target, detail)?;
        Ok(ended)
    }
}

/// Says what locking out does, and asks.
///
/// # Errors
/// When there is no such user, the administrator may not, or has to give the password first.
#[get("/admin/users/<id>/disable")]
pub fn ask_disable(
    hub: &State<Hub>,
    administrator: Administrator,
    id: &str,
) -> Result<Page, Refusal> {
    let user = acting::user(hub, &administrator, id, Act::Disable)?;
    acting::proven(&administrator, user.id, "disable")?;
    let live = acting::live_sessions(hub, user.id)?;
    let asked = Asked {
        title: "Disable this user",
        act: "disable",
        label: "Disable this user".to_owned(),
        kind: "danger",
        consequences: vec![
            format!("{live} signed out; every refresh is refused with user_disabled."),
            "They cannot sign in until somebody enables them. Nothing of theirs is deleted."
                .to_owned(),
        ],
        field: Choice::Nothing,
    };
    Ok(acting::page(&administrator, &user, &asked, &[]))
}

/// Locks out.
///
/// # Errors
/// As above.
#[post("/admin/users/<id>/disable", data = "<_form>")]
pub async fn disable(
    hub: &State<Hub>,
    administrator: Administrator,
    id: &str,
    _form: Form,
) -> Result<Away, Refusal> {
    let user = acting::user(hub, &administrator, id, Act::Disable)?;
    acting::proven(&administrator, user.id, "disable")?;
    let ended = set(hub, &administrator, &user, false).await?;
    Ok(acting::back(user.id).noting(Note::counting("user_disabled", ended)))
}

/// Asks before somebody is let in again.
///
/// # Errors
/// As when locking out.
#[get("/admin/users/<id>/enable")]
pub fn ask_enable(
    hub: &State<Hub>,
    administrator: Administrator,
    id: &str,
) -> Result<Page, Refusal> {
    let user = acting::user(hub, &administrator, id, Act::Enable)?;
    acting::proven(&administrator, user.id, "enable")?;
    let asked = Asked {
        title: "Enable this user",
        act: "enable",
        label: "Enable this user".to_owned(),
        kind: "primary",
        consequences: vec![
            "They can sign in again, with the password that they have.".to_owned(),
            "The sessions that were ended stay ended.".to_owned(),
        ],
        field: Choice::Nothing,
    };
    Ok(acting::page(&administrator, &user, &asked, &[]))
}

/// Lets in again.
///
/// # Errors
/// As when locking out.
#[post("/admin/users/<id>/enable", data = "<_form>")]
pub async fn enable(
    hub: &State<Hub>,
    administrator: Administrator,
    id: &str,
    _form: Form,
) -> Result<Away, Refusal> {
    let user = acting::user(hub, &administrator, id, Act::Enable)?;
    acting::proven(&administrator, user.id, "enable")?;
    set(hub, &administrator, &user, true).await?;
    Ok(acting::back(user.id).noting(Note::new("user_enabled")))
}

async fn set(
    hub: &Hub,
    administrator: &Administrator,
    user: &User,
    active: bool,
) -> Result<u64, Refusal> {
    let cause = administrator.cause(hub);
    let change = SetActive {
        user: user.id,
        active,
        now: end::now(hub, cause.at.wall),
        cause,
    };
    let done = hub.store.write(change).await;
    done.map_err(|error| acting::refused(error, user.id))
}
