//! Why a key was not rotated.

use std::io;

use crate::crypto::keyring::KeyError;
use crate::crypto::ring::MAX_COUNTING_KEYS;
use crate::store::StoreError;
use crate::types::time::Timestamp;

/// Why the key was not replaced. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// The key is not the Hub's to change.
    #[error(
        "the key comes from HUB_SECRET_KEY, which the Hub cannot change; to let it rotate, stop it, put the same key into secret.key and take the variable away"
    )]
    Configured,
    /// Whoever asked may do it no more.
    #[error("only an active SUPERADMIN rotates the key; nothing was changed")]
    Forbidden,
    /// Somebody else is at it.
    #[error(
        "the key is being rotated by somebody else right now; look at the keys before you try again"
    )]
    UnderWay,
    /// Somebody else was faster.
    #[error(
        "the key was rotated by somebody else a moment ago; look at the keys before you try again"
    )]
    Overtaken,
    /// Too many keys count.
    #[error(
        "{MAX_COUNTING_KEYS} keys verify tokens already, and more would make every forged one dear; the oldest is done with at {until} UTC"
    )]
    TooOften {
        /// When there is room again.
        until: Timestamp,
    },
    /// The directory cannot be locked.
    #[error("cannot lock the data directory: {0}; nothing was changed")]
    Lock(io::Error),
    /// The key file.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The key file holds other keys than the database knows.
    #[error("secret.key does not hold the present key any more; put it back")]
    WrongKey,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}
