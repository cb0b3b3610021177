//! A session as a row of a list shows it.

use serde::Serialize;

use crate::features::sessions::model::{EndReason, Standing};
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

/// What a row says of its session when that has ended.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Ending {
    /// The reason, as the feed names it to a page.
    reason: &'static str,
    status: &'static str,
    why: &'static str,
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
            }
        })
    }
}

impl Row {
    /// The row of a session as it stands at `now`.
    #[must_use]
    pub fn new(hub: &Hub, session: &Listed, now: Now, current: SessionId) -> Self {
        let expires = expires(hub, session);
        let (status, why) = status(session, expires, now);
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

/// When a session's token ends if it is not used again.
#[must_use]
pub fn expires(hub: &Hub, session: &Listed) -> Timestamp {
    session
        .last_used_at
        .plus(hub.config.refresh_ttl)
        .min(session.ends_at)
}

/// The status as the page's badges name it: as the filters have it, "expiring" told from "active".
#[must_use]
pub fn status(session: &Listed, expires: Timestamp, now: Now) -> (&'static str, &'static str) {
    match session.standing {
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
