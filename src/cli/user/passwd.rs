//! `hub user passwd`: sets a user's password, which ends all their sessions.

use std::sync::Arc;

use clap::Args;

use crate::cli::database::Changing;
use crate::cli::output::{counted, print};
use crate::cli::user::find;
use crate::cli::{Exit, Failure, Global, Outcome, terminal};
use crate::crypto::hasher::{Comer, StoredHash};
use crate::features::admin::users::set_password::SetPassword;
use crate::features::passwords::model as passwords;
use crate::hub::Hub;

/// Set a user's password: asks for it twice, or takes it from standard input. Ends all their sessions.
#[derive(Debug, Args)]
pub struct Passwd {
    /// The user's name or number
    user: String,
    /// Take the password from standard input
    #[arg(long)]
    password_stdin: bool,
}

impl Passwd {
    /// Sets it.
    ///
    /// # Errors
    /// When there is no such user, or the password breaks a rule.
    pub fn run(self, global: &Global) -> Outcome {
        let database = Changing::open(global)?;
        let user = database.read(|db| find(db, &self.user))?;
        let password_hash = hash_new(
            &database.hub,
            self.password_stdin,
            &user.username,
            &user.email,
        )?;
        let cause = database.cause();
        let ended = database.apply(SetPassword {
            user: user.id,
            password_hash,
            attempt_keys: Arc::clone(&database.hub.attempt_keys),
            now: database.sessions_now(&cause),
            cause,
        })?;
        print(&format!(
            "set the password of user {} {} and ended {} in {}",
            user.id,
            user.username,
            counted(ended, "session"),
            database.path()
        ))
    }
}

/// Takes a new password, checks it by the rules for the user of this name and address, and hashes it.
///
/// # Errors
/// The rule that it breaks.
pub fn hash_new(
    hub: &Hub,
    from_stdin: bool,
    username: &str,
    email: &str,
) -> Result<StoredHash, Failure> {
    let failed = |error: &dyn std::error::Error| Failure::new(Exit::Failed, error.to_string());
    let password = terminal::new_password(from_stdin)?;
    passwords::check(&password, hub.config.password_min_length, username, email).map_err(
        |error| {
            let text = format!("{error}; nothing was changed, choose another password");
            Failure::new(Exit::Failed, text)
        },
    )?;
    // Time: the hasher's queue has a deadline.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(|error| failed(&error))?;
    runtime
        .block_on(hub.hasher.make(password, Comer::Nameless))
        .map_err(|error| failed(&error))
}
