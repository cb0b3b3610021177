//! Noting that a browser was seen: when, from where, with which client. Like a rotation it changes what lists show and nothing else.

use crate::features::browser::store;
use crate::features::sessions::store as sessions;
use crate::store::{Change, StoreError, Tx};
use crate::types::cause::Cause;
use crate::types::held_value::ValueHash;
use crate::types::ids::SessionId;

/// Notes that a cookie was shown. It leaves no audit row: that somebody looked at a page changes nothing that anybody could ask about.
pub struct Touch {
    /// Which cookie.
    pub cookie: ValueHash,
    /// Of which session.
    pub session: SessionId,
    /// When and from where.
    pub cause: Cause,
}

impl Change for Touch {
    type Outcome = ();
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<(), StoreError> {
        // Gone with its session meanwhile: then there is nothing to note.
        if store::touch(tx, &self.cookie, self.cause.at)? {
            let agent = sessions::agent(tx, &self.cause)?;
            store::seen(tx, self.session, agent.id, &self.cause)?;
        }
        Ok(())
    }
}
