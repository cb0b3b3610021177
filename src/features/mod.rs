//! What the Hub does, one folder a noun, one file an action.
//!
//! `attempts, users ← sessions ← revocations, webhooks, second_factors ← browser ← the rest`: a folder may use those before it. In each folder `model` holds the pure rules, `store` all the
//! SQL, `error` every way its actions fail, and each other file one action, named after it, its URL standing in it whole.

pub mod account;
pub mod admin;
pub mod attempts;
pub mod browser;
pub mod docs;
pub mod health;
pub mod housekeeping;
pub mod metrics;
pub mod passwords;
pub mod revocations;
pub mod second_factors;
pub mod sessions;
pub mod users;
pub mod webhooks;

use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Document;

/// The document of the API: the routes of every feature that programs call. One that is missing here, or in its feature's own list, fails a test.
#[must_use]
pub fn api() -> Document {
    docs::document::whole([
        account::Api::openapi(),
        sessions::Api::openapi(),
        revocations::Api::openapi(),
        health::Api::openapi(),
        docs::Api::openapi(),
    ])
}
