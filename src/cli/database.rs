//! The database as a command meets it: only looked at, or changed beside a running server. Neither ever makes one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cli::{Exit, Failure, Global, owner};
use crate::config::Config;
use crate::crypto::ring::Lifetimes;
use crate::features::sessions::end;
use crate::features::sessions::store::many::Now;
use crate::hub::{Hub, Place, keys};
use crate::store::{Change, Db, Mode, Store};
use crate::types::cause::{Actor, Cause};
use crate::types::entropy::SystemEntropy;
use crate::types::time::{Clock, Moment, SystemClock};

/// A database that is only looked at: no key is needed, nothing is locked.
pub struct Reading {
    store: Store,
    config: Config,
    /// When the command began.
    pub now: Moment,
}

impl Reading {
    /// Opens the configured database.
    ///
    /// # Errors
    /// When the configuration is wrong, or the database missing, foreign, damaged or of another schema.
    pub fn open(global: &Global) -> Result<Self, Failure> {
        let config = global.load(Vec::new())?.config;
        let store = Store::open(&Place::new(&config.data_dir).database(), Mode::Reading)?;
        Ok(Self {
            store,
            config,
            now: SystemClock::new().now(),
        })
    }

    /// Reads what was last committed.
    ///
    /// # Errors
    /// What `read` fails with, naming the database.
    pub fn read<T>(&self, read: impl FnOnce(&Db<'_>) -> Result<T, Failure>) -> Result<T, Failure> {
        let told = self.store.read(read);
        told.map_err(|failure| placed(failure, &self.config))
    }

    /// How long what keys make is good.
    #[must_use]
    pub fn lifetimes(&self) -> Lifetimes {
        keys::lifetimes(&self.config)
    }

    /// What "past its time" means for a session now.
    #[must_use]
    pub fn sessions_now(&self) -> Now {
        Now {
            at: self.now.wall,
            refresh_expired: self.now.wall.minus(self.config.refresh_ttl),
        }
    }
}

/// A database that is changed: with its keys, and beside a running server if there is one.
pub struct Changing {
    /// All that the change needs.
    pub hub: Hub,
}

impl Changing {
    /// Opens the configured database and its key.
    ///
    /// # Errors
    /// As [`Reading::open`], when the key is missing, exposed or another, and for root in the data directory of somebody else.
    pub fn open(global: &Global) -> Result<Self, Failure> {
        Self::open_in(global, Mode::CommandLine)
    }

    /// The same, for a command that needs the key and changes nothing.
    ///
    /// # Errors
    /// As [`Changing::open`].
    pub fn open_in(global: &Global, mode: Mode) -> Result<Self, Failure> {
        let config = global.load(Vec::new())?.config;
        if mode != Mode::Reading {
            owner::check(&Place::new(&config.data_dir))?;
        }
        let (clock, entropy) = (Arc::new(SystemClock::new()), Arc::new(SystemEntropy));
        let hub = Hub::open(config, mode, clock, entropy)?;
        Ok(Self { hub })
    }

    /// Reads what was last committed.
    ///
    /// # Errors
    /// What `read` fails with, naming the database.
    pub fn read<T>(&self, read: impl FnOnce(&Db<'_>) -> Result<T, Failure>) -> Result<T, Failure> {
        let told = self.hub.store.read(read);
        told.map_err(|failure| placed(failure, &self.hub.config))
    }

    /// Applies a change and returns when it is on disk.
    ///
    /// # Errors
    /// What the change fails with, naming the database.
    pub fn apply<C>(&self, change: C) -> Result<C::Outcome, Failure>
    where
        C: Change,
        Failure: From<C::Error>,
    {
        let applied = self.hub.store.write_blocking(change);
        applied.map_err(|error| placed(error.into(), &self.hub.config))
    }

    /// The cause of whatever this command changes: whoever runs it, now.
    #[must_use]
    pub fn cause(&self) -> Cause {
        Cause::here(at_the_command_line(), self.hub.clock.now())
    }

    /// What "past its time" means for a session at the time of `cause`.
    #[must_use]
    pub fn sessions_now(&self, cause: &Cause) -> Now {
        end::now(&self.hub, cause.at.wall)
    }

    /// The database's full path, for the line that says what was changed.
    #[must_use]
    pub fn path(&self) -> String {
        full_path(&self.hub.config).display().to_string()
    }
}

/// Whoever runs the command.
#[must_use]
pub fn at_the_command_line() -> Actor {
    Actor::CommandLine {
        uid: rustix::process::getuid().as_raw(),
    }
}

/// Where the configured database is, as a path from the root.
#[must_use]
pub fn full_path(config: &Config) -> PathBuf {
    whole(&Place::new(&config.data_dir).database())
}

/// A path from the root, links followed, as far as it leads anywhere.
#[must_use]
pub fn whole(path: &Path) -> PathBuf {
    std::fs::canonicalize(path)
        .or_else(|_| std::path::absolute(path))
        .unwrap_or_else(|_| path.to_owned())
}

/// The failure with what to do, where that follows from its kind, and with the file it happened in.
fn placed(failure: Failure, config: &Config) -> Failure {
    let mend = match failure.exit {
        Exit::TryAgain => "; nothing was changed, try again in a moment",
        Exit::CannotCreate => "; nothing was changed, check the file's owner and free space",
        _ => "",
    };
    let path = full_path(config);
    Failure {
        exit: failure.exit,
        text: format!("{}{mend} (database {})", failure.text, path.display()),
    }
}
