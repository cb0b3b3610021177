//! The session machine: searched as a model, driven at random against the model, played in the tabs of a browser, and raced over real sockets.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test whose stage cannot be set up has to fail, also outside test functions; how much was searched and raced is worth a line"
)]

mod keeping;
mod model;
mod races;
mod random;
mod simulation;
mod stage;
mod tabs;
