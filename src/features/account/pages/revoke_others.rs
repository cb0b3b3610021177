//! `GET /account/sessions/revoke-others` and `POST /account/sessions/revoke-others`: ending all of one's own sessions but this.

use rocket::{State, get, post};
use rocket_dyn_templates::context;

use crate::features::account::pages::own_sessions;
use crate::features::browser::who::Member;
use crate::features::sessions::end::{self, EndSessions};
use crate::features::sessions::model::EndReason;
use crate::features::sessions::store::many;
use crate::http::form::Form;
use crate::http::notes::Note;
use crate::http::pages::Page;
use crate::http::refusal::{Away, Refusal};
use crate::hub::Hub;

/// Counts them.
///
/// # Errors
/// When the store fails.
#[get("/account/sessions/revoke-others")]
pub(super) fn ask(hub: &State<Hub>, member: Member) -> Result<Page, Refusal> {
    let now = end::now(hub, hub.clock.now().wall);
    let others = own_sessions::others(&member);
    let endings = hub.store.read(|db| many::endings(db, &others, now))?;
    let count = endings.iter().filter(|ending| ending.in_time).count();
    Ok(member.page("account/revoke_others.html", context! { count }))
}

/// Ends them.
///
/// # Errors
/// When the store fails.
#[post("/account/sessions/revoke-others", data = "<_form>")]
pub(super) async fn revoke(hub: &State<Hub>, member: Member, _form: Form) -> Result<Away, Refusal> {
    let cause = member.cause(hub);
    let change = EndSessions {
        filter: own_sessions::others(&member),
        reason: EndReason::Revoked,
        now: end::now(hub, cause.at.wall),
        cause,
    };
    let count = hub.store.write(change).await?;
    Ok(Away::to("/account").noting(Note::counting("own_sessions_ended", count.in_time)))
}
