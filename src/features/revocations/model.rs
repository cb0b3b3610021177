//! Events, their ids, and how they are written into a stream (WHATWG HTML, 9.2: server-sent events).

use data_encoding::HEXLOWER;
use serde::Serialize;

use crate::features::sessions::model::EndReason;
use crate::types::ids::{SessionId, UserId};
use crate::types::time::Timestamp;

/// Bytes of a row's mark.
pub const MARK_BYTES: usize = 8;
/// How long a client waits before it connects again. Who lost the stream remembers nothing meanwhile, so it is short; random clients spread by themselves.
pub const RETRY_MS: u32 = 1_000;
/// What is sent when nothing is told, so that both ends notice when the other is gone: a comment, which no client shows.
pub const HEARTBEAT: &str = ":\n\n";

/// A row's place in the order, as the `id` of its event: number and mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The row's number.
    pub number: i64,
    /// What tells it from the row of the same number in a copy of the database that went another way.
    pub mark: [u8; MARK_BYTES],
}

impl Place {
    /// Reads what an event's `id` said, in the one form that the Hub writes it in.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (number, digits) = text.split_once('-')?;
        let parsed: i64 = number.parse().ok()?;
        let mark = HEXLOWER.decode(digits.as_bytes()).ok()?;
        let mark = mark.try_into().ok()?;
        (parsed > 0 && parsed.to_string() == number).then_some(Self {
            number: parsed,
            mark,
        })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}-{}", self.number, HEXLOWER.encode(&self.mark))
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// A session ended.
    Session {
        /// Which one.
        session: SessionId,
        /// Whose.
        user: UserId,
        /// Why.
        why: EndReason,
        /// When.
        at: Timestamp,
    },
    /// Something that an answer shows of a user changed.
    User {
        /// Who.
        user: UserId,
        /// `disabled`, `deleted` or `changed`.
        what: String,
    },
    /// Everything may have.
    Reset,
}

/// A row of the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Where it stands.
    pub place: Place,
    /// What it tells.
    pub told: Told,
}

#[derive(Serialize)]
struct SessionBody<'told> {
    sid: String,
    user_id: i64,
    why: &'told str,
    when: String,
}

#[derive(Serialize)]
struct UserBody<'told> {
    user_id: i64,
    what: &'told str,
}

impl Event {
    /// The event as it stands in the stream.
    #[must_use]
    pub fn written(&self) -> String {
        match &self.told {
            Told::Session {
                session,
                user,
                why,
                at,
            } => {
                let body = SessionBody {
                    sid: session.to_string(),
                    user_id: user.0,
                    why: why.code(),
                    when: at.to_string(),
                };
                written("session", self.place, &body)
            }
            Told::User { user, what } => {
                let user_id = user.0;
                written("user", self.place, &UserBody { user_id, what })
            }
            Told::Reset => reset(self.place),
        }
    }
}

/// Forget everything: what is told goes on behind `place`.
#[must_use]
pub fn reset(place: Place) -> String {
    written("reset", place, &serde_json::Map::new())
}

/// All that there was is told.
#[must_use]
pub fn ready(place: Place) -> String {
    written("ready", place, &serde_json::Map::new())
}

/// Which of a page's sessions ended, and why. A page goes on behind `place` when it comes back.
#[must_use]
pub fn ended(place: Place, sessions: &[(String, &'static str)]) -> String {
    written("ended", place, &sessions)
}

/// How a stream begins.
#[must_use]
pub fn preamble() -> String {
    format!("retry: {RETRY_MS}\n\n")
}

/// JSON has no line breaks outside of its strings, and within them they are escaped: one line of data.
fn written(name: &str, place: Place, body: &impl Serialize) -> String {
    let data = serde_json::to_string(body).unwrap_or_else(|_| "{}".to_owned());
    format!("id: {place}\nevent: {name}\ndata: {data}\n\n")
}

#[cfg(test)]
mod tests {
    use super::{Event, Place, Told, ready, reset};
    use crate::features::sessions::model::EndReason;
    use crate::types::ids::{SessionId, UserId};
    use crate::types::time::Timestamp;

    const PLACE: Place = Place {
        number: 57,
        mark: [0, 1, 2, 3, 4, 5, 6, 0xff],
    };

    #[test]
    fn a_place_is_read_back_as_it_was_written_and_in_no_other_way() {
        let written = PLACE.to_string();
        assert_eq!(written, "57-00010203040506ff");
        assert_eq!(Place::parse(&written), Some(PLACE));
        for other in [
            "",
            "57",
            "57-",
            "-00010203040506ff",
            "057-00010203040506ff",
            "+57-00010203040506ff",
            "0-00010203040506ff",
            "-57-00010203040506ff",
            "57-00010203040506FF",
            "57-00010203040506",
            "57-00010203040506ff00",
            "57-00010203040506ff ",
            "99999999999999999999-00010203040506ff",
        ] {
            assert_eq!(Place::parse(other), None, "{other:?}");
        }
    }

    #[test]
    fn events_are_written_as_the_standard_has_them() {
        let event = |told| Event { place: PLACE, told }.written();
        let session = Told::Session {
            session: SessionId::from_row(0x0123_4567_89ab_cdef).expect("positive"),
            user: UserId(7),
            why: EndReason::Reuse,
            at: Timestamp::from_seconds(1_757_172_645),
        };
        assert_eq!(
            event(session),
            "id: 57-00010203040506ff\nevent: session\ndata: {\"sid\":\"0123456789abcdef\",\"user_id\":7,\"why\":\"token_reused\",\"when\":\"2025-09-06T15:30:45.000000\"}\n\n"
        );
        let user = Told::User {
            user: UserId(7),
            what: "changed".to_owned(),
        };
        assert_eq!(
            event(user),
            "id: 57-00010203040506ff\nevent: user\ndata: {\"user_id\":7,\"what\":\"changed\"}\n\n"
        );
        let bare = |name| format!("id: 57-00010203040506ff\nevent: {name}\ndata: {{}}\n\n");
        assert_eq!(event(Told::Reset), bare("reset"));
        assert_eq!((reset(PLACE), ready(PLACE)), (bare("reset"), bare("ready")));
    }
}
