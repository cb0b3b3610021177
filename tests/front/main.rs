//! The front door on real sockets, before a tiny Rocket.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test whose stage cannot be set up has to fail, also outside test functions"
)]

#[path = "../cli/certificates.rs"]
mod certificates;
mod deadlines;
mod draining;
mod limits;
mod places;
mod proxy_protocol;
mod requests;
mod smuggling;
mod stage;
mod streams;
mod tls;
mod unix;
