//! What every route stands on: bodies in and out, the one error shape, who asks, headers, embedded files.

pub mod answer;
pub mod assets;
pub mod authorization;
pub mod body;
pub mod catchers;
pub mod client;
pub mod cookies;
pub mod cors;
pub mod csv;
pub mod download;
pub mod figures;
pub mod form;
pub mod headers;
pub mod hosts;
pub mod meanings;
pub mod notes;
pub mod openapi;
pub mod pages;
pub mod problem;
pub mod refusal;
pub mod routes;
pub mod seen;
pub mod shown_text;
pub mod site;
pub mod times;
pub mod view;

use rocket::request::Request;

/// Whether a request is a program's and not a person's: its path is `/api` or below it.
#[must_use]
pub fn is_api(request: &Request<'_>) -> bool {
    is_api_path(request.uri().path().as_str())
}

/// The same of a path alone.
#[must_use]
pub fn is_api_path(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}
