//! `GET /api/auth/revocations`: what ends and what changes, as server-sent events, for service accounts.

use std::convert::Infallible;

use rocket::request::{FromRequest, Outcome, Request};
use rocket::{Shutdown, State, get};

use crate::features::revocations::account::authenticate;
use crate::features::revocations::error::FeedError;
use crate::features::revocations::hearing::{Hearing, Listens};
use crate::features::revocations::store;
use crate::features::revocations::stream::{Begin, Told};
use crate::features::revocations::touch::Touch;
use crate::http::authorization::Authorization;
use crate::http::problem::ApiError;
use crate::hub::Hub;
use crate::store::{Db, StoreError};

/// The id of the last event that a reader had, as its client sends it when it connects again.
pub struct LastEventId<'r>(Option<&'r str>);

impl<'r> LastEventId<'r> {
    /// The id. What a client was told to begin with (in the address) is older than what it has read since (in the header).
    #[must_use]
    pub fn or(&self, from_address: Option<&'r str>) -> Option<&'r str> {
        self.0.or(from_address)
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for LastEventId<'r> {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        Outcome::Success(Self(request.headers().get_one("Last-Event-ID")))
    }
}

/// Tells what was missed since the last event that the reader had, then what comes.
///
/// # Errors
/// See [`FeedError`].
#[get("/api/auth/revocations?<last_event_id>")]
pub async fn feed(
    hub: &State<Hub>,
    hearing: &State<Hearing>,
    authorization: Authorization,
    last: LastEventId<'_>,
    last_event_id: Option<&str>,
    shutdown: Shutdown,
) -> Result<Told<impl Fn(&Db<'_>) -> Result<bool, StoreError> + Send + 'static>, ApiError> {
    let account = authenticate(hub, &authorization)?;
    let listener = hearing.listen(Listens::Service).ok_or(FeedError::Full)?;
    if let Some(touch) = Touch::of(&account, hub.clock.now().wall)
        && let Err(error) = hub.store.write(touch).await
    {
        // A disk that takes no writes ends no feed: the time only grows old.
        tracing::warn!(%error, "that a service reads could not be written down");
    }
    let begin = hub
        .store
        .read(|db| Begin::behind(db, last.or(last_event_id)))
        .map_err(FeedError::from)?;
    let id = account.id;
    Ok(Told {
        listener,
        begin,
        may: move |db: &Db<'_>| Ok(store::account(db, id)?.is_some()),
        shutdown,
    })
}
