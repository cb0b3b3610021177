//! What guards, Rocket and missing routes leave behind becomes the one error shape, or a page outside `/api`.

use rocket::http::{Method, Status};
use rocket::request::Request;
use rocket::{Catcher, catch, catchers};

use crate::http::problem::ApiError;
use crate::http::refusal::{self, Refusal};

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
    if let Some(refusal) = refusal::left(request) {
        return refusal;
    }
    let error = match status.code {
        404 => match methods_of(request) {
            methods if methods.is_empty() => ApiError::of_status(404),
            methods => ApiError::method_not_allowed(methods.join(", ")),
        },
        code => ApiError::of_status(code),
    };
    Refusal::Error(error)
}

/// The catchers of the whole site.
#[must_use]
pub fn all() -> Vec<Catcher> {
    catchers![anything]
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
