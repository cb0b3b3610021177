//! Calls from other origins' pages: off until origins are configured, then those exactly, without credentials, on `/api/*` and for the
//! client that their pages import, and nowhere else.

use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::Status;
use rocket::request::Request;
use rocket::{Response, Route, options, routes};

use crate::config::WebAddress;
use crate::http::assets::is_for_apps;
use crate::http::is_api_path;
use crate::http::problem::ApiError;
use crate::http::site::Site;

/// How long a browser may remember the answer to its question, in seconds: two hours, the most that Chromium keeps.
const MAX_AGE_SECONDS: &str = "7200";
/// What a page may read beside the few headers that it always may.
const EXPOSED: &str = "Retry-After, X-Request-Id";

/// The configured origin whose page asks, if it is one: what stands in the one `Origin` header, byte by byte.
fn allowed<'site, 'asked>(
    site: &'site Site,
    mut origins: impl Iterator<Item = &'asked str>,
) -> Option<&'site str> {
    let (Some(origin), None) = (origins.next(), origins.next()) else {
        return None;
    };
    let mut known = site.cors_origins.iter().map(WebAddress::as_str);
    known.find(|known| *known == origin)
}

fn is_allowed(request: &Request<'_>) -> bool {
    let site = request.rocket().state::<Site>();
    site.is_some_and(|site| allowed(site, request.headers().get("Origin")).is_some())
}

/// What an answer carries because of the origin that asked for `path`, whoever makes it: Rocket or the door.
pub fn of_answer<'site, 'asked>(
    site: &'site Site,
    path: &str,
    origins: impl Iterator<Item = &'asked str>,
) -> Vec<(&'static str, &'site str)> {
    let in_use = !site.cors_origins.is_empty() && (is_api_path(path) || is_for_apps(path));
    // Whether allowed or not: a cache must not give one origin's answer to another.
    let vary = in_use.then_some(("Vary", "Origin"));
    let origin = allowed(site, origins).filter(|_| in_use);
    let told = origin.map(|origin| {
        [
            ("Access-Control-Allow-Origin", origin),
            ("Access-Control-Expose-Headers", EXPOSED),
        ]
    });
    vary.into_iter().chain(told.into_iter().flatten()).collect()
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
        let Some(site) = request.rocket().state::<Site>() else {
            return;
        };
        let origins = request.headers().get("Origin");
        for (name, value) in of_answer(site, request.uri().path().as_str(), origins) {
            response.adjoin_raw_header(name, value);
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
