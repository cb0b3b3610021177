//! `GET /account/sessions/{id}/revoke` and `POST /account/sessions/{id}/revoke`: ending one of one's own sessions.

use rocket::{State, get, post};
use rocket_dyn_templates::context;

use crate::features::account::pages::own_sessions;
use crate::features::browser::who::Member;
use crate::features::sessions::end::{EndSession, Ended};
use crate::features::sessions::model::EndReason;
use crate::http::cookies::Cookie;
use crate::http::form::Form;
use crate::http::notes::Note;
use crate::http::pages::Page;
use crate::http::problem::ApiError;
use crate::http::refusal::{Away, Refusal};
use crate::hub::Hub;
use crate::types::ids::SessionId;

/// Names the session and what ending it means.
///
/// # Errors
/// 404 for a session that has ended, and for somebody else's.
#[get("/account/sessions/<id>/revoke")]
pub(super) fn ask(hub: &State<Hub>, member: Member, id: &str) -> Result<Page, Refusal> {
    let session = own_sessions::one(hub, &member, parse(id)?)?.ok_or_else(not_found)?;
    Ok(member.page("account/revoke.html", context! { session }))
}

/// Ends it.
///
/// # Errors
/// 404 for somebody else's, and for one that never was.
#[post("/account/sessions/<id>/revoke", data = "<_form>")]
pub(super) async fn revoke(
    hub: &State<Hub>,
    member: Member,
    id: &str,
    _form: Form,
) -> Result<Away, Refusal> {
    let session = parse(id)?;
    let is_current = session == member.session;
    let change = EndSession {
        session,
        owner: Some(member.user.id),
        reason: if is_current {
            EndReason::SignedOut
        } else {
            EndReason::Revoked
        },
        cause: member.cause(hub),
    };
    let note = match hub.store.write(change).await? {
        Ended::Unknown => return Err(not_found()),
        Ended::Now | Ended::Before if is_current => {
            return Ok(Away::to("/login")
                .taking(Cookie::Session)
                .taking(Cookie::Admin)
                .noting(Note::new("signed_out")));
        }
        Ended::Now => "own_session_ended",
        Ended::Before => "own_session_ended_before",
    };
    Ok(Away::to("/account").noting(Note::new(note)))
}

fn parse(id: &str) -> Result<SessionId, Refusal> {
    id.parse().map_err(|_| not_found())
}

fn not_found() -> Refusal {
    ApiError::of_status(404).into()
}
