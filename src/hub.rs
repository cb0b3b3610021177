//! [`Hub`]: all that a request can reach. There are no globals, so two hubs run in one process.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use ipnet::IpNet;
use rusqlite::params;

use crate::config::Config;
use crate::crypto::form_token::FormTokens;
use crate::crypto::hasher::{Hasher, HasherError, HasherSettings};
use crate::crypto::jwt::Tokens;
use crate::crypto::keyring::{KeyError, Secret};
use crate::crypto::totp::SecondFactorKeys;
use crate::store::activity::Activity;
use crate::store::{Change, Mode, OpenError, Store, StoreError, Tx};
use crate::types::entropy::Entropy;
use crate::types::time::Clock;

/// The state of a running Hub.
pub struct Hub {
    /// What was configured.
    pub config: Config,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where chance comes from.
    pub entropy: Arc<dyn Entropy>,
    /// The database.
    pub store: Store,
    /// Signs and reads tokens.
    pub tokens: Arc<Tokens>,
    /// Makes and checks the tokens of forms.
    pub forms: FormTokens,
    /// Derives the secrets of second factors.
    pub second_factor_keys: Arc<SecondFactorKeys>,
    /// Hashes passwords.
    pub hasher: Hasher,
    /// Counts what leaves no row.
    pub activity: Arc<Activity>,
    /// Networks whose `X-Forwarded-For` is believed: as configured, and read anew on HUP.
    trusted_proxies: Arc<RwLock<Arc<[IpNet]>>>,
}

/// Where things lie in a data directory.
#[derive(Clone, Debug)]
pub struct Place {
    /// The directory.
    pub directory: PathBuf,
}

impl Place {
    /// A data directory's place.
    #[must_use]
    pub fn new(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
        }
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.directory.join("hub.db")
    }

    /// The secret key.
    #[must_use]
    pub fn secret_key(&self) -> PathBuf {
        self.directory.join("secret.key")
    }

    /// What a running server holds locked, and writes its process id into.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.directory.join("hub.lock")
    }

    /// A directory without templates: see [`crate::http::pages::configuration`].
    #[must_use]
    pub fn no_templates(&self) -> PathBuf {
        self.directory.join("no-templates")
    }
}

/// Why a Hub could not be put together. Each says what, where and what to do.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// The secret key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The database.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The key is not the one that the database was made with.
    #[error(
        "the secret key is not the one that {} was made with; put the right key back (with this one everybody would be signed out)",
        .0.display()
    )]
    WrongKey(PathBuf),
    /// The database, once open.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The hashing threads.
    #[error("{0}; check hashing.memory_kib, hashing.passes and hashing.lanes")]
    Hasher(#[from] HasherError),
}

impl Hub {
    /// Puts a Hub together: key, database, threads.
    ///
    /// # Errors
    /// When any of them is not as it must be.
    pub fn open(
        config: Config,
        mode: Mode,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, HubError> {
        let place = Place::new(&config.data_dir);
        let database = place.database();
        if mode != Mode::Server && !database.exists() {
            return Err(OpenError::Missing(database).into());
        }
        if mode == Mode::Server {
            make_directories(&place)?;
        }
        let secret = secret(&config, &place, mode, entropy.as_ref())?;
        let store = Store::open(&database, mode)?;
        if !is_claimed_by(&store, &secret, mode)? {
            return Err(HubError::WrongKey(database));
        }
        let hasher = Hasher::start(hasher_settings(&config), Arc::clone(&entropy))?;
        let trusted_proxies = config.trusted_proxies.clone().into();
        Ok(Self {
            trusted_proxies: Arc::new(RwLock::new(trusted_proxies)),
            activity: Arc::new(Activity::begin(clock.now().wall)),
            tokens: Arc::new(Tokens::new(&secret)),
            forms: FormTokens::new(&secret),
            second_factor_keys: Arc::new(SecondFactorKeys::new(&secret)),
            hasher,
            config,
            clock,
            entropy,
            store,
        })
    }

    /// The networks of trusted proxies.
    #[must_use]
    pub fn trusted_proxies(&self) -> Arc<[IpNet]> {
        let networks = self.trusted_proxies.read();
        Arc::clone(&networks.unwrap_or_else(PoisonError::into_inner))
    }

    /// The way to give a running Hub other trusted proxies.
    #[must_use]
    pub fn trust(&self) -> Trust {
        Trust(Arc::clone(&self.trusted_proxies))
    }
}

/// Changes which proxies a running Hub trusts.
pub struct Trust(Arc<RwLock<Arc<[IpNet]>>>);

impl Trust {
    /// From the next request on, these.
    pub fn set(&self, networks: Vec<IpNet>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = networks.into();
    }
}

/// The data directory, for its owner only; and the empty directory in it that the template engine wants to look into.
///
/// # Errors
/// When one cannot be made.
pub fn make_directories(place: &Place) -> Result<(), OpenError> {
    for directory in [&place.directory, &place.no_templates()] {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(|cause| OpenError::CannotMakeDirectory {
                path: directory.clone(),
                cause,
            })?;
    }
    Ok(())
}

/// The configured key, or the one in the data directory; a new one only where no database can depend on another.
fn secret(
    config: &Config,
    place: &Place,
    mode: Mode,
    entropy: &dyn Entropy,
) -> Result<Secret, KeyError> {
    if let Some(configured) = &config.secret_key {
        return Secret::from_bytes(configured.reveal(), "secret_key");
    }
    let path = place.secret_key();
    let fresh = !path.exists() && !place.database().exists();
    if mode == Mode::Server && fresh {
        Secret::create(&path, entropy)
    } else {
        Secret::read(&path)
    }
}

fn hasher_settings(config: &Config) -> HasherSettings {
    let hashing = &config.hashing;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    HasherSettings {
        memory_kib: hashing.memory_kib,
        passes: hashing.passes,
        lanes: hashing.lanes,
        threads: if hashing.threads == 0 {
            cores
        } else {
            hashing.threads
        },
        queue: hashing.queue,
        queue_wait: hashing.queue_wait,
    }
}

/// Whether the database belongs to this key; a new one does from now on, unless it is only read.
fn is_claimed_by(store: &Store, secret: &Secret, mode: Mode) -> Result<bool, StoreError> {
    let claimed = store.read(|db| {
        db.optional(
            "SELECT key_check
             FROM hub
             WHERE id = 1",
            params![],
            |row| row.get::<_, Vec<u8>>(0),
        )
    })?;
    let key_check = secret.check_value();
    match claimed {
        Some(claimed) => Ok(claimed == key_check),
        None if mode == Mode::Reading => Ok(true),
        None => store
            .write_blocking(ClaimDatabase { key_check })
            .map(|()| true),
    }
}

/// Notes in a new database which key it belongs to.
struct ClaimDatabase {
    key_check: [u8; 16],
}

impl Change for ClaimDatabase {
    type Outcome = ();
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<(), StoreError> {
        tx.execute_on_one(
            "INSERT INTO hub (id, key_check)
             VALUES (1, $1)",
            params![self.key_check],
        )
    }
}
