//! The real binary as a process, under what a server meets in its life: kills, power cuts, failing disks, hostile clocks, storms, strangers.
//!
//! `driver` is what each test stands on: it starts the binary, keeps clients at work, writes down what they were answered, and audits after the
//! fault. The folders beside it are named after where the fault comes from. A test that is a row of the table of faults tells its figures through
//! `driver::rows`; `tests/reliability` runs such rows, for longer, and prints the table.
//!
//! `HUBTEST_BINARY` names the binary to drive; without it, it is the one that was built with these tests.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a stage that cannot be set up has to fail the test, and what was measured is printed"
)]

mod alone;
mod crashes;
mod driver;
mod machine;
mod seed_call;
mod storage;
mod strangers;
