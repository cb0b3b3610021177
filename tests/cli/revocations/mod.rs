//! The feed of revocations, at the real binary: what ends is told within a second, and nobody misses or hears twice what they read across a break.

mod accounts;
mod feed;
mod middleware;
mod reader;
mod stalled;
