//! Taking over keys that another process rotated to.

use std::sync::Arc;

use crate::config::Config;
use crate::crypto::jwt::Tokens;
use crate::crypto::ring::Ring;
use crate::hub::keys::{known, lifetimes, secrets};
use crate::hub::{Hub, HubError, Place};
use crate::store::Store;
use crate::types::ids::KeyId;

/// What it takes to follow a rotation, apart from the Hub, for tasks that run beside requests.
pub struct Following {
    config: Config,
    store: Store,
    tokens: Arc<Tokens>,
}

impl Hub {
    /// The way to follow rotations.
    #[must_use]
    pub fn following(&self) -> Following {
        Following {
            config: self.config.clone(),
            store: self.store.clone(),
            tokens: Arc::clone(&self.tokens),
        }
    }

    /// Makes sure that the keys in memory are those that the database speaks of: another process may have rotated. A file is only read if so.
    ///
    /// # Errors
    /// When the keys cannot be read.
    pub fn hold(&self, present: KeyId) -> Result<(), HubError> {
        hold(&self.config, &self.store, &self.tokens, present)
    }
}

impl Following {
    /// The same as [`Hub::hold`].
    ///
    /// # Errors
    /// When the keys cannot be read.
    pub fn hold(&self, present: KeyId) -> Result<(), HubError> {
        hold(&self.config, &self.store, &self.tokens, present)
    }
}

fn hold(config: &Config, store: &Store, tokens: &Tokens, present: KeyId) -> Result<(), HubError> {
    if tokens.ring().present() >= present {
        return Ok(());
    }
    let place = Place::new(&config.data_dir);
    let secrets = secrets(config, &place)?;
    let known = store.read(known)?;
    let ring = Ring::new(secrets, &known, lifetimes(config))
        .ok_or_else(|| HubError::WrongKey(place.database()))?;
    tokens.renew(ring);
    Ok(())
}
