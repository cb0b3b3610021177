//! `GET /admin/sessions/{id}/revoke` and `POST /admin/sessions/{id}/revoke`: an administrator ends one session, after a look at which.

use rocket::{State, get, post};

use crate::features::admin::sessions::show::Found;
use crate::features::browser::who::Administrator;
use crate::features::sessions::end::{EndSession, Ended};
use crate::features::sessions::model::{EndReason, Standing};
use crate::http::cookies::Cookie;
use crate::http::form::Form;
use crate::http::notes::Note;
use crate::http::pages::Page;
use crate::http::problem::ApiError;
use crate::http::refusal::{Away, Refusal};
use crate::hub::Hub;

/// Names the session and what ending it does.
///
/// # Errors
/// 404 when there is no such session; one that was ended before leads back to its page.
#[get("/admin/sessions/<id>/revoke")]
pub fn ask(hub: &State<Hub>, administrator: Administrator, id: &str) -> Result<Page, Refusal> {
    let found = Found::read(hub, id)?;
    if found.session.standing != Standing::Live {
        return Err(Away::to(format!("/admin/sessions/{}", found.session.id))
            .noting(Note::new("session_ended_before"))
            .into());
    }
    let view = found.view(hub, &administrator);
    Ok(administrator.page("admin/sessions/revoke_one.html", view))
}

/// Ends it. One that was ended meanwhile is told as such, and nothing is changed.
///
/// # Errors
/// 404 when there is no such session.
#[post("/admin/sessions/<id>/revoke", data = "<_form>")]
pub async fn revoke(
    hub: &State<Hub>,
    administrator: Administrator,
    id: &str,
    _form: Form,
) -> Result<Away, Refusal> {
    let session = id.parse().map_err(|_| ApiError::of_status(404))?;
    let change = EndSession {
        session,
        owner: None,
        reason: EndReason::Administrator,
        cause: administrator.cause(hub),
    };
    let note = match hub.store.write(change).await? {
        Ended::Now if session == administrator.session => {
            return Ok(Away::to("/login")
                .taking(Cookie::Session)
                .taking(Cookie::Admin)
                .noting(Note::new("signed_out")));
        }
        Ended::Now => Note::new("session_ended"),
        Ended::Before => Note::new("session_ended_before"),
        Ended::Unknown => return Err(ApiError::of_status(404).into()),
    };
    Ok(Away::to(format!("/admin/sessions/{session}")).noting(note))
}
