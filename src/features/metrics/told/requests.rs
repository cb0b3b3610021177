//! Requests by route.

use crate::features::metrics::family::{Family, Label};
use crate::hub::counts::requests::Requests;

pub fn families(requests: &Requests) -> Vec<Family> {
    let mut counted = Family::counter(
        "hub_http_requests",
        "Requests by the pattern of their route ((none) where there is no such route), the route's method and the status of the answer.",
    );
    let mut timed = Family::histogram(
        "hub_http_request_duration_seconds",
        "Time from a whole request to the head of its answer, by route and method, in seconds.",
    );
    for route in requests.read() {
        let labels = || -> [Label; 2] {
            [
                ("method", route.method.to_owned()),
                ("route", route.pattern.clone()),
            ]
        };
        for (status, count) in &route.statuses {
            let labels = labels().into_iter().chain([("status", status.clone())]);
            counted = counted.with(labels, *count);
        }
        timed = timed.with_times(labels(), &route.durations);
    }
    vec![counted, timed]
}
