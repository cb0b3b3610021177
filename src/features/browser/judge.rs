//! What a browser's cookie opens now: judged against the database at every request, and again and again for what stays open longer.

use std::sync::Arc;
use std::time::Duration;

use crate::config::SecondFactor;
use crate::features::browser::model::Area;
use crate::features::browser::store::{self, Held};
use crate::features::second_factors;
use crate::features::sessions::bearer::carry;
use crate::features::users::model::User;
use crate::hub::Hub;
use crate::store::{Db, StoreError};
use crate::types::held_value::ValueHash;
use crate::types::role::Role;
use crate::types::time::Clock;

/// The rules of a Hub, apart from it.
pub struct Judge {
    clock: Arc<dyn Clock>,
    refresh_ttl: Duration,
    admin_second_factor: SecondFactor,
}

impl Judge {
    /// That of a Hub.
    #[must_use]
    pub fn of(hub: &Hub) -> Self {
        Self {
            clock: Arc::clone(&hub.clock),
            refresh_ttl: hub.config.refresh_ttl,
            admin_second_factor: hub.config.admin_second_factor,
        }
    }

    /// Whose cookie it is, if it opens the area now.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn opens(
        &self,
        db: &Db<'_>,
        area: Area,
        cookie: &ValueHash,
    ) -> Result<Option<(Held, User)>, StoreError> {
        let Some(held) = store::held(db, area, cookie)? else {
            return Ok(None);
        };
        let now = self.clock.now();
        let fresh = held.seen_at.plus(self.refresh_ttl) > now.wall;
        let open = area == Area::Account || held.times.admin_is_open(now);
        let Ok(user) = carry(held.user.clone(), held.standing, held.ends_at, now.wall) else {
            return Ok(None);
        };
        let may = area == Area::Account || user.role >= Role::Admin;
        Ok((fresh && open && may).then_some((held, user)))
    }

    /// Whether administrators need a second factor here that this one has not.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn lacks_second_factor(&self, db: &Db<'_>, user: &User) -> Result<bool, StoreError> {
        if self.admin_second_factor == SecondFactor::Optional {
            return Ok(false);
        }
        Ok(!second_factors::has(db, user.id)?)
    }

    /// Whether a cookie shows its holder the administrators' pages now.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn shows_admin_pages(&self, db: &Db<'_>, cookie: &ValueHash) -> Result<bool, StoreError> {
        match self.opens(db, Area::Admin, cookie)? {
            Some((_, user)) => Ok(!self.lacks_second_factor(db, &user)?),
            None => Ok(false),
        }
    }
}
