//! Beginning a session: the part of a transaction that every sign-in shares.

use crate::features::attempts::store as attempts;
use crate::features::sessions::lineage::{self, Kind, NewEvent};
use crate::features::sessions::model::{Session, Standing};
use crate::features::sessions::store;
use crate::hub::{Hub, keys};
use crate::store::audit::Action;
use crate::store::{StoreError, Tx};
use crate::types::cause::Cause;
use crate::types::ids::{SessionId, UserId};
use crate::types::salt::Salt;
use crate::types::sender_network::SenderNetwork;
use crate::types::time::Moment;

/// What a new session is made of, drawn before its transaction.
#[derive(Clone, Debug)]
pub struct NewSession {
    id: SessionId,
    salt: Salt,
    /// How long it lasts at the longest.
    max_age: std::time::Duration,
    /// Whether it is a browser's, which holds cookies in place of tokens.
    browser: bool,
}

impl NewSession {
    /// Draws a key and a salt.
    #[must_use]
    pub fn draw(hub: &Hub) -> Self {
        Self {
            id: SessionId::generate(hub.entropy.as_ref()),
            salt: Salt::generate(hub.entropy.as_ref()),
            max_age: hub.config.session_max_age,
            browser: false,
        }
    }

    /// The key that the session will have.
    #[must_use]
    pub fn id(&self) -> SessionId {
        self.id
    }

    /// The same for a sign-in at the Hub's own pages.
    #[must_use]
    pub fn draw_for_browser(hub: &Hub) -> Self {
        Self {
            browser: true,
            ..Self::draw(hub)
        }
    }
}

/// Writes the session, the first event of its lineage and its audit row.
///
/// # Errors
/// What SQLite says.
pub fn start(
    tx: &Tx<'_>,
    new: &NewSession,
    user: UserId,
    cause: &Cause,
) -> Result<Session, StoreError> {
    // Claims carry whole seconds; the row keeps the microsecond.
    let now: Moment = cause.at;
    let session = Session {
        id: new.id,
        user,
        salt: new.salt,
        generation: 1,
        key: keys::present(tx)?,
        retries: 0,
        rotated: now,
        previous: None,
        created_at: now.wall,
        ends_at: now.wall.plus(new.max_age),
        standing: Standing::Live,
        address: cause.address,
        agent: store::agent(tx, cause)?,
        lineage_length: 1,
    };
    store::insert(tx, &session, new.browser)?;
    attempts::remember_network(tx, user, SenderNetwork::of(cause.address), now)?;
    let event = NewEvent {
        session: session.id,
        position: 1,
        kind: Kind::Start,
        generation: 1,
        agent: session.agent.id,
    };
    lineage::write(tx, &event, cause)?;
    tx.audit(
        cause,
        Action::SessionStart,
        Some(format!("session:{}", session.id)),
        Some(if new.browser {
            format!("user={user} browser=yes")
        } else {
            format!("user={user}")
        }),
    )?;
    Ok(session)
}
