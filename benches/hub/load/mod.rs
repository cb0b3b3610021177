//! The driver: who asks, what they ask, and how their answers are counted.
//!
//! A server is described by a [`dialect`]; a [`person`] has an address, a name and tokens; each sits on a connection ([`seat`]) and asks in a
//! [`closed`] loop (again as soon as answered) or in an [`open`] one (on a fixed schedule, whatever the server does).

pub mod closed;
pub mod crowd;
pub mod dialect;
pub mod http;
pub mod open;
pub mod person;
pub mod seat;
pub mod tally;

use std::time::Instant;

/// The one place of this benchmark that reads a clock for what it measures.
#[expect(
    clippy::disallowed_methods,
    reason = "a load driver times the world outside: there is no `hub.clock` here"
)]
pub fn now() -> Instant {
    Instant::now()
}
