//! `GET /admin/sessions/{id}`: one session: its facts, its lineage as a picture and as a list, and what to think of it.

pub mod events;
pub mod picture;
pub mod revoke;
pub mod view;

use rocket::{State, get};

use crate::features::admin::sessions::show::view::{Material, View};
use crate::features::browser::who::Administrator;
use crate::features::revocations::model::Place;
use crate::features::revocations::store as revocations;
use crate::features::sessions::lineage::{self, Event};
use crate::features::sessions::model::Session;
use crate::features::sessions::store::{self, Beginning};
use crate::features::sessions::verdict::comparison::Holder;
use crate::http::pages::Page;
use crate::http::problem::ApiError;
use crate::http::refusal::Refusal;
use crate::hub::Hub;
use crate::store::StoreError;
use crate::types::ids::SessionId;

/// Shows a session to an administrator, whosever it is and however long ago it ended.
///
/// # Errors
/// 404 when there is no such session.
#[get("/admin/sessions/<id>")]
pub fn show(hub: &State<Hub>, administrator: Administrator, id: &str) -> Result<Page, Refusal> {
    let found = Found::read(hub, id)?;
    let view = found.view(hub, &administrator);
    Ok(administrator.page("admin/sessions/show.html", view))
}

/// A session with all that is known of it.
struct Found {
    session: Session,
    username: Option<String>,
    beginning: Beginning,
    events: Vec<Event>,
    place: Place,
}

impl Found {
    /// The session that an address names.
    fn read(hub: &Hub, id: &str) -> Result<Self, Refusal> {
        let id: SessionId = id.parse().map_err(|_| ApiError::of_status(404))?;
        let found = hub.store.read(|db| {
            // First: what ends it before it is read is seen in its row, and told once more.
            let place = revocations::last(db)?;
            let (Some((session, user)), Some(beginning)) =
                (store::load(db, id)?, store::beginning(db, id)?)
            else {
                return Ok::<_, StoreError>(None);
            };
            Ok(Some(Self {
                session,
                username: user.map(|user| user.username),
                beginning,
                events: lineage::of_session(db, id)?,
                place,
            }))
        })?;
        found.ok_or_else(|| ApiError::of_status(404).into())
    }

    fn view(&self, hub: &Hub, administrator: &Administrator) -> View {
        View::new(&Material {
            session: &self.session,
            username: self.username.as_deref(),
            is_browser: self.beginning.browser,
            first: Holder {
                address: self.beginning.address,
                user_agent: &self.beginning.user_agent,
            },
            events: &self.events,
            own: administrator.session,
            refresh_ttl: hub.config.refresh_ttl,
            access_ttl: hub.config.access_ttl,
            now: hub.clock.now().wall,
            place: self.place,
        })
    }
}
