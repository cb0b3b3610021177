//! `hub user show`: one user. Never the password's hash: no query of this command reads it.

use clap::Args;
use serde::Serialize;

use crate::cli::database::Reading;
use crate::cli::output::{self, or_nothing};
use crate::cli::user::{find, list};
use crate::cli::{Global, Outcome};
use crate::features::sessions::store as sessions;
use crate::features::users::model::FullUser;

/// Most sessions counted: more than anybody has devices.
const MAX_COUNTED: u32 = 10_000;

/// Show one user.
#[derive(Debug, Args)]
pub struct Show {
    /// The user's name or number
    user: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Shown<'user> {
    #[serde(flatten)]
    user: FullUser<'user>,
    active_sessions: usize,
}

impl Show {
    /// Shows them.
    ///
    /// # Errors
    /// When there is no such user.
    pub fn run(self, global: &Global) -> Outcome {
        let database = Reading::open(global)?;
        let now = database.sessions_now();
        let (user, live) = database.read(|db| {
            let user = find(db, &self.user)?;
            let live = sessions::many::live_of_user(db, user.id, now, MAX_COUNTED)?;
            Ok((user, live))
        })?;
        if self.json {
            return output::json(&Shown {
                user: user.full(),
                active_sessions: live.len(),
            });
        }
        let verified = if user.email_verified { "yes" } else { "no" };
        output::facts(&[
            ("id", user.id.to_string()),
            ("username", user.username.clone()),
            ("email", user.email.clone()),
            ("email verified", verified.to_owned()),
            ("role", user.role.to_string()),
            ("status", list::status(&user).to_owned()),
            ("premium tier", user.premium_tier.clone()),
            ("bio", or_nothing(user.bio.as_ref())),
            ("website", or_nothing(user.website_url.as_ref())),
            ("photo", or_nothing(user.profile_photo_url.as_ref())),
            ("created", user.created_at.to_string()),
            ("updated", user.updated_at.to_string()),
            ("active sessions", live.len().to_string()),
        ])
    }
}
