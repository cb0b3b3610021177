//! `hub user list`: all users.

use clap::Args;

use crate::cli::database::Reading;
use crate::cli::{Failure, Global, Outcome, output};
use crate::features::users::model::{FullUser, User};
use crate::features::users::store as users;
use crate::types::ids::UserId;

/// Users read at a time: readers come and go between the pages, so a long list never holds the log back.
const PAGE_USERS: u32 = 500;

/// List all users, by number.
#[derive(Debug, Args)]
pub struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl List {
    /// Lists them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn run(self, global: &Global) -> Outcome {
        let users = all(&Reading::open(global)?)?;
        if self.json {
            let users: Vec<FullUser<'_>> = users.iter().map(User::full).collect();
            return output::json(&users);
        }
        let rows: Vec<Vec<String>> = users.iter().map(row).collect();
        output::table(
            &["ID", "USERNAME", "EMAIL", "ROLE", "STATUS", "CREATED"],
            &rows,
        )
    }
}

fn all(database: &Reading) -> Result<Vec<User>, Failure> {
    let mut all: Vec<User> = Vec::new();
    loop {
        let after = all.last().map_or(UserId(0), |last| last.id);
        let page = database.read(|db| Ok(users::list(db, after, PAGE_USERS)?))?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

fn row(user: &User) -> Vec<String> {
    vec![
        user.id.to_string(),
        user.username.clone(),
        user.email.clone(),
        user.role.to_string(),
        status(user).to_owned(),
        user.created_at.to_string(),
    ]
}

/// Whether a user may sign in, in a word.
#[must_use]
pub fn status(user: &User) -> &'static str {
    if user.is_active { "active" } else { "disabled" }
}
