//! `GET /admin/users/{id}/sign-out` and `POST /admin/users/{id}/sign-out`: an administrator ends every session of a user.

use rocket::{State, get, post};

use crate::features::admin::users::acting::{self, Asked, Choice};
use crate::features::admin::users::authority::{Act, check};
use crate::features::admin::users::error::AdministrationError;
use crate::features::browser::who::Administrator;
use crate::features::sessions::end;
use crate::features::sessions::model::EndReason;
use crate::features::sessions::store::many::Now;
use crate::features::users::store as users;
use crate::http::cookies::Cookie;
use crate::http::form::Form;
use crate::http::notes::Note;
use crate::http::pages::Page;
use crate::http::refusal::{Away, Refusal};
use crate::hub::Hub;
use crate::store::audit::Action;
use crate::store::{Change, Tx};
use crate::types::cause::Cause;
use crate::types::ids::{SessionId, UserId};

/// Ends every session of a user.
pub struct SignOut {
    /// Whose.
    pub user: UserId,
    /// But not this one: whoever acts on themselves stays signed in.
    pub except: Option<SessionId>,
    /// What "past its time" means now.
    pub now: Now,
    /// By whom, when, from where.
    pub cause: Cause,
}

impl Change for SignOut {
    /// How many sessions were ended that were still good by the clock.
    type Outcome = u64;
    type Error = AdministrationError;

    fn apply(self, tx: &Tx<'_>) -> Result<u64, AdministrationError> {
        let user = users::by_id(tx, self.user)?.ok_or(AdministrationError::UserNotFound)?;
        check(tx, &self.cause, Act::SignOut, Some(&user))?;
        let reason = EndReason::Administrator;
        let ended = end::end_all_of(tx, user.id, self.except, reason, self.now, &self.cause)?;
        tx.audit(
            &self.cause,
            Action::SessionEndMany,
            Some(format!("user:{}", user.id)),
            Some(format!("reason={} ended={ended}", reason.as_str())),
        )?;
        Ok(ended)
    }
}

/// Counts the sessions, and asks.
///
/// # Errors
/// When there is no such user, or the password has to be given first.
#[get("/admin/users/<id>/sign-out")]
pub fn ask(hub: &State<Hub>, administrator: Administrator, id: &str) -> Result<Page, Refusal> {
    let user = acting::user(hub, &administrator, id, Act::SignOut)?;
    acting::proven(&administrator, user.id, "sign-out")?;
    let live = acting::live_sessions(hub, user.id)?;
    let is_oneself = user.id == administrator.user.id;
    let asked = Asked {
        title: "Sign this user out everywhere",
        act: "sign-out",
        label: "Sign out everywhere".to_owned(),
        kind: "danger",
        consequences: vec![
            format!("{live} signed out; every refresh is refused with session_revoked."),
            "They can sign in again with the password that they have. Whoever knows it can, too."
                .to_owned(),
        ],
        field: if is_oneself {
            Choice::Tick {
                name: "own",
                label: "This session of mine, too",
            }
        } else {
            Choice::Nothing
        },
    };
    Ok(acting::page(&administrator, &user, &asked, &[]))
}

/// Ends them; the session of whoever acts only if they ticked it.
///
/// # Errors
/// As above.
#[post("/admin/users/<id>/sign-out", data = "<form>")]
pub async fn sign_out(
    hub: &State<Hub>,
    administrator: Administrator,
    id: &str,
    form: Form,
) -> Result<Away, Refusal> {
    let user = acting::user(hub, &administrator, id, Act::SignOut)?;
    acting::proven(&administrator, user.id, "sign-out")?;
    let with_own = form.ticked("own");
    let cause = administrator.cause(hub);
    let change = SignOut {
        user: user.id,
        except: (!with_own).then_some(administrator.session),
        now: end::now(hub, cause.at.wall),
        cause,
    };
    let done = hub.store.write(change).await;
    let ended = done.map_err(|error| acting::refused(error, user.id))?;
    if with_own && user.id == administrator.user.id {
        return Ok(Away::to("/login")
            .taking(Cookie::Session)
            .taking(Cookie::Admin)
            .noting(Note::new("signed_out")));
    }
    Ok(acting::back(user.id).noting(Note::counting("user_signed_out", ended)))
}
