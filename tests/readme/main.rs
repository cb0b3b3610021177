//! What the README says is so: its commands run as printed, its JavaScript runs against a real server, its tables are those of the code.

#![expect(
    clippy::expect_used,
    reason = "a test whose server cannot be set up has to fail, also outside test functions"
)]

mod blocks;
mod clients;
mod commands;
mod reference;
mod server;
mod tables;
