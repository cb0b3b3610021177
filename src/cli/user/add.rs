//! `hub user add`: makes an account, in any role.

use clap::Args;

use crate::cli::database::Changing;
use crate::cli::output::print;
use crate::cli::user::{passwd, role};
use crate::cli::{Global, Outcome};
use crate::features::admin::users::add_user::AddUser;
use crate::features::users::model::NewUser;
use crate::types::email::Email;
use crate::types::role::Role;
use crate::types::username::Username;

/// Make an account: asks for the password twice, or takes it from standard input.
#[derive(Debug, Args)]
pub struct Add {
    /// The user's name: 3 to 64 letters, digits, underscores and hyphens
    #[arg(value_parser = Username::parse)]
    name: Username,
    /// The user's email address
    #[arg(long, value_name = "ADDRESS", value_parser = Email::parse)]
    email: Email,
    /// USER, ADMIN or SUPERADMIN
    #[arg(long, default_value = "USER", value_parser = role::parse)]
    role: Role,
    /// Take the password from standard input
    #[arg(long)]
    password_stdin: bool,
}

impl Add {
    /// Makes it.
    ///
    /// # Errors
    /// When the name or the address is taken, or the password breaks a rule.
    pub fn run(self, global: &Global) -> Outcome {
        let database = Changing::open(global)?;
        let password_hash = passwd::hash_new(
            &database.hub,
            self.password_stdin,
            self.name.as_str(),
            self.email.as_str(),
        )?;
        let user = database.apply(AddUser {
            user: NewUser {
                username: self.name,
                email: self.email,
                password_hash,
                role: self.role,
            },
            cause: database.cause(),
        })?;
        print(&format!(
            "added user {} {} with role {} in {}",
            user.id,
            user.username,
            user.role,
            database.path()
        ))
    }
}
