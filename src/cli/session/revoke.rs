//! `hub session revoke`: ends sessions by id, or all that a filter shows.
//!
//! `--dry-run`, the question before many are ended, and the ending itself all count by [`found`].

use clap::Args;

use crate::cli::database::{Changing, Reading};
use crate::cli::output::{counted, print};
use crate::cli::session::filter::Filters;
use crate::cli::session::show::unknown;
use crate::cli::{Exit, Failure, Global, Outcome, terminal};
use crate::features::sessions::end::{EndSession, EndSessions};
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
            let count = counted(found.ending, "session");
            print(&format!("{count} would be ended; nothing was changed"))?;
            return found.complain();
        }
        let database = Changing::open(global)?;
        let cause = database.cause();
        let now = database.sessions_now(&cause);
        let (which, found) = database.read(|db| {
            let which = self.which(db, now)?;
            let found = found(db, &which, now)?;
            Ok((which, found))
        })?;
        if !self.yes {
            confirm(found.ending)?;
        }
        let ended = database.apply(EndWhich {
            which,
            now,
            cause,
            at_most: (!self.yes).then_some(found.ending.max(1)),
        })?;
        let count = counted(ended.ending, "session");
        print(&format!("ended {count} in {}", database.path()))?;
        ended.complain()
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
    /// How many are ended by this.
    ending: u64,
    /// Named ones that are not there.
    unknown: Vec<SessionId>,
}

impl Found {
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
        ending: 0,
        unknown: Vec::new(),
    };
    match which {
        Which::Shown(filter) => {
            found.ending = many::endings(db, filter, now)?.len() as u64;
        }
        Which::These(ids) => {
            for id in ids {
                match store::load(db, *id)? {
                    Some((session, _)) if session.standing == Standing::Live => found.ending += 1,
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

/// Ends sessions, unless there are more of them by now than were confirmed.
struct EndWhich {
    which: Which,
    now: Now,
    cause: Cause,
    at_most: Option<u64>,
}

impl Change for EndWhich {
    type Outcome = Found;
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<Found, StoreError> {
        let found = found(tx, &self.which, self.now)?;
        if self.at_most.is_some_and(|most| found.ending > most) {
            return Err(StoreError::Busy(
                "more sessions pass the filter now than were confirmed".to_owned(),
            ));
        }
        let reason = EndReason::Administrator;
        match self.which {
            // No change, no trace.
            Which::Shown(_) if found.ending == 0 => {}
            Which::Shown(filter) => {
                EndSessions {
                    filter,
                    reason,
                    now: self.now,
                    cause: self.cause,
                }
                .apply(tx)?;
            }
            Which::These(ids) => {
                for session in ids {
                    EndSession {
                        session,
                        owner: None,
                        reason,
                        cause: self.cause.clone(),
                    }
                    .apply(tx)?;
                }
            }
        }
        Ok(found)
    }
}
