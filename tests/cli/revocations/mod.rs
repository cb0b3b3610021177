//! The feed of revocations, at the real binary: what ends is told within a second, and nobody misses or hears twice what they read across a break.

#![expect(
    clippy::disallowed_methods,
    reason = "how soon a running server tells is measured on the machine's clock"
)]

mod accounts;
mod feed;
mod flood;
mod memory;
mod middleware;
mod reader;
