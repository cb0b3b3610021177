//! `GET /api/openapi.json`: the document of the API, in `OpenAPI` 3.1.

use std::io::Cursor;

use rocket::http::Status;
use rocket::request::Request;
use rocket::response::{self, Responder};
use rocket::{Response, State, get};

use crate::features::docs::made::{Made, Text};
use crate::http::answer::JSON;
use crate::http::openapi::NothingOfItsOwn;

/// The document, sent as it lies in memory.
pub struct Sent<'made>(&'made Text);

/// Sends the document, or says that the client has it already.
#[utoipa::path(
    get,
    path = "/api/openapi.json",
    operation_id = "openapi",
    tag = "The server",
    summary = "Read this document",
    description = "This document. It changes with the version of the Hub only: a client that sends the `ETag` of its copy in `If-None-Match` is told whether that is still good.",
    responses(
        (status = 200, description = "The document.", body = serde_json::Value),
        (status = 304, description = "The client's copy is still good."),
        NothingOfItsOwn,
    ),
)]
#[get("/api/openapi.json")]
#[must_use]
pub fn document(made: &State<Made>) -> Sent<'_> {
    Sent(made.text())
}

impl<'r, 'made: 'r> Responder<'r, 'made> for Sent<'made> {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'made> {
        let known = request.headers().get_one("If-None-Match") == Some(&self.0.tag);
        let mut response = Response::build();
        response
            .raw_header("Content-Type", JSON)
            .raw_header("Cache-Control", "no-cache")
            .raw_header("ETag", self.0.tag.as_str());
        if known {
            return response.status(Status::NotModified).ok();
        }
        let json = self.0.json.as_bytes();
        response.sized_body(json.len(), Cursor::new(json)).ok()
    }
}
