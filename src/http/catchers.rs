//! What guards, Rocket and missing routes leave behind becomes the one error shape, or a page outside `/api`.

use rocket::http::{Method, Status};
use rocket::request::Request;
use rocket::response::Responder;
use rocket::{Catcher, Response, catch, catchers};

use crate::http::is_api;
use crate::http::pages::Page;
use crate::http::problem::ApiError;

/// The methods that a route may have, in the order in which `Allow` names them.
const METHODS: [Method; 5] = [
    Method::Get,
    Method::Post,
    Method::Put,
    Method::Patch,
    Method::Delete,
];

#[catch(default)]
fn anything(status: Status, request: &Request<'_>) -> Refusal {
    let error = match status.code {
        404 => match methods_of(request) {
            methods if methods.is_empty() => ApiError::of_status(404),
            methods => ApiError::method_not_allowed(methods.join(", ")),
        },
        code => ApiError::of_status(code),
    };
    Refusal(error)
}

/// The catchers of the whole site.
#[must_use]
pub fn all() -> Vec<Catcher> {
    catchers![anything]
}

/// An error in the shape that fits where it happened: JSON for programs, a page for people.
struct Refusal(ApiError);

impl<'r> Responder<'r, 'static> for Refusal {
    fn respond_to(self, request: &'r Request<'_>) -> Result<Response<'static>, Status> {
        let for_people = request
            .accept()
            .is_some_and(|accept| accept.preferred().media_type().is_html());
        if is_api(request) || !for_people {
            return self.0.respond_to(request);
        }
        let mut response = Page::error(&self.0, request).respond_to(request)?;
        response.set_status(Status::new(self.0.status()));
        Ok(response)
    }
}

/// The methods that the request's path knows.
#[must_use]
pub fn methods_of(request: &Request<'_>) -> Vec<&'static str> {
    let path: Vec<&str> = request.uri().path().segments().collect();
    let known = |method: Method| {
        request
            .rocket()
            .routes()
            .filter(|route| route.method == method)
            .any(|route| fits(route.uri.path(), &path))
    };
    let mut methods: Vec<_> = METHODS
        .into_iter()
        .filter(|method| known(*method))
        .map(Method::as_str)
        .collect();
    if methods.first() == Some(&"GET") {
        methods.insert(1, "HEAD");
    }
    methods
}

/// Whether a route's pattern (`/a/<b>`, `/a/<b..>`) is for this path.
fn fits(pattern: &str, path: &[&str]) -> bool {
    let mut segments = path.iter();
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        if part.ends_with("..>") {
            return true;
        }
        match segments.next() {
            Some(segment) if part.starts_with('<') || part == *segment => {}
            _ => return false,
        }
    }
    segments.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_pattern_fits_the_paths_that_rocket_would_route_to_it() {
        for (pattern, path, expected) in [
            ("/", vec![], true),
            ("/api/auth/login", vec!["api", "auth", "login"], true),
            ("/api/auth/login", vec!["api", "auth"], false),
            ("/api/auth/login", vec!["api", "auth", "login", "x"], false),
            (
                "/api/auth/sessions/<id>",
                vec!["api", "auth", "sessions", "7"],
                true,
            ),
            (
                "/api/auth/sessions/<id>",
                vec!["api", "auth", "sessions"],
                false,
            ),
            ("/static/<path..>", vec!["static", "a", "b"], true),
        ] {
            assert_eq!(fits(pattern, &path), expected, "{pattern} {path:?}");
        }
    }
}
