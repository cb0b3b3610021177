//! Whether the keys at hand are those of a database that is to become the Hub's.

use std::path::Path;

use crate::config::Config;
use crate::crypto::ring::{KeyState, Ring};
use crate::hub::keys::{known, lifetimes, secrets};
use crate::hub::{HubError, Place};
use crate::store::Db;
use crate::types::time::Timestamp;

/// Whether a Hub with this configuration could start on the database in `file`.
///
/// # Errors
/// When a key is missing that still counts in it.
pub fn keys_fit(config: &Config, db: &Db<'_>, file: &Path, now: Timestamp) -> Result<(), HubError> {
    let secrets = secrets(config, &Place::new(&config.data_dir))?;
    let known = known(db)?;
    // Its keys were lost and forgotten; the next start gives it those at hand.
    if known.is_empty() {
        return Ok(());
    }
    let lifetimes = lifetimes(config);
    let ring = Ring::new(secrets, &known, lifetimes);
    let ring = ring.ok_or_else(|| HubError::WrongKey(file.to_owned()))?;
    let lost = known
        .iter()
        .find(|key| key.state(lifetimes, now) != KeyState::Retired && !ring.holds(key.id));
    match lost {
        None => Ok(()),
        Some(lost) => Err(HubError::OlderKeyMissing {
            database: file.to_owned(),
            fingerprint: lost.fingerprint(),
        }),
    }
}
