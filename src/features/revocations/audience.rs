//! Who listens, and what they are told of what happened: a service everything, a page which of the sessions that it shows ended.

use std::collections::BTreeSet;

use crate::features::revocations::model::{Event, Told, ended, reset};
use crate::types::ids::SessionId;

/// Who listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// A service.
    Service,
    /// A page that shows these sessions. It hears of no others: while a million are ended it would get a hundred megabytes to throw away.
    Page(BTreeSet<SessionId>),
}

impl Audience {
    /// What is told of these events, which follow one another; `is_all` says that nothing has happened since.
    #[must_use]
    pub fn told(&self, events: &[Event], is_all: bool) -> String {
        let Some(last) = events.last() else {
            return String::new();
        };
        let shown = match self {
            Self::Service => return events.iter().map(Event::written).collect(),
            Self::Page(shown) => shown,
        };
        if events.iter().any(|event| event.told == Told::Reset) {
            return reset(last.place);
        }
        let sessions: Vec<(String, &'static str)> = events
            .iter()
            .filter_map(|event| match &event.told {
                Told::Session { session, why, .. } if shown.contains(session) => {
                    Some((session.to_string(), why.as_str()))
                }
                _ => None,
            })
            .collect();
        // Of others' endings the page is told how far it has heard, so that it begins there when it comes back; but once, not piece by piece.
        if sessions.is_empty() && !is_all {
            return String::new();
        }
        ended(last.place, &sessions)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Audience;
    use crate::features::revocations::model::{Event, MARK_BYTES, Place, Told};
    use crate::features::sessions::model::EndReason;
    use crate::types::ids::{SessionId, UserId};
    use crate::types::time::Timestamp;

    fn session(number: i64) -> SessionId {
        SessionId::from_row(number).expect("positive")
    }

    fn event(number: i64, told: Told) -> Event {
        let place = Place {
            number,
            mark: [0; MARK_BYTES],
        };
        Event { place, told }
    }

    fn end(number: i64, of: i64, why: EndReason) -> Event {
        let told = Told::Session {
            session: session(of),
            user: UserId(7),
            why,
            at: Timestamp::from_seconds(1_757_172_645),
        };
        event(number, told)
    }

    fn page() -> Audience {
        Audience::Page(BTreeSet::from([session(1), session(2)]))
    }

    #[test]
    fn a_page_hears_of_its_own_sessions_in_one_event_and_of_no_others() {
        let changed = Told::User {
            user: UserId(7),
            what: "changed".to_owned(),
        };
        let events = [
            end(5, 2, EndReason::Reuse),
            end(6, 3, EndReason::SignedOut),
            event(7, changed),
            end(8, 1, EndReason::Administrator),
            end(9, 4, EndReason::SignedOut),
        ];
        let told = "id: 9-0000000000000000\nevent: ended\ndata: [[\"0000000000000002\",\"reuse\"],[\"0000000000000001\",\"administrator\"]]\n\n";
        for is_all in [true, false] {
            assert_eq!(page().told(&events, is_all), told);
        }
        let service = Audience::Service.told(&events, true);
        assert_eq!(service.matches("event: session\n").count(), 4);
        assert_eq!(service.matches("event: user\n").count(), 1);
    }

    #[test]
    fn of_others_endings_a_page_hears_only_how_far_they_went() {
        let others = [end(5, 3, EndReason::SignedOut)];
        assert_eq!(
            page().told(&others, true),
            "id: 5-0000000000000000\nevent: ended\ndata: []\n\n"
        );
        assert_eq!(page().told(&others, false), "");
        assert_eq!(page().told(&[], true), "");
    }

    #[test]
    fn a_page_is_told_when_everything_may_have_changed() {
        let events = [end(5, 1, EndReason::Restored), event(6, Told::Reset)];
        assert_eq!(
            page().told(&events, false),
            "id: 6-0000000000000000\nevent: reset\ndata: {}\n\n"
        );
    }
}
