//! The command line as an administrator meets it: the real binary on a data directory of its own, beside a running server where that matters.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test whose stage cannot be set up has to fail, also outside test functions"
)]

mod audit;
mod backups;
mod backups_under_load;
mod behind_nginx;
mod certificates;
mod container;
mod dev;
mod doctor;
mod exit_codes;
#[path = "../api/metrics/exposition.rs"]
mod exposition;
mod fixture;
mod keys;
mod listening;
mod metrics;
mod moving;
mod owner;
mod printed;
mod reading;
mod restore;
mod revocations;
mod second_factor;
mod server;
mod service_manager;
mod sessions;
mod stage;
mod tls;
mod tokens;
mod upgrades;
mod users;
mod webhooks;
