//! The one-time link that makes the first administrator: printed at the start, kept in the file `setup-token`, good for a day.
//!
//! The database knows the SHA-256 of its token only. A machine that was started anew in between cannot tell how old a link is, so there it counts no
//! more; the next start prints another one.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use subtle::ConstantTimeEq;

use crate::features::admin::setup::store;
use crate::features::users::store as users;
use crate::hub::{Hub, Place};
use crate::store::audit::Action;
use crate::store::{Change, Db, StoreError, Tx};
use crate::types::cause::Cause;
use crate::types::held_value::{HeldValue, ValueHash};
use crate::types::ids::UserId;
use crate::types::time::{Elapsed, Moment};

/// How long a link is good: long enough for whoever installs in the evening and goes on in the morning.
pub const LINK_LIFE: Duration = Duration::from_hours(24);
/// The path that it leads to.
const PATH: &str = "/setup?token=";

/// Why there is no link.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file.
    #[error("cannot write {}: {cause}; check the directory's owner and free space", path.display())]
    CannotWrite {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
}

/// Where the link is written down.
#[must_use]
pub fn file(place: &Place) -> PathBuf {
    place.directory.join("setup-token")
}

/// The link to print at a start: the present one while it is good, else a fresh one; none once there is an administrator who may do everything.
///
/// # Errors
/// See [`LinkError`].
pub fn at_start(hub: &Hub, cause: Cause) -> Result<Option<String>, LinkError> {
    if hub
        .store
        .read(|db| users::has_other_super_admin(db, NOBODY))?
    {
        return Ok(None);
    }
    let place = Place::new(&hub.config.data_dir);
    let written = std::fs::read_to_string(file(&place)).unwrap_or_default();
    let token = written.trim_end().rsplit("token=").next();
    if let Some(value) = token.and_then(HeldValue::parse)
        && hub.store.read(|db| is_good(db, &value, cause.at))?
    {
        return Ok(Some(link(hub, &value)));
    }
    fresh(hub, cause).map(Some)
}

/// No user has this number, so everybody is another.
const NOBODY: UserId = UserId(0);

/// Makes a link, in place of any other.
///
/// # Errors
/// See [`LinkError`].
pub fn fresh(hub: &Hub, cause: Cause) -> Result<String, LinkError> {
    let value = HeldValue::generate(hub.entropy.as_ref());
    hub.store.write_blocking(MakeLink {
        token: value.hash(),
        cause,
    })?;
    let link = link(hub, &value);
    let path = file(&Place::new(&hub.config.data_dir));
    write(&path, &link).map_err(|cause| LinkError::CannotWrite { path, cause })?;
    Ok(link)
}

fn link(hub: &Hub, value: &HeldValue) -> String {
    format!("{}{PATH}{}", hub.config.public_url, value.reveal())
}

/// For its owner only, and whole or not at all.
fn write(path: &Path, link: &str) -> io::Result<()> {
    let unfinished = path.with_extension("new");
    match std::fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&unfinished)?;
    writeln!(file, "{link}")?;
    file.sync_all()?;
    std::fs::rename(&unfinished, path)
}

/// Takes the file away: the link was used.
pub fn remove_file(place: &Place) {
    let path = file(place);
    if let Err(error) = std::fs::remove_file(&path)
        && error.kind() != io::ErrorKind::NotFound
    {
        // It opens nothing any more.
        tracing::warn!(%error, path = %path.display(), "the used setup link could not be removed");
    }
}

/// Whether a token is the present link's, and in time.
///
/// # Errors
/// What SQLite says.
pub fn is_good(db: &Db<'_>, value: &HeldValue, now: Moment) -> Result<bool, StoreError> {
    is_good_hash(db, &value.hash(), now)
}

/// The same for what the database knows of it.
///
/// # Errors
/// What SQLite says.
pub fn is_good_hash(db: &Db<'_>, token: &ValueHash, now: Moment) -> Result<bool, StoreError> {
    let Some(present) = store::link(db)? else {
        return Ok(false);
    };
    let same = present.token.as_bytes().ct_eq(token.as_bytes());
    let in_time = matches!(now.since(present.made), Elapsed::Span(age) if age <= LINK_LIFE);
    Ok(bool::from(same) && in_time)
}

/// Puts a link in place of any other.
struct MakeLink {
    token: ValueHash,
    cause: Cause,
}

impl Change for MakeLink {
    type Outcome = ();
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<(), StoreError> {
        store::forget(tx)?;
        store::remember(tx, &self.token, self.cause.at)?;
        tx.audit(&self.cause, Action::SetupLink, None, None)
    }
}
