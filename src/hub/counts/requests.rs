//! Requests by route, status and time. Which routes there are is known once the site stands; from then on a request finds its row by a number
//! and costs three additions.

use std::sync::OnceLock;

use crate::types::counting::{Counters, Distribution, Histogram};

/// The statuses that the Hub answers with. What else there may be counts together, behind them.
const STATUSES: [u16; 24] = [
    200, 201, 204, 206, 302, 303, 304, 400, 401, 403, 404, 405, 408, 409, 413, 415, 416, 421, 422,
    429, 431, 500, 501, 503,
];
/// How a status is told that is none of them.
const ANOTHER_STATUS: &str = "other";
/// Largest time of each span in microseconds: a look at a token takes a tenth of a millisecond, a refresh waits for the disk, a sign-in for a hash, and an
/// export goes on for seconds.
pub const DURATION_MICROS: [u64; 15] = [
    250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    2_500_000, 5_000_000, 10_000_000,
];

/// A route as whoever counts knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownRoute {
    /// What its requests are known by.
    pub number: usize,
    /// Its method.
    pub method: &'static str,
    /// Its pattern.
    pub pattern: String,
}

/// The requests of one Hub.
#[derive(Debug, Default)]
pub struct Requests(OnceLock<Known>);

#[derive(Debug)]
struct Known {
    /// Number and row of each route, in the order of the numbers.
    numbers: Vec<(usize, usize)>,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    method: &'static str,
    pattern: String,
    statuses: Counters<{ STATUSES.len() + 1 }>,
    durations: Histogram<{ DURATION_MICROS.len() }>,
}

/// What was counted of one route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfRoute {
    /// Its method.
    pub method: &'static str,
    /// Its pattern.
    pub pattern: String,
    /// Each status that was answered, and how often.
    pub statuses: Vec<(String, u64)>,
    /// How long the answers took, in microseconds.
    pub durations: Distribution,
}

impl Requests {
    /// These are all routes. Routes of one method and one pattern are counted as one. Whoever says so twice is not heard.
    pub fn know(&self, routes: impl IntoIterator<Item = KnownRoute>) {
        let mut known = Known {
            numbers: Vec::new(),
            rows: Vec::new(),
        };
        for route in routes {
            let same = |row: &Row| (row.method, &row.pattern) == (route.method, &route.pattern);
            let row = known.rows.iter().position(same).unwrap_or_else(|| {
                known.rows.push(Row::new(route.method, route.pattern));
                known.rows.len() - 1
            });
            known.numbers.push((route.number, row));
        }
        known.numbers.sort_unstable();
        let _known_already = self.0.set(known);
    }

    /// A request of this route was answered so, after this time.
    pub fn count(&self, number: usize, status: u16, micros: u64) {
        let Some(known) = self.0.get() else { return };
        let found = known
            .numbers
            .binary_search_by_key(&number, |(number, _)| *number);
        let row = found
            .ok()
            .and_then(|at| known.rows.get(known.numbers[at].1));
        if let Some(row) = row {
            let status = STATUSES.iter().position(|known| *known == status);
            row.statuses.count(status.unwrap_or(STATUSES.len()));
            row.durations.note(micros);
        }
    }

    /// The routes that were asked for, and what came of it.
    #[must_use]
    pub fn read(&self) -> Vec<OfRoute> {
        let rows = self.0.get().map_or(&[][..], |known| &known.rows);
        let asked_for = rows.iter().map(Row::read);
        asked_for
            .filter(|route| !route.statuses.is_empty())
            .collect()
    }
}

impl Row {
    fn new(method: &'static str, pattern: String) -> Self {
        Self {
            method,
            pattern,
            statuses: Counters::default(),
            durations: Histogram::of(&DURATION_MICROS),
        }
    }

    fn read(&self) -> OfRoute {
        let told = STATUSES.iter().map(u16::to_string);
        let told = told.chain([ANOTHER_STATUS.to_owned()]).enumerate();
        OfRoute {
            method: self.method,
            pattern: self.pattern.clone(),
            statuses: told
                .map(|(at, status)| (status, self.statuses.read(at)))
                .filter(|(_, count)| *count > 0)
                .collect(),
            durations: self.durations.read(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{KnownRoute, Requests};

    fn route(number: usize, method: &'static str, pattern: &str) -> KnownRoute {
        KnownRoute {
            number,
            method,
            pattern: pattern.to_owned(),
        }
    }

    #[test]
    fn a_request_counts_for_its_route_and_its_status_alone() {
        let requests = Requests::default();
        requests.count(7, 200, 1);
        assert_eq!(requests.read(), []);
        requests.know([
            route(900, "GET", "/a"),
            route(7, "POST", "/a"),
            route(50, "GET", "/b"),
            route(51, "GET", "/b"),
        ]);
        requests.count(7, 200, 300);
        requests.count(7, 418, 20_000_000);
        requests.count(50, 404, 1);
        requests.count(51, 404, 2);
        requests.count(8, 200, 1);
        let read = requests.read();
        let told: Vec<_> = read
            .iter()
            .map(|route| (route.method, route.pattern.as_str(), route.statuses.clone()))
            .collect();
        let status = |status: &str, count| (status.to_owned(), count);
        assert_eq!(
            told,
            [
                ("POST", "/a", vec![status("200", 1), status("other", 1)]),
                ("GET", "/b", vec![status("404", 2)]),
            ]
        );
        let durations = &read[0].durations;
        assert_eq!((durations.count(), durations.larger), (2, 1));
        assert_eq!(durations.sum, 20_000_300);
    }
}
