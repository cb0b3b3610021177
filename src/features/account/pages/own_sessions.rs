//! One's own sessions as the account's pages show them.

use serde::Serialize;

use crate::features::browser::who::Member;
use crate::features::sessions::end;
use crate::features::sessions::model::{self, Session, Standing};
use crate::features::sessions::store as sessions;
use crate::features::sessions::store::many::{self, Filter, Listed};
use crate::http::times::Shown;
use crate::hub::Hub;
use crate::store::StoreError;
use crate::types::ids::SessionId;
use crate::types::time::Timestamp;
use crate::types::user_agent::UserAgent;

/// Sessions on the page: more than anybody has devices, and as many as a page of 50 kB takes beside the rest.
const MAX_SHOWN: u32 = 30;

/// The sessions on the page.
#[derive(Serialize)]
pub(super) struct OwnSessions {
    shown: Vec<OwnSession>,
    /// Whether there are others than the one in use.
    has_others: bool,
    /// Whether there are more than the page shows.
    has_more: bool,
}

/// A session of the member's.
#[derive(Clone, Debug, Serialize)]
pub(super) struct OwnSession {
    id: String,
    device: String,
    user_agent: String,
    address: Option<String>,
    started: Shown,
    last_used: Shown,
    expires: Shown,
    is_current: bool,
}

/// The member's live sessions: the one in use first, then the newest.
pub(super) fn of(hub: &Hub, member: &Member, now: Timestamp) -> Result<OwnSessions, StoreError> {
    let still = end::now(hub, now);
    let (mut listed, current) = hub.store.read(|db| {
        let listed = many::live_of_user(db, member.user.id, still, MAX_SHOWN + 1)?;
        let current = sessions::load(db, member.session)?;
        Ok::<_, StoreError>((listed, current.map(|(session, _)| session)))
    })?;
    listed.retain(|session| session.id != member.session);
    let others = usize::try_from(MAX_SHOWN).unwrap_or(usize::MAX);
    let has_more = listed.len() > others;
    listed.truncate(others);
    let current = current.map(|session| OwnSession {
        is_current: true,
        ..OwnSession::of_row(hub, &session, now)
    });
    let has_others = !listed.is_empty();
    let listed = listed
        .iter()
        .map(|session| OwnSession::of_list(hub, session, now));
    Ok(OwnSessions {
        shown: current.into_iter().chain(listed).collect(),
        has_others,
        has_more,
    })
}

/// A live session of the member's; `None` for one that has ended, and for somebody else's.
pub(super) fn one(
    hub: &Hub,
    member: &Member,
    id: SessionId,
) -> Result<Option<OwnSession>, StoreError> {
    let now = hub.clock.now().wall;
    let loaded = hub.store.read(|db| sessions::load(db, id))?;
    let own = loaded
        .map(|(session, _)| session)
        .filter(|session| session.user == member.user.id && session.standing == Standing::Live);
    Ok(own.map(|session| OwnSession {
        is_current: session.id == member.session,
        ..OwnSession::of_row(hub, &session, now)
    }))
}

/// All sessions of the member's but the one in use; those past their time as well, for the clock that says so may be wrong.
pub(super) fn others(member: &Member) -> Filter {
    Filter {
        user: Some(member.user.id),
        except: Some(member.session),
        ..Filter::default()
    }
}

impl OwnSession {
    fn of_row(hub: &Hub, session: &Session, now: Timestamp) -> Self {
        let listed = Listed {
            id: session.id,
            user: session.user,
            username: None,
            created_at: session.created_at,
            last_used_at: session.rotated.wall,
            ends_at: session.ends_at,
            standing: session.standing,
            address: session.address,
            user_agent: UserAgent::from_row(session.agent.text.clone()),
            rotations: session.generation - 1,
        };
        Self::of_list(hub, &listed, now)
    }

    fn of_list(hub: &Hub, session: &Listed, now: Timestamp) -> Self {
        let ttl = hub.config.refresh_ttl;
        let expires = model::refresh_expires(session.last_used_at, ttl, session.ends_at);
        Self {
            id: session.id.to_string(),
            device: session.user_agent.device().into_owned(),
            user_agent: session.user_agent.as_str().to_owned(),
            address: session.address.map(|address| address.to_string()),
            started: Shown::new(session.created_at, now),
            last_used: Shown::new(session.last_used_at, now),
            expires: Shown::new(expires, now),
            is_current: false,
        }
    }
}
