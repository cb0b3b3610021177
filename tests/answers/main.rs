//! What the binary itself answers over its socket: to every route there is, to every kind of caller, to what is no request at all; and how long
//! it takes to say no.
//!
//! `HUBTEST_BINARY` names the binary to ask; without it, it is the one that was built with these tests.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test whose stage cannot be set up has to fail, also outside test functions, and what was measured is printed"
)]

mod asking;
#[expect(dead_code, reason = "the tests of faults use the rest")]
#[path = "../faults/driver/chance.rs"]
mod chance;
mod equal;
mod errors;
mod forwarded;
mod hosts;
mod promises;
#[expect(dead_code, reason = "the tests of faults use the rest")]
#[path = "../faults/driver/server.rs"]
mod server;
mod site;
mod statistics;
mod table;
mod walk;
