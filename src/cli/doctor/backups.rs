//! Whether there are backups, and how old the newest is.

use crate::cli::doctor::Patient;
use crate::cli::doctor::finding::{Check, Finding, shown};
use crate::features::admin::dashboard::attention::OLD_BACKUP_DAYS;
use crate::features::admin::dashboard::place;
use crate::hub::keys;
use crate::types::time::Timestamp;

const DAY_SECONDS: i64 = 86_400;

pub(super) fn look(patient: &Patient<'_>) -> Vec<Finding> {
    let found = place::look(&patient.place);
    let now = patient.now.wall;
    let days = |at: Timestamp| (now.seconds() - at.seconds()) / DAY_SECONDS;
    let mend = "make one as the README says, take it to another machine, and keep secret.key apart from it";
    let backups = shown(&found.backups);
    match found.backup {
        Some(at) if days(at) >= OLD_BACKUP_DAYS => vec![Finding::new(
            Check::Backups,
            format!("the newest backup in {backups} is {} days old", days(at)),
            mend,
        )],
        Some(_) => Vec::new(),
        None => match begun(patient) {
            Some(at) if days(at) >= OLD_BACKUP_DAYS => vec![Finding::new(
                Check::Backups,
                format!(
                    "there is no backup in {backups}, and the database is {} days old",
                    days(at)
                ),
                mend,
            )],
            // A Hub of yesterday has little to lose.
            Some(_) => vec![Finding::hint(
                Check::Backups,
                format!("there is no backup in {backups} yet"),
                mend,
            )],
            None => Vec::new(),
        },
    }
}

/// When the database was made, as far as it tells: when it was given its first key.
fn begun(patient: &Patient<'_>) -> Option<Timestamp> {
    let known = patient.store.as_ref()?.read(keys::known).ok()?;
    known.last()?.made_at
}
