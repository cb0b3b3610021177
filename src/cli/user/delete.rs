//! `hub user delete`: deletes a user, which ends all their sessions.

use clap::Args;

use crate::cli::database::Changing;
use crate::cli::output::{counted, print};
use crate::cli::user::find;
use crate::cli::{Exit, Failure, Global, Outcome, terminal};
use crate::features::admin::users::delete_user::DeleteUser;
use crate::features::users::model::User;

/// Delete a user: asks for the name once more, or takes --yes. Ends all their sessions.
#[derive(Debug, Args)]
pub struct Delete {
    /// The user's name or number
    user: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

impl Delete {
    /// Deletes them.
    ///
    /// # Errors
    /// When there is no such user, nobody confirmed it, or they are the last who can manage the Hub.
    pub fn run(self, global: &Global) -> Outcome {
        let database = Changing::open(global)?;
        let user = database.read(|db| find(db, &self.user))?;
        if !self.yes {
            confirm(&user)?;
        }
        let cause = database.cause();
        let ended = database.apply(DeleteUser {
            user: user.id,
            now: database.sessions_now(&cause),
            cause,
        })?;
        print(&format!(
            "deleted user {} {} and ended {} in {}",
            user.id,
            user.username,
            counted(ended, "session"),
            database.path()
        ))
    }
}

fn confirm(user: &User) -> Outcome {
    if !terminal::is_attended() {
        return Err(Failure::new(
            Exit::Usage,
            format!(
                "deleting user {} {} cannot be undone; add --yes to do it without a terminal",
                user.id, user.username
            ),
        ));
    }
    let question = format!(
        "This deletes user {} {} for good. Type the name to go on: ",
        user.id, user.username
    );
    if terminal::ask(&question)? == user.username {
        Ok(())
    } else {
        let text = "that is not the name; nothing was changed";
        Err(Failure::new(Exit::Failed, text))
    }
}
