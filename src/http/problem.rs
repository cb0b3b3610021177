//! The one error shape: `{"error": "<text>", "code": "<stable_snake_case>"}`.

use std::borrow::Cow;
use std::io::Cursor;
use std::time::Duration;

use rocket::Response;
use rocket::http::Status;
use rocket::request::Request;
use rocket::response::{self, Responder};
use serde::Serialize;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::http::answer::JSON;
use crate::http::headers::request_id;
use crate::hub::throttle::model::TooMany;
use crate::store::StoreError;
use crate::types::ids::RequestId;

/// Seconds after which a refused caller may come back when too much waits: the queues empty in less than one.
const STORE_BUSY: u32 = 1;
/// Seconds after which a caller may come back when the disk takes no writes: somebody has to mend it.
const STORE_UNWRITABLE: u32 = 5;

/// An answer that is not a success. From 500 up the text is fixed and the cause only in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    status: u16,
    error: Cow<'static, str>,
    code: &'static str,
    /// `"valid": false` after `error` and `code`.
    not_valid: bool,
    retry_after: Option<u32>,
    /// The methods that a path knows, for 405.
    allow: Option<String>,
    /// What failed inside: for the log, never for the answer.
    cause: Option<StoreError>,
}

/// An answer that is not a success.
#[derive(Serialize, ToSchema)]
#[schema(as = Error)]
pub(super) struct Shape<'error> {
    /// What went wrong, in words for a developer.
    error: &'error str,
    /// The same for programs. It never changes, so branch on it.
    code: &'static str,
    /// `false`, at `validate` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    valid: Option<bool>,
}

impl ApiError {
    /// An error of the contract: its status, its text, its code.
    pub fn new(status: u16, error: impl Into<Cow<'static, str>>, code: &'static str) -> Self {
        Self {
            status,
            error: error.into(),
            code,
            not_valid: false,
            retry_after: None,
            allow: None,
            cause: None,
        }
    }

    /// Too much waits: come back in so many seconds.
    #[must_use]
    pub fn busy(retry_after_seconds: u32) -> Self {
        Self {
            retry_after: Some(retry_after_seconds),
            ..Self::new(503, "Service temporarily unavailable", "unavailable")
        }
    }

    /// The same, for as many seconds as that is, rounded up: there is room at exactly that time.
    #[must_use]
    pub fn busy_for(wait: Duration) -> Self {
        Self::busy(TooMany { after: wait }.seconds())
    }

    /// Too many tries: come back in so many seconds.
    #[must_use]
    pub fn too_many(retry_after_seconds: u32) -> Self {
        Self {
            retry_after: Some(retry_after_seconds),
            ..Self::of_status(429)
        }
    }

    /// A store that failed: busy or unwritable is 503, anything else 500 with the route's own text. The cause goes to the log, once,
    /// beside the id of the request that it answers.
    #[must_use]
    pub fn store(error: StoreError, text: &'static str, code: &'static str) -> Self {
        let answer = match &error {
            StoreError::Busy(_) => Self::busy(STORE_BUSY),
            StoreError::Unwritable(_) | StoreError::Untrusted(_) => Self::busy(STORE_UNWRITABLE),
            StoreError::Broken(_) => Self::new(500, text, code),
        };
        Self {
            cause: Some(error),
            ..answer
        }
    }

    /// The same, saying `"valid": false` too.
    #[must_use]
    pub fn not_valid(self) -> Self {
        Self {
            not_valid: true,
            ..self
        }
    }

    /// 405, naming the methods that the path knows.
    #[must_use]
    pub fn method_not_allowed(allow: String) -> Self {
        Self {
            allow: Some(allow),
            ..Self::new(405, "Method not allowed", "method_not_allowed")
        }
    }

    /// The error for a status that a guard, or Rocket itself, left without one.
    #[must_use]
    pub fn of_status(status: u16) -> Self {
        match status {
            401 => Self::new(
                401,
                "Authorization header required",
                "authorization_required",
            ),
            403 => Self::new(403, "Forbidden", "forbidden"),
            404 => Self::new(404, "Not found", "not_found"),
            405 => Self::new(405, "Method not allowed", "method_not_allowed"),
            408 => Self::new(408, "Request timed out", "request_timeout"),
            413 => Self::new(413, "Request body too large", "body_too_large"),
            414 => Self::new(414, "URI too long", "uri_too_long"),
            415 => Self::new(
                415,
                "Content-Type must be application/json",
                "unsupported_media_type",
            ),
            421 => Self::new(421, "Misdirected request", "misdirected_request"),
            422 => Self::new(422, "Unprocessable request", "unprocessable"),
            429 => Self::new(429, "Too many requests", "too_many_requests"),
            431 => Self::new(431, "Request headers too large", "headers_too_large"),
            501 => Self::new(501, "Not implemented", "not_implemented"),
            503 => Self::busy(STORE_BUSY),
            400..=499 => Self::new(status, "Bad request", "bad_request"),
            _ => Self::new(500, "Internal server error", "internal_error"),
        }
    }

    /// Its status code.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Its code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// Its text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.error
    }

    /// The methods that the path knows, for 405.
    #[must_use]
    pub fn allow(&self) -> Option<&str> {
        self.allow.as_deref()
    }

    /// Seconds after which the caller may come back.
    #[must_use]
    pub fn retry_after(&self) -> Option<u32> {
        self.retry_after
    }

    /// Writes what failed inside into the log, beside the id of the request that it answers.
    pub fn log(&self, request: &Request<'_>) {
        if let Some(cause) = &self.cause {
            log(cause, request_id(request));
        }
    }

    /// Its body.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        let shape = Shape {
            error: &self.error,
            code: self.code,
            valid: self.not_valid.then_some(false),
        };
        serde_json::to_vec(&shape).unwrap_or_default()
    }
}

/// The schema of every error, under its name.
#[must_use]
pub fn schema() -> (String, RefOr<Schema>) {
    (Shape::name().into_owned(), Shape::schema())
}

impl From<TooMany> for ApiError {
    fn from(too_many: TooMany) -> Self {
        Self::too_many(too_many.seconds())
    }
}

fn log(cause: &StoreError, id: RequestId) {
    match cause {
        StoreError::Busy(cause) => tracing::warn!(request_id = %id, %cause, "the store is busy"),
        StoreError::Unwritable(cause) => {
            tracing::error!(request_id = %id, %cause, "the store takes no writes");
        }
        // Said once, loudly, when it was found.
        StoreError::Untrusted(cause) => {
            tracing::warn!(request_id = %id, %cause, "the database is not to be trusted");
        }
        StoreError::Broken(cause) => {
            tracing::error!(request_id = %id, %cause, "the store failed");
        }
    }
}

impl<'r> Responder<'r, 'static> for ApiError {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        self.log(request);
        let body = self.body();
        let mut response = Response::build();
        response
            .status(Status::new(self.status))
            .raw_header("Content-Type", JSON)
            .sized_body(body.len(), Cursor::new(body));
        if let Some(seconds) = self.retry_after {
            response.raw_header("Retry-After", seconds.to_string());
        }
        if let Some(allow) = self.allow {
            response.raw_header("Allow", allow);
        }
        if self.status == 401 {
            // RFC 9110, 11.6.1: a 401 names the scheme that it wants.
            response.raw_header("WWW-Authenticate", "Bearer");
        }
        response.ok()
    }
}
