//! Canaries: marked passwords, tokens, cookies, keys and codes go every way through the binary that there is; then none of them, in whatever form,
//! stands where somebody else could read it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test whose stage cannot be set up has to fail, also outside test functions"
)]

mod api;
mod browser;
mod commands;
mod debug;
mod dumps;
mod misplaced;
mod planted;
mod scanner;
mod stage;
mod talk;
mod webhooks;
