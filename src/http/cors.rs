//! Calls from other origins' pages: off until origins are configured, then those exactly, on `/api/*` only, without credentials.

use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::Status;
use rocket::request::Request;
use rocket::{Response, Route, options, routes};

use crate::http::is_api;
use crate::http::problem::ApiError;
use crate::hub::Hub;

/// How long a browser may remember the answer to its question, in seconds: two hours, the most that Chromium keeps.
const MAX_AGE_SECONDS: &str = "7200";

/// Whether the request comes from a page of a configured origin.
fn is_allowed(request: &Request<'_>) -> bool {
    let mut origins = request.headers().get("Origin");
    let (Some(origin), None) = (origins.next(), origins.next()) else {
        return false;
    };
    request.rocket().state::<Hub>().is_some_and(|hub| {
        hub.config
            .cors_origins
            .iter()
            .any(|allowed| allowed.as_str() == origin)
    })
}

/// Tells the browser that the page may read the answer.
pub struct Cors;

#[rocket::async_trait]
impl Fairing for Cors {
    fn info(&self) -> Info {
        Info {
            name: "answers to other origins",
            kind: Kind::Response,
        }
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let Some(hub) = request.rocket().state::<Hub>() else {
            return;
        };
        if hub.config.cors_origins.is_empty() || !is_api(request) {
            return;
        }
        // Whether allowed or not: a cache must not give one origin's answer to another.
        response.adjoin_raw_header("Vary", "Origin");
        if !is_allowed(request) {
            return;
        }
        if let Some(origin) = request.headers().get_one("Origin") {
            response.set_raw_header("Access-Control-Allow-Origin", origin.to_owned());
            response.set_raw_header("Access-Control-Expose-Headers", "Retry-After, X-Request-Id");
            response.set_raw_header("Cross-Origin-Resource-Policy", "cross-origin");
        }
    }
}

/// The browser's question before a call that is not a simple one.
struct Preflight;

impl<'r> rocket::response::Responder<'r, 'static> for Preflight {
    fn respond_to(self, request: &'r Request<'_>) -> rocket::response::Result<'static> {
        if !is_allowed(request) {
            let allow = crate::http::catchers::methods_of(request).join(", ");
            let refusal = if allow.is_empty() {
                ApiError::of_status(404)
            } else {
                ApiError::method_not_allowed(allow)
            };
            return refusal.respond_to(request);
        }
        Response::build()
            .status(Status::NoContent)
            .raw_header("Access-Control-Allow-Methods", "GET, POST, PATCH, DELETE")
            .raw_header(
                "Access-Control-Allow-Headers",
                "Authorization, Content-Type",
            )
            .raw_header("Access-Control-Max-Age", MAX_AGE_SECONDS)
            .ok()
    }
}

#[options("/api/<_..>")]
fn preflight() -> Preflight {
    Preflight
}

/// The route of the browser's question.
#[must_use]
pub fn routes() -> Vec<Route> {
    routes![preflight]
}
