//! A stream of events: from where its reader left off, then what comes, for as long as the reader may read.
//!
//! It runs only as fast as its reader takes what it says, and holds no more than one piece meanwhile; the door cuts a reader off that takes nothing.

use std::io::Cursor;
use std::time::Duration;

use rocket::futures::Stream;
use rocket::request::Request;
use rocket::response::stream::{ReaderStream, stream};
use rocket::response::{self, Responder};
use rocket::tokio::time::{Instant, sleep_until};
use rocket::{Response, Shutdown, tokio};

use crate::features::revocations::audience::Audience;
use crate::features::revocations::hearing::Listener;
use crate::features::revocations::model::{self, Event, HEARTBEAT, Place};
use crate::features::revocations::store;
use crate::store::{Db, StoreError};

/// After so long without an event the stream says that it lives, which also shows whether anybody still reads: shorter than what proxies wait.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(15);
/// Events of one piece: some 16 KiB.
const PIECE_EVENTS: u32 = 100;
/// A stream ends then, and its reader connects anew where it left off: nobody keeps a place for good who was forgotten.
pub const LONGEST: Duration = Duration::from_hours(1);

/// Where a stream begins, and whether its reader has to forget everything first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begin {
    at: Place,
    is_reset: bool,
}

impl Begin {
    /// Where whoever read this id last goes on; without one at the end, for who remembers nothing has missed nothing.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn behind(db: &Db<'_>, last_id: Option<&str>) -> Result<Self, StoreError> {
        let last = store::last(db)?;
        let Some(text) = last_id.filter(|text| !text.is_empty()) else {
            return Ok(Self {
                at: last,
                is_reset: false,
            });
        };
        match Place::parse(text) {
            Some(place) if store::has(db, place)? => Ok(Self {
                at: place,
                is_reset: false,
            }),
            _ => Ok(Self {
                at: last,
                is_reset: true,
            }),
        }
    }
}

/// Whether a reader may still read.
pub type May = Box<dyn Fn(&Db<'_>) -> Result<bool, StoreError> + Send>;

/// A stream as an answer.
pub struct Told {
    /// Its place among the listeners.
    pub listener: Listener,
    /// Who listens.
    pub audience: Audience,
    /// Where it begins.
    pub begin: Begin,
    /// Asked before each piece.
    pub may: May,
    /// Resolves when the server stops: a stream would hold the others up.
    pub shutdown: Shutdown,
}

impl<'r> Responder<'r, 'r> for Told {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'r> {
        Response::build()
            .raw_header("Content-Type", "text/event-stream; charset=utf-8")
            // A proxy that collects an answer before it passes it on would pass on nothing.
            .raw_header("X-Accel-Buffering", "no")
            .streamed_body(ReaderStream::from(pieces(self)))
            .ok()
    }
}

/// What is new behind a place; `None` if the reader may not read any more.
fn read(told: &Told, at: Place) -> Result<Option<Vec<Event>>, StoreError> {
    told.listener.store().read(|db| {
        if !(told.may)(db)? {
            return Ok(None);
        }
        store::after(db, at.number, PIECE_EVENTS).map(Some)
    })
}

fn pieces(mut told: Told) -> impl Stream<Item = Cursor<String>> + Send {
    stream! {
        let ends = Instant::now() + LONGEST;
        let mut at = told.begin.at;
        let mut is_ready = false;
        let mut piece = model::preamble();
        if told.begin.is_reset {
            piece.push_str(&model::reset(at));
        }
        loop {
            // Whoever cannot be told the truth is told nothing: the end of the stream makes readers forget.
            let events = match read(&told, at) {
                Ok(Some(events)) => events,
                Ok(None) => break,
                Err(error) => {
                    tracing::warn!(%error, "a stream of revocations ends");
                    break;
                }
            };
            let is_all = u32::try_from(events.len()).is_ok_and(|count| count < PIECE_EVENTS);
            at = events.last().map_or(at, |event| event.place);
            piece.push_str(&told.audience.told(&events, is_all));
            if is_all && !is_ready {
                is_ready = true;
                piece.push_str(&model::ready(at));
            }
            if !piece.is_empty() {
                yield Cursor::new(std::mem::take(&mut piece));
            }
            if !is_all {
                // Others who run on this thread come in between.
                tokio::task::yield_now().await;
                continue;
            }
            let now = Instant::now();
            if now >= ends {
                break;
            }
            tokio::select! {
                biased;
                () = &mut told.shutdown => break,
                () = told.listener.hears() => {}
                () = sleep_until((now + HEARTBEAT_EVERY).min(ends)) => piece.push_str(HEARTBEAT),
            }
        }
    }
}
