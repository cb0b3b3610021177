//! All that is told of a Hub, and who is told.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::encoding::prometheus_text;
use prometheus_client::registry::Registry;

use crate::config::{Config, MetricsToken};
use crate::crypto::hasher::counts::HasherCounts;
use crate::features::metrics::family::{Families, Family};
use crate::features::metrics::store;
use crate::features::metrics::told::{
    database, hashing, process, requests, sessions, traffic, webhooks,
};
use crate::hub::counts::Counts;
use crate::hub::throttle::Throttle;
use crate::hub::{Hub, Place};
use crate::store::{Store, StoreError};
use crate::types::counting::Stopwatch;
use crate::types::time::Timestamp;

/// How long a count of users may take so that it is made anew for each scrape. A reader that stays for longer keeps the log from being folded.
const QUICK_MICROS: u64 = 5_000;
/// How long a count is told that takes longer.
const KEPT_MICROS: u64 = 60_000_000;

/// What is looked at for a scrape, apart from the Hub.
pub struct Watched {
    pub(super) config: Config,
    pub(super) store: Store,
    pub(super) place: Place,
    pub(super) counts: Arc<Counts>,
    pub(super) hasher: Arc<HasherCounts>,
    pub(super) throttle: Arc<Throttle>,
    pub(super) begun: Timestamp,
    token: Option<MetricsToken>,
    users: Mutex<Option<(u64, Stopwatch)>>,
}

impl Watched {
    /// Of this Hub.
    #[must_use]
    pub fn of(hub: &Hub) -> Self {
        Self {
            config: hub.config.clone(),
            store: hub.store.clone(),
            place: Place::new(&hub.config.data_dir),
            counts: Arc::clone(&hub.counts),
            hasher: hub.hasher.counts(),
            throttle: Arc::clone(&hub.throttle),
            begun: hub.activity.begun(),
            token: hub.config.metrics_token.clone(),
            users: Mutex::default(),
        }
    }

    /// Whether a token is asked for.
    #[must_use]
    pub fn is_guarded(&self) -> bool {
        self.token.is_some()
    }

    /// Whether whoever shows this may be told.
    #[must_use]
    pub fn lets_in(&self, shown: Option<&str>) -> bool {
        match (&self.token, shown) {
            (None, _) => true,
            (Some(token), Some(shown)) => token.fits(shown),
            (Some(_), None) => false,
        }
    }

    /// Everything, in the text format. It reads files and the database.
    ///
    /// # Errors
    /// None that is known of: what cannot be read is left out.
    pub fn tell(&self) -> Result<String, fmt::Error> {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Families(self.families())));
        let mut text = String::new();
        prometheus_text::encode(&mut text, &registry)?;
        Ok(text)
    }

    fn families(&self) -> Vec<Family> {
        [
            process::families(self.begun),
            traffic::families(self),
            requests::families(&self.counts.requests),
            sessions::families(self),
            hashing::families(&self.hasher),
            database::families(self),
            webhooks::families(self),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// How many users there are, as of at most a minute ago.
    pub(super) fn users(&self) -> Result<u64, StoreError> {
        let mut kept = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((users, counted)) = *kept
            && counted.micros() < KEPT_MICROS
        {
            return Ok(users);
        }
        let stopwatch = Stopwatch::begin();
        let users = self.store.read(store::users)?;
        *kept = (stopwatch.micros() > QUICK_MICROS).then_some((users, stopwatch));
        Ok(users)
    }
}
