//! `hub session revoke`: ends sessions by id, or all that a filter shows.
//!
//! `--dry-run`, the question before many are ended, and the ending itself all count by [`found`].

use std::time::Duration;

use clap::Args;

use crate::cli::database::{Changing, Reading};
use crate::cli::output::{counted, print};
use crate::cli::session::filter::Filters;
use crate::cli::session::show::unknown;
use crate::cli::{Exit, Failure, Global, Outcome, terminal};
use crate::features::sessions::end::EndSession;
use crate::features::sessions::end_batches::{BREATH_MS, Batches};
use crate::features::sessions::model::{EndReason, Standing};
use crate::features::sessions::store;
use crate::features::sessions::store::many::{self, Filter, Now, Status};
use crate::store::{Change, Db, StoreError, Tx};
use crate::types::cause::Cause;
use crate::types::ids::SessionId;

/// End sessions: by id, or all that a filter shows. Ending several needs --yes, or a yes at a terminal.
#[derive(Debug, Args)]
pub struct Revoke {
    /// Ids of sessions, 16 hex digits each
    #[arg(value_name = "ID", conflicts_with_all = ["user", "ip", "status", "older_than"])]
    ids: Vec<SessionId>,
    #[command(flatten)]
    filters: Filters,
    /// Only tell how many would be ended
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

impl Revoke {
    /// Ends them.
    ///
    /// # Errors
    /// When nothing says which, a session is unknown, or nobody confirmed the ending of several.
    pub fn run(mut self, global: &Global) -> Outcome {
        if self.ids.is_empty() && self.filters.is_empty() {
            return Err(Failure::new(
                Exit::Usage,
                "nothing says which sessions to end; name ids, or a filter such as --user NAME",
            ));
        }
        self.ids.sort_unstable();
        self.ids.dedup();
        if self.dry_run {
            let database = Reading::open(global)?;
            let now = database.sessions_now();
            let found = database.read(|db| Ok(found(db, &self.which(db, now)?, now)?))?;
            let count = counted(found.ending(), "session");
            print(&format!("{count} would be ended; nothing was changed"))?;
            return found.complain();
        }
        let database = Changing::open(global)?;
        let cause = database.cause();
        let now = database.sessions_now(&cause);
        let (which, mut found) = database.read(|db| {
            let which = self.which(db, now)?;
            let found = found(db, &which, now)?;
            Ok((which, found))
        })?;
        if !self.yes {
            confirm(found.ending())?;
        }
        let (ended, found) = match which {
            Which::These(ids) => {
                let found = database.apply(EndThese { ids, now, cause })?;
                (found.ending(), found)
            }
            // What was counted is what is ended: whoever signs in from now on stays.
            Which::Shown(_) => {
                let sessions = std::mem::take(&mut found.ending);
                (end_all(&database, sessions)?, found)
            }
        };
        let count = counted(ended, "session");
        print(&format!("ended {count} in {}", database.path()))?;
        found.complain()
    }

    fn which(&self, db: &Db<'_>, now: Now) -> Result<Which, Failure> {
        if !self.ids.is_empty() {
            return Ok(Which::These(self.ids.clone()));
        }
        let filter = self.filters.resolve(db, now)?;
        // Whoever wants to end what is past its time says so.
        let status = filter.status.or(Some(Status::Active));
        Ok(Which::Shown(Filter { status, ..filter }))
    }
}

/// Which sessions are to be ended.
enum Which {
    These(Vec<SessionId>),
    Shown(Filter),
}

/// What there is to end.
struct Found {
    /// These are ended.
    ending: Vec<SessionId>,
    /// Named ones that are not there.
    unknown: Vec<SessionId>,
}

impl Found {
    fn ending(&self) -> u64 {
        self.ending.len() as u64
    }

    fn complain(&self) -> Outcome {
        if self.unknown.is_empty() {
            Ok(())
        } else {
            Err(unknown(&self.unknown))
        }
    }
}

fn found(db: &Db<'_>, which: &Which, now: Now) -> Result<Found, StoreError> {
    let mut found = Found {
        ending: Vec::new(),
        unknown: Vec::new(),
    };
    match which {
        Which::Shown(filter) => {
            let endings = many::endings(db, filter, now)?;
            found.ending = endings.iter().map(|ending| ending.id).collect();
        }
        Which::These(ids) => {
            for id in ids {
                match store::load(db, *id)? {
                    Some((session, _)) if session.standing == Standing::Live => {
                        found.ending.push(*id);
                    }
                    Some(_) => {}
                    None => found.unknown.push(*id),
                }
            }
        }
    }
    Ok(found)
}

fn confirm(ending: u64) -> Outcome {
    if ending <= 1 {
        return Ok(());
    }
    let count = counted(ending, "session");
    if !terminal::is_attended() {
        return Err(Failure::new(
            Exit::Usage,
            format!("this would end {count}; add --yes to do it without a terminal"),
        ));
    }
    if terminal::ask(&format!("This ends {count}. Type yes to go on: "))? == "yes" {
        Ok(())
    } else {
        Err(Failure::new(Exit::Failed, "nothing was changed"))
    }
}

/// Ends what was settled, in batches, so that a server beside this command goes on answering; tells how many it ended.
fn end_all(database: &Changing, sessions: Vec<SessionId>) -> Result<u64, Failure> {
    let mut batches = Batches::new(sessions, EndReason::Administrator, String::new());
    let mut ended = 0;
    loop {
        let cause = database.cause();
        match batches.next(database.sessions_now(&cause), cause) {
            Some(batch) => {
                ended += database.apply(batch)?.ended;
                std::thread::sleep(Duration::from_millis(BREATH_MS));
            }
            None => return Ok(ended),
        }
    }
}

/// Ends sessions that were named, each with an audit row of its own.
struct EndThese {
    ids: Vec<SessionId>,
    now: Now,
    cause: Cause,
}

impl Change for EndThese {
    type Outcome = Found;
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<Found, StoreError> {
        let which = Which::These(self.ids);
        let found = found(tx, &which, self.now)?;
        for session in &found.ending {
            EndSession {
                session: *session,
                owner: None,
                reason: EndReason::Administrator,
                cause: self.cause.clone(),
            }
            .apply(tx)?;
        }
        Ok(found)
    }
}
