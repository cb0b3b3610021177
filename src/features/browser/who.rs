//! Who asks for a page: a cookie, judged against the database at every request. Never a token.
//!
//! Roles, standing and existence are read each time and kept nowhere, so a change counts at the next request.

use rocket::http::{RawStr, Status};
use rocket::request::{FromRequest, Outcome, Request};
use serde::Serialize;

use crate::features::browser::judge::Judge;
use crate::features::browser::model::Area;
use crate::features::browser::store::Held;
use crate::features::browser::touch::Touch;
use crate::features::users::model::User;
use crate::http::client::Client;
use crate::http::cookies::{self, Cookie};
use crate::http::notes::Note;
use crate::http::pages::Page;
use crate::http::problem::ApiError;
use crate::http::refusal::{self, Away, Refusal};
use crate::http::view::{SignedIn, View};
use crate::hub::Hub;
use crate::store::Db;
use crate::types::cause::Cause;
use crate::types::held_value::{HeldValue, ValueHash};
use crate::types::ids::SessionId;
use crate::types::role::Role;

/// Somebody signed in at this browser: for the pages of one's own account.
#[derive(Clone, Debug)]
pub struct Member(Visit);

/// An administrator, in either role, within the stricter limits of the administrators' pages.
#[derive(Clone, Debug)]
pub struct Administrator(Visit);

/// An administrator who may change roles, keys and settings too.
#[derive(Clone, Debug)]
pub struct SuperAdministrator(Visit);

/// A request whose cookie was good.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Who it is, as the database has them now.
    pub user: User,
    /// The session that the cookie belongs to.
    pub session: SessionId,
    /// What the database knows of the cookie.
    pub cookie: ValueHash,
    client: Client,
    view: View,
    is_proven: bool,
}

impl Visit {
    /// What they cause, now.
    #[must_use]
    pub fn cause(&self, hub: &Hub) -> Cause {
        self.client.clone().cause(hub).by_user(self.user.id)
    }

    /// A page in the frame of whoever asks.
    pub fn page(&self, template: &'static str, shows: impl Serialize) -> Page {
        self.view.page(template, shows)
    }

    /// Whether the password was given in the last five minutes.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        self.is_proven
    }

    /// Goes on only if the password was given in the last five minutes; otherwise it is asked for, and then comes `next`: the confirm page of the act.
    ///
    /// # Errors
    /// The way to the page that asks for it.
    pub fn proven(&self, next: &str) -> Result<(), Refusal> {
        if self.is_proven {
            return Ok(());
        }
        Err(Away::to(with_next("/admin/sudo", next)).into())
    }
}

macro_rules! is_a_visit {
    ($($guard:ty),*) => {$(
        impl std::ops::Deref for $guard {
            type Target = Visit;

            fn deref(&self) -> &Visit {
                &self.0
            }
        }
    )*};
}

is_a_visit!(Member, Administrator, SuperAdministrator);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Member {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        answer(request, visit(request, Area::Account).await.map(Self))
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Administrator {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        answer(request, administrator(request, Role::Admin).await.map(Self))
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for SuperAdministrator {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        answer(
            request,
            administrator(request, Role::SuperAdmin).await.map(Self),
        )
    }
}

pub(super) fn answer<T>(request: &Request<'_>, found: Result<T, Refusal>) -> Outcome<T, ()> {
    match found {
        Ok(found) => Outcome::Success(found),
        Err(refusal) => {
            let status = match &refusal {
                Refusal::Error(error) => Status::new(error.status()),
                Refusal::Away(_) | Refusal::Again(_) => Status::Unauthorized,
            };
            refusal::leave(request, refusal);
            Outcome::Error((status, ()))
        }
    }
}

async fn administrator(request: &Request<'_>, least: Role) -> Result<Visit, Refusal> {
    let visit = visit(request, Area::Admin).await?;
    if visit.user.role < least {
        return Err(ApiError::of_status(403).into());
    }
    Ok(visit)
}

/// Judges the cookie of an area, and notes that it was shown.
async fn visit(request: &Request<'_>, area: Area) -> Result<Visit, Refusal> {
    let hub = hub(request)?;
    let (value, held, user) = entered(request, area)?;
    let Outcome::Success(client) = Client::from_request(request).await else {
        return Err(ApiError::of_status(500).into());
    };
    let cause = client.clone().cause(hub).by_user(user.id);
    if held.times.is_to_be_touched(area, cause.at) {
        let touch = Touch {
            cookie: value.hash(),
            session: held.session,
            cause: cause.clone(),
        };
        // A disk that takes no writes closes no page: the cookie only grows old.
        if let Err(error) = hub.store.write(touch).await {
            tracing::warn!(%error, "that a browser was seen could not be written down");
        }
    }
    let who = SignedIn {
        id: user.id,
        username: user.username.clone(),
        role: user.role,
        in_admin_area: area == Area::Admin,
    };
    Ok(Visit {
        view: View::signed_in(request, hub, &value, who),
        session: held.session,
        cookie: value.hash(),
        is_proven: held.times.is_proven(cause.at),
        client,
        user,
    })
}

/// Whoever is let into an area, or why they are not.
pub(super) fn entered(
    request: &Request<'_>,
    area: Area,
) -> Result<(HeldValue, Held, User), Refusal> {
    let hub = hub(request)?;
    let Some((value, held, user)) = held(request, area)? else {
        // Signed in, but never to come in here: to sign in again would not help.
        let signed_in = match area {
            Area::Admin => self::held(request, Area::Account)?,
            Area::Account => None,
        };
        if signed_in.is_some_and(|(_, _, user)| user.role < Role::Admin) {
            return Err(ApiError::of_status(403).into());
        }
        return Err(sign_in_first(request));
    };
    let lacks = |db: &Db<'_>| Judge::of(hub).lacks_second_factor(db, &user);
    if area == Area::Admin && hub.store.read(lacks)? {
        let away = Away::to("/account/second-factor");
        return Err(away.noting(Note::new("second_factor_needed")).into());
    }
    Ok((value, held, user))
}

/// The cookie that a request shows for an area, if it opens it now, and whose it is.
///
/// # Errors
/// What SQLite says.
pub fn held(request: &Request<'_>, area: Area) -> Result<Option<(HeldValue, Held, User)>, Refusal> {
    let hub = hub(request)?;
    let cookie = match area {
        Area::Account => Cookie::Session,
        Area::Admin => Cookie::Admin,
    };
    let Some(value) = cookies::held(request, cookie) else {
        return Ok(None);
    };
    let judge = Judge::of(hub);
    let found = hub.store.read(|db| judge.opens(db, area, &value.hash()))?;
    Ok(found.map(|(held, user)| (value, held, user)))
}

fn hub<'r>(request: &'r Request<'_>) -> Result<&'r Hub, Refusal> {
    let hub = request.rocket().state::<Hub>();
    hub.ok_or_else(|| ApiError::of_status(500).into())
}

/// The way to the sign-in, and from there back to the page that was asked for; a form that was sent is not sent again.
fn sign_in_first(request: &Request<'_>) -> Refusal {
    let is_page = request.method() == rocket::http::Method::Get;
    let next = if is_page {
        request.uri().to_string()
    } else {
        String::new()
    };
    Away::to(with_next("/login", &next)).into()
}

/// A path with `next` in its query, encoded.
pub(super) fn with_next(path: &str, next: &str) -> String {
    if next.is_empty() {
        return path.to_owned();
    }
    format!("{path}?next={}", RawStr::new(next).percent_encode())
}
