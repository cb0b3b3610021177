//! The HTTP contract on a whole Hub in this process: every row of it, and what must never be in an answer.

#![expect(
    clippy::expect_used,
    reason = "a test whose stage cannot be set up has to fail, also outside test functions"
)]

mod account;
mod admin;
mod answer;
mod assets;
mod audit;
mod authorization;
mod bodies;
mod browser;
mod browsing;
mod canaries;
#[path = "../cli/certificates.rs"]
mod certificates;
mod cors;
mod credentials;
mod deeds;
mod docs;
mod ending_matrix;
mod errors;
mod failures;
mod headers;
mod health;
mod housekeeping;
mod keys;
mod markup;
mod metrics;
mod names;
mod redirects;
mod revocations;
mod rotation;
#[path = "../canaries/scanner.rs"]
mod scanner;
mod second_factors;
mod sessions;
mod shown;
mod stage;
mod state;
mod throttle;
mod webhooks;
