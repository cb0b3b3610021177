//! An event as its receivers know it: an id, and a body made from what was written down when it happened.

use std::net::IpAddr;

use data_encoding::HEXLOWER;

use crate::features::sessions::model::EndReason;
use crate::features::webhooks::body::Body;
use crate::features::webhooks::model::Kind;
use crate::types::ids::{SessionId, UserId};
use crate::types::time::Timestamp;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What tells it from every other event, also from one in a copy of the database that went another way.
    pub mark: [u8; 16],
    /// When.
    pub at: Timestamp,
    /// What, and what is known of it.
    pub facts: Facts,
}

/// What is known of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Facts {
    /// A session began, ended, or was ended because a used token came again.
    Session {
        /// Which of them.
        kind: Kind,
        /// Which session.
        session: SessionId,
        /// Its user.
        user: UserId,
        /// Their name, unless they were gone by then.
        username: Option<String>,
        /// Whether it is one at the Hub's own pages.
        browser: bool,
        /// The last address that its client came from.
        address: Option<IpAddr>,
        /// What its client calls itself.
        agent: String,
        /// Why it was ended, if it was.
        why: Option<EndReason>,
    },
    /// An account was made, disabled or deleted.
    User {
        /// Which of them.
        kind: Kind,
        /// Who.
        user: UserId,
        /// Their name.
        username: String,
        /// Their address.
        email: String,
        /// Their role.
        role: String,
    },
    /// So many failures in a row at one account.
    Failures {
        /// Whose, if there is such a user. What else was typed as a name is never told: it may be a password.
        user: Option<UserId>,
        /// Their name.
        username: Option<String>,
        /// At what: `password` or `second_factor`.
        what: String,
        /// How many.
        failures: u32,
        /// Where the last one came from.
        address: Option<IpAddr>,
    },
    /// A test.
    Test,
}

impl Event {
    /// What its receivers know it by: the same at every try.
    #[must_use]
    pub fn id(&self) -> String {
        format!("evt_{}", HEXLOWER.encode(&self.mark))
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match &self.facts {
            Facts::Session { kind, .. } | Facts::User { kind, .. } => *kind,
            Facts::Failures { .. } => Kind::SignInFailures,
            Facts::Test => Kind::Test,
        }
    }

    /// Its body: the same bytes at every try.
    #[must_use]
    pub fn body(&self) -> String {
        // Texts, numbers and nothing else: there is no way for it to fail.
        serde_json::to_string(&Body::of(self)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, Facts};
    use crate::features::sessions::model::EndReason;
    use crate::features::webhooks::model::Kind;
    use crate::types::ids::{SessionId, UserId};
    use crate::types::time::Timestamp;

    fn event(facts: Facts) -> Event {
        Event {
            mark: [0x5d; 16],
            at: Timestamp::from_micros(1_757_172_645_123_456),
            facts,
        }
    }

    fn session(kind: Kind, why: Option<EndReason>) -> Event {
        event(Facts::Session {
            kind,
            session: SessionId::from_row(0x0123_4567_89ab_cdef).expect("positive"),
            user: UserId(7),
            username: Some("alice".to_owned()),
            browser: false,
            address: Some("203.0.113.7".parse().expect("an address")),
            agent: "curl/8".to_owned(),
            why,
        })
    }

    #[test]
    fn bodies_are_written_as_the_specification_has_them() {
        let begun = session(Kind::SessionStarted, None);
        assert_eq!(begun.id(), format!("evt_{}", "5d".repeat(16)));
        assert_eq!(
            begun.body(),
            r#"{"type":"session.started","timestamp":"2025-09-06T15:30:45.123456Z","data":{"sid":"0123456789abcdef","user_id":7,"username":"alice","browser":false,"address":"203.0.113.7","user_agent":"curl/8"}}"#
        );
        let ended = session(Kind::SessionEnded, Some(EndReason::PasswordChanged)).body();
        assert!(ended.ends_with(r#""user_agent":"curl/8","why":"password_changed"}}"#));
        let deleted = event(Facts::User {
            kind: Kind::UserDeleted,
            user: UserId(7),
            username: "alice".to_owned(),
            email: "alice@example.com".to_owned(),
            role: "USER".to_owned(),
        });
        assert!(deleted.body().ends_with(
            r#""data":{"user_id":7,"username":"alice","email":"alice@example.com","role":"USER"}}"#
        ));
        let failures = event(Facts::Failures {
            user: None,
            username: None,
            what: "password".to_owned(),
            failures: 10,
            address: None,
        });
        assert!(failures.body().ends_with(
            r#""data":{"user_id":null,"username":null,"what":"password","in_a_row":10,"address":null}}"#
        ));
        let test = event(Facts::Test).body();
        assert!(test.starts_with(r#"{"type":"webhook.test""#) && test.ends_with(r#""data":{}}"#));
    }
}
