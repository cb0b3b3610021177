//! New values for the cookies of a browser that goes on, when whatever held the old ones must not.

use crate::features::browser::model::Area;
use crate::features::browser::store;
use crate::http::cookies::Cookie;
use crate::http::refusal::Away;
use crate::hub::Hub;
use crate::store::{StoreError, Tx};
use crate::types::held_value::{HeldValue, ValueHash};
use crate::types::ids::SessionId;
use crate::types::time::Moment;

/// Which cookies get which values, drawn before the transaction. Their holder has just given the password.
#[derive(Debug)]
pub struct RenewCookies {
    account: (ValueHash, ValueHash),
    admin: Admin,
}

/// What happens to the session's administrators' cookie.
#[derive(Debug)]
enum Admin {
    /// It stays as it is.
    Keep,
    /// The browser shows none, so nobody else's may go on.
    Take,
    /// The one that the browser shows gets another value.
    Renew(ValueHash, ValueHash),
}

/// The values that the browser gets to hold, once the transaction is committed.
#[derive(Debug)]
pub struct NewValues {
    account: HeldValue,
    admin: Option<HeldValue>,
}

impl RenewCookies {
    /// For all cookies of a session, of which a browser shows these.
    #[must_use]
    pub fn draw(hub: &Hub, account: ValueHash, admin: Option<ValueHash>) -> (Self, NewValues) {
        let (renew, values) = Self::draw_for_account(hub, account);
        let Some(old) = admin else {
            let admin = Admin::Take;
            return (Self { admin, ..renew }, values);
        };
        let fresh = HeldValue::generate(hub.entropy.as_ref());
        let renew = Self {
            admin: Admin::Renew(old, fresh.hash()),
            ..renew
        };
        let values = NewValues {
            admin: Some(fresh),
            ..values
        };
        (renew, values)
    }

    /// For the cookie of one's account alone.
    #[must_use]
    pub fn draw_for_account(hub: &Hub, account: ValueHash) -> (Self, NewValues) {
        let values = NewValues {
            account: HeldValue::generate(hub.entropy.as_ref()),
            admin: None,
        };
        let renew = Self {
            account: (account, values.account.hash()),
            admin: Admin::Keep,
        };
        (renew, values)
    }

    /// Writes them; false if the browser's cookie has gone meanwhile, and then nothing is to be done.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn apply(&self, tx: &Tx<'_>, session: SessionId, at: Moment) -> Result<bool, StoreError> {
        let (old, new) = &self.account;
        if !store::prove(tx, old, new, at)? {
            return Ok(false);
        }
        self.renew_admin(tx, session, at)?;
        Ok(true)
    }

    /// An administrators' cookie goes on only if this browser shows it and it is still open; else it ends here. None is opened anew.
    fn renew_admin(&self, tx: &Tx<'_>, session: SessionId, at: Moment) -> Result<(), StoreError> {
        let (old, new) = match &self.admin {
            Admin::Keep => return Ok(()),
            Admin::Take => return store::take(tx, session, Area::Admin),
            Admin::Renew(old, new) => (old, new),
        };
        let held = store::held(tx, Area::Admin, old)?;
        if held.is_some_and(|held| held.session == session && held.times.admin_is_open(at)) {
            store::prove(tx, old, new, at)?;
            return Ok(());
        }
        store::take(tx, session, Area::Admin)
    }
}

impl NewValues {
    /// The way to the next page, with the cookies.
    #[must_use]
    pub fn hand_over(&self, hub: &Hub, away: Away) -> Away {
        let max_age = hub.config.session_max_age.as_secs();
        let away = away.giving(Cookie::Session, self.account.reveal(), Some(max_age));
        match &self.admin {
            // Where it was not open any more, this value opens nothing either.
            Some(admin) => away.giving(Cookie::Admin, admin.reveal(), None),
            None => away,
        }
    }
}
