//! Root beside a server that is not root: what a command makes as root is closed to the server, which then cannot read its database or its backups.

use std::fs;
use std::os::unix::fs::MetadataExt;

use crate::cli::{Exit, Failure, Outcome};
use crate::hub::Place;

/// Refuses to go on as root in somebody else's data directory. Anybody else is stopped by the system itself.
///
/// # Errors
/// When it is somebody else's; nothing was made.
pub fn check(place: &Place) -> Outcome {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    // The database's before the directory's: in a container root may serve from a folder of somebody else's.
    let files = [
        place.database(),
        place.secret_key(),
        place.directory.clone(),
    ];
    let found = files.iter().find_map(|file| fs::metadata(file).ok());
    match found.map(|file| file.uid()) {
        None | Some(0) => Ok(()),
        Some(owner) => Err(Failure::new(
            Exit::Permission,
            format!(
                "{} belongs to user {owner}, and what root makes there is closed to the server; nothing was changed, run it as that user: sudo -u '#{owner}' hub …",
                place.directory.display()
            ),
        )),
    }
}
