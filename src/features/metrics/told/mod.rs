//! The families, a file a concern.

pub(super) mod database;
pub(super) mod hashing;
pub(super) mod process;
pub(super) mod requests;
pub(super) mod sessions;
pub(super) mod traffic;
pub(super) mod webhooks;
