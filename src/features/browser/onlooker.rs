//! An administrators' page that listens by itself. It is judged as its administrator is, for as long as it listens; but that it asks is no sign that
//! anybody is there, so it leaves the cookie as old as it is.

use rocket::request::{FromRequest, Outcome, Request};

use crate::features::browser::judge::Judge;
use crate::features::browser::model::Area;
use crate::features::browser::who;
use crate::http::problem::ApiError;
use crate::http::refusal::Refusal;
use crate::hub::Hub;
use crate::store::{Db, StoreError};
use crate::types::held_value::ValueHash;
use crate::types::ids::SessionId;

/// The script of a page that was shown to an administrator.
#[derive(Clone, Debug)]
pub struct Onlooker {
    /// The session of its browser.
    pub session: SessionId,
    cookie: ValueHash,
}

impl Onlooker {
    /// What tells whether it may still listen.
    pub fn judge(
        &self,
        hub: &Hub,
    ) -> impl Fn(&Db<'_>) -> Result<bool, StoreError> + Send + use<> + 'static {
        let (judge, cookie) = (Judge::of(hub), self.cookie);
        move |db: &Db<'_>| judge.shows_admin_pages(db, &cookie)
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Onlooker {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        who::answer(request, onlooker(request))
    }
}

fn onlooker(request: &Request<'_>) -> Result<Onlooker, Refusal> {
    // The cookie comes along from a neighbouring host, too, whose pages could not read a word and would only take places.
    let mut sites = request.headers().get("Sec-Fetch-Site");
    if sites.any(|site| site != "same-origin") {
        return Err(ApiError::of_status(403).into());
    }
    let (value, held, _) = who::entered(request, Area::Admin)?;
    Ok(Onlooker {
        session: held.session,
        cookie: value.hash(),
    })
}
