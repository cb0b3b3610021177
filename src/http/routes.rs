//! The routes of this very binary, as Rocket itself lists them: in the log (`HUB_LOG=hub::http::routes=debug`), and known to whoever counts requests.

use rocket::fairing::{AdHoc, Fairing};
use rocket::http::Method;
use rocket::{Orbit, Request, Rocket, Route};

use crate::hub::counts::requests::KnownRoute;

/// What stands in the place of a pattern where no route was found.
pub const NONE: &str = "(none)";

/// The methods with which something may be asked for that no route has.
const METHODS: [Method; 9] = [
    Method::Get,
    Method::Put,
    Method::Post,
    Method::Delete,
    Method::Options,
    Method::Head,
    Method::Trace,
    Method::Connect,
    Method::Patch,
];

/// Writes a line for each route when the site is ready.
#[must_use]
pub fn into_log() -> impl Fairing {
    AdHoc::on_liftoff("routes into the log", |rocket| {
        Box::pin(async move {
            for route in rocket.routes() {
                tracing::debug!(method = %route.method, pattern = %route.uri.path(), "route");
            }
        })
    })
}

/// Every route of a site that stands, by the number that its requests have, and one a method for requests without a route.
pub fn known(rocket: &Rocket<Orbit>) -> Vec<KnownRoute> {
    let none = METHODS.into_iter().map(|method| KnownRoute {
        number: method as usize,
        method: method.as_str(),
        pattern: NONE.to_owned(),
    });
    let routes = rocket.routes().map(|route| KnownRoute {
        number: number_of(route),
        method: route.method.as_str(),
        pattern: route.uri.path().to_owned(),
    });
    none.chain(routes).collect()
}

/// The number of a request's route.
#[must_use]
pub fn number(request: &Request<'_>) -> usize {
    let route = request.route().map(number_of);
    route.unwrap_or(request.method() as usize)
}

/// Where the route lies: a site that stands moves none of them, and nothing lies as low as the numbers of methods.
fn number_of(route: &Route) -> usize {
    std::ptr::from_ref(route).addr()
}
