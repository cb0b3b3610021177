//! The front door on real sockets, before a tiny Rocket.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test whose stage cannot be set up has to fail, also outside test functions"
)]

mod deadlines;
mod draining;
mod limits;
mod places;
mod requests;
mod smuggling;
mod stage;
mod streams;
