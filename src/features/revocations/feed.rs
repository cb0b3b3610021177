//! `GET /api/auth/revocations`: what ends and what changes, as server-sent events, for service accounts.

use std::convert::Infallible;

use rocket::request::{FromRequest, Outcome, Request};
use rocket::{Shutdown, State, get};

use crate::features::revocations::account::authenticate;
use crate::features::revocations::audience::Audience;
use crate::features::revocations::error::FeedError;
use crate::features::revocations::hearing::{Hearing, Seat};
use crate::features::revocations::model::{self, Event, Place, preamble, ready};
use crate::features::revocations::store;
use crate::features::revocations::stream::{Begin, Told};
use crate::features::revocations::touch::Touch;
use crate::features::sessions::example;
use crate::features::sessions::model::EndReason;
use crate::http::authorization::Authorization;
use crate::http::problem::ApiError;
use crate::hub::Hub;
use crate::types::ids::UserId;
use crate::types::time::Timestamp;

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

/// A stream as it begins and goes on, made by what writes streams.
fn example() -> Option<String> {
    let session = example::SESSION.parse().ok()?;
    let place = |number| Place {
        number,
        mark: [0x5d, 0x0e, 0x93, 0x27, 0xa4, 0x18, 0xcb, 0x61],
    };
    let ended = Event {
        place: place(42),
        told: model::Told::Session {
            session,
            user: UserId(1),
            why: EndReason::SignedOut,
            at: Timestamp::from_seconds(example::ACCESS_EXPIRES),
        },
    };
    Some([preamble(), ready(place(41)), ended.written()].concat())
}

/// Tells what was missed since the last event that the reader had, then what comes.
///
/// # Errors
/// See [`FeedError`].
#[utoipa::path(
    get,
    path = "/api/auth/revocations",
    operation_id = "revocations",
    tag = "Sessions",
    summary = "Hear what ended",
    description = "A stream of server-sent events that tells within a second which session ended (`session`) and which user was disabled, deleted or changed (`user`), for services that remember answers of `/api/auth/validate`. What was missed since `Last-Event-ID` comes first, then `ready`; from there on what is remembered is true for as long as the stream is open. On `reset` forget everything. A comment comes every 15 seconds; the stream ends after an hour at the latest, and is opened anew where it left off.",
    security(("service" = [])),
    params(
        ("last_event_id" = Option<String>, Query, description = "The id of the last event, for clients that cannot send the header, which counts before it."),
        ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was read."),
    ),
    responses(
        (status = 200, description = "What ends, and what changes.", body = String, content_type = "text/event-stream", example = json!(example())),
        FeedError,
    ),
)]
#[get("/api/auth/revocations?<last_event_id>")]
pub async fn feed(
    hub: &State<Hub>,
    hearing: &State<Hearing>,
    authorization: Authorization,
    last: LastEventId<'_>,
    last_event_id: Option<&str>,
    shutdown: Shutdown,
) -> Result<Told, ApiError> {
    let account = authenticate(hub, &authorization)?;
    let listener = hearing.listen(Seat::Service).ok_or(FeedError::Full)?;
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
        audience: Audience::Service,
        begin,
        may: Box::new(move |db| Ok(store::account(db, id)?.is_some())),
        shutdown,
    })
}
