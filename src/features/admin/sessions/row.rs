//! A session as a row of a list shows it, and how any page shows that one ended while somebody looks.

use serde::Serialize;

use crate::features::sessions::model::{self, EndReason, Standing};
use crate::features::sessions::store::many::{Listed, Now};
use crate::http::shown_text::shown;
use crate::http::times::Shown;
use crate::hub::Hub;
use crate::types::ids::SessionId;
use crate::types::time::Timestamp;

/// A row. Texts that a client sent are made visible; the template escapes them.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    id: String,
    user: i64,
    /// `None` when the user is gone.
    username: Option<String>,
    device: String,
    address: Option<String>,
    started: Shown,
    used: Shown,
    /// When its token ends if it is not used, or when it ended.
    expires: Shown,
    rotations: i64,
    /// A name of `parts::badge`.
    status: &'static str,
    /// What else there is to say of the status.
    why: &'static str,
    current: bool,
    /// Whether it can still be ended, and so be ticked.
    is_live: bool,
}

/// What a page says of a session that has ended.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Ending {
    /// The reason, as the feed names it to a page.
    reason: &'static str,
    status: &'static str,
    why: &'static str,
    /// The end of a sentence.
    because: &'static str,
}

impl Ending {
    /// For every reason there is.
    #[must_use]
    pub fn all() -> [Self; EndReason::ALL.len()] {
        EndReason::ALL.map(|reason| {
            let (status, why) = ended(reason);
            Self {
                reason: reason.as_str(),
                status,
                why,
                because: ended_because(reason),
            }
        })
    }
}

impl Row {
    /// The row of a session as it stands at `now`.
    #[must_use]
    pub fn new(hub: &Hub, session: &Listed, now: Now, current: SessionId) -> Self {
        let ttl = hub.config.refresh_ttl;
        let expires = model::refresh_expires(session.last_used_at, ttl, session.ends_at);
        let (status, why) = status(session.standing, expires, now);
        let shown_at = |at| Shown::new(at, now.at);
        Self {
            id: session.id.to_string(),
            user: session.user.0,
            username: session.username.as_deref().map(shown),
            device: session.user_agent.device().into_owned(),
            address: session.address.map(|address| address.to_string()),
            started: shown_at(session.created_at),
            used: shown_at(session.last_used_at),
            expires: shown_at(expires),
            rotations: session.rotations,
            status,
            why,
            current: session.id == current,
            is_live: session.standing == Standing::Live,
        }
    }
}

/// The status as the page's badges name it: as the filters have it, "expiring" told from "active".
#[must_use]
pub fn status(standing: Standing, expires: Timestamp, now: Now) -> (&'static str, &'static str) {
    match standing {
        Standing::Ended { reason, .. } => ended(reason),
        Standing::Live if expires <= now.at => ("expired", ""),
        Standing::Live if expires <= now.soon().at => ("expiring", ""),
        Standing::Live => ("active", ""),
    }
}

fn ended(reason: EndReason) -> (&'static str, &'static str) {
    match reason {
        EndReason::Reuse => ("reuse", ""),
        EndReason::SignedOut => ("revoked", "signed out"),
        EndReason::SignedOutEverywhere => ("revoked", "signed out everywhere"),
        EndReason::Revoked => ("revoked", "by its owner"),
        EndReason::Administrator => ("revoked", "by an administrator"),
        EndReason::UserDisabled => ("revoked", "user disabled"),
        EndReason::UserDeleted => ("revoked", "user deleted"),
        EndReason::PasswordChanged => ("revoked", "password changed"),
        EndReason::Restored => ("revoked", "backup restored"),
    }
}

/// Why a session was ended, as the end of a sentence.
#[must_use]
pub const fn ended_because(reason: EndReason) -> &'static str {
    match reason {
        EndReason::SignedOut => "its owner signed out",
        EndReason::SignedOutEverywhere => "its owner signed out everywhere",
        EndReason::Revoked => "its owner ended it from another session",
        EndReason::Administrator => "an administrator ended it",
        EndReason::Reuse => "a used token came again",
        EndReason::UserDisabled => "its user was disabled",
        EndReason::UserDeleted => "its user was deleted",
        EndReason::PasswordChanged => "its user's password was changed",
        EndReason::Restored => "the Hub was put back to a backup",
    }
}
