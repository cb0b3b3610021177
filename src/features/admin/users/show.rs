//! `GET /admin/users/{id}`: one user: the account, the latest sessions, the latest sign-ins and refusals.

use rocket::{State, get};
use rocket_dyn_templates::context;
use serde::Serialize;

use crate::features::admin::sessions::row::{self, Ending};
use crate::features::admin::users::acting::number;
use crate::features::admin::users::authority::{Act, judge};
use crate::features::admin::users::store::{self, SessionOfUser};
use crate::features::browser::who::Administrator;
use crate::features::revocations::model::Place;
use crate::features::revocations::store as revocations;
use crate::features::second_factors;
use crate::features::sessions::end;
use crate::features::sessions::model::{self, Standing};
use crate::features::sessions::store::many::Now;
use crate::features::users::model::User;
use crate::features::users::store as users;
use crate::http::pages::Page;
use crate::http::problem::ApiError;
use crate::http::refusal::Refusal;
use crate::http::shown_text::shown;
use crate::http::times::Shown;
use crate::hub::Hub;
use crate::store::audit::{self, Entry};
use crate::store::{Db, StoreError};
use crate::types::ids::UserId;
use crate::types::time::Timestamp;

/// Sessions on the page; the list has all.
const SESSIONS_SHOWN: u32 = 10;
/// Sign-ins and refusals on the page; the audit has all.
const SIGN_INS_SHOWN: u32 = 20;

/// Shows a user.
///
/// # Errors
/// 404 when there is no such user.
#[get("/admin/users/<id>")]
pub fn show(hub: &State<Hub>, administrator: Administrator, id: &str) -> Result<Page, Refusal> {
    let id = number(id)?;
    let now = end::now(hub, hub.clock.now().wall);
    let found = hub.store.read(|db| Found::read(db, id, now))?;
    let found = found.ok_or_else(|| ApiError::of_status(404))?;
    let user = &found.user;
    let sessions: Vec<SessionRow> = found
        .sessions
        .iter()
        .map(|session| SessionRow::new(hub, session, now))
        .collect();
    let sign_ins: Vec<SignIn> = found
        .sign_ins
        .iter()
        .map(|entry| SignIn::new(entry, now.at))
        .collect();
    Ok(administrator.page(
        "admin/users/show.html",
        context! {
            user: context! {
                id: user.id.0,
                username: shown(&user.username),
                email: shown(&user.email),
                verified_word: if user.email_verified { "yes" } else { "no" },
                role: user.role.as_str(),
                tier: shown(&user.premium_tier),
                is_active: user.is_active,
                second_factor: found.second_factor,
                live_sessions: found.live_sessions,
                created: Shown::new(user.created_at, now.at),
                updated: Shown::new(user.updated_at, now.at),
                signed_in: found.signed_in_at.map(|at| Shown::new(at, now.at)),
                bio: user.bio.as_deref().map(shown),
                website: user.website_url.as_deref().map(shown),
                photo: user.profile_photo_url.as_deref().map(shown),
                is_oneself: user.id == administrator.user.id,
            },
            acts: acts(&administrator, &found),
            sessions: sessions,
            sign_ins: sign_ins,
            place: found.place.to_string(),
            endings: Ending::all(),
        },
    ))
}

/// What the page is made from.
struct Found {
    user: User,
    second_factor: bool,
    signed_in_at: Option<Timestamp>,
    live_sessions: u64,
    sessions: Vec<SessionOfUser>,
    sign_ins: Vec<Entry>,
    place: Place,
}

impl Found {
    fn read(db: &Db<'_>, id: UserId, now: Now) -> Result<Option<Self>, StoreError> {
        // Before the sessions: what ends meanwhile stands in their rows, and is told once more.
        let place = revocations::last(db)?;
        let Some(user) = users::by_id(db, id)? else {
            return Ok(None);
        };
        Ok(Some(Self {
            second_factor: second_factors::has(db, id)?,
            signed_in_at: store::signed_in_at(db, id)?,
            live_sessions: store::live_sessions(db, id, now)?,
            sessions: store::sessions_of(db, id, SESSIONS_SHOWN)?,
            sign_ins: sign_ins(db, id)?,
            place,
            user,
        }))
    }
}

/// The newest sign-ins and refusals. A sign-in's row is by the user; a refusal's, by nobody, is about them.
fn sign_ins(db: &Db<'_>, user: UserId) -> Result<Vec<Entry>, StoreError> {
    let who = format!("user:{user}");
    let by_them = audit::Filter {
        actor: Some(who.clone()),
        action: Some("session.start".to_owned()),
        limit: SIGN_INS_SHOWN,
        ..audit::Filter::default()
    };
    let mut found = audit::list(db, &by_them)?;
    for refusal in ["sign_in.refused", "second_factor.refused"] {
        let about_them = audit::Filter {
            target: Some(who.clone()),
            action: Some(refusal.to_owned()),
            limit: SIGN_INS_SHOWN,
            ..audit::Filter::default()
        };
        found.extend(audit::list(db, &about_them)?);
    }
    found.sort_by_key(|entry| std::cmp::Reverse(entry.id));
    found.truncate(usize::try_from(SIGN_INS_SHOWN).unwrap_or(usize::MAX));
    Ok(found)
}

/// A link to an act.
#[derive(Serialize)]
struct ActLink {
    act: &'static str,
    label: &'static str,
    icon: &'static str,
    kind: &'static str,
}

/// What this administrator may do to this user now.
fn acts(administrator: &Administrator, found: &Found) -> Vec<ActLink> {
    let user = &found.user;
    let is_oneself = user.id == administrator.user.id;
    let may = |act| {
        judge(
            Some(administrator.user.role),
            act,
            Some(user.role),
            is_oneself,
        )
        .is_ok()
    };
    let active = if user.is_active {
        (Act::Disable, "disable", "Disable", "lock", "danger")
    } else {
        (Act::Enable, "enable", "Enable", "check", "plain")
    };
    [
        (Act::Role, "role", "Give another role", "shield", "plain"),
        (Act::Tier, "tier", "Give another tier", "edit", "plain"),
        (Act::Password, "password", "Set a password", "key", "plain"),
        (
            Act::SecondFactor,
            "second-factor",
            "Reset the second factor",
            "phone",
            "plain",
        ),
        (
            Act::SignOut,
            "sign-out",
            "Sign out everywhere",
            "sign-out",
            "danger",
        ),
        active,
        (Act::Delete, "delete", "Delete", "trash", "danger"),
    ]
    .into_iter()
    .filter(|(act, ..)| may(*act) && (*act != Act::SecondFactor || found.second_factor))
    .map(|(_, act, label, icon, kind)| ActLink {
        act,
        label,
        icon,
        kind,
    })
    .collect()
}

/// A session in the table.
#[derive(Serialize)]
struct SessionRow {
    id: String,
    device: String,
    address: String,
    started: Shown,
    used: Shown,
    status: &'static str,
    why: &'static str,
    /// Whether it can still end.
    is_live: bool,
}

impl SessionRow {
    fn new(hub: &Hub, session: &SessionOfUser, now: Now) -> Self {
        let ttl = hub.config.refresh_ttl;
        let expires = model::refresh_expires(session.last_used_at, ttl, session.ends_at);
        let (status, why) = row::status(session.standing, expires, now);
        Self {
            id: session.id.to_string(),
            device: session.user_agent.device().into_owned(),
            address: session
                .address
                .map_or_else(|| "unknown".to_owned(), |address| address.to_string()),
            started: Shown::new(session.created_at, now.at),
            used: Shown::new(session.last_used_at, now.at),
            status,
            why,
            is_live: session.standing == Standing::Live,
        }
    }
}

/// A sign-in or a refusal in the list.
#[derive(Serialize)]
struct SignIn {
    at: Shown,
    tone: &'static str,
    what: &'static str,
    address: String,
    session: Option<String>,
}

impl SignIn {
    fn new(entry: &Entry, now: Timestamp) -> Self {
        let detail = entry.detail.as_deref().unwrap_or_default();
        let says = |word: &str| detail.split(' ').any(|part| part == word);
        let (tone, what) = match entry.action.as_str() {
            "session.start" if says("browser=yes") => ("good", "Signed in at the Hub's pages"),
            "session.start" => ("good", "Signed in with an app"),
            "second_factor.refused" => ("bad", "Refused: wrong second factor"),
            _ if says("reason=disabled") => ("bad", "Refused: the account is disabled"),
            _ => ("bad", "Refused: wrong password"),
        };
        let session = entry
            .target
            .as_deref()
            .and_then(|target| target.strip_prefix("session:"));
        Self {
            at: Shown::new(entry.at, now),
            tone,
            what,
            address: entry
                .address
                .as_deref()
                .map_or_else(|| "unknown".to_owned(), shown),
            session: session.map(str::to_owned),
        }
    }
}
