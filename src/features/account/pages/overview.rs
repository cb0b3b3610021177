//! `GET /account`: one's own profile, password, second factor and sessions, on one page.

use rocket::{State, get};
use serde::Serialize;

use crate::features::account::pages::own_sessions::{self, OwnSessions};
use crate::features::account::pages::profile::Typed;
use crate::features::browser::who::Member;
use crate::features::second_factors::model::State as FactorState;
use crate::features::second_factors::store as second_factors;
use crate::features::users::model::User;
use crate::http::form::FieldError;
use crate::http::pages::Page;
use crate::http::refusal::Refusal;
use crate::http::times::Shown;
use crate::hub::Hub;
use crate::store::StoreError;
use crate::types::time::Timestamp;

/// Shows one's own account.
///
/// # Errors
/// When the store fails.
#[get("/account")]
pub(super) fn show(hub: &State<Hub>, member: Member) -> Result<Page, Refusal> {
    page(hub, &member, &Typed::of(&member.user), &[])
}

#[derive(Serialize)]
struct Overview<'page> {
    errors: &'page [FieldError],
    user: Person<'page>,
    typed: &'page Typed,
    min_password_chars: usize,
    second_factor: Option<SecondFactor>,
    sessions: OwnSessions,
}

#[derive(Serialize)]
struct Person<'user> {
    username: &'user str,
    email_verified: bool,
    role: &'static str,
    tier: &'user str,
    created: Shown,
}

/// A second factor that counts.
#[derive(Serialize)]
pub(super) struct SecondFactor {
    since: Shown,
    codes_left: u32,
}

/// The page, with what was typed and what was wrong with it.
pub(super) fn page(
    hub: &Hub,
    member: &Member,
    typed: &Typed,
    errors: &[FieldError],
) -> Result<Page, Refusal> {
    let now = hub.clock.now().wall;
    let overview = Overview {
        errors,
        user: person(&member.user, now),
        typed,
        min_password_chars: hub.config.password_min_length,
        second_factor: second_factor(hub, member, now)?,
        sessions: own_sessions::of(hub, member, now)?,
    };
    Ok(member.page("account/overview.html", overview))
}

fn person(user: &User, now: Timestamp) -> Person<'_> {
    Person {
        username: &user.username,
        email_verified: user.email_verified,
        role: user.role.as_str(),
        tier: &user.premium_tier,
        created: Shown::new(user.created_at, now),
    }
}

/// The member's second factor, if they have one that counts.
pub(super) fn second_factor(
    hub: &Hub,
    member: &Member,
    now: Timestamp,
) -> Result<Option<SecondFactor>, StoreError> {
    hub.store.read(|db| {
        let factor = second_factors::of_user(db, member.user.id)?;
        let Some(FactorState::Confirmed { at, .. }) = factor.map(|factor| factor.state) else {
            return Ok(None);
        };
        Ok(Some(SecondFactor {
            since: Shown::new(at, now),
            codes_left: second_factors::recovery_codes_left(db, member.user.id)?,
        }))
    })
}
