//! Which keys the database knows, and how the next one takes the place of the present one.
//!
//! Two places must agree: `secret.key` holds the keys, the database says which of them count. A key is in the file, on disk, before the database
//! hears of it, and nothing is made with a key that the database does not call its present one. So a cut between the two steps leaves
//! a key in the file that counts for nothing, and the next rotation takes it up.

mod following;
mod rotation_error;

use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::Arc;

pub use following::Following;
pub use rotation_error::RotationError;
use rusqlite::{Row, params};

use crate::config::Config;
use crate::crypto::jwt::Tokens;
use crate::crypto::key_file;
use crate::crypto::keyring::{CHECK_BYTES, KeyError, Secret};
use crate::crypto::ring::{KeyState, KnownKey, Lifetimes, MAX_COUNTING_KEYS, Ring};
use crate::hub::{Hub, HubError, Place};
use crate::store::audit::Action;
use crate::store::{Change, Db, Mode, Store, StoreError, Tx};
use crate::types::cause::{Actor, Cause};
use crate::types::entropy::Entropy;
use crate::types::ids::KeyId;
use crate::types::time::{Clock, Timestamp};

/// Keys that are read from the database: more than the file can hold.
const MAX_KNOWN_KEYS: u32 = 10_000;

/// Every key that the database knows, newest first.
///
/// # Errors
/// What SQLite says.
pub fn known(db: &Db<'_>) -> Result<Vec<KnownKey>, StoreError> {
    db.all(
        "SELECT id, check_value, made_at, replaced_at
         FROM keys
         ORDER BY id DESC
         LIMIT $1",
        params![MAX_KNOWN_KEYS],
        read,
    )
}

fn read(row: &Row<'_>) -> rusqlite::Result<KnownKey> {
    let at = |micros: Option<i64>| micros.map(Timestamp::from_micros);
    Ok(KnownKey {
        id: KeyId(row.get(0)?),
        check_value: row.get(1)?,
        made_at: at(row.get(2)?),
        replaced_at: at(row.get(3)?),
    })
}

/// The key that makes what is new.
///
/// # Errors
/// What SQLite says, and when no key is known.
pub fn present(db: &Db<'_>) -> Result<KeyId, StoreError> {
    db.one(
        "SELECT max(id)
         FROM keys",
        params![],
        |row| Ok(KeyId(row.get(0)?)),
    )
}

/// How long what keys make is good here.
#[must_use]
pub fn lifetimes(config: &Config) -> Lifetimes {
    Lifetimes {
        access: config.access_ttl,
        refresh: config.refresh_ttl,
    }
}

/// The ring of a Hub that starts.
///
/// # Errors
/// When a key is missing that still counts.
pub(super) fn open(
    config: &Config,
    store: &Store,
    secrets: Vec<Secret>,
    mode: Mode,
    now: Timestamp,
) -> Result<Ring, HubError> {
    let known = claimed(store, &secrets, mode, now)?;
    fitting(
        config,
        &Place::new(&config.data_dir).database(),
        secrets,
        &known,
        now,
    )
}

/// Whether a Hub with these secrets could start on a database that is only read. One whose keys were lost and forgotten takes any.
///
/// # Errors
/// When the present key is another, or one is missing that still counts.
pub fn examine(
    config: &Config,
    db: &Db<'_>,
    database: &Path,
    secrets: Vec<Secret>,
    now: Timestamp,
) -> Result<(), HubError> {
    let known = known(db)?;
    if known.is_empty() {
        return Ok(());
    }
    fitting(config, database, secrets, &known, now).map(drop)
}

fn fitting(
    config: &Config,
    database: &Path,
    secrets: Vec<Secret>,
    known: &[KnownKey],
    now: Timestamp,
) -> Result<Ring, HubError> {
    let lifetimes = lifetimes(config);
    let ring = Ring::new(secrets, known, lifetimes)
        .ok_or_else(|| HubError::WrongKey(database.to_owned()))?;
    let lost = known
        .iter()
        .find(|key| key.state(lifetimes, now) != KeyState::Retired && !ring.holds(key.id));
    match lost {
        None => Ok(ring),
        Some(lost) => Err(HubError::OlderKeyMissing {
            database: database.to_owned(),
            fingerprint: lost.fingerprint(),
        }),
    }
}

/// The keys that the database knows. A new one belongs to the last key in the file from now on; one that is only read is taken as if it did.
fn claimed(
    store: &Store,
    secrets: &[Secret],
    mode: Mode,
    now: Timestamp,
) -> Result<Vec<KnownKey>, StoreError> {
    let known = store.read(known)?;
    let (true, Some(last)) = (known.is_empty(), secrets.last()) else {
        return Ok(known);
    };
    let check_value = last.check_value();
    if mode == Mode::Reading {
        return Ok(vec![KnownKey {
            id: KeyId::FIRST,
            check_value,
            made_at: None,
            replaced_at: None,
        }]);
    }
    store.write_blocking(ClaimDatabase {
        check_value,
        at: now,
    })?;
    store.read(self::known)
}

/// Notes in a new database which key it belongs to.
struct ClaimDatabase {
    check_value: [u8; CHECK_BYTES],
    at: Timestamp,
}

impl Change for ClaimDatabase {
    type Outcome = ();
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<(), StoreError> {
        // It may be there: of a database whose keys were lost and forgotten.
        tx.execute(
            "INSERT INTO hub (id)
             VALUES (1)
             ON CONFLICT (id) DO NOTHING",
            params![],
        )?;
        tx.execute_on_one(
            "INSERT INTO keys (check_value, made_at)
             VALUES ($1, $2)",
            params![self.check_value, self.at.micros()],
        )
    }
}

/// The secrets in the file, or the configured one.
///
/// # Errors
/// When there are none, or others can read them.
pub fn secrets(config: &Config, place: &Place) -> Result<Vec<Secret>, KeyError> {
    match &config.secret_key {
        Some(configured) => {
            Secret::from_bytes(configured.reveal(), "secret_key").map(|secret| vec![secret])
        }
        None => key_file::read(&place.secret_key()),
    }
}

/// What a rotation needs, apart from the Hub, so that it can run on a thread of its own: it waits for the disk.
pub struct Rotation {
    place: Place,
    is_configured: bool,
    lifetimes: Lifetimes,
    store: Store,
    tokens: Arc<Tokens>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Hub {
    /// The way to another key.
    #[must_use]
    pub fn rotation(&self) -> Rotation {
        Rotation {
            place: Place::new(&self.config.data_dir),
            is_configured: self.config.secret_key.is_some(),
            lifetimes: lifetimes(&self.config),
            store: self.store.clone(),
            tokens: Arc::clone(&self.tokens),
            clock: Arc::clone(&self.clock),
            entropy: Arc::clone(&self.entropy),
        }
    }
}

impl Rotation {
    /// Draws a key and puts it in the place of the present one, which goes on to verify what it made. With `replaces`, only if that still is the present
    /// one: whoever confirms twice rotates once. Not for an asynchronous thread.
    ///
    /// # Errors
    /// Why nothing was changed.
    pub fn run(&self, replaces: Option<KeyId>, cause: &Cause) -> Result<KnownKey, RotationError> {
        // Of all processes and threads only one rewrites the file.
        let _locked = lock(&self.place.directory)?;
        let known = self.store.read(known)?;
        let present = known.first().ok_or(RotationError::WrongKey)?;
        if replaces.is_some_and(|replaces| replaces != present.id) {
            return Err(RotationError::Overtaken);
        }
        self.is_possible(&known)?;
        let path = self.place.secret_key();
        let mut secrets = key_file::read(&path)?;
        let is_known = |secret: &Secret| {
            let check_value = secret.check_value();
            known.iter().any(|key| key.check_value == check_value)
        };
        if !secrets
            .iter()
            .any(|secret| secret.check_value() == present.check_value)
        {
            return Err(RotationError::WrongKey);
        }
        // The key of a rotation that was cut off after the file was written.
        if secrets.last().is_none_or(is_known) {
            let new = Secret::draw(self.entropy.as_ref());
            key_file::add(&path, &secrets, &new)?;
            secrets.push(new);
        }
        let check_value = secrets.last().map_or([0; CHECK_BYTES], Secret::check_value);
        let made = self.store.write_blocking(ReplaceKey {
            replaces: present.id,
            check_value,
            // Read now: what was signed while the file was written was signed before.
            at: self.clock.now().wall,
            cause: cause.clone(),
        })?;
        let known = self.store.read(self::known)?;
        if let Some(ring) = Ring::new(secrets, &known, self.lifetimes) {
            self.tokens.renew(ring);
        }
        Ok(made)
    }

    /// Whether a rotation would be refused now, with these keys, before anything is tried.
    ///
    /// # Errors
    /// Why it would.
    pub fn is_possible(&self, known: &[KnownKey]) -> Result<(), RotationError> {
        if self.is_configured {
            return Err(RotationError::Configured);
        }
        let now = self.clock.now().wall;
        let counting: Vec<KeyState> = known
            .iter()
            .map(|key| key.state(self.lifetimes, now))
            .filter(|state| *state != KeyState::Retired)
            .collect();
        match counting.last() {
            Some(KeyState::Verifies { until }) if counting.len() >= MAX_COUNTING_KEYS => {
                Err(RotationError::TooOften { until: *until })
            }
            _ => Ok(()),
        }
    }
}

/// Held until it is dropped, or its process ends.
fn lock(directory: &Path) -> Result<File, RotationError> {
    let held = File::open(directory).map_err(RotationError::Lock)?;
    match held.try_lock() {
        Ok(()) => Ok(held),
        Err(TryLockError::WouldBlock) => Err(RotationError::UnderWay),
        Err(TryLockError::Error(error)) => Err(RotationError::Lock(error)),
    }
}

/// Tells the database of the key that is in the file by now.
struct ReplaceKey {
    replaces: KeyId,
    check_value: [u8; CHECK_BYTES],
    at: Timestamp,
    cause: Cause,
}

/// Whether a user who asked is a SUPERADMIN still. The command line may whatever the files let it.
fn is_allowed(tx: &Tx<'_>, cause: &Cause) -> Result<bool, StoreError> {
    let Actor::User(actor) = cause.actor else {
        return Ok(true);
    };
    tx.one(
        "SELECT count(*) = 1
         FROM users
         WHERE id = $1 AND is_active = 1 AND role = 'SUPERADMIN'",
        params![actor.0],
        |row| row.get(0),
    )
}

impl Change for ReplaceKey {
    type Outcome = KnownKey;
    type Error = RotationError;

    fn apply(self, tx: &Tx<'_>) -> Result<KnownKey, RotationError> {
        if !is_allowed(tx, &self.cause)? {
            return Err(RotationError::Forbidden);
        }
        if present(tx)? != self.replaces {
            return Err(RotationError::Overtaken);
        }
        tx.execute_on_one(
            "UPDATE keys
             SET replaced_at = $2
             WHERE id = $1 AND replaced_at IS NULL",
            params![self.replaces.0, self.at.micros()],
        )?;
        let id = tx.one(
            "INSERT INTO keys (check_value, made_at)
             VALUES ($1, $2)
             RETURNING id",
            params![self.check_value, self.at.micros()],
            |row| row.get(0),
        )?;
        let made = KnownKey {
            id: KeyId(id),
            check_value: self.check_value,
            made_at: Some(self.at),
            replaced_at: None,
        };
        tx.audit(
            &self.cause,
            Action::KeyRotate,
            Some(format!("key:{id}")),
            Some(format!(
                "fingerprint={} replaces={}",
                made.fingerprint(),
                self.replaces
            )),
        )?;
        Ok(made)
    }
}
