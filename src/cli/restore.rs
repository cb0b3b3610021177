//! `hub restore`: puts a backup into the place of the database, which is kept aside.
//!
//! All is done to a copy beside the database: it is checked, migrated, its sessions are ended. Only then it takes the place, in one step.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use crate::cli::database::{at_the_command_line, whole};
use crate::cli::output::{self, counted, print};
use crate::cli::terminal::Counter;
use crate::cli::{Exit, Failure, Global, Outcome, owner, serve, terminal};
use crate::config::Config;
use crate::crypto::keyring::KeyError;
use crate::features::admin::backups::restored::SettleRestored;
use crate::features::admin::dashboard::store as dashboard;
use crate::features::sessions::end;
use crate::features::sessions::store::many::{Status, tally};
use crate::hub::{self, Place, keys};
use crate::store::audit::{Chain, Walk};
use crate::store::backup::BackupError;
use crate::store::staging::Staged;
use crate::store::{Db, OpenError};
use crate::types::cause::Cause;
use crate::types::time::{Clock, SystemClock, Timestamp};

/// Put a backup into the place of the database, while no server runs.
///
/// FILE is checked first (every page, every reference, the chain of the audit, the key) and never changed; one of an older Hub is migrated. The
/// database that was there is kept beside it as hub-replaced-<time>.db, also where it is damaged. Users, passwords, roles and second factors are then those of
/// the backup. Every session is ended, so no token, cookie or setup link from before the restore is accepted.
///
/// Webhooks are as the backup has them, enabled or not; what waited for them becomes dead letters, for most of it was delivered since. On a copy that is only
/// tried, disable them before a server runs: `hub webhook disable`.
///
/// With --keep-sessions they stay as the backup has them. Then a session that was ended since lives again, whoever ended it; a refresh token that was
/// used since is good again; and a client that has refreshed since holds a newer token than the database knows: it is refused, its session
/// lives, and its user has to sign in again.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag that somebody gives or not"
)]
pub struct Restore {
    /// The backup
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Leave the sessions as the backup has them
    #[arg(long)]
    keep_sessions: bool,
    /// Restore it though rows of its audit were changed, removed or inserted
    #[arg(long)]
    accept_broken_audit: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Print what was done as JSON
    #[arg(long)]
    json: bool,
}

/// What is in the backup.
struct Contents {
    users: u64,
    /// Those that are neither ended nor past their time.
    sessions: u64,
    /// The last row of its audit.
    last_at: Option<Timestamp>,
}

/// What was done, in JSON.
#[derive(Serialize)]
struct Body {
    file: String,
    database: String,
    /// The schema version that the backup had.
    schema: i64,
    users: u64,
    sessions_ended: u64,
    /// Webhooks whose receivers are told what happens here from now on.
    webhooks_enabled: u64,
    /// What waited for webhooks when the backup was made.
    deliveries_given_up: u64,
    /// Where the old database lies.
    replaced: Option<String>,
}

impl Body {
    /// What has to be known of webhooks, each in a line behind a break.
    fn of_webhooks(&self) -> String {
        let mut told = vec![String::new()];
        if self.webhooks_enabled > 0 {
            told.push(format!(
                "brought {} back, told of what happens here as soon as a server runs; if this copy is only tried, `hub webhook disable NAME` before that",
                counted(self.webhooks_enabled, "enabled webhook")
            ));
        }
        if self.deliveries_given_up > 0 {
            told.push(format!(
                "{} to webhooks waited in the backup and became dead letters; if a receiver has not got them since, `hub webhook resend NAME --all`",
                counted(self.deliveries_given_up, "message")
            ));
        }
        told.join("\n")
    }
}

impl Restore {
    /// Restores it.
    ///
    /// # Errors
    /// When a server runs, the backup is not as it must be, or nobody confirmed; then nothing was changed.
    pub fn run(self, global: &Global) -> Outcome {
        let config = global.load(Vec::new())?.config;
        let place = Place::new(&config.data_dir);
        let database = place.database();
        self.is_there(&database)?;
        if config.secret_key.is_none() && !place.secret_key().exists() {
            return Err(KeyError::Missing(place.secret_key()).into());
        }
        owner::check(&place)?;
        hub::make_directories(&place)?;
        let _locked = serve::lock(&place)?;
        let clock = SystemClock::new();
        let now = clock.now();
        let sessions_now = end::now_with(config.refresh_ttl, now.wall);
        let mut counter = Counter::new("pages");
        let copied = Staged::copy(&self.file, &database, &mut |progress| {
            counter.show(progress.done, progress.total);
        });
        drop(counter);
        let staged = copied.map_err(|error| self.unfit(error))?;
        let contents = staged.read(|db| -> Result<Contents, Failure> {
            let last_at = self.chain(db)?;
            keys::examine(
                &config,
                db,
                &self.file,
                keys::secrets(&config, &place)?,
                now.wall,
            )?;
            Ok(Contents {
                users: dashboard::users(db)?.unsigned_abs(),
                sessions: tally::with_status(db, Some(Status::Active), sessions_now)?,
                last_at,
            })
        })?;
        if !self.yes {
            self.confirm(&config, &contents)?;
        }
        let cause = Cause::here(at_the_command_line(), clock.now());
        let settled = staged.apply(SettleRestored {
            keeps_sessions: self.keep_sessions,
            now: sessions_now,
            cause,
        })?;
        let schema = staged.found;
        let replaced = staged.put_in_place(&database, now.wall)?;
        self.tell(&Body {
            file: self.file.display().to_string(),
            database: whole(&database).display().to_string(),
            schema,
            users: contents.users,
            sessions_ended: settled.sessions_ended,
            webhooks_enabled: settled.webhooks_enabled,
            deliveries_given_up: settled.deliveries_given_up,
            replaced: replaced.map(|path| whole(&path).display().to_string()),
        })
    }

    /// Whether the backup is a file, and another one than the database.
    fn is_there(&self, database: &Path) -> Outcome {
        let file = &self.file;
        if !file.is_file() {
            let text = format!(
                "no backup at {}; name the file that `hub backup` wrote",
                file.display()
            );
            return Err(Failure::new(Exit::Unavailable, text));
        }
        let real = |path: &Path| std::fs::canonicalize(path).ok();
        if real(file) == real(database) {
            let text = format!("{} is the database itself; name a backup", file.display());
            return Err(Failure::new(Exit::Usage, text));
        }
        Ok(())
    }

    /// Walks the chain of its audit; when the last row was written.
    fn chain(&self, db: &Db<'_>) -> Result<Option<Timestamp>, Failure> {
        let mut walk = Walk::begin();
        loop {
            match walk.step(db)? {
                None => {}
                Some(Chain::Broken { at }) if !self.accept_broken_audit => {
                    let text = format!(
                        "{}: row {at} of its audit was changed, removed or inserted; take another backup, or add --accept-broken-audit",
                        self.file.display()
                    );
                    return Err(Failure::new(Exit::Failed, text));
                }
                Some(_) => return Ok(walk.last_at),
            }
        }
    }

    /// What is wrong with the backup, in words about a backup.
    fn unfit(&self, error: BackupError) -> Failure {
        let file = self.file.display();
        match error {
            BackupError::Open(OpenError::Damaged { cause, .. }) => Failure::new(
                Exit::Failed,
                format!("{file} is damaged ({cause}); take another backup"),
            ),
            BackupError::Open(OpenError::Foreign { cause, .. }) => Failure::new(
                Exit::Configuration,
                format!("{file} is no backup of a Hub ({cause}); name another file"),
            ),
            BackupError::UnderWay(_) => Failure::new(
                Exit::TryAgain,
                "the data directory is in use by another command; try again when it is done",
            ),
            other => other.into(),
        }
    }

    fn confirm(&self, config: &Config, contents: &Contents) -> Outcome {
        let database = Place::new(&config.data_dir).database();
        let last_at = contents.last_at.map(|at| format!(" of {at} UTC"));
        let what = format!(
            "put the backup{} ({}, {}) into the place of {}{}",
            last_at.unwrap_or_default(),
            counted(contents.users, "user"),
            counted(contents.sessions, "active session"),
            whole(&database).display(),
            if self.keep_sessions {
                " and bring its sessions back"
            } else {
                " and sign everybody out"
            }
        );
        if !terminal::is_attended() {
            let text = format!("this would {what}; add --yes to do it without a terminal");
            return Err(Failure::new(Exit::Usage, text));
        }
        if terminal::ask(&format!("This will {what}. Type yes to go on: "))? == "yes" {
            Ok(())
        } else {
            Err(Failure::new(Exit::Failed, "nothing was changed"))
        }
    }

    fn tell(&self, body: &Body) -> Outcome {
        if self.json {
            return output::json(body);
        }
        let sessions = if self.keep_sessions {
            "kept its sessions".to_owned()
        } else {
            format!("ended {}", counted(body.sessions_ended, "session"))
        };
        let replaced = match &body.replaced {
            Some(path) => format!("; the old database lies at {path}"),
            None => String::new(),
        };
        print(&format!(
            "restored {} from {} (schema version {}): {}, {sessions}{replaced}{}",
            body.database,
            body.file,
            body.schema,
            counted(body.users, "user"),
            body.of_webhooks()
        ))
    }
}
