//! Beginning a browser's session: the part of a transaction that every sign-in at the Hub's pages shares.

use crate::features::browser::model::Area;
use crate::features::browser::store;
use crate::features::sessions::end;
use crate::features::sessions::model::{EndReason, Session};
use crate::features::sessions::start::{self, NewSession};
use crate::features::sessions::store as sessions;
use crate::features::users::model::User;
use crate::http::cookies::Cookie;
use crate::http::refusal::Away;
use crate::hub::Hub;
use crate::store::{StoreError, Tx};
use crate::types::cause::Cause;
use crate::types::held_value::{HeldValue, ValueHash};
use crate::types::local_path::LocalPath;
use crate::types::role::Role;

/// What a browser's session is made of, drawn before its transaction.
#[derive(Debug)]
pub struct NewBrowser {
    session: NewSession,
    account: ValueHash,
    admin: ValueHash,
    /// The session that the browser showed at its sign-in: it ends, so that no value from before goes on.
    before: Option<ValueHash>,
}

/// The values that the browser gets to hold, once the transaction is committed.
#[derive(Debug)]
pub struct Values {
    account: HeldValue,
    admin: HeldValue,
}

/// What was begun.
#[derive(Debug)]
pub struct Begun {
    /// Who is signed in.
    pub user: User,
    /// Their session.
    pub session: Session,
}

impl NewBrowser {
    /// Draws a session and the values of its cookies.
    #[must_use]
    pub fn draw(hub: &Hub, before: Option<ValueHash>) -> (Self, Values) {
        let values = Values {
            account: HeldValue::generate(hub.entropy.as_ref()),
            admin: HeldValue::generate(hub.entropy.as_ref()),
        };
        let new = Self {
            session: NewSession::draw_for_browser(hub),
            account: values.account.hash(),
            admin: values.admin.hash(),
            before,
        };
        (new, values)
    }

    /// Ends the session from before and begins the new one, with the cookie of one's account, and an administrator's with theirs.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn begin(&self, tx: &Tx<'_>, user: User, cause: &Cause) -> Result<Begun, StoreError> {
        if let Some(before) = &self.before {
            end_before(tx, before, cause)?;
        }
        let session = start::start(tx, &self.session, user.id, cause)?;
        store::give(tx, session.id, Area::Account, &self.account, cause.at)?;
        if user.role >= Role::Admin {
            store::give(tx, session.id, Area::Admin, &self.admin, cause.at)?;
        }
        Ok(Begun { user, session })
    }
}

/// Signing in again is signing out first, whoever it was.
fn end_before(tx: &Tx<'_>, before: &ValueHash, cause: &Cause) -> Result<(), StoreError> {
    if let Some(held) = store::held(tx, Area::Account, before)?
        && let Some((session, _)) = sessions::load(tx, held.session)?
    {
        end::end_one(tx, &session, EndReason::SignedOut, cause)?;
    }
    Ok(())
}

impl Values {
    /// The way to the first page, with the cookies.
    #[must_use]
    pub fn hand_over(&self, hub: &Hub, begun: &Begun, next: Option<LocalPath>) -> Away {
        let is_admin = begun.user.role >= Role::Admin;
        let home = if is_admin { "/admin" } else { "/account" };
        let max_age = hub.config.session_max_age.as_secs();
        let away = Away::to(next.unwrap_or(LocalPath::known(home)))
            .giving(Cookie::Session, self.account.reveal(), Some(max_age))
            .taking(Cookie::HalfSignIn)
            .taking(Cookie::Visitor);
        if is_admin {
            // Until the browser closes: the server decides anyway.
            away.giving(Cookie::Admin, self.admin.reveal(), None)
        } else {
            away.taking(Cookie::Admin)
        }
    }
}
