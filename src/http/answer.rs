//! Successful answers: JSON with the keys in the order of the contract.

use std::io::Cursor;

use rocket::Response;
use rocket::http::Status;
use rocket::request::Request;
use rocket::response::{self, Responder};
use serde::Serialize;
use utoipa::ToSchema;

/// The content type of every `/api/*` answer.
pub const JSON: &str = "application/json; charset=utf-8";

/// A JSON answer, its body made already.
#[derive(Debug)]
pub struct Answer {
    status: u16,
    body: Vec<u8>,
}

impl Answer {
    /// 200 with this body. Keys stand in the order of the struct's fields.
    pub fn ok(body: &impl Serialize) -> Self {
        Self::with(200, body)
    }

    /// 201 with this body.
    pub fn created(body: &impl Serialize) -> Self {
        Self::with(201, body)
    }

    fn with(status: u16, body: &impl Serialize) -> Self {
        match serde_json::to_vec(body) {
            Ok(body) => Self { status, body },
            // Our bodies have text keys and no floats; if one cannot be written after all, the caller gets no half of it.
            Err(error) => {
                tracing::error!(%error, "an answer could not be written as JSON");
                Self {
                    status: 500,
                    body: br#"{"error":"Internal server error","code":"internal_error"}"#.to_vec(),
                }
            }
        }
    }
}

impl<'r> Responder<'r, 'static> for Answer {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        Response::build()
            .status(Status::new(self.status))
            .raw_header("Content-Type", JSON)
            .sized_body(self.body.len(), Cursor::new(self.body))
            .ok()
    }
}

/// That it was done.
#[derive(Serialize, ToSchema)]
pub struct Message {
    /// What was done, in words.
    message: &'static str,
}

impl Message {
    /// Says so.
    #[must_use]
    pub const fn new(message: &'static str) -> Self {
        Self { message }
    }
}
