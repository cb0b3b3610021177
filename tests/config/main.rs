//! Configuration as an operator meets it: layers, names, checks, secrets.

#![expect(
    clippy::expect_used,
    reason = "a test whose machine cannot be set up has to fail, also outside test functions"
)]

mod checks;
mod documentation;
mod files;
mod layers;
mod names;
mod place;
mod secrets;
mod twins;
