//! `hub user role`: gives a user another role.

use clap::Args;

use crate::cli::database::Changing;
use crate::cli::output::print;
use crate::cli::user::find;
use crate::cli::{Global, Outcome};
use crate::features::admin::users::set_role;
use crate::types::role::{NotARole, Role};

/// Give a user another role.
#[derive(Debug, Args)]
pub struct SetRole {
    /// The user's name or number
    user: String,
    /// USER, ADMIN or SUPERADMIN
    #[arg(value_parser = parse)]
    role: Role,
}

impl SetRole {
    /// Gives it.
    ///
    /// # Errors
    /// When there is no such user, or they are the last who can manage the Hub.
    pub fn run(self, global: &Global) -> Outcome {
        let database = Changing::open(global)?;
        let user = database.read(|db| find(db, &self.user))?;
        database.apply(set_role::SetRole {
            user: user.id,
            role: self.role,
            cause: database.cause(),
        })?;
        print(&format!(
            "gave user {} {} the role {} (it was {}) in {}",
            user.id,
            user.username,
            self.role,
            user.role,
            database.path()
        ))
    }
}

/// A role, typed in any case.
///
/// # Errors
/// When it is none.
pub fn parse(text: &str) -> Result<Role, NotARole> {
    text.to_ascii_uppercase().parse()
}
