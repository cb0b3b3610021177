//! The real binary as a process, under what a server meets in its life: kills, storms, half-sent requests, full disks, strangers' directories.
//!
//! `HUBTEST_BINARY` names the binary to drive; without it, it is the one that was built with these tests.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a stage that cannot be set up has to fail the test, and what was measured is printed"
)]

mod alone;
mod auditor;
mod chance;
mod descriptors;
mod drain;
mod flood;
mod full_disk;
mod giants;
mod half_sent;
mod journal;
mod kill;
mod load;
mod probe;
mod replay;
mod seed_call;
mod server;
mod stage;
mod storm;
mod talk;
