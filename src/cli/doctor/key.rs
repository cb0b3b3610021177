//! Whether the key is there, is one, and is the one that the database was made with.

use crate::cli::doctor::Patient;
use crate::cli::doctor::finding::{Check, Finding};
use crate::crypto::keyring::KeyError;
use crate::hub::keys;

pub(super) fn look(patient: &Patient<'_>) -> Vec<Finding> {
    let problem = match keys::secrets(patient.config, &patient.place) {
        // Where nothing was made yet there is nothing to miss.
        Err(KeyError::Missing(_)) if !patient.place.database().exists() => return Vec::new(),
        // Its permissions are told with the other files'.
        Err(KeyError::Exposed { .. }) => return Vec::new(),
        Err(error) => Some(error.to_string()),
        Ok(secrets) => patient.store.as_ref().and_then(|store| {
            let (database, now) = (patient.place.database(), patient.now.wall);
            let fits = store.read(|db| keys::examine(patient.config, db, &database, secrets, now));
            fits.err().map(|error| error.to_string())
        }),
    };
    problem
        .map(|line| Finding::of_line(Check::Key, &line))
        .into_iter()
        .collect()
}
