//! How a session is shown.

use serde::Serialize;

use crate::features::sessions::model::{EndReason, Standing};
use crate::features::sessions::store::many::{Listed, Now, Status};
use crate::types::time::Timestamp;

/// A session in JSON. Neither its salt nor any part of a token is in it.
#[derive(Serialize)]
pub struct Body {
    /// 16 hex digits.
    pub id: String,
    user_id: i64,
    /// `None` when the user is gone.
    username: Option<String>,
    /// `active`, `expired`, `ended` or `reused`.
    pub status: &'static str,
    created_at: String,
    /// When it was last rotated, or begun.
    pub last_used_at: String,
    /// When it ends at the latest.
    ends_at: String,
    ended_at: Option<String>,
    end_reason: Option<&'static str>,
    /// The address that used it last.
    pub ip: Option<String>,
    user_agent: String,
    /// The client in a few words of ours.
    pub device: String,
    /// How often it was rotated.
    pub rotations: i64,
}

impl Body {
    /// The body of a session as it stands at `now`.
    #[must_use]
    pub fn new(session: &Listed, now: Now) -> Self {
        let ended = match session.standing {
            Standing::Live => None,
            Standing::Ended { at, reason } => Some((at.to_string(), reason.as_str())),
        };
        let (ended_at, end_reason) = ended.unzip();
        let status = status(session.standing, session.ends_at, session.last_used_at, now);
        Self {
            id: session.id.to_string(),
            user_id: session.user.0,
            username: session.username.clone(),
            status: status.as_str(),
            created_at: session.created_at.to_string(),
            last_used_at: session.last_used_at.to_string(),
            ends_at: session.ends_at.to_string(),
            ended_at,
            end_reason,
            ip: session.address.map(|address| address.to_string()),
            user_agent: session.user_agent.as_str().to_owned(),
            device: session.user_agent.device().into_owned(),
            rotations: session.rotations,
        }
    }

    /// Whose it is: the name, or the number of a user who is gone.
    #[must_use]
    pub fn user(&self) -> String {
        match &self.username {
            Some(name) => format!("{} {name}", self.user_id),
            None => format!("{} (deleted)", self.user_id),
        }
    }

    /// When and why it was ended.
    #[must_use]
    pub fn end(&self) -> Option<String> {
        let (at, reason) = (self.ended_at.as_ref()?, self.end_reason?);
        Some(format!("{at} {reason}"))
    }

    /// When it began and when it ends at the latest.
    #[must_use]
    pub fn span(&self) -> (&str, &str) {
        (&self.created_at, &self.ends_at)
    }

    /// What the client calls itself.
    #[must_use]
    pub fn user_agent(&self) -> &str {
        &self.user_agent
    }
}

/// A session's status: as the conditions of `--status` have it.
#[must_use]
pub fn status(standing: Standing, ends_at: Timestamp, last_used_at: Timestamp, now: Now) -> Status {
    match standing {
        Standing::Ended {
            reason: EndReason::Reuse,
            ..
        } => Status::Reused,
        Standing::Ended { .. } => Status::Ended,
        Standing::Live if ends_at <= now.at || last_used_at <= now.refresh_expired => {
            Status::Expired
        }
        Standing::Live => Status::Active,
    }
}
