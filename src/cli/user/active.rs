//! `hub user enable` and `hub user disable`: who may sign in.

use clap::Args;

use crate::cli::database::Changing;
use crate::cli::output::{counted, print};
use crate::cli::user::find;
use crate::cli::{Global, Outcome};
use crate::features::admin::users::set_active::SetActive;

/// Let a user sign in again.
#[derive(Debug, Args)]
pub struct Enable {
    /// The user's name or number
    user: String,
}

impl Enable {
    /// Lets them in.
    ///
    /// # Errors
    /// When there is no such user.
    pub fn run(self, global: &Global) -> Outcome {
        set(global, &self.user, true)
    }
}

/// Lock a user out. Ends all their sessions.
#[derive(Debug, Args)]
pub struct Disable {
    /// The user's name or number
    user: String,
}

impl Disable {
    /// Locks them out.
    ///
    /// # Errors
    /// When there is no such user, or they are the last who can manage the Hub.
    pub fn run(self, global: &Global) -> Outcome {
        set(global, &self.user, false)
    }
}

fn set(global: &Global, user: &str, active: bool) -> Outcome {
    let database = Changing::open(global)?;
    let user = database.read(|db| find(db, user))?;
    let cause = database.cause();
    let ended = database.apply(SetActive {
        user: user.id,
        active,
        now: database.sessions_now(&cause),
        cause,
    })?;
    let (id, name, path) = (user.id, &user.username, database.path());
    if active {
        print(&format!("enabled user {id} {name} in {path}"))
    } else {
        let ended = counted(ended, "session");
        print(&format!(
            "disabled user {id} {name} and ended {ended} in {path}"
        ))
    }
}
