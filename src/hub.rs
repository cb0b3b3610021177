//! [`Hub`]: all that a request can reach. There are no globals, so two hubs run in one process.

pub mod counts;
pub mod keys;
pub mod throttle;

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use crate::config::{Config, Origin};
use crate::crypto::attempt_keys::AttemptKeys;
use crate::crypto::form_token::FormTokens;
use crate::crypto::hasher::{Hasher, HasherError, HasherSettings};
use crate::crypto::jwt::Tokens;
use crate::crypto::key_file;
use crate::crypto::keyring::{KeyError, Secret};
use crate::crypto::ring::SharedRing;
use crate::crypto::service_keys::ServiceKeys;
use crate::crypto::totp::SecondFactorKeys;
use crate::crypto::webhook_keys::WebhookKeys;
use crate::hub::counts::Counts;
use crate::hub::throttle::Throttle;
use crate::store::activity::Activity;
use crate::store::backup::BackupError;
use crate::store::{Mode, OpenError, Store, StoreError, lived, schema, upgrade};
use crate::types::entropy::Entropy;
use crate::types::proxies::TrustedProxies;
use crate::types::time::{Clock, Timestamp};

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
    /// Makes and checks the tokens of service accounts.
    pub service_keys: ServiceKeys,
    /// Makes the secrets that webhooks are signed with.
    pub webhook_keys: Arc<WebhookKeys>,
    /// Names accounts where failed tries are counted.
    pub attempt_keys: Arc<AttemptKeys>,
    /// Hashes passwords.
    pub hasher: Hasher,
    /// Holds tries back.
    pub throttle: Arc<Throttle>,
    /// Counts what leaves no row.
    pub activity: Arc<Activity>,
    /// Counts for whoever watches the server.
    pub counts: Arc<Counts>,
    /// The proxies whose `X-Forwarded-For` is believed: as configured, and read anew on HUP.
    trusted_proxies: Arc<RwLock<Arc<TrustedProxies>>>,
    /// Where each setting came from; of those that HUP reads anew, where they came from then.
    origins: Arc<RwLock<Arc<[Origin]>>>,
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

    /// Whether the database is there and not empty. SQLite would take an empty file for a new database, and throw its log away.
    #[must_use]
    pub fn holds_database(&self) -> bool {
        std::fs::metadata(self.database()).is_ok_and(|file| file.len() > 0)
    }

    /// The secret key.
    #[must_use]
    pub fn secret_key(&self) -> PathBuf {
        self.directory.join("secret.key")
    }

    /// The first key, until the first start has made the database.
    #[must_use]
    pub fn first_key(&self) -> PathBuf {
        self.directory.join("secret.key.first")
    }

    /// What a running server holds locked, and writes its process id into.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.directory.join("hub.lock")
    }

    /// Where the Hub puts copies of the database.
    #[must_use]
    pub fn backups(&self) -> PathBuf {
        self.directory.join("backups")
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
    /// A key that was replaced, and still verifies tokens, is not there.
    #[error(
        "secret.key lacks the key {fingerprint}, which {} was used with before and which still verifies tokens; put its line back (without it some would be signed out)",
        database.display()
    )]
    OlderKeyMissing {
        /// Which database.
        database: PathBuf,
        /// Which key, by its fingerprint.
        fingerprint: String,
    },
    /// There is no snapshot to go back to, so nothing is migrated.
    #[error("the database is not migrated without a snapshot: {0}")]
    Snapshot(#[from] BackupError),
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
        let secrets = secrets(&config, &place, mode, entropy.as_ref())?;
        if mode == Mode::Server {
            snapshot(&place, clock.now().wall)?;
        }
        let store = Store::open_beside(&database, mode, config.checkpoints)?;
        let ring = keys::open(&config, &store, secrets, mode, clock.now().wall)?;
        if mode == Mode::Server {
            key_file::rename_first(&place.first_key(), &place.secret_key())?;
            lived::begin(&store, clock.now())?;
        }
        let ring = Arc::new(SharedRing::new(ring));
        let hasher = Hasher::start(
            hasher_settings(&config),
            Arc::clone(&entropy),
            Arc::clone(&clock),
        )?;
        let trusted_proxies = Arc::new(config.trusted_proxies.clone());
        let origins = config.origins.clone().into();
        Ok(Self {
            origins: Arc::new(RwLock::new(origins)),
            trusted_proxies: Arc::new(RwLock::new(trusted_proxies)),
            activity: Arc::new(Activity::begin(clock.now().wall)),
            tokens: Arc::new(Tokens::new(Arc::clone(&ring))),
            forms: FormTokens::new(Arc::clone(&ring)),
            second_factor_keys: Arc::new(SecondFactorKeys::new(Arc::clone(&ring))),
            service_keys: ServiceKeys::new(Arc::clone(&ring)),
            webhook_keys: Arc::new(WebhookKeys::new(Arc::clone(&ring))),
            attempt_keys: Arc::new(AttemptKeys::new(ring)),
            counts: Arc::default(),
            throttle: Arc::new(Throttle::new(config.throttle_exempt.clone(), &clock)),
            hasher,
            config,
            clock,
            entropy,
            store,
        })
    }

    /// The trusted proxies.
    #[must_use]
    pub fn trusted_proxies(&self) -> Arc<TrustedProxies> {
        present(&self.trusted_proxies)
    }

    /// Every setting's value in effect, and where it came from.
    #[must_use]
    pub fn origins(&self) -> Arc<[Origin]> {
        let origins = self.origins.read();
        Arc::clone(&origins.unwrap_or_else(PoisonError::into_inner))
    }

    /// The way to give a running Hub other trusted proxies and exempt networks.
    #[must_use]
    pub fn trust(&self) -> Trust {
        Trust {
            trusted_proxies: Arc::clone(&self.trusted_proxies),
            throttle: Arc::clone(&self.throttle),
            origins: Arc::clone(&self.origins),
        }
    }
}

/// Changes which proxies a running Hub trusts and which networks its throttle does not count, and tells.
#[derive(Clone)]
pub struct Trust {
    throttle: Arc<Throttle>,
    trusted_proxies: Arc<RwLock<Arc<TrustedProxies>>>,
    origins: Arc<RwLock<Arc<[Origin]>>>,
}

/// The settings that a running Hub takes over from a configuration that was read anew.
const READ_ANEW: [&str; 5] = [
    "log",
    "trusted_proxies",
    "throttle_exempt",
    "tls.cert",
    "tls.key",
];

fn present(proxies: &RwLock<Arc<TrustedProxies>>) -> Arc<TrustedProxies> {
    Arc::clone(&proxies.read().unwrap_or_else(PoisonError::into_inner))
}

impl Trust {
    /// Those that are trusted now.
    #[must_use]
    pub fn present(&self) -> Arc<TrustedProxies> {
        present(&self.trusted_proxies)
    }

    /// From the next request on, these.
    pub fn set(&self, proxies: TrustedProxies) {
        self.throttle.forget_proxy();
        let held = self.trusted_proxies.write();
        *held.unwrap_or_else(PoisonError::into_inner) = Arc::new(proxies);
    }

    /// Takes over what this configuration, read anew, says of the settings that change in a running Hub. (The log's level and the certificate are their owners' to change.)
    pub fn take_over(&self, config: &Config) {
        self.set(config.trusted_proxies.clone());
        self.throttle.exempt(config.throttle_exempt.clone());
        let mut held = self.origins.write().unwrap_or_else(PoisonError::into_inner);
        let new = |origin: &Origin| {
            let is_new = READ_ANEW.contains(&origin.key);
            let found = config
                .origins
                .iter()
                .find(|new| is_new && new.key == origin.key);
            found.unwrap_or(origin).clone()
        };
        *held = held.iter().map(new).collect();
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

/// Copies a database that is about to be migrated; nothing is migrated without.
fn snapshot(place: &Place, at: Timestamp) -> Result<(), HubError> {
    if let Some(snapshot) = upgrade::snapshot(&place.database(), &place.backups(), at)? {
        tracing::info!(
            from = snapshot.schema,
            to = schema::known(),
            snapshot = %snapshot.path.display(),
            "the database is brought to a newer schema; the snapshot holds it as it was"
        );
    }
    Ok(())
}

/// The configured key, or those in the data directory; a new one only where there was no database yet.
///
/// A first key gets its right name when the database stands. So a `secret.key` says that there was a database, whatever cuts a first start off.
fn secrets(
    config: &Config,
    place: &Place,
    mode: Mode,
    entropy: &dyn Entropy,
) -> Result<Vec<Secret>, HubError> {
    let (key, first) = (place.secret_key(), place.first_key());
    if config.secret_key.is_some() || mode != Mode::Server {
        return Ok(keys::secrets(config, place)?);
    }
    let database = place.database();
    match (key.exists(), database.exists()) {
        (true, _) if !place.holds_database() => Err(OpenError::Lost(database).into()),
        (true, _) => Ok(keys::secrets(config, place)?),
        // The first start was cut off.
        (false, _) if first.exists() => Ok(key_file::read(&first)?),
        (false, true) => Err(KeyError::Missing(key).into()),
        (false, false) => Ok(vec![key_file::create(&first, entropy)?]),
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
