//! Telling the audit what was removed: one row a run, however many batches it took.

use crate::features::housekeeping::store::removals::{self, Kind};
use crate::store::audit::Action;
use crate::store::{Change, StoreError, Tx};
use crate::types::cause::Cause;

/// Tells the audit of all that was removed since it was last told. What a batch removed is counted in the batch's own transaction, so that a
/// run that was cut off is told by the next one.
#[derive(Clone, Debug)]
pub struct Tell {
    /// When.
    pub cause: Cause,
}

impl Change for Tell {
    /// What was told, as `name=value` words; `None` if there was nothing.
    type Outcome = Option<String>;
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<Option<String>, StoreError> {
        let mut words = Vec::new();
        for kind in Kind::ALL {
            let removed = removals::counted(tx, kind)?.untold;
            if removed > 0 {
                words.push(format!("{}={removed}", kind.as_str()));
            }
        }
        if words.is_empty() {
            return Ok(None);
        }
        let detail = words.join(" ");
        tx.audit(
            &self.cause,
            Action::HousekeepingRemove,
            None,
            Some(detail.clone()),
        )?;
        removals::all_told(tx)?;
        Ok(Some(detail))
    }
}
