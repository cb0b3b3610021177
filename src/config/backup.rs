//! When the server copies its database by itself, and how many of those copies it keeps.

use std::time::Duration;

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::duration::within;
use super::reading::number;
use super::settings::Setting;

// Daily: whoever sets up a Hub thinks of backups on the day on which one is missing. Seven copies cost little beside a database of a small team, and the
// first three days of a week bear a mistake of its last evening.
pub(super) const EVERY: Setting = Setting::plain(
    "backup.every",
    "HUB_BACKUP__EVERY",
    "24h",
    "How often the server copies its database into backups/ in the data directory, 1h to 31d; 0s for never.",
);

pub(super) const KEEP: Setting = Setting::plain(
    "backup.keep",
    "HUB_BACKUP__KEEP",
    "7",
    "Scheduled copies that are kept, 1 to 1000; the oldest beyond that are removed, and no other file ever.",
);

// A copy reads the whole database.
const EVERY_MIN: Duration = Duration::from_hours(1);
const EVERY_MAX: Duration = Duration::from_hours(31 * 24);
// As many files are still read at a glance.
const KEEP_MAX: usize = 1_000;

/// The table `[backup]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    /// The time from one copy to the next; zero for none.
    #[serde(deserialize_with = "every")]
    pub every: Duration,
    /// Scheduled copies that are kept.
    #[serde(deserialize_with = "keep")]
    pub keep: usize,
}

fn every<'de, D: Deserializer<'de>>(given: D) -> Result<Duration, D::Error> {
    let every = within(given, &(Duration::ZERO..=EVERY_MAX))?;
    if every.is_zero() || every >= EVERY_MIN {
        return Ok(every);
    }
    let fault = "is shorter than an hour; choose 1h or more, or 0s for no copies";
    Err(D::Error::custom(fault))
}

fn keep<'de, D: Deserializer<'de>>(given: D) -> Result<usize, D::Error> {
    number(given, &(1..=KEEP_MAX))
}
